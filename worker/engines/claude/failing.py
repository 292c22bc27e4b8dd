"""Tells how the code that a chapter shows fails, under which names, and what it catches."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from worker.engines.claude.source import code_of
from worker.engines.static.facts import TYPES, Definition
from worker.engines.static.pages import citations, failures, markdown
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.pages.failures import Failure
from worker.engines.static.prose.phrases import listed

_FAILURES: Final = 16
_CAUGHT: Final = 12
_SAME: Final = re.compile(r"\s+((?:\w+ *= *)+)(\w+)\s*(?:#.*)?")
"""A line of a class that gives a method further names."""
_CALLED: Final = frozenset({"__init__", "__call__", "__getitem__"})


def sentences(facts: CourseFacts, chapter: Chapter) -> list[str]:
    """Return how the shown functions fail and what they catch, a sentence each."""
    functions = sorted(code_of(facts, chapter).functions(), key=_is_private)
    failing = failures.of_functions(facts, functions)
    return [
        *_raised(failing),
        *_other_names(facts, failing),
        *islice(_caught(facts, functions), _CAUGHT),
    ]


def _is_private(function: Definition) -> bool:
    return function.name.startswith("_") and function.name not in _CALLED


def _raised(failing: Sequence[Failure]) -> list[str]:
    sentences: dict[tuple[int, str, str], str] = {}
    for failure in failing:
        cause = failure.cause
        key = failure.function.index, cause.what, cause.message
        sentences.setdefault(key, failures.sentence(failure))
    return list(sentences.values())[:_FAILURES]


def _other_names(
    facts: CourseFacts, failing: Sequence[Failure]
) -> Iterator[str]:
    """Yield the further names that types give their methods that fail."""
    methods = {failure.function.index: failure.function for failure in failing}
    for method in methods.values():
        if method.parent is None:
            continue
        owner = facts.definitions[method.parent]
        if owner.kind not in TYPES:
            continue
        names: list[str] = []
        lines = facts.texts.lines(owner.path)
        for line in lines[owner.line - 1 : owner.end_line]:
            match = _SAME.fullmatch(line)
            if match is not None and match[2] == method.name:
                names += re.findall(r"\w+", match[1])
        if names:
            shown = listed([markdown.code(name) for name in names])
            who = citations.name(owner)
            same = citations.name(method)
            yield f"{shown} of {who} are {same}."


def _caught(
    facts: CourseFacts, functions: Sequence[Definition]
) -> Iterator[str]:
    for function in functions:
        handlers = failures.handlers(facts, function)
        caught: dict[tuple[int, int], list[str]] = {}
        for handler in handlers:
            place = handler.first, handler.last
            caught.setdefault(place, []).append(markdown.code(handler.text))
        for (first, last), errors in caught.items():
            place_shown = markdown.place(function.path, (first, last))
            who = citations.name(function)
            yield f"{who} catches {listed(errors)} ({place_shown})."
