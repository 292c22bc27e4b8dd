"""Questions about a chapter's code, with answers that follow from it."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from worker.engines.static.facts import TYPES, Definition, Kind
from worker.engines.static.pages import (
    citations,
    excerpts,
    failures,
    key_places,
    markdown,
)
from worker.engines.static.pages.course import Chapter, CourseFacts, is_function
from worker.engines.static.pages.failures import Failure
from worker.engines.static.prose.phrases import listed

MOST: Final = 5
_NAMES: Final = 8
_CALLERS: Final = 12
_PLACES: Final = 4
_HANDLERS: Final = 2
_HANDLER_LINES: Final = 6
_LONG: Final = 60
"""Characters of a result; a longer one is read in the source."""
_FEWEST: Final = 2
"""What a question about several things needs."""


class Question(NamedTuple):
    """A question and its answer, both Markdown."""

    text: str
    answer: str


def asked(facts: CourseFacts, chapter: Chapter) -> list[Question]:
    """Return the questions of a chapter, of as many kinds as it has."""
    kinds = [
        kind(facts, chapter)
        for kind in (
            _failures,
            _overrides,
            _handlers,
            _users,
            _variants,
            _returns,
        )
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


def _failures(facts: CourseFacts, chapter: Chapter) -> Iterator[Question]:
    """Ask under which conditions a function fails."""
    by_function: dict[int, list[Failure]] = {}
    for failure in failures.found(facts, chapter):
        by_function.setdefault(failure.function.index, []).append(failure)
    for index, causes in by_function.items():
        name = citations.name(facts.definitions[index])
        text = f"When does {name} fail, and with which error?"
        answer = markdown.bullets(map(failures.sentence, causes))
        yield Question(text, answer)


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
            yield Question(text, f"It replaces {listed(replaced, _NAMES)}.")


def _entries(facts: CourseFacts, chapter: Chapter) -> Iterator[Definition]:
    """Yield the functions that a user calls first: constructors, then functions."""
    for symbol in facts.symbols(chapter):
        if is_function(symbol):
            yield symbol
            continue
        maker = key_places.constructor(facts, symbol)
        if maker is not None:
            yield maker


def _handlers(facts: CourseFacts, chapter: Chapter) -> Iterator[Question]:
    """Ask which errors a function does not pass on."""
    for function in facts.functions(chapter):
        handlers = failures.handlers(facts, function)
        if not handlers or function.name.startswith("_"):
            continue
        text = (
            f"Which errors does {citations.name(function)} catch, and what "
            "does it do with them?"
        )
        caught = [markdown.code(handler.said) for handler in handlers]
        answer = [f"It catches {listed(caught, _NAMES)}:"]
        for handler in handlers[:_HANDLERS]:
            last = _handler_end(facts, function, handler.line)
            excerpt = excerpts.of_lines(
                facts, function.path, handler.line, last
            )
            if excerpt is not None:
                answer.append(excerpts.rendered(facts, excerpt))
        yield Question(text, markdown.document(*answer))


def _handler_end(facts: CourseFacts, function: Definition, line: int) -> int:
    """Return the last line of a handler that is shown: its block, up to a few lines."""
    lines = facts.texts.lines(function.path)
    margin = len(lines[line - 1]) - len(lines[line - 1].lstrip())
    last = min(line + _HANDLER_LINES, function.end_line)
    for number in range(line + 1, last + 1):
        text = lines[number - 1]
        if text.strip() and len(text) - len(text.lstrip()) <= margin:
            return number - 1
    return last


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
        yield Question(text, f"For example {listed(places[:_PLACES])}.")


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


def _variants(facts: CourseFacts, chapter: Chapter) -> Iterator[Question]:
    """Ask for the values of an enumeration."""
    for symbol in facts.symbols(chapter):
        members = [
            markdown.code(member.name) for member in facts.members(symbol)
        ]
        if symbol.kind is Kind.ENUM and len(members) >= _FEWEST:
            text = f"Which values can {citations.name(symbol)} have?"
            answer = f"{listed(members, _NAMES)} ({citations.extent(symbol)})."
            yield Question(text, answer)


def _returns(facts: CourseFacts, chapter: Chapter) -> Iterator[Question]:
    """Ask when a function returns what it returns."""
    for function in facts.functions(chapter):
        inside = facts.function(function.index)
        results = inside.returns if inside is not None else []
        conditional = [
            result
            for result in results
            if result.said and result.conditions and len(result.said) <= _LONG
        ]
        if len(conditional) < _FEWEST or function.name.startswith("_"):
            continue
        text = f"What does {citations.name(function)} return, and when?"
        yield Question(
            text,
            markdown.bullets(
                f"{markdown.code(result.said)} {failures.condition(result.conditions)} "
                f"({citations.at(function.path, result.line)})"
                for result in conditional[:MOST]
            ),
        )
