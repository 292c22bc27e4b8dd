"""Draws how a chapter's subject is connected: types, or functions that call each other."""

import re
from collections.abc import Sequence
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Kind, Verb
from worker.engines.static.pages import connections, mermaid
from worker.engines.static.pages.course import (
    Chapter,
    ChapterLink,
    CourseFacts,
    is_function,
    last_name,
)
from worker.engines.static.pages.mermaid import Arrow, Box, Edge

_MEMBERS: Final = 6
_TYPES: Final = 3
_RELATIVES: Final = 4
"""Bases, and subtypes, of one type."""
_LINKS: Final = 6
_NODES: Final = 12
_EDGES: Final = 16
_MAP_EDGES: Final = 2
"""Arrows from one chapter to others, on the map of all."""
_FEWEST: Final = 2
"""Boxes of a drawing that shows something."""
_STEREOTYPES: Final = frozenset(
    {Kind.INTERFACE, Kind.TRAIT, Kind.ENUM, Kind.STRUCT}
)


class _Canvas:
    """Boxes that are added once each, and arrows between them."""

    def __init__(self) -> None:
        self.boxes: dict[object, Box] = {}
        self.edges: dict[tuple[int, int], Edge] = {}

    def add(self, key: object, box: Box) -> int:
        self.boxes.setdefault(key, box)
        return list(self.boxes).index(key)

    def join(
        self,
        source: int,
        target: int,
        label: str = "",
        arrow: Arrow = Arrow.USES,
    ) -> None:
        pair = (source, target)
        if source != target and (target, source) not in self.edges:
            edge = Edge(source=source, target=target, label=label, arrow=arrow)
            self.edges.setdefault(pair, edge)


def drawn(facts: CourseFacts, chapter: Chapter) -> str:
    """Return the diagram of a chapter; nothing where there is nothing to draw."""
    symbols = facts.symbols(chapter)
    if symbols and symbols[0].kind in TYPES:
        return _types(facts, chapter)
    if symbols:
        return _functions(facts, chapter)
    return ""


def _types(facts: CourseFacts, chapter: Chapter) -> str:
    canvas = _Canvas()
    types = [
        symbol for symbol in facts.symbols(chapter) if symbol.kind in TYPES
    ]
    for definition in types[:_TYPES]:
        canvas.add(definition.index, _type_box(facts, definition))
    _add_bases(facts, canvas, types[0])
    subject = canvas.add(types[0].index, Box(label=types[0].name))
    for subtype in facts.subtypes(types[0].index)[:_RELATIVES]:
        box = canvas.add(subtype.index, Box(label=subtype.name))
        canvas.join(subject, box, arrow=_extends(types[0]))
    for link in connections.of_chapter(facts, chapter)[:_LINKS]:
        _add_link(facts, canvas, link)
    if len(canvas.boxes) < _FEWEST or not canvas.edges:
        return ""
    return mermaid.class_diagram(
        list(canvas.boxes.values()), list(canvas.edges.values())
    )


def _type_box(facts: CourseFacts, definition: Definition) -> Box:
    public = [
        member
        for member in facts.members(definition)
        if member.public and not member.name.startswith("_")
    ]
    public.sort(
        key=lambda member: (-len(facts.into[member.index]), member.index)
    )
    members = tuple(
        f"+{member.name}{'()' if is_function(member) else ''}"
        for member in public[:_MEMBERS]
    )
    is_marked = definition.kind in _STEREOTYPES
    stereotype = str(definition.kind) if is_marked else ""
    return Box(label=definition.name, members=members, stereotype=stereotype)


def _add_bases(
    facts: CourseFacts, canvas: _Canvas, definition: Definition
) -> None:
    subject = canvas.add(definition.index, Box(label=definition.name))
    resolved = {
        facts.definitions[base].name: base
        for base in facts.analysis.bases.get(definition.index, ())
    }
    for base in definition.bases[:_RELATIVES]:
        name = last_name(base)
        target = resolved.get(name)
        box = canvas.add(base if target is None else target, Box(label=name))
        arrow = Arrow.EXTENDS
        if target is not None:
            arrow = _extends(facts.definitions[target])
        canvas.join(box, subject, arrow=arrow)


