"""Where the nodes, groups and edges of a graph are drawn: groups from the inside out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Final

from worker.course.site.diagrams.graph import (
    DiagramError,
    Direction,
    Edge,
    Graph,
    Group,
    Shape,
)
from worker.course.site.diagrams.layers import (
    Arrangement,
    Point,
    Size,
    Wire,
    arrange,
)
from worker.course.site.diagrams.outlines import Outline, outline
from worker.course.site.diagrams.text import LINE, width, wrapped

MARGIN: Final = 16.0
TITLE: Final = 26.0
LOOP: Final = 30.0
"""How far a line from a node to itself leads away from it."""
_LABEL_WIDTH: Final = 140.0
_SAME: Final = 0.2
_UPRIGHT: Final = frozenset({Direction.DOWN, Direction.UP})
_BACKWARD: Final = frozenset({Direction.UP, Direction.LEFT})

Spot = tuple[float, float]
Path = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """An edge with its points, and its label's lines around a middle."""

    edge: Edge
    points: list[Spot]
    label: list[str]
    middle: Spot | None
    upright: bool


@dataclass(kw_only=True, slots=True)
class Laid:
    """A group with everything in it; places are seen from its upper left corner."""

    group: Group
    upright: bool
    width: float = 0.0
    height: float = 0.0
    spots: dict[str, Spot] = field(default_factory=dict)
    """The middle of each node and group."""
    outlines: dict[str, Outline] = field(default_factory=dict)
    inner: dict[str, "Laid"] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)

    def spot(self, path: Path) -> Spot:
        """Return the middle of a node or group within it, by its path."""
        x, y = self.spots[path[0]]
        if len(path) == 1:
            return x, y
        child = self.inner[path[0]]
        inner_x, inner_y = child.spot(path[1:])
        return x - child.width / 2 + inner_x, y - child.height / 2 + inner_y

    def half(self, path: Path, aside: float, *, upright: bool) -> float:
        """Return how far from its middle an item's outline is, `aside` from the axis."""
        if len(path) > 1:
            return self.inner[path[0]].half(path[1:], aside, upright=upright)
        if path[0] in self.inner:
            child = self.inner[path[0]]
            return (child.height if upright else child.width) / 2
        shape = self.outlines[path[0]]
        along, across = shape.height / 2, shape.width / 2
        if not upright:
            along, across = across, along
        share = min(abs(aside) / across, 1.0)
        if shape.node.shape is Shape.DIAMOND:
            return along * (1 - share)
        if shape.node.shape is Shape.CIRCLE:
            return along * sqrt(1 - share * share)
        return along


def lay_out(graph: Graph, direction: Direction | None = None) -> Laid:
    """Place everything, in a direction other than the graph's own where one is given."""
    return _Layout(graph).laid(
        graph.root, (), direction or graph.root.direction or Direction.DOWN
    )


class _Layout:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._paths = _paths(graph.root, ())
        self._edges: dict[Path, list[Edge]] = {}
        for edge in graph.edges:
            level = self._level(edge)
            self._edges.setdefault(level, []).append(edge)

    def _level(self, edge: Edge) -> Path:
        """Return the path of the innermost group that holds both ends of an edge."""
        source, target = self._paths[edge.source], self._paths[edge.target]
        if source == target:
            return source[:-1]
        depth = 0
        while source[: depth + 1] == target[: depth + 1]:
            depth += 1
        if depth in {len(source), len(target)}:
            raise DiagramError(
                "an arrow leads from a group into the same group"
            )
        return source[:depth]

    def laid(self, group: Group, path: Path, direction: Direction) -> Laid:
        laid = Laid(group=group, upright=direction in _UPRIGHT)
        for key in group.nodes:
            laid.outlines[key] = outline(self._graph.nodes[key])
        for child in group.groups:
            inner = (*path, child.key)
            laid.inner[child.key] = self.laid(
                child, inner, child.direction or direction
            )
        self._place(laid, path, direction)
        return laid

    def _place(self, laid: Laid, path: Path, direction: Direction) -> None:
        items = [*laid.outlines, *laid.inner]
        edges = self._edges.get(path, [])
        numbers = {key: number for number, key in enumerate(items)}
        depth = len(path)
        wires = [self._wire(laid, edge, depth, numbers) for edge in edges]
        sizes = [self._size(laid, key, edges) for key in items]
        arrangement = arrange(sizes, wires)
        turn = _Turn(
            arrangement, sizes, direction, titled=bool(laid.group.title)
        )
        laid.width, laid.height = turn.width, turn.height
        if path:
            laid.width = max(laid.width, width(laid.group.title) + 2 * MARGIN)
        for key, center in zip(items, arrangement.centers, strict=True):
            laid.spots[key] = turn.spot(center)
        for number, edge in enumerate(edges):
            laid.routes.append(
                self._route(laid, edge, depth, arrangement, turn, number)
            )

    def _size(self, laid: Laid, key: str, edges: Sequence[Edge]) -> Size:
        box = laid.outlines.get(key) or laid.inner[key]
        wide, high = box.width, box.height
        loops = [e for e in edges if e.source == e.target == key]
        if loops:
            wide += 2 * (LOOP + max(_label(e).across for e in loops))
        if laid.upright:
            return Size(across=wide, along=high)
        return Size(across=high, along=wide)

    def _wire(
        self, laid: Laid, edge: Edge, depth: int, numbers: dict[str, int]
    ) -> Wire:
        source, target = self._paths[edge.source], self._paths[edge.target]
        label = _label(edge) if edge.label else None
        if label is not None and not laid.upright:
            label = Size(across=label.along, along=label.across)
        return Wire(
            source=numbers[source[depth]],
            target=numbers[target[depth]],
            label=label if edge.source != edge.target else None,
            leaves=self._inside(laid, source[depth:]),
            enters=self._inside(laid, target[depth:]),
        )

    def _inside(self, laid: Laid, path: Path) -> float | None:
        """Return how far from a group's middle a node in it is, across; None for a node beside it."""
        if len(path) == 1:
            return None
        child = laid.inner[path[0]]
        x, y = child.spot(path[1:])
        return x - child.width / 2 if laid.upright else y - child.height / 2

    def _route(
        self,
        laid: Laid,
        edge: Edge,
        depth: int,
        arrangement: Arrangement,
        turn: "_Turn",
        number: int,
    ) -> Route:
        points = [turn.spot(point) for point in arrangement.routes[number]]
        if len(points) > 1:
            source = self._paths[edge.source][depth:]
            target = self._paths[edge.target][depth:]
            start = _attached(laid, source, points[0], points[1])
            end = _attached(laid, target, points[-1], points[-2])
            points = _distinct([start, *points, end])
        middle = arrangement.labels[number]
        return Route(
            edge=edge,
            points=points,
            label=wrapped(edge.label, _LABEL_WIDTH) if edge.label else [],
            middle=turn.spot(middle) if middle else None,
            upright=laid.upright,
        )


