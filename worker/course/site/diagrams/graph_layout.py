"""Where the nodes, groups and edges of a graph are drawn: groups from the inside out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Final

from worker.course.site.diagrams import ranking
from worker.course.site.diagrams.geometry import Box, Spot
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
    Wire,
    arrange,
)
from worker.course.site.diagrams.outlines import Outline, outline
from worker.course.site.diagrams.places import Size
from worker.course.site.diagrams.text import LINE, widest, width, wrapped

MARGIN: Final = 16.0
TITLE: Final = 26.0
LOOP: Final = 30.0
"""How far a line from a node to itself leads away from it."""
_LABEL_WIDTH: Final = 140.0
_SAME: Final = 0.2
_GATE: Final = Size(across=2, along=0)
_UPRIGHT: Final = frozenset({Direction.DOWN, Direction.UP})
_BACKWARD: Final = frozenset({Direction.UP, Direction.LEFT})

Path = tuple[str, ...]
"""The keys of the groups around a node or group, from the outside in, and its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """An edge with its points, and its label's lines around a middle."""

    edge: Edge
    spots: list[Spot]
    label: list[str]
    middle: Spot | None
    upright: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """Where an edge leaves or enters a group, so that it passes the nodes in its way."""

    edge: int
    leaving: bool


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
    gates: dict[Gate, list[Spot]] = field(default_factory=dict)
    """The way from a node to each gate."""

    def corner(self, key: str) -> Spot:
        """Return the upper left corner of an inner group."""
        child = self.inner[key]
        return Box.around(self.spots[key], child.width, child.height).corner

    def spot(self, path: Path) -> Spot:
        """Return the middle of a node or group within it."""
        if len(path) == 1:
            return self.spots[path[0]]
        inner = self.inner[path[0]].spot(path[1:])
        return self.corner(path[0]).moved(*inner)

    def way_out(self, path: Path, gate: Gate) -> list[Spot]:
        """Return the way from a node to the gate of its group; none where it goes straight."""
        if len(path) == 1:
            return []
        child = self.inner[path[0]]
        way = child.gates.get(gate)
        if way is None:
            return []
        begin = child.way_out(path[1:], gate)
        if not begin:
            begin = [child.attached(path[1:], way[0], way[1])]
        corner = self.corner(path[0])
        return [corner.moved(*spot) for spot in (*begin, *way)]

    def attached(self, path: Path, end: Spot, following: Spot) -> Spot:
        """Return where a line that ends beside a node, or outside its group, meets its outline."""
        middle = self.spot(path)
        if self.upright:
            half, aside = self._half(path, end.x - middle.x, upright=True)
            return middle.moved(
                aside, half if following.y >= middle.y else -half
            )
        half, aside = self._half(path, end.y - middle.y, upright=False)
        return middle.moved(half if following.x >= middle.x else -half, aside)

    def _half(
        self, path: Path, aside: float, *, upright: bool
    ) -> tuple[float, float]:
        """Return how far an outline is from the middle, and how far aside it is met."""
        if len(path) > 1:
            child = self.inner[path[0]]
            return child._half(path[1:], aside, upright=upright)  # noqa: SLF001 - of the same class
        box = self.outlines.get(path[0]) or self.inner[path[0]]
        along, across = box.height / 2, box.width / 2
        if not upright:
            along, across = across, along
        if abs(aside) > across:
            aside = 0.0
        if isinstance(box, Outline):
            along *= _share(box.node.shape, abs(aside) / across)
        return along, aside


def _share(shape: Shape, aside: float) -> float:
    """Return how much of its height an outline has left, aside from its middle."""
    if shape is Shape.DIAMOND:
        return 1 - aside
    if shape in {Shape.CIRCLE, Shape.START, Shape.STOP}:
        return sqrt(1 - aside * aside)
    return 1.0


def lay_out(graph: Graph, direction: Direction | None = None) -> Laid:
    """Place everything, in a direction other than the graph's own where one is given."""
    direction = direction or graph.root.direction or Direction.DOWN
    return _Layout(graph).laid(graph.root, (), direction, direction)


