"""Draws a chapter's subject: types, functions that call each other, or files.

A diagram comes with the sentence that says how to read it.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from worker.engines.static.facts import TYPES, Definition, Kind, Verb
from worker.engines.static.pages import evidence, mermaid, outline
from worker.engines.static.pages.course import (
    Chapter,
    ChapterLink,
    CourseFacts,
    is_function,
)
from worker.engines.static.pages.mermaid import Arrow, Box, Edge
from worker.engines.static.prose.phrases import counted

_MEMBERS: Final = 8
_OTHER_MEMBERS: Final = 3
_TYPES: Final = 4
_SUBTYPES: Final = 4
_TIES: Final = 5
_NODES: Final = 12
_EDGES: Final = 18
_MAP_EDGES: Final = 2
"""Arrows from one chapter to others, on the map of all."""


class Drawing(NamedTuple):
    """A diagram and how to read it; both are empty where there is nothing to draw."""

    diagram: str
    reading: str


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
        if source != target and (target, source, arrow) not in {
            (*pair, edge.arrow) for pair, edge in self.edges.items()
        }:
            self.edges.setdefault(
                (source, target),
                Edge(source=source, target=target, label=label, arrow=arrow),
            )


def drawn(facts: CourseFacts, chapter: Chapter) -> Drawing:
    """Return the drawing of a chapter."""
    symbols = [facts.definitions[index] for index in chapter.unit.symbols]
    if symbols and symbols[0].kind in TYPES:
        return _types(
            facts,
            chapter,
            [one for one in symbols if one.kind in TYPES][:_TYPES],
        )
    if chapter.unit.owned:
        return _functions(facts, chapter)
    return _files(facts, chapter)


def _types(
    facts: CourseFacts, chapter: Chapter, types: Sequence[Definition]
) -> Drawing:
    canvas = _Canvas()
    for place, one in enumerate(types):
        canvas.add(
            one.index, _box(facts, one, _OTHER_MEMBERS if place else _MEMBERS)
        )
    for one in types[:2]:
        _add_bases(facts, canvas, one)
        for index in evidence.subtypes(facts, one.index)[:_SUBTYPES]:
            child = canvas.add(index, Box(label=facts.definitions[index].name))
            canvas.join(
                canvas.add(one.index, Box(label=one.name)),
                child,
                arrow=Arrow.EXTENDS,
            )
    for tie in _ties(facts, chapter)[:_TIES]:
        _add_tie(facts, canvas, chapter, tie)
    if len(canvas.boxes) == 1 and not types[0].members:
        return Drawing("", "")
    return Drawing(
        mermaid.class_diagram(
            list(canvas.boxes.values()), list(canvas.edges.values())
        ),
        _reading(facts, types[0]),
    )


def _reading(facts: CourseFacts, one: Definition) -> str:
    """Say what of a type is drawn."""
    functions = [
        member
        for member in one.members
        if is_function(facts.definitions[member])
    ]
    if len(functions) > _MEMBERS:
        return f"Of {counted(len(functions), 'method')}, the diagram shows the {_MEMBERS} that other code uses most."
    return ""


def _box(facts: CourseFacts, one: Definition, most: int) -> Box:
    stereotype = (
        str(one.kind)
        if one.kind in {Kind.INTERFACE, Kind.TRAIT, Kind.ENUM, Kind.STRUCT}
        else ""
    )
    shown = tuple(
        _member(member) for member in ranked_members(facts, one)[:most]
    )
    return Box(label=one.name, members=shown, stereotype=stereotype)


def ranked_members(facts: CourseFacts, one: Definition) -> list[Definition]:
    """Return the members of a type, those that are named most first; what is private comes last."""
    members = [facts.definitions[index] for index in one.members]

    def rank(member: Definition) -> tuple[bool, bool, int, int]:
        special = member.name.startswith("__") and member.name.endswith("__")
        return (
            not member.public,
            special,
            -len(facts.into[member.index]),
            member.index,
        )

    return sorted(members, key=rank)


def _member(one: Definition) -> str:
    sign = "+" if one.public else "-"
    return f"{sign}{one.name}{'()' if is_function(one) else ''}"


def _add_bases(facts: CourseFacts, canvas: _Canvas, one: Definition) -> None:
    known = {
        facts.definitions[reference.target].name: reference.target
        for reference in facts.out[one.index]
    }
    for base in one.bases[:_SUBTYPES]:
        name = base.rpartition(".")[2].rpartition("::")[2]
        target = known.get(name)
        is_interface = target is not None and facts.definitions[
            target
        ].kind in {
            Kind.INTERFACE,
            Kind.TRAIT,
        }
        box = canvas.add(
            target if target is not None else base, Box(label=name)
        )
        arrow = Arrow.IMPLEMENTS if is_interface else Arrow.EXTENDS
        canvas.join(
            box, canvas.add(one.index, Box(label=one.name)), arrow=arrow
        )


def _ties(facts: CourseFacts, chapter: Chapter) -> list[ChapterLink]:
    return [
        tie
        for tie in facts.ties
        if chapter.position in {tie.source, tie.target}
    ]


def _add_tie(
    facts: CourseFacts, canvas: _Canvas, chapter: Chapter, tie: ChapterLink
) -> None:
    """Draw another chapter as the related definition, its first symbol, or its name."""
    own = _end(facts, chapter, tie)
    other = facts.chapters[
        tie.target if tie.source == chapter.position else tie.source
    ]
    theirs = _end(facts, other, tie)
    here = canvas.add(own, Box(label=_label(facts, own, chapter)))
    there = canvas.add(theirs, Box(label=_label(facts, theirs, other)))
    source, target = (
        (here, there) if tie.source == chapter.position else (there, here)
    )
    if tie.verb in {Verb.INHERITS, Verb.IMPLEMENTS}:
        canvas.join(
            target,
            source,
            arrow=Arrow.EXTENDS
            if tie.verb == Verb.INHERITS
            else Arrow.IMPLEMENTS,
        )
    else:
        canvas.join(source, target, _label_of(tie))


def _end(facts: CourseFacts, chapter: Chapter, tie: ChapterLink) -> int | str:
    """Return the type or function at one end of a tie."""
    relation = tie.relation
    found = (
        None
        if relation is None
        else relation.subject
        if tie.source == chapter.position
        else relation.object
    )
    while (
        found is not None
        and (outer := facts.definitions[found].parent) is not None
    ):
        found = outer
    if found is not None and facts.owner(found) is chapter:
        return found
    return chapter.unit.symbols[0] if chapter.unit.symbols else chapter.name


def _label(facts: CourseFacts, end: int | str, chapter: Chapter) -> str:
    return facts.definitions[end].name if isinstance(end, int) else chapter.name


def _functions(facts: CourseFacts, chapter: Chapter) -> Drawing:
    """Draw which of a chapter's functions call which, and who calls them from outside."""
    owned = set(facts.family(chapter.unit.owned))
    nodes = list(chapter.unit.symbols[:_NODES])
    pairs = [
        (one, ref.target)
        for one in owned
        for ref in facts.out[one]
        if ref.target in owned and one != ref.target
    ]
    for pair in sorted(
        pairs, key=lambda pair: (not set(pair) & set(nodes), pair)
    ):
        nodes += [
            index
            for index in pair
            if index not in nodes and len(nodes) < _NODES
        ]
    outside = _outside_callers(facts, chapter, nodes)
    drawn_pairs = [
        pair for pair in sorted(set(pairs)) if set(pair) <= set(nodes)
    ] + outside
    if not drawn_pairs:
        return Drawing("", "")
    keys = list(dict.fromkeys([*nodes, *(source for source, _ in outside)]))
    boxes = [_node(facts.definitions[index]) for index in keys]
    edges = [
        Edge(source=keys.index(one), target=keys.index(two))
        for one, two in drawn_pairs[:_EDGES]
    ]
    return Drawing(
        mermaid.flowchart(boxes, edges),
        "An arrow points from a definition to one that it uses; frames are files.",
    )


