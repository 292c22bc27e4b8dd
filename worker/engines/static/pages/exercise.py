"""An exercise: a question, its options, and the folded answer."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from worker.engines.static.pages import markdown

MOST_WRONG: Final = 3
LETTERS: Final = "abcdefgh"


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """An exercise; all texts are Markdown on one line each."""

    title: str
    asks: str
    answer: str
    """What is right and where the source says so.

    After the letter of the right option, if there are options.
    """
    options: tuple[str, ...] = ()
    right: int = 0
    """The position of the right option."""
    shown: tuple[str, ...] = ()
    """Blocks between the question and the options."""
    proof: tuple[str, ...] = ()
    """Blocks below the answer."""


def choice(
    title: str,
    asks: str,
    right: str,
    wrong: Iterable[str],
    answer: str,
    *,
    shown: Sequence[str] = (),
) -> Question | None:
    """Return a question with options in an order of no meaning.

    None where nothing wrong can be offered.
    """
    others = [one for one in dict.fromkeys(wrong) if one != right][:MOST_WRONG]
    if not others:
        return None
    options = mixed([right, *others], asks)
    return Question(
        title=title,
        asks=asks,
        options=tuple(options),
        right=options.index(right),
        answer=answer,
        shown=tuple(shown),
    )


def mixed(options: Iterable[str], salt: str) -> list[str]:
    """Return options in an order that follows from their texts alone, and shows nothing."""
    return sorted(
        options,
        key=lambda one: hashlib.sha256(f"{salt}\0{one}".encode()).digest(),
    )


def rendered(number: int, question: Question) -> str:
    """Return a question as blocks, its answer folded away."""
    letters = [
        f"**{letter})** {option}"
        for letter, option in zip(LETTERS, question.options, strict=False)
    ]
    right = (
        f"**{LETTERS[question.right]})** {question.options[question.right]}. "
        if question.options
        else ""
    )
    return markdown.document(
        markdown.heading(3, f"Exercise {number}: {question.title}"),
        question.asks,
        *question.shown,
        markdown.bullets(letters),
        markdown.answer(f"{right}{question.answer}", *question.proof),
    )
