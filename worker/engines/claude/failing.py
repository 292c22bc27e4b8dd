"""Describes how the code in a chapter fails, under which names, and what it catches."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from worker.engines.claude.source import code_of
from worker.engines.static.facts import Definition
from worker.engines.static.pages import citations, failures, markdown
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.pages.failures import Failure
from worker.engines.static.prose.phrases import listed

_FAILURES: Final = 16
_CAUGHT: Final = 12
_SAME: Final = re.compile(r"\s+((?:\w+ *= *)+)(\w+)\s*(?:#.*)?")
"""A line of a class that gives a method additional names."""
_NAME: Final = re.compile(r"\w+")
_CALLED: Final = frozenset({"__init__", "__call__", "__getitem__"})
_Lines = tuple[int, int]
"""The first line and the last."""


def sentences(facts: CourseFacts, chapter: Chapter) -> list[str]:
    """Return how the shown functions fail, and what they catch, one sentence each."""
    shown = code_of(facts, chapter).functions()
    functions = sorted(shown, key=_is_private)
    failing = failures.of_functions(facts, functions)
    caught = _caught(facts, functions)
    return [
        *_raised(facts, failing),
        *_other_names(facts, failing),
        *islice(caught, _CAUGHT),
    ]


def _is_private(function: Definition) -> bool:
    if function.name in _CALLED:
        return False
    return function.name.startswith("_")


def _raised(facts: CourseFacts, failing: Sequence[Failure]) -> list[str]:
    sentences: dict[tuple[int, str, str], str] = {}
    for failure in failing:
        cause = failure.cause
        key = failure.function.index, cause.what, cause.message
        if key not in sentences:
            sentences[key] = failures.sentence(facts, failure)
    unique = list(sentences.values())
    return unique[:_FAILURES]


def _other_names(
    facts: CourseFacts, failing: Sequence[Failure]
) -> Iterator[str]:
    """Yield the additional names that types give to their failing methods."""
    functions = {
        failure.function.index: failure.function for failure in failing
    }
    for method in functions.values():
        if method.parent is None:
            continue
        owner = facts.definitions[method.parent]
        names = _names_given(facts, owner, method.name)
        if not names:
            continue
        others = listed(names)
        who = citations.name(owner)
        same = citations.name(method)
        yield f"{others} of {who} are {same}."


def _names_given(
    facts: CourseFacts, owner: Definition, method: str
) -> list[str]:
    """Return the names that lines of a type give to one of its methods, as code."""
    names: list[str] = []
    text = facts.text(owner)
    for line in text.split("\n"):
        match = _SAME.fullmatch(line)
        if match is None:
            continue
        given, known = match.groups()
        if known != method:
            continue
        for name in _NAME.findall(given):
            shown = markdown.code(name)
            names.append(shown)
    return names


def _caught(
    facts: CourseFacts, functions: Sequence[Definition]
) -> Iterator[str]:
    for function in functions:
        who = citations.name(function)
        caught = _caught_at(facts, function)
        for lines, errors in caught.items():
            place = markdown.place(function.path, lines)
            names = listed(errors)
            yield f"{who} catches {names} ({place})."


def _caught_at(
    facts: CourseFacts, function: Definition
) -> dict[_Lines, list[str]]:
    """Return the errors that a function catches, as code, by the lines of the handlers."""
    caught: dict[_Lines, list[str]] = {}
    for handler in failures.handlers(facts, function):
        lines = handler.first, handler.last
        errors = caught.setdefault(lines, [])
        shown = markdown.code(handler.text)
        errors.append(shown)
    return caught
