"""Questions about code that a chapter does not show, with answers that follow from it."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from worker.engines.static.facts import Definition
from worker.engines.static.pages import (
    citations,
    excerpts,
    failures,
    key_places,
    markdown,
)
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.prose.phrases import counted, listed

_MOST_FUNCTIONS: Final = 40
"""Functions of a chapter that are read for questions."""
_ERRORS: Final = 8
_LONGEST: Final = 24
"""Lines of an answer's code."""
_FEWEST: Final = 2
"""Results of a function that are worth a question."""
_MISSING: Final = re.compile(r"ImportError|ModuleNotFoundError")
"""What is caught where a package may be missing."""


class Question(NamedTuple):
    """A question and its answer, both Markdown."""

    text: str
    answer: str


def asked(facts: CourseFacts, chapter: Chapter) -> list[Question]:
    """Return the questions of a chapter, one of each kind."""
    kinds = _handler(facts, chapter), _returns(facts, chapter)
    return [question for question in kinds if question is not None]


def _unseen(facts: CourseFacts, chapter: Chapter) -> Iterator[Definition]:
    """Yield the public functions whose code the chapter does not show."""
    shown = {
        place.definition.index
        for place in key_places.chosen(facts, chapter)
        if place.definition is not None
    }
    for function in facts.functions(chapter)[:_MOST_FUNCTIONS]:
        if function.index not in shown and not function.name.startswith("_"):
            yield function


def _handler(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask which errors a function does not pass on."""
    for function in _unseen(facts, chapter):
        handlers = failures.handlers(facts, function)
        pairs = [(handler.first, handler.last) for handler in handlers]
        spans = dict.fromkeys(pairs)
        caught = [markdown.code(handler.text) for handler in handlers]
        if len(spans) != 1 or _MISSING.search(" ".join(caught)):
            continue
        answer = _lines(facts, function, *next(iter(spans)))
        if answer:
            name = citations.name(function)
            text = (
                f"{name} catches {listed(caught, _ERRORS)}. What "
                "leads to it, and what happens then?"
            )
            return Question(text, answer)
    return None


def _lines(
    facts: CourseFacts, function: Definition, first: int, last: int
) -> str:
    """Return lines of a function as an answer; nothing if they are too many."""
    excerpt = excerpts.of_lines(facts, function.path, first, last)
    if excerpt is None or last - first >= _LONGEST:
        return ""
    return excerpts.rendered(facts, excerpt)


def _returns(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask when a function returns what it returns, of the one with the most results."""
    function = max(
        _unseen(facts, chapter),
        key=lambda function: _results(facts, function),
        default=None,
    )
    if function is None or _results(facts, function) < _FEWEST:
        return None
    excerpt = excerpts.of_definition(facts, function)
    if excerpt is None:
        return None
    number = counted(_results(facts, function), "different result")
    text = (
        f"{citations.name(function)} has {number}. "
        "Which condition leads to each?"
    )
    return Question(text, excerpts.rendered(facts, excerpt))


def _results(facts: CourseFacts, function: Definition) -> int:
    """Count the different results of a function; 0 where it is too long to be an answer."""
    inside = facts.function(function.index)
    if inside is None:
        return 0
    length = function.end_line - function.line
    if inside.doc is not None:
        length -= inside.doc[1] - inside.doc[0]
    if length >= _LONGEST:
        return 0
    return len({result.text for result in inside.returns})
