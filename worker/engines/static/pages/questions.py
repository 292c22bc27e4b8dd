"""Questions about code that a chapter does not show, with answers that follow from it."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from worker.engines.static.facts import TYPES, Definition
from worker.engines.static.pages import (
    citations,
    excerpts,
    failures,
    key_places,
    markdown,
)
from worker.engines.static.pages.course import Chapter, CourseFacts, is_function
from worker.engines.static.prose.phrases import counted, listed

MOST: Final = 5
_NAMES: Final = 8
_CALLERS: Final = 12
_PLACES: Final = 4
_LONGEST: Final = 24
"""Lines of an answer's code."""
_FEWEST: Final = 2
"""Results of a function that are worth a question."""


class Question(NamedTuple):
    """A question and its answer, both Markdown."""

    text: str
    answer: str


def asked(facts: CourseFacts, chapter: Chapter) -> list[Question]:
    """Return the questions of a chapter, of as many kinds as it has."""
    kinds = [
        kind(facts, chapter)
        for kind in (_handlers, _overrides, _returns, _users)
    ]
    questions: list[Question] = []
    while kinds:
        left = []
        for kind in kinds:
            question = next(kind, None)
            if question is not None:
                questions.append(question)
                left.append(kind)
            if len(questions) == MOST:
                return questions
        kinds = left
    return questions


def _unseen(facts: CourseFacts, chapter: Chapter) -> Iterator[Definition]:
    """Yield the public functions whose code the chapter does not show."""
    shown = {
        place.definition.index
        for place in key_places.chosen(facts, chapter)
        if place.definition is not None
    }
    for function in facts.functions(chapter):
        if function.index not in shown and not function.name.startswith("_"):
            yield function


def _handlers(facts: CourseFacts, chapter: Chapter) -> Iterator[Question]:
    """Ask which errors a function does not pass on."""
    for function in _unseen(facts, chapter):
        handlers = failures.handlers(facts, function)
        pairs = [(handler.first, handler.last) for handler in handlers]
        spans = dict.fromkeys(pairs)
        if len(spans) != 1:
            continue
        caught = [markdown.code(handler.text) for handler in handlers]
        text = (
            f"{citations.name(function)} catches {listed(caught, _NAMES)}. What "
            "leads to it, and what happens then?"
        )
        answer = _lines(facts, function, *next(iter(spans)))
        if answer:
            yield Question(text, answer)


def _lines(
    facts: CourseFacts, function: Definition, first: int, last: int
) -> str:
    """Return lines of a function as an answer; nothing if they are too many."""
    excerpt = excerpts.of_lines(facts, function.path, first, last)
    if excerpt is None or last - first >= _LONGEST:
        return ""
    return excerpts.rendered(facts, excerpt)


def _overrides(facts: CourseFacts, chapter: Chapter) -> Iterator[Question]:
    """Ask which methods a subtype replaces."""
    for symbol in facts.symbols(chapter)[:2]:
        if symbol.kind not in TYPES:
            continue
        names = {method.name for method in facts.methods(symbol)}
        for subtype in facts.subtypes(symbol.index)[:1]:
            replaced = [
                f"{markdown.code(method.name)} ({citations.start(method)})"
                for method in facts.methods(subtype)
                if method.name in names
            ]
            if not replaced:
                continue
            text = (
                f"{citations.name(subtype)} extends {citations.name(symbol)}. "
                "Which of its methods does it replace?"
            )
            methods = listed(replaced, _NAMES)
            yield Question(text, f"It replaces {methods}.")


def _returns(facts: CourseFacts, chapter: Chapter) -> Iterator[Question]:
    """Ask when a function returns what it returns."""
    for function in _unseen(facts, chapter):
        inside = facts.function(function.index)
        results = []
        if inside is not None:
            results = inside.returns
        different = {each.text for each in results}
        if inside is None or len(different) < _FEWEST:
            continue
        excerpt = excerpts.of_definition(facts, function)
        first = function.line
        last = function.end_line
        length = last - first
        if inside.doc is not None:
            length -= inside.doc[1] - inside.doc[0]
        if excerpt is None or length >= _LONGEST:
            continue
        text = (
            f"{citations.name(function)} has {counted(len(results), 'return')}. "
            "Which condition leads to each?"
        )
        yield Question(text, excerpts.rendered(facts, excerpt))


def _users(facts: CourseFacts, chapter: Chapter) -> Iterator[Question]:
    """Ask which code would notice a change of a signature."""
    for function in _entries(facts, chapter):
        places = [
            citations.at(path, line)
            for path, line in _calls(facts, function)
            if path != function.path
        ]
        if not places:
            continue
        text = (
            f"You add a required parameter to {citations.name(function)}. "
            "Which callers break?"
        )
        shown = listed(places[:_PLACES])
        yield Question(text, f"For example {shown}.")


def _entries(facts: CourseFacts, chapter: Chapter) -> Iterator[Definition]:
    """Yield the functions that a user calls first: constructors, then functions."""
    for symbol in facts.symbols(chapter):
        if is_function(symbol):
            yield symbol
            continue
        maker = key_places.constructor(facts, symbol)
        if maker is not None:
            yield maker


def _calls(
    facts: CourseFacts, function: Definition
) -> Iterator[tuple[str, int]]:
    """Yield where other functions call a function."""
    for reference in facts.callers(function.index)[:_CALLERS]:
        if reference.source is None:
            continue
        for call, called in facts.calls(reference.source):
            if called.index == function.index:
                yield reference.path, call.line
