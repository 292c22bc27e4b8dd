"""Builds a graph from the statements of a diagram, in their order."""

import re
from typing import Final

from worker.course.site.diagrams.graph import (
    MAX_DEPTH,
    DiagramError,
    Direction,
    Edge,
    Graph,
    Group,
    Node,
)

DIRECTION: Final = re.compile(r"direction\s+(TB|TD|BT|LR|RL)")
"""A line that says in which direction a diagram grows."""


def direction(name: str | None) -> Direction:
    """Return a direction by its name in Mermaid; `TD`, or no name, is `TB`."""
    if name is None or name == "TD":
        return Direction.DOWN
    return Direction(name)


class GraphBuilder:
    """A graph under construction, and its open groups."""

    def __init__(self, towards: Direction) -> None:
        self._graph = Graph(root=Group(direction=towards))
        self._open = [self._graph.root]
        self._homes: dict[str, Group] = {}

    @property
    def here(self) -> Group:
        """The innermost open group."""
        return self._open[-1]

    def begin(self, key: str, title: str) -> None:
        if len(self._open) > MAX_DEPTH:
            raise DiagramError("its groups are nested too deeply")
        group = Group(key=key, title=title)
        self.here.groups.append(group)
        self._open.append(group)

    def end(self) -> None:
        """Close the innermost group."""
        if len(self._open) == 1:
            raise DiagramError("it closes a group that is not open")
        self._open.pop()

    def knows(self, key: str) -> bool:
        return key in self._graph.nodes

    def add(self, key: str, node: Node | None = None) -> None:
        """Name a node; it belongs to the first group that names it."""
        nodes = self._graph.nodes
        if node is not None:
            nodes[key] = node
        elif key not in nodes:
            nodes[key] = Node(label=key)
        home = self._homes.get(key)
        if home is None:
            self._settle(key)
        elif home is self._graph.root and self.here is not home:
            home.nodes.remove(key)
            self._settle(key)

    def _settle(self, key: str) -> None:
        """Put a node into the innermost open group."""
        self.here.nodes.append(key)
        self._homes[key] = self.here

    def connect(self, edge: Edge) -> None:
        self._graph.edges.append(edge)

    def graph(self) -> Graph:
        """Return the finished graph; a group's name is not a node."""
        for group in _groups(self._graph.root):
            home = self._homes.pop(group.key, None)
            if home is not None:
                home.nodes.remove(group.key)
                del self._graph.nodes[group.key]
        return self._graph


def _groups(group: Group) -> list[Group]:
    """Return all groups within a group."""
    groups = []
    for child in group.groups:
        groups.append(child)
        groups += _groups(child)
    return groups
