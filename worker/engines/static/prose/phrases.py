"""Puts facts into words: numbers with their nouns, lists, code, whole sentences."""

from collections.abc import Sequence
from typing import Final

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


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: `one file`, `12 files`."""
    word = _NUMBERS[number] if number < len(_NUMBERS) else f"{number:,}"
    if number == 1:
        return f"{word} {noun}"
    return f"{word} {plural or noun + 's'}"


def listed(items: Sequence[str], most: int = 0) -> str:
    """Return items as a sentence lists them: `a, b and c`.

    Where `most` is given, the rest is counted.
    """
    shown = list(items)
    if most and len(items) > most + 1:
        shown = [*items[:most], f"{len(items) - most} more"]
    if len(shown) < 2:  # noqa: PLR2004 - a list of one has no "and"
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def sentence(text: str) -> str:
    """Return a text as a sentence: with a capital and a full stop."""
    text = text.strip()
    if not text:
        return ""
    first = text.split(" ", 1)[0]
    start = text[0].upper() if first.islower() and first.isalpha() else text[0]
    end = "" if text[-1] in ".!?…" else "."
    return f"{start}{text[1:]}{end}"


def capital(text: str) -> str:
    """Return a text with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


def code(name: str) -> str:
    """Return a name as code."""
    return f"`{name}`"
