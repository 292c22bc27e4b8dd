"""Follows calls from a function through the project's own code."""

import re
from typing import Final, NamedTuple

from worker.engines.static.facts import Definition
from worker.engines.static.pages.course import (
    CourseFacts,
    is_function,
    remembered,
)
from worker.engines.static.parsing.function_facts import Call

_DEPTH: Final = 3
_WIDEST: Final = 300
"""Functions within reach; more make no difference."""
_HANDS_ON: Final = 2
"""Statements of a function that only calls another."""
_BRANCH: Final = re.compile(
    r"\s*[})]*\s*(?:if|elif|else|unless|except|catch|rescue|for|while|case|match|switch"
    r"|when|select)\b"
)
_MAYBE: Final = re.compile(
    r"\b(?:if|for|and|or|lambda|yield|await)\b|&&|\|\||\?|=>|->"
)
"""A statement that may skip one of its parts."""
_LEAVES: Final = re.compile(
    r"^\s*(?:return|raise|throw|yield|break|continue|panic)\b"
)
_ACCESSOR: Final = re.compile(r"_?(?:get|set|is|has)_")
_LOGGING: Final = re.compile(r"(?i)^(?:log|debug|info|warn|trace|print)")


class Hop(NamedTuple):
    """A call from one function of the project to another."""

    caller: Definition
    call: Call
    called: Definition


def _is_sure(
    facts: CourseFacts, function: Definition, call: Call, called: Definition
) -> bool:
    """Whether a call is made whenever its function is called, and to no subtype's method."""
    inside = facts.function(function.index)
    if inside is None or is_overridden(facts, called):
        return False
    lines = facts.texts.lines(function.path)
    for statement in inside.statements:
        frame = [lines[number - 1] for number in statement.frame]
        own = lines[statement.first - 1 : statement.last]
        text = "\n".join(own)
        if statement.first <= call.line <= statement.last:
            is_in_branch = any(map(_BRANCH.match, frame))
            return not is_in_branch and _MAYBE.search(text) is None
        if _LEAVES.search(text):
            return False
    return False


def is_logging(call: Call) -> bool:
    """Whether a call only logs the work."""
    return _LOGGING.match(call.name) is not None


def is_always_called(
    facts: CourseFacts, function: Definition, called: Definition
) -> bool:
    """Whether a function calls another whenever it is called."""
    return any(
        target == called and _is_sure(facts, function, call, called)
        for call, target in facts.calls(function.index)
    )


def is_overridden(facts: CourseFacts, method: Definition) -> bool:
    """Whether a direct subtype of a method's type defines it too."""
    if method.parent is None:
        return False
    return any(
        method.name in {own.name for own in facts.methods(subtype)}
        for subtype in facts.subtypes(method.parent)
    )


def _next(
    facts: CourseFacts,
    function: Definition,
    seen: set[int],
) -> Hop | None:
    """Return the call from which most of the project's code is reached."""
    fitting = [
        Hop(function, call, called)
        for call, called in facts.calls(function.index)
        if is_function(called)
        and called.index not in seen
        and not is_logging(call)
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


@remembered
def reach(facts: CourseFacts, function: Definition) -> int:
    """Return how many of the project's functions a function calls, and these call, and so on."""
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
        if hop is None or not is_beside(function, hop.called):
            return function
        if _ACCESSOR.match(hop.called.name):
            return function
        function = hop.called
        seen.add(function.index)


def is_getter(facts: CourseFacts, function: Definition) -> bool:
    """Whether a function is short, and calls nothing of the project."""
    return hands_on(facts, function) and not facts.calls(function.index)


def hands_on(facts: CourseFacts, function: Definition) -> bool:
    """Whether a function has hardly any statements of its own."""
    inside = facts.function(function.index)
    return inside is not None and len(inside.statements) <= _HANDS_ON


def is_beside(function: Definition, called: Definition) -> bool:
    """Whether two functions are of the same type, or of the same file."""
    return (called.path, called.parent) == (function.path, function.parent)
