"""Draws what the sentences of a chapter do not say: calls inside it, and families of types."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Kind
from worker.engines.static.pages import mermaid
from worker.engines.static.pages.course import (
    Chapter,
    CourseFacts,
    is_function,
    last_name,
)
from worker.engines.static.pages.mermaid import Arrow, Box, Edge

_NODES: Final = 10
_TYPES: Final = 14
_FEWEST: Final = 3
"""Arrows of a drawing that shows more than a sentence."""
_INTERFACES: Final = frozenset({Kind.INTERFACE, Kind.TRAIT})


def calls(
    facts: CourseFacts, chapter: Chapter, shown: Sequence[Definition]
) -> str:
    """Draw how the functions that a chapter shows call each other and its other functions."""
    owned = set(facts.family(chapter.unit.owned))
    functions = [
        definition.index
        for definition in shown
        if is_function(definition) and definition.index in owned
    ]
    edges = _edges(facts, functions, owned)
    nodes = _nodes(functions, edges)
    edges = [edge for edge in edges if set(edge) <= set(nodes)]
    used = [node for node in nodes if any(node in edge for edge in edges)]
    if len(edges) < _FEWEST:
        return ""
    boxes = [_node(facts.definitions[index]) for index in used]
    return mermaid.flowchart(
        boxes,
        [
            Edge(source=used.index(caller), target=used.index(called))
            for caller, called in edges
        ],
    )


def _edges(
    facts: CourseFacts, functions: Iterable[int], owned: Collection[int]
) -> list[tuple[int, int]]:
    """Return the calls out of some functions, and those of the chapter into them."""
    outward = [
        (function, called.index)
        for function in functions
        for _, called in facts.calls(function)
        if is_function(called)
    ]
    inward = [
        (reference.source, function)
        for function in functions
        for reference in facts.callers(function)
        if reference.source in owned
    ]
    proved = [
        (caller, called)
        for caller, called in inward
        if caller is not None
        and is_function(facts.definitions[caller])
        and any(target.index == called for _, target in facts.calls(caller))
    ]
    edges = dict.fromkeys((*outward, *proved))
    return [edge for edge in edges if edge[1] in owned and edge[0] != edge[1]]


def _nodes(
    functions: Sequence[int], edges: Iterable[tuple[int, int]]
) -> list[int]:
    nodes = dict.fromkeys(functions)
    for edge in edges:
        if len(nodes.keys() | edge) <= _NODES:
            nodes.update(dict.fromkeys(edge))
    return list(nodes)


def _node(definition: Definition) -> Box:
    return Box(label=f"{definition.qualified}()")


def family(facts: CourseFacts, chapter: Chapter) -> str:
    """Draw the types of a chapter with their bases and the types that extend them."""
    boxes: dict[int | str, Box] = {}
    edges: list[Edge] = []
    for base, extension, arrow in _extensions(facts, chapter):
        new = {key: _box(facts, key) for key in (base, extension)}
        if len(boxes.keys() | new) > _TYPES:
            break
        boxes.update(new)
        keys = list(boxes)
        source, target = keys.index(base), keys.index(extension)
        edges.append(Edge(source=source, target=target, arrow=arrow))
    if len(edges) < _FEWEST:
        return ""
    return mermaid.class_diagram(list(boxes.values()), edges)


def _box(facts: CourseFacts, key: int | str) -> Box:
    """Return a box for a definition, or for a type elsewhere, by its name."""
    if isinstance(key, str):
        return Box(label=last_name(key))
    return Box(label=facts.definitions[key].name)


def _extensions(
    facts: CourseFacts, chapter: Chapter
) -> dict[tuple[int | str, int, Arrow], None]:
    """Return base and extension of each inheritance that a chapter's types take part in."""
    extensions: dict[tuple[int | str, int, Arrow], None] = {}
    owned = dict.fromkeys((*chapter.unit.symbols, *chapter.unit.owned))
    types = [
        facts.definitions[index]
        for index in owned
        if facts.definitions[index].kind in TYPES
    ]
    for definition in types:
        for base in _bases(facts, definition):
            extensions[base, definition.index, _arrow(facts, base)] = None
        for subtype in facts.subtypes(definition.index):
            arrow = _arrow(facts, definition.index)
            extensions[definition.index, subtype.index, arrow] = None
    return extensions


def _bases(facts: CourseFacts, definition: Definition) -> list[int | str]:
    """Return the bases of a type: definitions, or names of types elsewhere."""
    resolved: dict[str, int] = {
        facts.definitions[base].name: base
        for base in facts.analysis.bases.get(definition.index, ())
    }
    return [resolved.get(last_name(base), base) for base in definition.bases]


def _arrow(facts: CourseFacts, base: int | str) -> Arrow:
    if isinstance(base, int) and facts.definitions[base].kind in _INTERFACES:
        return Arrow.IMPLEMENTS
    return Arrow.EXTENDS
