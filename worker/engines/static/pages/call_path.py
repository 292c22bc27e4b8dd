"""Follows calls from a function into the project, as far as the project's own code goes."""

import re
from typing import Final, NamedTuple

from worker.engines.static.facts import Definition
from worker.engines.static.pages import citations
from worker.engines.static.pages.course import CourseFacts, is_function
from worker.engines.static.parsing.function_facts import Call

MOST: Final = 6
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
    """Return the call of the function that the project calls and that itself calls most."""
    hops = [
        Hop(function, call, called)
        for call, called in facts.calls(function.index)
        if not _LOGGING.match(call.name)
    ]
    fitting = [
        hop
        for hop in hops
        if is_function(hop.called) and hop.called.index not in seen
    ]
    if not fitting:
        return None
    return max(
        fitting,
        key=lambda hop: (
            len(facts.out[hop.called.index]),
            len(facts.into[hop.called.index]),
            -hop.call.line,
        ),
    )


def sentence(facts: CourseFacts, hop: Hop) -> str:
    """Return a call as a sentence."""
    place = citations.at(hop.caller.path, hop.call.line)
    line = citations.quoted(facts, hop.caller.path, hop.call.line)
    return (
        f"{citations.name(hop.caller)} calls {citations.name(hop.called)} "
        f"({place}): {line}"
    )
