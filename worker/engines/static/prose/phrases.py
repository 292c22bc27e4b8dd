"""Puts facts into words: numbers with their nouns, lists, code, whole sentences.

Every number in a course's prose goes through this module, so that a page never writes the
same number in two ways: words up to ten, digits above.
"""

import re
from collections.abc import Sequence
from typing import Final

from worker.engines.static.parsing.identifiers import word_set

_NUMBERS: Final = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
)

SHAPE: Final = re.compile(
    r"`[^`]+` is an? [a-z]+(?: with .*)?\.|(?:`[^`]+`[,and ]*)+ are defined together\."
)
"""A sentence that says nothing but the kind of a definition."""

_STOPS: Final = ".!?…。\uff01\uff1f"
"""What ends a sentence, also of languages that are written in wide characters."""

_WORD: Final = re.compile(r"[^\W\d_]+")
_EMPTY_WORDS: Final = word_set(
    "a an and any are as at be being by current for from given in instance is it its object of on"
    " optional or parameter specified that the this to used value we which will with"
)


def new_words(name: str, sentence: str) -> list[str]:
    """Return the words of a sentence that say more than a name does; particles are left out."""
    own = re.sub(r"[\W_]+", "", name.casefold())
    words = set(_WORD.findall(sentence.casefold())) - _EMPTY_WORDS
    return [word for word in words if word.rstrip("s") not in own]


def number(count: int) -> str:
    """Return a number as prose writes it: `no`, `ten`, `1,234`."""
    if count < len(_NUMBERS):
        return _NUMBERS[count]
    return f"{count:,}"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: `one file`, `12 files`."""
    if count == 1:
        return f"{number(count)} {noun}"
    return f"{number(count)} {noun}s"


def listed(
    items: Sequence[str], most: int = 0, conjunction: str = "and"
) -> str:
    """Return items as a sentence lists them: `a, b and c`.

    With `most`, the items after that many are counted: `a, b and three more`.
    """
    shown = list(items)
    if most and len(items) > most + 1:
        left = number(len(items) - most)
        shown = [*items[:most], f"{left} more"]
    if not shown:
        return ""
    *others, last = shown
    if others:
        return f"{', '.join(others)} {conjunction} {last}"
    return last


def sentence(text: str) -> str:
    """Return a text as a sentence: with a capital and a full stop."""
    text = text.strip()
    if not text:
        return ""
    first_word = text.split(" ", 1)[0]
    if first_word.islower() and first_word.isalpha():
        text = capital(text)
    if text[-1] in _STOPS:
        return text
    return f"{text}."


def capital(text: str) -> str:
    """Return a text with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


def code(name: str) -> str:
    return f"`{name}`"
