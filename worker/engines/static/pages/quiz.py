"""Chooses what is asked about code: every answer follows from the analysis or a syntax tree, and names its place."""

from collections.abc import Callable, Iterator
from typing import Final

from worker.engines.static.pages import function_questions as insides
from worker.engines.static.pages import relation_questions as surroundings
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.pages.exercise import Question

_KINDS: Final[tuple[Callable[[CourseFacts, Chapter], Question | None], ...]] = (
    surroundings.meaning,
    surroundings.extending,
    surroundings.purpose,
    insides.sequence,
    insides.failing,
    insides.blank,
    surroundings.calling,
    surroundings.members,
    insides.returned,
    insides.default,
    surroundings.using,
    insides.state,
    insides.taken,
    surroundings.home,
)
"""The most telling first."""


def asked(book: CourseFacts, chapter: Chapter) -> Iterator[Question]:
    """Yield questions on a chapter's definitions; at least where the main piece lives."""
    yield from (
        question for kind in _KINDS if (question := kind(book, chapter)) is not None
    )
