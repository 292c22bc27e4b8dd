"""What is said before the code of a function: what calls it, or what it overrides."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from worker.engines.static.facts import (
    TYPES,
    Definition,
    Kind,
    Reference,
    Role,
)
from worker.engines.static.pages import citations, markdown
from worker.engines.static.pages.course import CourseFacts, is_function
from worker.engines.static.prose.phrases import listed

_MOST_CALLERS: Final = 2
_CALLING: Final = re.compile(rb"[\w$]+(?:<[^()]*>)?\W{0,20}?\(")


def sentences(
    facts: CourseFacts,
    definition: Definition,
    shown: Sequence[Definition],
) -> str:
    """Return what calls a function or what it overrides, where its documentation says nothing."""
    return (
        reached(facts, definition, shown)
        or _overriding(facts, definition, shown)
        or _called_elsewhere(facts, definition)
    )


def reached(
    facts: CourseFacts,
    definition: Definition,
    shown: Sequence[Definition],
) -> str:
    """Return which function that is shown before calls a function."""
    for caller in shown:
        if caller == definition:
            return ""
        called = [target for _, target in facts.calls(caller.index)]
        is_caller = any(_means(target, definition) for target in called)
        if is_caller and is_function(caller):
            return f"{citations.name(caller)} calls it."
    return ""


def _means(called: Definition, definition: Definition) -> bool:
    """Whether a call leads to a definition: to a function, or to the type that it makes."""
    if called == definition:
        return True
    is_maker = definition.name in {"__init__", "constructor"}
    return is_maker and called.index == definition.parent


def _overriding(
    facts: CourseFacts,
    definition: Definition,
    shown: Sequence[Definition],
) -> str:
    """Return what a method overrides, with its purpose unless another one shown has told it."""
    base = overridden(facts, definition)
    if base is None:
        return ""
    position = shown.index(definition)
    before = shown[:position]
    bases = [overridden(facts, other) for other in before]
    place = citations.start(base)
    name = citations.name(base)
    words = f"It overrides {name} ({place})"
    purpose = citations.purpose(base)
    if purpose and base not in (*bases, *before):
        told = markdown.prose(purpose)
        return f"{words}: {told}"
    return f"{words}."


def _called_elsewhere(facts: CourseFacts, definition: Definition) -> str:
    callers: list[str] = []
    for caller in _callers(facts, definition):
        if caller not in callers:
            callers.append(caller)
        if len(callers) == _MOST_CALLERS:
            break
    if not callers:
        return ""
    verb = "call"
    if definition.kind in TYPES:
        verb = "create"
    if len(callers) == 1:
        verb = f"{verb}s"
    names = listed(callers)
    return f"{names} {verb} it."


def overridden(facts: CourseFacts, method: Definition) -> Definition | None:
    if method.parent is None or method.name == "__init__":
        return None
    for index in facts.lineage(method.parent)[1:]:
        for base in facts.methods(facts.definitions[index]):
            if base.name == method.name:
                return base
    return None


def _callers(facts: CourseFacts, definition: Definition) -> Iterator[str]:
    """Yield the functions of the sources that call a function, with the line of the call."""
    is_value = definition.kind in {Kind.VARIABLE, Kind.CONSTANT}
    for reference in facts.callers(definition.index):
        source = reference.source
        file = facts.file(reference.path)
        if source is None or file.role is not Role.SOURCE:
            continue
        caller = facts.definitions[source]
        if not is_function(caller):
            continue
        if is_value and not _may_call(facts, reference):
            continue
        called = [target for _, target in facts.calls(source)]
        if definition in called:
            name = citations.name(caller)
            place = citations.at(reference.path, reference.line)
            yield f"{name} ({place})"


def _may_call(facts: CourseFacts, reference: Reference) -> bool:
    """Whether parentheses follow a name; most uses of a value have none, and are many."""
    text = facts.texts.text(reference.path)
    code = text.encode("utf-8", "replace")
    return any(_CALLING.match(code, place) for place in reference.places)
