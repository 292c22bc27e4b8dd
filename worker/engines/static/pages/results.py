"""Finds the variables of examples that are objects of a type because a function returns them."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Role
from worker.engines.static.linking import origins
from worker.engines.static.pages import citations
from worker.engines.static.pages.course import (
    CourseFacts,
    is_function,
    remembered,
)

_SIGNS: Final = ("->", ":rtype:", "@return", "): ", "func ")
"""What precedes the result of a function, in a signature or a documentation."""


def makers(facts: CourseFacts, symbol: Definition) -> list[Definition]:
    """Return the public functions, and methods of one meaning, that return objects of a type."""
    if symbol.kind not in TYPES:
        return []
    return _by_type(facts).get(symbol.name, [])


def variable(facts: CourseFacts, symbol: Definition, code: str) -> str:
    """Return the first variable that code takes from a maker of a type, and uses; or nothing."""
    members = {member.name for member in facts.members(symbol)}
    for maker in makers(facts, symbol):
        if f"{maker.name}(" not in code:
            continue
        call = citations.call_pattern(facts, maker)
        if maker.parent is not None:
            call = rf"(?:[\w$]+(?:\.|->|::))+{maker.name}\("
        taking = rf"(?<![\w.])(\w+)\s*:?=\s*(?:await\s+)?(?:{call})"
        for name in re.findall(taking, code):
            used = re.findall(rf"(?<![\w.]){name}(?:\.|->)(\w+)", code)
            is_sure = maker.parent is None or not members.isdisjoint(used)
            if used and is_sure:
                return str(name)
    return ""


@remembered
def _by_type(facts: CourseFacts) -> Mapping[str, list[Definition]]:
    """Return the makers of types, by the names of the types."""
    by_type: dict[str, list[Definition]] = defaultdict(list)
    returned = {
        name: {_returned(facts, other) for other in namesakes}
        for name, namesakes in facts.by_name.items()
    }
    for definition in facts.definitions:
        names = returned[definition.name]
        if definition.parent is None:
            names = {_returned(facts, definition)}
        if definition.public and len(names) == 1:
            (name,) = names
            by_type[name].append(definition)
    return by_type


def _returned(facts: CourseFacts, function: Definition) -> str:
    """Return the name of the type that a function of the sources says it returns; or nothing."""
    text = f"{function.signature} {function.doc}"
    if not is_function(function) or not any(sign in text for sign in _SIGNS):
        return ""
    file = facts.file(function.path)
    if file.role is not Role.SOURCE:
        return ""
    return origins.told_result(function, file.language)
