"""The diagram of a whole course: its chapters, and how they are related."""

from typing import Final

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

_MAX_RELATIONSHIPS: Final = 30
"""More could not be read."""


def overview(contents: Contents) -> Graph | None:
    """Return the diagram, or None if there is nothing to show, or too much."""
    if not 0 < len(contents.relationships) <= _MAX_RELATIONSHIPS:
        return None
    edges = [
        Edge(
            source=contents.names[relationship.source],
            target=contents.names[relationship.target],
            label=relationship.label,
            head=Head.ARROW,
        )
        for relationship in contents.relationships
    ]
    nodes = {}
    for edge in edges:
        for name in (edge.source, edge.target):
            nodes[name] = Node(label=name, shape=Shape.ROUND)
    root = Group(direction=Direction.DOWN, nodes=list(nodes))
    return Graph(nodes=nodes, edges=edges, root=root)
