"""Places the nodes, groups and edges of a graph, beginning with the innermost groups."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Final, NamedTuple

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
from worker.course.site.diagrams.ranking import Pair
from worker.course.site.diagrams.text import Text, wrapped
from worker.course.site.diagrams.text import width as text_width

MARGIN: Final = 16.0
TITLE: Final = 26.0
LOOP: Final = 30.0
"""How far a line from a node to itself extends from the node."""
_LABEL_WIDTH: Final = 140.0
_SAME: Final = 0.2
_GATE: Final = Size(across=2, along=0)
_UPRIGHT: Final = frozenset({Direction.DOWN, Direction.UP})
_BACKWARD: Final = frozenset({Direction.UP, Direction.LEFT})

Path = tuple[str, ...]
"""The keys of the groups around a node or group, outermost first, and then its own key."""


class Route(NamedTuple):
    """An edge with its points, and the middle of its label."""

    edge: Edge
    spots: list[Spot]
    label: Text
    middle: Spot | None
    upright: bool


class Gate(NamedTuple):
    """Where an edge leaves or enters a group without crossing the nodes in between."""

    edge: int
    leaving: bool


@dataclass(kw_only=True, slots=True)
class Laid:
    """A group with everything in it; places are relative to its upper left corner."""

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
    """The points from a node to each gate."""

    def box(self, key: str) -> "Outline | Laid":
        outline = self.outlines.get(key)
        if outline is None:
            return self.inner[key]
        return outline

    def corner(self, key: str) -> Spot:
        """Return the upper left corner of an inner group."""
        child = self.inner[key]
        middle = self.spots[key]
        box = Box.around(middle, child.width, child.height)
        return box.corner

    def spot(self, path: Sequence[str]) -> Spot:
        """Return the middle of a node or group within it."""
        key, *rest = path
        if not rest:
            return self.spots[key]
        child = self.inner[key]
        return self.corner(key) + child.spot(rest)

    def way_out(self, path: Sequence[str], gate: Gate) -> list[Spot]:
        """Return the points from a node to its group's gate; none if it needs no gate."""
        key, *rest = path
        if not rest:
            return []
        child = self.inner[key]
        way = child.gates.get(gate)
        if way is None:
            return []
        begin = child.way_out(rest, gate)
        if not begin:
            begin = [child.attached(rest, way)]
        corner = self.corner(key)
        whole = [*begin, *way]
        shifted = []
        for spot in whole:
            shifted_spot = corner + spot
            shifted.append(shifted_spot)
        return shifted

    def attached(self, path: Sequence[str], line: Sequence[Spot]) -> Spot:
        """Return where a line meets an outline; the line begins beside it, or outside its group."""
        begin, following, *_ = line
        middle = self.spot(path)
        aside = begin - middle
        ahead = following - middle
        if self.upright:
            meeting = self._meeting(path, aside.x, ahead.y)
            return middle + Spot(meeting.across, meeting.along)
        meeting = self._meeting(path, aside.y, ahead.x)
        return middle + Spot(meeting.along, meeting.across)

    def _meeting(
        self, path: Sequence[str], aside: float, ahead: float
    ) -> Point:
        """Return where a line meets an outline, relative to the outline's middle."""
        box = self._innermost(path)
        along = box.height / 2
        across = box.width / 2
        if not self.upright:
            along, across = across, along
        if abs(aside) > across:
            aside = 0.0
        if isinstance(box, Outline):
            part = abs(aside) / across
            along *= _share(box.node.shape, part)
        if ahead < 0:
            along = -along
        return Point(aside, along)

    def _innermost(self, path: Sequence[str]) -> "Outline | Laid":
        laid = self
        *groups, key = path
        for group in groups:
            laid = laid.inner[group]
        return laid.box(key)


def _share(shape: Shape, aside: float) -> float:
    """Return the share of its height that an outline has at a distance beside its middle."""
    match shape:
        case Shape.DIAMOND:
            return 1 - aside
        case Shape.CIRCLE | Shape.START | Shape.STOP:
            return sqrt(1 - aside * aside)
    return 1.0


