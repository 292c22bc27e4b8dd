"""Places boxes in layers, so that most arrows lead one way and few cross.

The method is Sugiyama's: break circles, rank, order each rank by the neighbours' middle, then move
boxes to where their neighbours are. An arrow across several ranks, or with a label,
has a place of its own in each rank between, so that neither runs into a box.

Coordinates are `across` (within a rank) and `along` (from rank to rank).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from worker.course.site.diagrams.graph import DiagramError

GAP_ACROSS: Final = 28.0
GAP_ALONG: Final = 44.0
_GAP_WIRE: Final = 14.0
_ROUNDS: Final = 12
_MAX_PLACES: Final = 700
_SPREAD: Final = 16.0
"""The distance between arrows that leave one box."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """The room that something takes."""

    across: float
    along: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Wire:
    """An arrow from one box to another, by their numbers."""

    source: int
    target: int
    label: Size | None = None
    leaves: float | None = None
    """Where it leaves, from the middle of the source; None lets the arrows of a box spread."""
    enters: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A place."""

    across: float
    along: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrangement:
    """Where the boxes' middles are, and by which points each wire goes."""

    centers: list[Point]
    routes: list[list[Point]]
    labels: list[Point | None]


@dataclass(slots=True)
class _Place:
    """A place in a rank, of a box or of a wire that passes."""

    size: Size
    rank: int
    wire: bool
    across: float = 0.0
    above: list[int] = field(default_factory=list)
    below: list[int] = field(default_factory=list)


def arrange(
    sizes: Sequence[Size],
    wires: Sequence[Wire],
    ends: Mapping[int, bool] | None = None,
) -> Arrangement:
    """Place boxes of these sizes, connected by wires.

    `ends` names boxes of the first rank (False) and of the last one (True).
    """
    return _Layers(sizes, wires, ends or {}).arranged()


