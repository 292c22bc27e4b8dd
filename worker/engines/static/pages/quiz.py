"""Chooses questions about code, whose answers follow from the analysis and name their place."""

from collections.abc import Callable, Iterator
from typing import Final

from worker.engines.static.pages import function_questions, relation_questions
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.pages.exercise import Question

_KINDS: Final[tuple[Callable[[CourseFacts, Chapter], Question | None], ...]] = (
    relation_questions.meaning,
    relation_questions.extending,
    relation_questions.purpose,
    function_questions.sequence,
    function_questions.failing,
    function_questions.blank,
    relation_questions.calling,
    relation_questions.members,
    function_questions.returned,
    function_questions.default,
    relation_questions.using,
    function_questions.state,
    function_questions.taken,
    relation_questions.home,
)
"""The most telling first."""


def asked(facts: CourseFacts, chapter: Chapter) -> Iterator[Question]:
    """Yield questions on a chapter's definitions; at least where the main piece lives."""
    yield from (
        question
        for kind in _KINDS
        if (question := kind(facts, chapter)) is not None
    )