class _Turn:
    """Turns ranks into the direction in which a diagram is drawn."""

    def __init__(
        self,
        arrangement: Arrangement,
        sizes: Sequence[Size],
        direction: Direction,
        *,
        titled: bool,
    ) -> None:
        across, along = _extent(arrangement, sizes)
        self._upright = direction in _UPRIGHT
        self._backward = direction in _BACKWARD
        self._along = along
        self._top = MARGIN + (TITLE if titled else 0)
        wide, high = (across, along) if self._upright else (along, across)
        self.width = wide + 2 * MARGIN
        self.height = high + MARGIN + self._top

    def spot(self, point: Point) -> Spot:
        along = self._along - point.along if self._backward else point.along
        if self._upright:
            return point.across + MARGIN, along + self._top
        return along + MARGIN, point.across + self._top


def _extent(
    arrangement: Arrangement, sizes: Sequence[Size]
) -> tuple[float, float]:
    """Return how far an arrangement reaches, across and along."""
    across = [p.across for route in arrangement.routes for p in route]
    along = [p.along for route in arrangement.routes for p in route]
    for center, size in zip(arrangement.centers, sizes, strict=True):
        across.append(center.across + size.across / 2)
        along.append(center.along + size.along / 2)
    return max(across, default=0), max(along, default=0)


def _attached(laid: Laid, path: Path, end: Spot, following: Spot) -> Spot:
    """Return where a line that ends beside a node, or outside its group, meets the node's outline."""
    x, y = laid.spot(path)
    if laid.upright:
        half = laid.half(path, end[0] - x, upright=True)
        return end[0], y + (half if following[1] >= y else -half)
    half = laid.half(path, end[1] - y, upright=False)
    return x + (half if following[0] >= x else -half), end[1]


def _distinct(points: list[Spot]) -> list[Spot]:
    """Return points without those that repeat the one before."""
    distinct = points[:1]
    for x, y in points[1:]:
        if abs(x - distinct[-1][0]) + abs(y - distinct[-1][1]) > _SAME:
            distinct.append((x, y))
    return distinct


def _label(edge: Edge) -> Size:
    """Return the room that an edge's label takes, as it is read."""
    if not edge.label:
        return Size(across=0, along=0)
    lines = wrapped(edge.label, _LABEL_WIDTH)
    wide = max(width(line) for line in lines)
    return Size(across=wide + 10, along=len(lines) * LINE + 4.0)


def _paths(group: Group, path: Path) -> dict[str, Path]:
    """Return the path of each node and group, from the outermost group to its own key."""
    paths = {key: (*path, key) for key in group.nodes}
    for child in group.groups:
        inner = {child.key: (*path, child.key)}
        inner |= _paths(child, (*path, child.key))
        if inner.keys() & paths.keys():
            raise DiagramError("two of its groups have the same name")
        paths |= inner
    return paths
