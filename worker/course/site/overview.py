"""The diagram of a whole course: its chapters, and how they are related."""

import re
from collections.abc import Sequence
from typing import Final

from worker.course.formats import Relationship
from worker.course.parts import Pair, joining, largest_part
from worker.course.site.contents import Contents
from worker.course.site.diagrams.graph import (
    Direction,
    Edge,
    Graph,
    Group,
    Head,
    Node,
    Shape,
)

_MOST: Final = 12
"""How many relationships are drawn; more would be unreadable."""
_MEANINGFUL: Final = re.compile(r"[^\w .,/()-]")
"""A character that may mean something to Mermaid."""


def overview(contents: Contents) -> Graph | None:
    """Return the diagram, or None if there is nothing to show."""
    if not contents.relationships:
        return None
    edges = []
    for relationship in _drawn(contents.relationships):
        edge = Edge(
            source=contents.names[relationship.source],
            target=contents.names[relationship.target],
            label=relationship.label,
            head=Head.ARROW,
        )
        edges.append(edge)
    nodes = {}
    for edge in edges:
        for name in (edge.source, edge.target):
            nodes[name] = Node(label=name, shape=Shape.ROUND)
    root = Group(direction=Direction.DOWN, nodes=list(nodes))
    return Graph(nodes=nodes, edges=edges, root=root)


def mermaid(graph: Graph) -> str:
    """Return a diagram as Mermaid's text, for hosts that draw it themselves."""
    keys = {}
    lines = ["flowchart TD"]
    for number, (name, node) in enumerate(graph.nodes.items()):
        keys[name] = f"n{number}"
        lines.append(f'  n{number}["{_label(node.label)}"]')
    for edge in graph.edges:
        arrow = f'-->|"{_label(edge.label)}"|'
        lines.append(f"  {keys[edge.source]} {arrow} {keys[edge.target]}")
    return "\n".join(lines)


def _label(text: str) -> str:
    """Return a label whose characters mean nothing to Mermaid; an empty one becomes `-`."""
    words = " ".join(text.split())
    return _MEANINGFUL.sub(_entity, words) or "-"


def _entity(match: re.Match[str]) -> str:
    return f"#{ord(match[0])};"


def _drawn(relationships: Sequence[Relationship]) -> list[Relationship]:
    """Return relationships of the largest connected part, preferring those that connect it."""
    connected = _chosen(relationships, largest_part(_pairs(relationships)))
    connecting = joining(_pairs(connected))
    others = [
        position
        for position, _ in enumerate(connected)
        if position not in connecting
    ]
    most = max(_MOST, len(connecting))
    drawn = [*connecting, *others][:most]
    return _chosen(connected, sorted(drawn))


def _pairs(relationships: Sequence[Relationship]) -> list[Pair]:
    pairs = []
    for entry in relationships:
        pair = (entry.source, entry.target)
        pairs.append(pair)
    return pairs


def _chosen(
    relationships: Sequence[Relationship], positions: Sequence[int]
) -> list[Relationship]:
    return [relationships[position] for position in positions]
