"""Places boxes in layers, so that most arrows lead one way and few cross.

The method is Sugiyama's: break circles, rank, order each rank by the neighbours' middle, then move
boxes to where their neighbours are. An arrow across several ranks, or with a label,
has a place of its own in each rank between, so that neither runs into a box.

Coordinates are `across` (within a rank) and `along` (from rank to rank).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from worker.course.site.diagrams import ranking
from worker.course.site.diagrams.graph import DiagramError
from worker.course.site.diagrams.places import Place, Size, align, ordered

_GAPS: Final = {1: 44.0, 2: 30.0}
"""The distance from rank to rank, by how many ranks a wire leads down at least."""
_MAX_PLACES: Final = 700
_SPREAD: Final = 16.0
"""The distance between arrows that leave one box."""
_PASSAGE: Final = Size(across=2, along=0)


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


@dataclass(eq=False, slots=True)
class _Chain:
    """The places of a wire, from its upper box to its lower one."""

    wire: Wire
    places: list[Place]
    turned: bool
    """Whether the wire leads upward."""
    label: Place | None = None
    leaves: float = 0.0
    """How far from the middle of the upper box it begins."""
    enters: float = 0.0


def arrange(
    sizes: Sequence[Size],
    wires: Sequence[Wire],
    ends: Mapping[int, bool] | None = None,
) -> Arrangement:
    """Place boxes of these sizes, connected by wires.

    `ends` names boxes of the first rank (False) and of the last one (True).
    """
    pairs = [(wire.source, wire.target) for wire in wires]
    pairs = ranking.forward(len(sizes), pairs)
    # A label has a rank of its own, between its boxes.
    length = 2 if any(wire.label for wire in wires) else 1
    ranks = ranking.ranks(len(sizes), pairs, length)
    for box, last in (ends or {}).items():
        ranks[box] = max(ranks) if last else 0
    boxes = [Place(*each) for each in zip(sizes, ranks, strict=True)]
    places = list(boxes)
    chains = []
    for wire, (upper, lower) in zip(wires, pairs, strict=True):
        turned = upper != wire.source
        chain = _chain(wire, boxes[upper], boxes[lower], turned=turned)
        chains.append(chain)
        places += chain.places[1:-1]
        if len(places) > _MAX_PLACES:
            raise DiagramError("its arrows are too tangled")
    _place(places, _GAPS[length])
    return _arrangement(boxes, chains)


def _chain(wire: Wire, upper: Place, lower: Place, *, turned: bool) -> _Chain:
    """Give a wire a place in each rank that it passes."""
    chain = _Chain(wire, [upper], turned)
    if upper is lower:
        return chain
    middle = (upper.rank + lower.rank) // 2
    for rank in range(upper.rank + 1, lower.rank):
        place = Place(_PASSAGE, rank, wire=True)
        if rank == middle and wire.label is not None:
            place.size = wire.label
            chain.label = place
        chain.places.append(place)
    chain.places.append(lower)
    for above, below in pairwise(chain.places):
        above.below.append(below)
        below.above.append(above)
    return chain


def _place(places: Sequence[Place], gap: float) -> None:
    """Give all places their coordinates."""
    ranks = ordered(places)
    align(ranks)
    left = min((place.left for place in places), default=0.0)
    along = 0.0
    for rank in ranks:
        half = max((place.size.along for place in rank), default=0.0) / 2
        for place in rank:
            place.across -= left
            place.along = along + half
            place.reach = half
        along += 2 * half + gap


def _arrangement(
    boxes: Sequence[Place], chains: Sequence[_Chain]
) -> Arrangement:
    _spread(chains)
    labels = [_middle(chain.label) if chain.label else None for chain in chains]
    return Arrangement(
        centers=[_middle(box) for box in boxes],
        routes=[_route(chain) for chain in chains],
        labels=labels,
    )


def _middle(place: Place) -> Point:
    return Point(place.across, place.along)


def _spread(chains: Sequence[_Chain]) -> None:
    """Let the wires of a box leave and enter side by side."""
    leaving: dict[Place, list[_Chain]] = {}
    entering: dict[Place, list[_Chain]] = {}
    for chain in chains:
        if len(chain.places) > 1:
            leaving.setdefault(chain.places[0], []).append(chain)
            entering.setdefault(chain.places[-1], []).append(chain)
    for box, group in leaving.items():
        group.sort(key=lambda chain: chain.places[1].across)
        for chain, port in zip(group, _ports(box, len(group)), strict=True):
            fixed = chain.wire.enters if chain.turned else chain.wire.leaves
            chain.leaves = port if fixed is None else fixed
    for box, group in entering.items():
        group.sort(key=lambda chain: chain.places[-2].across)
        for chain, port in zip(group, _ports(box, len(group)), strict=True):
            fixed = chain.wire.leaves if chain.turned else chain.wire.enters
            chain.enters = port if fixed is None else fixed


def _ports(box: Place, count: int) -> list[float]:
    """Return how far from the middle of a box its wires begin or end."""
    step = min(_SPREAD, box.size.across / (count + 1))
    first = -(count - 1) / 2 * step
    return [first + number * step for number in range(count)]


def _route(chain: _Chain) -> list[Point]:
    """Return by which points a wire goes, from its source to its target."""
    upper, lower = chain.places[0], chain.places[-1]
    if upper is lower:
        return [_middle(upper)]
    across, below = upper.across + chain.leaves, upper.along + upper.reach
    route = [Point(across, upper.along + upper.size.along / 2)]
    # Lines bend between the ranks only, where there are no boxes.
    route.append(Point(across, below))
    for place in chain.places[1:-1]:
        route.append(Point(place.across, place.along - place.reach))
        route.append(Point(place.across, place.along + place.reach))
    across, above = lower.across + chain.enters, lower.along - lower.reach
    route.append(Point(across, above))
    route.append(Point(across, lower.along - lower.size.along / 2))
    return route[::-1] if chain.turned else route