class _Layout:
    """Lays out groups, the inner ones first."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._paths = _paths(graph.root, ())
        self._levels: dict[Path, list[int]] = {}
        for number, edge in enumerate(graph.edges):
            self._levels.setdefault(self._level(edge), []).append(number)

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

    def laid(
        self, group: Group, path: Path, direction: Direction, outer: Direction
    ) -> Laid:
        laid = Laid(group=group, upright=direction in _UPRIGHT)
        for key in group.nodes:
            laid.outlines[key] = outline(self._graph.nodes[key])
        for child in group.groups:
            laid.inner[child.key] = self.laid(
                child,
                (*path, child.key),
                child.direction or direction,
                direction,
            )
        level = _Level(self._graph.edges, self._paths, laid, path)
        numbers = self._levels.get(path, [])
        level.place(numbers, direction, with_gates=direction is outer)
        return laid


class _Level:
    """Places the nodes and inner groups of a group."""

    def __init__(
        self,
        edges: Sequence[Edge],
        paths: dict[str, Path],
        laid: Laid,
        path: Path,
    ) -> None:
        self._edges = edges
        self._paths = paths
        self._laid = laid
        self._path = path
        self._depth = len(path)
        items = [*laid.outlines, *laid.inner]
        self._items = {key: number for number, key in enumerate(items)}

    def place(
        self, numbers: list[int], direction: Direction, *, with_gates: bool
    ) -> None:
        """Place them by the edges between them, these numbers, and by those that lead outside."""
        gates = self._gates(numbers) if with_gates else []
        sizes = [self._size(key, numbers) for key in self._items]
        sizes += [_GATE] * len(gates)
        wires = [self._wire(number) for number in numbers]
        for index, gate in enumerate(gates, start=len(self._items)):
            wires.append(self._gate_wire(gate, index))
        ends = {
            index: gate.leaving
            for index, gate in enumerate(gates, start=len(self._items))
        }
        arrangement = arrange(sizes, wires, ends)
        titled = bool(self._laid.group.title)
        turn = _Turn(arrangement, sizes, direction, titled=titled)
        self._take(turn, arrangement)
        routes = [
            [turn.spot(point) for point in route]
            for route in arrangement.routes
        ]
        for index, number in enumerate(numbers):
            middle = arrangement.labels[index]
            spot = turn.spot(middle) if middle else None
            self._laid.routes.append(self._route(number, routes[index], spot))
        for gate, way in zip(gates, routes[len(numbers) :], strict=True):
            self._laid.gates[gate] = way if gate.leaving else way[::-1]

    def _take(self, turn: "_Turn", arrangement: Arrangement) -> None:
        """Note where everything is."""
        laid = self._laid
        laid.width, laid.height = turn.width, turn.height
        if self._path:
            titled = width(laid.group.title) + 2 * MARGIN
            laid.width = max(laid.width, titled)
        for key, number in self._items.items():
            laid.spots[key] = turn.spot(arrangement.centers[number])

    def _gates(self, numbers: list[int]) -> list[Gate]:
        """Return the gates for edges to the outside whose node has neighbours in the way."""
        pairs = [self._pair(number) for number in numbers]
        turned = ranking.forward(len(self._items), pairs)
        upper = {source for source, target in turned if source != target}
        lower = {target for source, target in turned if source != target}
        gates = []
        for number, edge in enumerate(self._edges):
            leaves, enters = (
                self._within(edge.source),
                self._within(edge.target),
            )
            if leaves == enters:
                continue
            if leaves and self._number(edge.source) in upper:
                gates.append(Gate(edge=number, leaving=True))
            if enters and self._number(edge.target) in lower:
                gates.append(Gate(edge=number, leaving=False))
        return gates

    def _within(self, key: str) -> bool:
        groups = self._paths[key][:-1]
        return groups[: self._depth] == self._path

    def _number(self, key: str) -> int:
        """Return the number of the node or group of this level that a node is, or is in."""
        return self._items[self._paths[key][self._depth]]

    def _pair(self, number: int) -> ranking.Pair:
        edge = self._edges[number]
        return self._number(edge.source), self._number(edge.target)

    def _size(self, key: str, numbers: list[int]) -> Size:
        box = self._laid.outlines.get(key) or self._laid.inner[key]
        wide, high = box.width, box.height
        edges = [self._edges[number] for number in numbers]
        loops = [e for e in edges if e.source == e.target == key]
        if loops:
            wide += 2 * (LOOP + max(_label(loop).across for loop in loops))
        if self._laid.upright:
            return Size(across=wide, along=high)
        return Size(across=high, along=wide)

    def _wire(self, number: int) -> Wire:
        edge = self._edges[number]
        label = _label(edge) if edge.label else None
        if label is not None and not self._laid.upright:
            label = Size(across=label.along, along=label.across)
        source, target = self._pair(number)
        return Wire(
            source=source,
            target=target,
            label=label if edge.source != edge.target else None,
            leaves=self._port(edge.source, Gate(edge=number, leaving=True)),
            enters=self._port(edge.target, Gate(edge=number, leaving=False)),
        )

    def _gate_wire(self, gate: Gate, index: int) -> Wire:
        edge = self._edges[gate.edge]
        key = edge.source if gate.leaving else edge.target
        item = self._number(key)
        port = self._port(key, gate)
        if gate.leaving:
            return Wire(source=item, target=index, leaves=port)
        return Wire(source=index, target=item, enters=port)

    def _port(self, key: str, gate: Gate) -> float | None:
        """Return how far from a group's middle an edge passes its border.

        None for a node of this level: its edges are spread.
        """
        path = self._paths[key][self._depth :]
        if len(path) == 1:
            return None
        child = self._laid.inner[path[0]]
        way = child.gates.get(gate)
        spot = way[-1] if way else child.spot(path[1:])
        if self._laid.upright:
            return spot.x - child.width / 2
        return spot.y - child.height / 2

    def _route(
        self, number: int, points: list[Spot], middle: Spot | None
    ) -> Route:
        edge = self._edges[number]
        if len(points) > 1:
            begin = self._way(edge.source, number, points, leaving=True)
            end = self._way(edge.target, number, points[::-1], leaving=False)
            points = _distinct([*begin, *points, *end[::-1]])
        return Route(
            edge=edge,
            spots=points,
            label=wrapped(edge.label, _LABEL_WIDTH) if edge.label else [],
            middle=middle,
            upright=self._laid.upright,
        )

    def _way(
        self, key: str, number: int, points: list[Spot], *, leaving: bool
    ) -> list[Spot]:
        """Return the way from a node to where its edge passes the border of its group."""
        path = self._paths[key][self._depth :]
        gate = Gate(edge=number, leaving=leaving)
        way = self._laid.way_out(path, gate)
        x, y = self._laid.spots[path[0]]
        axis, middle = (1, y) if self._laid.upright else (0, x)
        if way:
            gate_below = way[-1][axis] > middle
            edge_below = points[0][axis] > middle
            # A gate on the other side is of no use to an edge that was turned round.
            if gate_below == edge_below:
                return way
        return [self._laid.attached(path, points[0], points[1])]


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
            return Spot(point.across + MARGIN, along + self._top)
        return Spot(along + MARGIN, point.across + self._top)


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


def _distinct(points: list[Spot]) -> list[Spot]:
    """Return points without those that repeat the one before."""
    distinct = points[:1]
    for spot in points[1:]:
        across, down = spot.x - distinct[-1].x, spot.y - distinct[-1].y
        if abs(across) + abs(down) > _SAME:
            distinct.append(spot)
    return distinct


def _label(edge: Edge) -> Size:
    """Return the room that an edge's label takes, as it is read."""
    if not edge.label:
        return Size(across=0, along=0)
    lines = wrapped(edge.label, _LABEL_WIDTH)
    return Size(across=widest(lines) + 10, along=len(lines) * LINE + 4.0)


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
