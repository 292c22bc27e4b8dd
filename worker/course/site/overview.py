"""The diagram of a whole course: its chapters, and how they are related."""

from collections.abc import Sequence
from typing import Final

from worker.course.formats import Relationship
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
"""Relationships that are drawn; more could not be read."""


def overview(contents: Contents) -> Graph | None:
    """Return the diagram, or None if there is nothing to show."""
    if not contents.relationships:
        return None
    edges = [
        Edge(
            source=contents.names[relationship.source],
            target=contents.names[relationship.target],
            label=relationship.label,
            head=Head.ARROW,
        )
        for relationship in _drawn(contents.relationships)
    ]
    nodes = {}
    for edge in edges:
        for name in (edge.source, edge.target):
            nodes[name] = Node(label=name, shape=Shape.ROUND)
    root = Group(direction=Direction.DOWN, nodes=list(nodes))
    return Graph(nodes=nodes, edges=edges, root=root)


def _drawn(relationships: Sequence[Relationship]) -> list[Relationship]:
    """Return the first relationships, before others one that each chapter takes part in."""
    seen: set[int] = set()
    connecting: list[Relationship] = []
    others: list[Relationship] = []
    for relationship in relationships:
        ends = {relationship.source, relationship.target}
        (others if ends <= seen else connecting).append(relationship)
        seen |= ends
    chosen = [*connecting, *others][: max(_MOST, len(connecting))]
    return [entry for entry in relationships if entry in chosen]