class _Layers:
    def __init__(
        self,
        sizes: Sequence[Size],
        wires: Sequence[Wire],
        ends: Mapping[int, bool],
    ) -> None:
        self._wires = wires
        self._count = len(sizes)
        forward = _acyclic(len(sizes), wires)
        labelled = any(wire.label is not None for wire in wires)
        ranks = _ranks(len(sizes), forward, 2 if labelled else 1)
        for box, last in ends.items():
            ranks[box] = max(ranks) if last else 0
        self._gap = GAP_ALONG / (2 if labelled else 1)
        self._places = [
            _Place(size, rank, wire=False)
            for size, rank in zip(sizes, ranks, strict=True)
        ]
        self._chains = [
            self._chain(wire, ends)
            for wire, ends in zip(wires, forward, strict=True)
        ]
        self._layers: list[list[int]] = []

    def arranged(self) -> Arrangement:
        self._order()
        self._align()
        along = self._ranks_along()
        points = [Point(p.across, along[p.rank]) for p in self._places]
        labels = [
            self._label(number, points) for number in range(len(self._wires))
        ]
        return Arrangement(
            centers=points[: self._count],
            routes=self._routes(points),
            labels=labels,
        )

    def _chain(self, wire: Wire, ends: tuple[int, int]) -> list[int]:
        """Give a wire a place in each rank that it passes, and return all its places."""
        source, target = ends
        if wire.source == wire.target:
            return [source]
        first, last = self._places[source].rank, self._places[target].rank
        middle = (first + last) // 2
        chain = [source]
        for rank in range(first + 1, last):
            size = Size(across=2, along=0)
            if rank == middle and wire.label is not None:
                size = wire.label
            self._places.append(_Place(size, rank, wire=True))
            if len(self._places) > _MAX_PLACES:
                raise DiagramError("its arrows are too tangled")
            chain.append(len(self._places) - 1)
        chain.append(target)
        for upper, lower in pairwise(chain):
            self._places[upper].below.append(lower)
            self._places[lower].above.append(upper)
        return chain

    def _order(self) -> None:
        """Order the ranks so that few wires cross."""
        ranks = max((place.rank for place in self._places), default=0) + 1
        layers: list[list[int]] = [[] for _ in range(ranks)]
        for number in self._walk():
            layers[self._places[number].rank].append(number)
        best, fewest = layers, self._crossings(layers)
        for turn in range(_ROUNDS):
            layers = self._swept(layers, downward=turn % 2 == 0)
            crossings = self._crossings(layers)
            if crossings < fewest:
                best, fewest = layers, crossings
        self._layers = best

    def _walk(self) -> list[int]:
        """Return all places, neighbours close to each other."""
        seen: dict[int, None] = {}
        stack = sorted(
            range(len(self._places)),
            key=lambda number: (self._places[number].rank, number),
            reverse=True,
        )
        while stack:
            number = stack.pop()
            if number not in seen:
                seen[number] = None
                stack.extend(reversed(self._places[number].below))
        return list(seen)

    def _swept(
        self, layers: list[list[int]], *, downward: bool
    ) -> list[list[int]]:
        """Order each rank by the middle of its neighbours in the rank before."""
        swept = [list(layer) for layer in layers]
        position: dict[int, float] = {}
        for layer in swept if downward else reversed(swept):
            for index, number in enumerate(layer):
                position[number] = float(index)
            middles = {n: self._middle(n, position, downward) for n in layer}
            layer.sort(key=lambda number: middles[number])
            for index, number in enumerate(layer):
                position[number] = float(index)
        return swept

    def _middle(
        self,
        number: int,
        position: dict[int, float],
        downward: bool,  # noqa: FBT001 - which way the sweep goes
    ) -> float:
        place = self._places[number]
        near = place.above if downward else place.below
        if not near:
            return position[number]
        return sum(position[other] for other in near) / len(near)

    def _crossings(self, layers: list[list[int]]) -> int:
        """Count the pairs of wires that cross."""
        position = {n: i for layer in layers for i, n in enumerate(layer)}
        crossings = 0
        for layer in layers:
            ends: list[int] = []
            for number in layer:
                targets = [position[o] for o in self._places[number].below]
                crossings += sum(
                    1 for target in targets for end in ends if end > target
                )
                ends += targets
        return crossings

    def _align(self) -> None:
        """Move the places of each rank towards their neighbours, without changing their order."""
        for layer in self._layers:
            self._settle(layer, [0.0] * len(layer))
        for turn in range(2 * _ROUNDS):
            downward = turn % 2 == 0
            for layer in self._layers if downward else reversed(self._layers):
                self._settle(layer, [self._wish(n, downward) for n in layer])
        lowest = min(
            (place.across - place.size.across / 2 for place in self._places),
            default=0.0,
        )
        for place in self._places:
            place.across -= lowest

    def _wish(self, number: int, downward: bool) -> float:  # noqa: FBT001 - which way the sweep goes
        place = self._places[number]
        near = (place.above if downward else place.below) or (
            place.below if downward else place.above
        )
        if not near:
            return place.across
        places = sorted(self._places[other].across for other in near)
        half = len(places) // 2
        return (places[half] + places[-half - 1]) / 2

    def _settle(self, layer: list[int], wishes: list[float]) -> None:
        """Place a rank as near to its wishes as the distances allow (isotonic regression)."""
        offsets = [0.0] if layer else []
        for left, right in pairwise(layer):
            offsets.append(offsets[-1] + self._distance(left, right))
        blocks: list[tuple[float, int]] = []
        for wish, offset in zip(wishes, offsets, strict=True):
            total, count = wish - offset, 1
            while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
                earlier = blocks.pop()
                total, count = total + earlier[0], count + earlier[1]
            blocks.append((total, count))
        settled = [t / count for t, count in blocks for _ in range(count)]
        for number, start, offset in zip(layer, settled, offsets, strict=True):
            self._places[number].across = start + offset

    def _distance(self, left: int, right: int) -> float:
        one, other = self._places[left], self._places[right]
        gap = _GAP_WIRE if one.wire or other.wire else GAP_ACROSS
        return (one.size.across + other.size.across) / 2 + gap

    def _ranks_along(self) -> list[float]:
        """Return where the middle of each rank is."""
        along: list[float] = []
        end = -self._gap
        for layer in self._layers:
            height = max((self._places[n].size.along for n in layer), default=0)
            along.append(end + self._gap + height / 2)
            end = along[-1] + height / 2
        return along

    def _label(self, number: int, points: list[Point]) -> Point | None:
        wire, chain = self._wires[number], self._chains[number]
        if wire.label is None:
            return None
        middle = chain[len(chain) // 2]
        if self._places[middle].wire:
            ranks = self._places[chain[0]].rank + self._places[chain[-1]].rank
            rank = ranks // 2
            [middle] = [n for n in chain if self._places[n].rank == rank]
        return points[middle]

    def _routes(self, points: list[Point]) -> list[list[Point]]:
        leaving = self._ports(points, at_start=True)
        entering = self._ports(points, at_start=False)
        routes = []
        for number, chain in enumerate(self._chains):
            if len(chain) == 1:
                routes.append([points[chain[0]]])
                continue
            start, end = self._ends(number, points, leaving, entering)
            route = [start, *self._bends(chain, points), end]
            if self._wires[number].source != chain[0]:
                route.reverse()
            routes.append(route)
        return routes

    def _bends(self, chain: list[int], points: list[Point]) -> list[Point]:
        """Return where a wire passes the ranks between its ends, in and out of each."""
        bends = []
        for number in chain[1:-1]:
            half = self._places[number].size.along / 2
            middle = points[number]
            bends.append(Point(middle.across, middle.along - half))
            if half:
                bends.append(Point(middle.across, middle.along + half))
        return bends

    def _ends(
        self,
        number: int,
        points: list[Point],
        leaving: dict[int, float],
        entering: dict[int, float],
    ) -> tuple[Point, Point]:
        """Return where a wire leaves its upper box and enters its lower one."""
        upper, lower = self._chains[number][0], self._chains[number][-1]
        top, bottom = points[upper], points[lower]
        start = top.along + self._places[upper].size.along / 2
        end = bottom.along - self._places[lower].size.along / 2
        return (
            Point(top.across + leaving[number], start),
            Point(bottom.across + entering[number], end),
        )

    def _ports(
        self, points: list[Point], *, at_start: bool
    ) -> dict[int, float]:
        """Return how far from the middle of its box each wire begins or ends."""
        ends: dict[int, list[int]] = {}
        for number, chain in enumerate(self._chains):
            if len(chain) > 1:
                ends.setdefault(chain[0 if at_start else -1], []).append(number)
        ports: dict[int, float] = {}
        step = 1 if at_start else -2
        for box, numbers in ends.items():
            numbers.sort(key=lambda n: points[self._chains[n][step]].across)
            room = self._places[box].size.across / (len(numbers) + 1)
            for index, number in enumerate(numbers):
                spread = (index - (len(numbers) - 1) / 2) * min(_SPREAD, room)
                fixed = self._fixed(number, box)
                ports[number] = spread if fixed is None else fixed
        return ports

    def _fixed(self, number: int, box: int) -> float | None:
        wire = self._wires[number]
        return wire.leaves if box == wire.source else wire.enters


def _acyclic(count: int, wires: Sequence[Wire]) -> list[tuple[int, int]]:
    """Return the wires' ends, turned round where they would close a circle."""
    finished = _finished(count, wires)
    ends = []
    for wire in wires:
        source, target = wire.source, wire.target
        # A wire to a box that is finished later closes a circle.
        if finished[target] > finished[source]:
            source, target = target, source
        ends.append((source, target))
    return ends


def _finished(count: int, wires: Sequence[Wire]) -> dict[int, int]:
    """Return when a search along the wires has seen all that follows each box."""
    following: list[list[int]] = [[] for _ in range(count)]
    for wire in wires:
        following[wire.source].append(wire.target)
    finished: dict[int, int] = {}
    seen: set[int] = set()
    stack = [(box, False) for box in reversed(range(count))]
    while stack:
        box, leaving = stack.pop()
        if leaving:
            finished[box] = len(finished)
        elif box not in seen:
            seen.add(box)
            stack.append((box, True))
            stack += [(target, False) for target in reversed(following[box])]
    return finished


def _ranks(
    count: int, forward: Sequence[tuple[int, int]], length: int
) -> list[int]:
    """Return each box's rank: below all that lead to it, and near to what it leads to."""
    links = [(upper, lower) for upper, lower in forward if upper != lower]
    ranks = [0] * count
    order = _sorted(count, links)
    below: list[list[int]] = [[] for _ in range(count)]
    above = [0] * count
    for upper, lower in links:
        below[upper].append(lower)
        above[lower] += 1
    for box in order:
        for lower in below[box]:
            ranks[lower] = max(ranks[lower], ranks[box] + length)
    for box in reversed(order):
        if below[box] and not above[box]:
            ranks[box] = min(ranks[lower] for lower in below[box]) - length
    return ranks


def _sorted(count: int, links: Sequence[tuple[int, int]]) -> list[int]:
    """Return the boxes so that every link leads from an earlier one to a later one."""
    below: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for upper, lower in links:
        below[upper].append(lower)
        waiting[lower] += 1
    order = [box for box in range(count) if not waiting[box]]
    for box in order:
        for lower in below[box]:
            waiting[lower] -= 1
            if not waiting[lower]:
                order.append(lower)
    return order
