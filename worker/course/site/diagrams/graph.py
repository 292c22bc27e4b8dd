"""The elements of flowcharts and class diagrams."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

MAX_NODES: Final = 80
MAX_EDGES: Final = 160
MAX_DEPTH: Final = 8
"""How deep groups may be nested."""


class DiagramError(Exception):
    """A diagram cannot be drawn; the message is a clause that can follow `because`."""


def not_understood(statement: str) -> DiagramError:
    """Return the error for a statement that no rule reads."""
    return DiagramError(f"`{statement[:30]}` is not understood")


class Direction(StrEnum):
    """The direction of a diagram's arrows."""

    DOWN = "TB"
    UP = "BT"
    RIGHT = "LR"
    LEFT = "RL"


class Shape(StrEnum):
    """The outline of a node."""

    BOX = "box"
    ROUND = "round"
    PILL = "pill"
    CIRCLE = "circle"
    DIAMOND = "diamond"
    HEXAGON = "hexagon"
    DRUM = "drum"
    SLANTED = "slanted"
    FRAMED = "framed"
    CLASS = "class"
    START = "start"
    STOP = "stop"


class Line(StrEnum):
    """The style of an edge's line."""

    SOLID = "solid"
    DOTTED = "dotted"
    THICK = "thick"
    HIDDEN = "hidden"


class Head(StrEnum):
    """The arrowhead at an end of an edge."""

    NONE = "none"
    ARROW = "arrow"
    TRIANGLE = "triangle"
    DIAMOND = "diamond"
    FULL_DIAMOND = "full-diamond"
    CIRCLE = "circle"
    CROSS = "cross"


class Node(NamedTuple):
    """A box, with the members of a class below its name."""

    label: str
    shape: Shape = Shape.BOX
    members: tuple[str, ...] = ()


class Edge(NamedTuple):
    """A line between two nodes or groups, by their keys."""

    source: str
    target: str
    label: str = ""
    line: Line = Line.SOLID
    tail: Head = Head.NONE
    head: Head = Head.NONE


@dataclass(kw_only=True, slots=True)
class Group:
    """A frame around nodes and other groups."""

    key: str = ""
    title: str = ""
    direction: Direction | None = None
    """None takes the surrounding group's."""
    nodes: list[str] = field(default_factory=list)
    groups: list["Group"] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class Graph:
    """Nodes by their keys, edges, and a group that holds everything."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    root: Group = field(default_factory=Group)

    def check_size(self) -> None:
        """Raise DiagramError if it is empty, or too large to be drawn legibly."""
        if not self.nodes:
            raise DiagramError("it has no nodes")
        nodes = len(self.nodes)
        edges = len(self.edges)
        if nodes > MAX_NODES or edges > MAX_EDGES:
            raise DiagramError(f"it has {nodes} nodes and {edges} arrows")