def _outside_callers(
    facts: CourseFacts, chapter: Chapter, nodes: Iterable[int]
) -> list[tuple[int, int]]:
    sites = evidence.sites(facts, chapter, _TIES)
    wanted = set(nodes)
    return [
        (site.inside, site.target)
        for site in sites
        if site.inside is not None and site.target in wanted
    ]


def _node(one: Definition) -> Box:
    return Box(
        label=f"{one.qualified}{'()' if is_function(one) else ''}",
        group=one.path,
    )


def _files(facts: CourseFacts, chapter: Chapter) -> Drawing:
    """Draw the marks of a chapter's files in their order, headings below headings."""
    found = [mark for mark in outline.marks(facts, chapter) if mark.title][
        :_NODES
    ]
    if len(found) < 2:  # noqa: PLR2004 - one box is no drawing
        return Drawing("", "")
    boxes = [Box(label=mark.title, group=mark.path) for mark in found]
    edges: list[Edge] = []
    open_: list[int] = []
    for place, mark in enumerate(found):
        while open_ and (
            found[open_[-1]].level >= mark.level
            or found[open_[-1]].path != mark.path
        ):
            open_.pop()
        if open_:
            edges.append(Edge(source=open_[-1], target=place))
        open_.append(place)
    return Drawing(
        mermaid.flowchart(boxes, edges),
        "Frames are files; an arrow points from a section to one inside it."
        if edges
        else "",
    )


def chapters_map(facts: CourseFacts) -> str:
    """Draw all chapters and how they hang together; nothing where there is one only."""
    if len(facts.chapters) == 1:
        return ""
    boxes = [
        Box(label=f"{chapter.entry.index}. {chapter.name}")
        for chapter in facts.chapters
    ]
    edges: list[Edge] = []
    for tie in facts.ties:
        known = any(
            {edge.source, edge.target} == {tie.source, tie.target}
            for edge in edges
        )
        if (
            not known
            and sum(edge.source == tie.source for edge in edges) < _MAP_EDGES
        ):
            edges.append(
                Edge(source=tie.source, target=tie.target, label=_label_of(tie))
            )
    return mermaid.flowchart(boxes, edges)


def _label_of(tie: ChapterLink) -> str:
    """Return a verb as a label; nothing if it is not one of ours."""
    return tie.verb if re.fullmatch(r"[a-z]+(?: [a-z]+)*", tie.verb) else ""