def _extends(base: Definition) -> Arrow:
    if base.kind in {Kind.INTERFACE, Kind.TRAIT}:
        return Arrow.IMPLEMENTS
    return Arrow.EXTENDS


def _add_link(facts: CourseFacts, canvas: _Canvas, link: ChapterLink) -> None:
    """Draw a link between the definitions at its ends, or the chapters' names."""
    source = _end(facts, canvas, link, is_source=True)
    target = _end(facts, canvas, link, is_source=False)
    if link.verb == Verb.INHERITS:
        canvas.join(target, source, arrow=Arrow.EXTENDS)
    elif link.verb == Verb.IMPLEMENTS:
        canvas.join(target, source, arrow=Arrow.IMPLEMENTS)
    else:
        canvas.join(source, target, _label(link))


def _end(
    facts: CourseFacts, canvas: _Canvas, link: ChapterLink, *, is_source: bool
) -> int:
    chapter = facts.chapters[link.source if is_source else link.target]
    index = None
    if link.relation is not None:
        index = link.relation.subject if is_source else link.relation.object
    if index is None:
        index = next(iter(chapter.unit.symbols), None)
    if index is None:
        return canvas.add(chapter.name, Box(label=chapter.name))
    definition = facts.definitions[index]
    while definition.parent is not None:
        definition = facts.definitions[definition.parent]
    return canvas.add(definition.index, Box(label=definition.name))


def _functions(facts: CourseFacts, chapter: Chapter) -> str:
    """Draw which of a chapter's functions call which, in frames of their files."""
    owned = set(facts.family(chapter.unit.owned))
    calls = sorted(
        {
            (caller, called.index)
            for caller in owned
            if is_function(facts.definitions[caller])
            for _, called in facts.calls(caller)
            if called.index in owned and called.index != caller
        }
    )
    nodes = _nodes(chapter, calls)
    drawn_calls = [
        call for call in calls if call[0] in nodes and call[1] in nodes
    ]
    if not drawn_calls:
        return ""
    used = [node for node in nodes if any(node in call for call in drawn_calls)]
    boxes = [_node(facts.definitions[index]) for index in used]
    edges = [
        Edge(source=used.index(caller), target=used.index(called))
        for caller, called in drawn_calls[:_EDGES]
    ]
    return mermaid.flowchart(boxes, edges)


def _nodes(chapter: Chapter, calls: Sequence[tuple[int, int]]) -> list[int]:
    """Return the functions to draw: the chapter's symbols, then what calls join to them."""
    nodes = list(chapter.unit.symbols[:_NODES])
    nearest = sorted(
        calls, key=lambda call: not (call[0] in nodes or call[1] in nodes)
    )
    for call in nearest:
        for index in call:
            if index not in nodes and len(nodes) < _NODES:
                nodes.append(index)
    return nodes


def _node(definition: Definition) -> Box:
    call = "()" if is_function(definition) else ""
    return Box(label=f"{definition.qualified}{call}", group=definition.path)


def chapters_map(facts: CourseFacts) -> str:
    """Draw all chapters and how they are connected; nothing for a course of one."""
    if len(facts.chapters) < _FEWEST:
        return ""
    boxes = [
        Box(label=f"{chapter.entry.index}. {chapter.name}")
        for chapter in facts.chapters
    ]
    edges: list[Edge] = []
    for link in facts.links:
        ends = {link.source, link.target}
        is_joined = any({edge.source, edge.target} == ends for edge in edges)
        arrows = sum(edge.source == link.source for edge in edges)
        if not is_joined and arrows < _MAP_EDGES:
            edges.append(
                Edge(source=link.source, target=link.target, label=_label(link))
            )
    return mermaid.flowchart(boxes, edges)


def _label(link: ChapterLink) -> str:
    """Return a verb as a label; nothing if it is not one of ours."""
    if re.fullmatch(r"[a-z]+(?: [a-z]+)*", link.verb):
        return link.verb
    return ""
