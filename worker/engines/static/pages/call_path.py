"""Follows calls from a function into the project, as far as the project's own code goes."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from worker.engines.static.facts import Definition
from worker.engines.static.pages import citations
from worker.engines.static.pages.course import CourseFacts, is_function
from worker.engines.static.parsing.function_facts import Call

MOST: Final = 6
_DEPTH: Final = 3
_WIDEST: Final = 300
"""Functions within reach; more make no difference."""
_HANDS_ON: Final = 2
"""Statements of a function that only calls another."""
_SPINE: Final = 3
_LOGGING: Final = re.compile(r"(?i)^(?:log|debug|info|warn|trace|print)")


class Hop(NamedTuple):
    """A call from one function of the project to another."""

    caller: Definition
    call: Call
    called: Definition


def followed(facts: CourseFacts, start: Definition) -> list[Hop]:
    """Return calls, each of which leads into the function in which the next one is."""
    hops: list[Hop] = []
    seen = {start.index}
    function = start
    while len(hops) < MOST:
        hop = _next(facts, function, seen)
        if hop is None:
            break
        hops.append(hop)
        function = hop.called
        seen.add(function.index)
    return hops


def _next(
    facts: CourseFacts, function: Definition, seen: set[int]
) -> Hop | None:
    """Return the call from which most of the project's code is reached."""
    fitting = [
        Hop(function, call, called)
        for call, called in facts.calls(function.index)
        if is_function(called)
        and called.index not in seen
        and not _LOGGING.match(call.name)
        and not is_getter(facts, called)
    ]
    return max(
        fitting,
        key=lambda hop: (
            reach(facts, hop.called),
            len(facts.into[hop.called.index]),
            -hop.call.line,
        ),
        default=None,
    )


def reach(facts: CourseFacts, function: Definition) -> int:
    """Return how many of the project's functions a function calls, and these call, and so on."""
    key = ("reach", function.index)
    return facts.remembered(key, lambda: _reach(facts, function))


def _reach(facts: CourseFacts, function: Definition) -> int:
    reached = {function.index}
    level = [function.index]
    for _ in range(_DEPTH):
        following = dict.fromkeys(
            reference.target
            for index in level
            for reference in facts.out[index]
            if reference.target not in reached
            and is_function(facts.definitions[reference.target])
        )
        level = list(following)[:_WIDEST]
        reached.update(level)
        if len(reached) > _WIDEST:
            break
    return len(reached) - 1


def worker(facts: CourseFacts, function: Definition) -> Definition:
    """Return the function of the same type or file that does a function's work.

    That is the function itself unless it only hands its arguments on.
    """
    seen = {function.index}
    while True:
        if not hands_on(facts, function):
            return function
        hop = _next(facts, function, seen)
        if hop is None or not _is_beside(function, hop.called):
            return function
        function = hop.called
        seen.add(function.index)


def is_getter(facts: CourseFacts, function: Definition) -> bool:
    """Tell whether a function is short, and calls nothing of the project."""
    return hands_on(facts, function) and not facts.calls(function.index)


def hands_on(facts: CourseFacts, function: Definition) -> bool:
    """Tell whether a function has hardly any statements of its own."""
    inside = facts.function(function.index)
    return inside is not None and len(inside.statements) <= _HANDS_ON


def _is_beside(function: Definition, called: Definition) -> bool:
    return (called.path, called.parent) == (function.path, function.parent)


def spine(
    facts: CourseFacts, methods: Sequence[Definition]
) -> list[Definition]:
    """Return the method from which most is reached, and those of the others that do its work."""
    widest = max(
        methods,
        key=lambda method: (reach(facts, method), -method.index),
        default=None,
    )
    if widest is None or not reach(facts, widest):
        return []
    chosen = [worker(facts, widest)]
    indexes = {method.index for method in methods}
    while len(chosen) < _SPINE:
        hop = _next_of(facts, chosen, indexes)
        if hop is None:
            break
        chosen.append(hop)
    return chosen


def _next_of(
    facts: CourseFacts, chosen: Sequence[Definition], indexes: set[int]
) -> Definition | None:
    """Return the method that the last one calls and from which most is reached."""
    called = [
        target
        for _, target in facts.calls(chosen[-1].index)
        if target.index in indexes
        and target not in chosen
        and not hands_on(facts, target)
    ]
    return max(
        called,
        key=lambda target: (reach(facts, target), -target.index),
        default=None,
    )


def row(facts: CourseFacts, hop: Hop) -> str:
    """Return a call as its place and its line, or its name where the line is no statement."""
    place = citations.at(hop.caller.path, hop.call.line)
    line = citations.quoted(facts, hop.caller.path, hop.call.line)
    if line:
        return f"{place}: {line}"
    return f"{place} calls {citations.name(hop.called)}"
