"""What is said before the code of a function: what calls it, or what it overrides."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Kind, Role
from worker.engines.static.pages import citations, markdown
from worker.engines.static.pages.course import CourseFacts, is_function
from worker.engines.static.prose.phrases import listed

_MOST_CALLERS: Final = 2
_MOST_TAKEN: Final = 4


def sentences(
    facts: CourseFacts,
    definition: Definition,
    shown: Sequence[Definition],
) -> str:
    """Return what is said of code without documentation: what calls or uses it, else its shape."""
    return (
        reached(facts, definition, shown)
        or _overriding(facts, definition, shown)
        or _called_elsewhere(facts, definition)
        or _used(facts, definition)
        or shape(facts, definition)
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
        called = facts.calls(caller.index)
        is_caller = any(_means(target, definition) for _, target in called)
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
    before = shown[: shown.index(definition)]
    bases = [overridden(facts, other) for other in before]
    place = citations.start(base)
    name = citations.name(base)
    words = f"It overrides {name} ({place})"
    purpose = citations.purpose(base)
    if purpose and base not in (*bases, *before):
        return f"{words}. {markdown.prose(purpose)}"
    return f"{words}."


def _called_elsewhere(facts: CourseFacts, definition: Definition) -> str:
    found = _callers(facts, definition)
    callers = list(islice(found, _MOST_CALLERS))
    if not callers:
        return ""
    verb = "call"
    if definition.kind in TYPES:
        verb = "create"
    if len(callers) == 1:
        verb = f"{verb}s"
    names = listed(callers)
    return f"{names} {verb} it."


def _used(facts: CourseFacts, definition: Definition) -> str:
    """Return where the sources first use a definition that none of their functions calls."""
    for reference in facts.callers(definition.index):
        if facts.file(reference.path).role is Role.SOURCE:
            user = facts.definitions[reference.source or 0]
            place = citations.at(reference.path, reference.line)
            return f"{citations.name(user)} ({place}) uses it."
    return ""


def shape(facts: CourseFacts, definition: Definition) -> str:
    """Return what a function takes; of anything else, that the code defines it."""
    inside = facts.function(definition.index)
    if inside is None or not (is_function(definition) and inside.parameters):
        return "It is defined here."
    taken = [markdown.code(name) for name in inside.parameters]
    return f"It takes {listed(taken, _MOST_TAKEN)}."


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
    if definition.kind in {Kind.VARIABLE, Kind.CONSTANT}:
        return
    for reference in facts.callers(definition.index):
        source = reference.source
        file = facts.file(reference.path)
        if source is None or file.role is not Role.SOURCE:
            continue
        caller = facts.definitions[source]
        if not is_function(caller):
            continue
        called = [target for _, target in facts.calls(source)]
        if definition in called:
            name = citations.name(caller)
            place = citations.at(reference.path, reference.line)
            yield f"{name} ({place})"
