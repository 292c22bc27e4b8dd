"""Draws what the sentences of a chapter do not say: calls inside it, and families of types."""

from collections.abc import Container, Iterable, Sequence
from itertools import chain
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Kind
from worker.engines.static.linking.usage import is_interface
from worker.engines.static.pages import mermaid
from worker.engines.static.pages.course import (
    Chapter,
    CourseFacts,
    is_function,
    last_name,
    remembered,
)
from worker.engines.static.pages.mermaid import Arrow, Extension
from worker.engines.static.reading.language import Language

_SIGNING: Final = frozenset(
    {Language.RUBY, Language.PHP, Language.JAVA, Language.TYPESCRIPT}
)
"""Languages whose types name their superclass alone before `implements`, if at all."""
_NODES: Final = 10
_TYPES: Final = 14
_FEWEST: Final = 3
"""Arrows of a drawing that shows more than a sentence."""
_FEWEST_CALLERS: Final = 2
"""Functions that call others on a drawing; one alone says what it calls in its code."""


def calls(
    facts: CourseFacts, chapter: Chapter, shown: Sequence[Definition]
) -> str:
    """Draw what the functions that a chapter shows call of its functions."""
    family = facts.family(chapter.unit.owned)
    owned = set(family)
    functions = []
    for definition in shown:
        caller = definition.index
        if is_function(definition) and caller in owned:
            functions.append(caller)
    pairs = _pairs(facts, functions, owned)
    nodes = set(_nodes(functions, pairs))
    between = [pair for pair in pairs if nodes.issuperset(pair)]
    from_each = [_reached(between, function) for function in functions]
    drawn = max(from_each, key=len, default=[])
    callers = {caller for caller, _ in drawn}
    if len(drawn) < _FEWEST or len(callers) < _FEWEST_CALLERS:
        return ""
    both_ends = chain.from_iterable(drawn)
    ends = list(dict.fromkeys(both_ends))
    calls = [f"{name}()" for name in _names(facts, ends)]
    names = dict(zip(ends, calls, strict=True))
    arrows = [(names[caller], names[called]) for caller, called in drawn]
    return mermaid.arrows(arrows)


def _pairs(
    facts: CourseFacts, functions: Iterable[int], owned: Container[int]
) -> list[tuple[int, int]]:
    """Return the calls of functions to other functions of the chapter, each once."""
    pairs = []
    for caller in functions:
        called = dict.fromkeys(_called(facts, caller))
        pairs += [
            (caller, other)
            for other in called
            if other in owned and other != caller
        ]
    return pairs


def _reached(
    pairs: Sequence[tuple[int, int]], function: int
) -> list[tuple[int, int]]:
    """Return the calls that a function and those that it calls make, and so on."""
    reached = dict.fromkeys([function])
    queue = [function]
    for caller in queue:
        new = [
            called
            for source, called in pairs
            if source == caller and called not in reached
        ]
        reached.update(dict.fromkeys(new))
        queue += new
    return [pair for pair in pairs if pair[0] in reached]


def _called(facts: CourseFacts, function: int) -> list[int]:
    return [
        called.index
        for _, called in facts.calls(function)
        if is_function(called)
    ]


def _nodes(
    functions: Sequence[int], pairs: Iterable[tuple[int, int]]
) -> list[int]:
    """Return the ends of as many calls as fit on a drawing."""
    nodes = dict.fromkeys(functions)
    for pair in pairs:
        if len(nodes.keys() | pair) <= _NODES:
            nodes.update(dict.fromkeys(pair))
    return list(nodes)


def family(facts: CourseFacts, chapter: Chapter) -> str:
    """Draw the types of a chapter with their bases and the types that extend them."""
    types: list[int | str] = []
    extensions: list[Extension] = []
    for base, derived in _extensions(facts, chapter):
        new = [end for end in (base, derived) if end not in types]
        if len(types) + len(new) > _TYPES:
            break
        types += new
        extension = Extension(
            base=types.index(base),
            derived=types.index(derived),
            arrow=_arrow(facts, base, derived),
        )
        extensions.append(extension)
    if len(extensions) < _FEWEST:
        return ""
    return mermaid.class_diagram(_names(facts, types), extensions)


def _names(facts: CourseFacts, ends: Sequence[int | str]) -> list[str]:
    """Return the names of types, with that of its module where two share one."""
    names = [_name(facts, end) for end in ends]
    unique = []
    for end, name in zip(ends, names, strict=True):
        shown = name
        if isinstance(end, int) and names.count(name) > 1:
            module = _module(facts.definitions[end])
            shown = f"{module}.{name}"
        unique.append(shown)
    return unique


def _name(facts: CourseFacts, end: int | str) -> str:
    if isinstance(end, str):
        return last_name(end)
    return facts.definitions[end].qualified


def _module(definition: Definition) -> str:
    """Return the name of a definition's file, or of its folder where that says more."""
    folders, _, file = definition.path.rpartition("/")
    stem = file.partition(".")[0]
    if stem in {"__init__", "index", "mod"}:
        return folders.rpartition("/")[2]
    return stem


def _extensions(
    facts: CourseFacts, chapter: Chapter
) -> dict[tuple[int | str, int], None]:
    """Return base and derived type of each inheritance around the subjects of a chapter."""
    extensions: dict[tuple[int | str, int], None] = {}
    named = facts.named(chapter)
    types = [subject for subject in named if subject.kind in TYPES]
    for definition in types:
        index = definition.index
        for base in _bases(facts, definition):
            extensions[base, index] = None
        for subtype in facts.subtypes(index):
            if subtype.name.startswith("_"):
                continue
            extensions[index, subtype.index] = None
            is_own = subtype.index in chapter.unit.owned
            if is_own and subtype not in types:
                types.append(subtype)
    return extensions


def _bases(facts: CourseFacts, definition: Definition) -> list[int | str]:
    """Return the bases of a type: definitions, or names of types elsewhere."""
    known = facts.analysis.bases.get(definition.index, ())
    types = dict(_types_by_name(facts))
    for index in known:
        name = facts.definitions[index].name
        types[name] = index
    bases: list[int | str] = []
    for base in definition.bases:
        end = types.get(last_name(base))
        if end is None or end == definition.index:
            bases.append(base)
        else:
            bases.append(end)
    if set(known) <= set(bases):
        return bases
    # One of them is imported by another name.
    return list(known)


@remembered
def _types_by_name(facts: CourseFacts) -> dict[str, int | None]:
    """Return types by their names; None for a name that several have."""
    types: dict[str, int | None] = {}
    for definition in facts.definitions:
        name = definition.name
        if definition.kind not in TYPES:
            continue
        if name in types:
            types[name] = None
        else:
            types[name] = definition.index
    return types


def _arrow(facts: CourseFacts, base: int | str, derived: int) -> Arrow:
    definition = facts.definitions[derived]
    is_dashed = definition.kind not in {Kind.TRAIT, Kind.INTERFACE}
    if isinstance(base, int):
        base_type = facts.definitions[base]
        is_dashed &= is_interface(base_type, or_mixin=True)
    elif facts.file(definition.path).language in _SIGNING:
        superclass = definition.signature.partition(" implements ")[0]
        is_dashed &= last_name(base) not in superclass
    else:
        is_dashed &= definition.path.endswith(".rs")
    if is_dashed:
        return Arrow.IMPLEMENTS
    return Arrow.EXTENDS