def lay_out(graph: Graph, direction: Direction | None = None) -> Laid:
    """Place everything; `direction`, if given, replaces the graph's own."""
    root = graph.root
    direction = direction or root.direction or Direction.DOWN
    return _Layout(graph).laid(root, (), direction, direction)


class _Layout:
    """Lays out groups, inner ones first."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._paths = _paths(graph.root, ())
        self._levels = defaultdict[Path, list[int]](list)
        for number, edge in enumerate(graph.edges):
            level = self._level(edge)
            self._levels[level].append(number)

    def _level(self, edge: Edge) -> Path:
        """Return the path of the innermost group that holds both ends of an edge."""
        source = self._paths[edge.source]
        target = self._paths[edge.target]
        if source == target:
            return source[:-1]
        common = _common(source, target)
        if common in {source, target}:
            raise DiagramError(
                "an arrow leads from a group into the same group"
            )
        return common

    def laid(
        self, group: Group, path: Path, direction: Direction, outer: Direction
    ) -> Laid:
        laid = Laid(group=group, upright=direction in _UPRIGHT)
        for key in group.nodes:
            node = self._graph.nodes[key]
            laid.outlines[key] = outline(node)
        for child in group.groups:
            key = child.key
            inner = child.direction or direction
            child_path = (*path, key)
            laid.inner[key] = self.laid(child, child_path, inner, direction)
        edges = self._graph.edges
        level = _Level(edges, self._paths, laid, path)
        numbers = self._levels[path]
        level.place(numbers, direction, with_gates=direction is outer)
        return laid


def _common(first: Path, second: Path) -> Path:
    """Return the groups that contain both."""
    common = []
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        common.append(one)
    return tuple(common)


class _Level:
    """Places the direct nodes and groups of a group."""

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
        self._items: dict[str, int] = {}
        keys = [*laid.outlines, *laid.inner]
        for number, key in enumerate(keys):
            self._items[key] = number

    def place(
        self, numbers: list[int], direction: Direction, *, with_gates: bool
    ) -> None:
        """Place them, connected by the edges of these numbers, and by edges that lead outside."""
        gates = []
        if with_gates:
            gates = self._gates(numbers)
        sizes = []
        for key in self._items:
            size = self._size(key, numbers)
            sizes.append(size)
        wires = [self._wire(number) for number in numbers]
        ends = {}
        for gate in gates:
            end = len(sizes)
            ends[end] = gate.leaving
            sizes.append(_GATE)
            wire = self._gate_wire(gate, end)
            wires.append(wire)
        arrangement = arrange(sizes, wires, ends)
        titled = bool(self._laid.group.title)
        extent = _extent(arrangement, sizes, wires)
        turn = _Turn(extent, direction, titled=titled)
        self._take_places(turn, arrangement)
        self._take_routes(turn, arrangement, numbers, gates)

    def _take_places(self, turn: "_Turn", arrangement: Arrangement) -> None:
        laid = self._laid
        laid.width = turn.width
        laid.height = turn.height
        if self._path:
            title = text_width(laid.group.title)
            least = title + 2 * MARGIN
            laid.width = max(laid.width, least)
        for key, number in self._items.items():
            center = arrangement.centers[number]
            laid.spots[key] = turn.spot(center)

    def _take_routes(
        self,
        turn: "_Turn",
        arrangement: Arrangement,
        numbers: Sequence[int],
        gates: Sequence[Gate],
    ) -> None:
        """Record the points of edges: first the edges of this level, then those to the gates."""
        routes = iter(arrangement.routes)
        labels = iter(arrangement.labels)
        for number in numbers:
            route = turn.spots(next(routes))
            label = next(labels)
            middle = None
            if label:
                middle = turn.spot(label)
            drawn = self._route(number, route, middle)
            self._laid.routes.append(drawn)
        for gate in gates:
            way = turn.spots(next(routes))
            if not gate.leaving:
                way.reverse()
            self._laid.gates[gate] = way

    def _gates(self, numbers: list[int]) -> list[Gate]:
        """Return the gates for edges that cross the border and have neighbours in their way."""
        pairs = [self._pair(number) for number in numbers]
        upper = set()
        lower = set()
        for pair in ranking.forward(len(self._items), pairs):
            if pair.source != pair.target:
                upper.add(pair.source)
                lower.add(pair.target)
        gates = []
        for number, edge in enumerate(self._edges):
            leaves = self._within(edge.source)
            enters = self._within(edge.target)
            if leaves == enters:
                continue
            if leaves and self._number(edge.source) in upper:
                gate = Gate(edge=number, leaving=True)
                gates.append(gate)
            if enters and self._number(edge.target) in lower:
                gate = Gate(edge=number, leaving=False)
                gates.append(gate)
        return gates

    def _within(self, key: str) -> bool:
        groups = self._paths[key][:-1]
        return groups[: self._depth] == self._path

    def _inner_path(self, key: str) -> Path:
        """Return the path of a node or group from this level on."""
        return self._paths[key][self._depth :]

    def _number(self, key: str) -> int:
        """Return the number of the node or group at this level that a node is or belongs to."""
        outermost = self._inner_path(key)[0]
        return self._items[outermost]

    def _pair(self, number: int) -> Pair:
        edge = self._edges[number]
        source = self._number(edge.source)
        target = self._number(edge.target)
        return Pair(source, target)

    def _size(self, key: str, numbers: list[int]) -> Size:
        box = self._laid.box(key)
        labels = []
        for number in numbers:
            edge = self._edges[number]
            if edge.source == edge.target == key:
                label = _label_size(edge)
                labels.append(label.across)
        width = box.width
        if labels:
            beside = LOOP + max(labels)
            width += 2 * beside
        size = Size(across=width, along=box.height)
        return self._turned(size)

    def _turned(self, size: Size) -> Size:
        """Convert a size on the page into one across and along the ranks."""
        if self._laid.upright:
            return size
        return Size(across=size.along, along=size.across)

    def _wire(self, number: int) -> Wire:
        edge = self._edges[number]
        source, target = self._pair(number)
        label = None
        if edge.label and edge.source != edge.target:
            label = self._turned(_label_size(edge))
        leaving = Gate(edge=number, leaving=True)
        entering = Gate(edge=number, leaving=False)
        return Wire(
            source=source,
            target=target,
            label=label,
            leaves=self._port(edge.source, leaving),
            enters=self._port(edge.target, entering),
        )

    def _gate_wire(self, gate: Gate, end: int) -> Wire:
        edge = self._edges[gate.edge]
        if gate.leaving:
            source = edge.source
            return Wire(
                source=self._number(source),
                target=end,
                leaves=self._port(source, gate),
            )
        target = edge.target
        return Wire(
            source=end,
            target=self._number(target),
            enters=self._port(target, gate),
        )

    def _port(self, key: str, gate: Gate) -> float | None:
        """Return how far from a group's middle an edge crosses its border.

        None for a node at this level: its edges spread by themselves.
        """
        outermost, *rest = self._inner_path(key)
        if not rest:
            return None
        child = self._laid.inner[outermost]
        way = child.gates.get(gate)
        spot = child.spot(rest)
        if way:
            spot = way[-1]
        if self._laid.upright:
            return spot.x - child.width / 2
        return spot.y - child.height / 2

    def _route(
        self, number: int, points: list[Spot], middle: Spot | None
    ) -> Route:
        edge = self._edges[number]
        if len(points) > 1:
            begin = self._way(edge.source, number, points, leaving=True)
            backward = points[::-1]
            end = self._way(edge.target, number, backward, leaving=False)
            end.reverse()
            way = [*begin, *points, *end]
            points = _distinct(way)
        return Route(
            edge=edge,
            spots=points,
            label=_label(edge),
            middle=middle,
            upright=self._laid.upright,
        )

    def _way(
        self, key: str, number: int, points: list[Spot], *, leaving: bool
    ) -> list[Spot]:
        """Return the points from a node to where its edge crosses the border of its group."""
        path = self._inner_path(key)
        gate = Gate(edge=number, leaving=leaving)
        way = self._laid.way_out(path, gate)
        if way:
            outermost = path[0]
            middle = self._laid.spots[outermost]
            gate_beyond = self._beyond(way[-1], middle)
            edge_beyond = self._beyond(points[0], middle)
            # A gate on the other side is of no use to a reversed edge.
            if gate_beyond == edge_beyond:
                return way
        return [self._laid.attached(path, points)]

    def _beyond(self, spot: Spot, middle: Spot) -> bool:
        """Whether a place is below a middle, or to its right."""
        if self._laid.upright:
            return spot.y > middle.y
        return spot.x > middle.x


class _Turn:
    """Turns ranks into the direction in which a diagram is drawn."""

    def __init__(
        self,
        extent: Point,
        direction: Direction,
        *,
        titled: bool,
    ) -> None:
        self._upright = direction in _UPRIGHT
        self._backward = direction in _BACKWARD
        self._along = extent.along
        self._top = MARGIN
        if titled:
            self._top += TITLE
        width = extent.across
        height = extent.along
        if not self._upright:
            width, height = height, width
        self.width = width + 2 * MARGIN
        self.height = height + MARGIN + self._top

    def spot(self, point: Point) -> Spot:
        across = point.across
        along = point.along
        if self._backward:
            along = self._along - along
        if self._upright:
            return Spot(across + MARGIN, along + self._top)
        return Spot(along + MARGIN, across + self._top)

    def spots(self, points: Sequence[Point]) -> list[Spot]:
        spots = []
        for point in points:
            spot = self.spot(point)
            spots.append(spot)
        return spots


def _extent(
    arrangement: Arrangement, sizes: Sequence[Size], wires: Sequence[Wire]
) -> Point:
    """Return the extent of an arrangement, including the labels of its wires."""
    labels = [wire.label for wire in wires]
    middles = [*arrangement.centers, *arrangement.labels]
    whole = [*sizes, *labels]
    across = 0.0
    along = 0.0
    for middle, size in zip(middles, whole, strict=True):
        if middle is None or size is None:
            continue
        across = max(across, middle.across + size.half_across)
        along = max(along, middle.along + size.half_along)
    for route in arrangement.routes:
        for point in route:
            across = max(across, point.across)
            along = max(along, point.along)
    return Point(across, along)


def _distinct(points: list[Spot]) -> list[Spot]:
    """Return points without consecutive repetitions."""
    distinct = points[:1]
    for spot in points[1:]:
        step = spot - distinct[-1]
        length = abs(step.x) + abs(step.y)
        if length > _SAME:
            distinct.append(spot)
    return distinct


def _label(edge: Edge) -> Text:
    if not edge.label:
        return Text([])
    return wrapped(edge.label, _LABEL_WIDTH)


def _label_size(edge: Edge) -> Size:
    """Return the space that an edge's label takes on the page."""
    label = _label(edge)
    if not label.lines:
        return Size(across=0, along=0)
    across = label.width + 10
    along = label.height + 4.0
    return Size(across=across, along=along)


def _paths(group: Group, path: Path) -> dict[str, Path]:
    """Return the path of each node and group, from the outermost group to its own key."""
    paths = {}
    for key in group.nodes:
        paths[key] = (*path, key)
    for child in group.groups:
        key = child.key
        child_path = (*path, key)
        inner = {key: child_path}
        inner |= _paths(child, child_path)
        if inner.keys() & paths.keys():
            raise DiagramError("two of its groups have the same name")
        paths |= inner
    return paths
