"""Places boxes in layers, so that most arrows lead one way and few cross.

The method is Sugiyama's: break cycles, rank, order each rank by the neighbours' middle, then move
boxes towards their neighbours. An arrow across several ranks, or with a label, has its own place in
each rank between, so that neither runs into a box. Coordinates are `across` (within a rank) and
`along` (from rank to rank).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

from worker.course.site.diagrams import ranking
from worker.course.site.diagrams.graph import DiagramError
from worker.course.site.diagrams.places import (
    RankPlace,
    Size,
    align,
    ordered,
)
from worker.course.site.diagrams.ranking import Pair

_GAPS: Final = {1: 44.0, 2: 30.0}
"""The distance between ranks, by the minimum number of ranks that a wire spans."""
_MAX_PLACES: Final = 700
_SPREAD: Final = 16.0
"""The distance between arrows that leave one box."""
_PASSAGE: Final = Size(across=2, along=0)


class Wire(NamedTuple):
    """An arrow from one box to another, by their numbers."""

    source: int
    target: int
    label: Size | None = None
    leaves: float | None = None
    """Where it leaves, relative to the middle of the source; None spreads the arrows of a box."""
    enters: float | None = None

    @property
    def ends(self) -> Pair:
        return Pair(self.source, self.target)


class Point(NamedTuple):
    """A place."""

    across: float
    along: float


class Arrangement(NamedTuple):
    """The boxes' middles, and the points of each wire."""

    centers: list[Point]
    routes: list[list[Point]]
    labels: list[Point | None]


@dataclass(eq=False, kw_only=True, slots=True)
class _Chain:
    """A wire from its upper box to its lower one, and the places between them that it passes."""

    wire: Wire
    upper: RankPlace
    lower: RankPlace
    turned: bool
    """Whether the wire leads upward."""
    passages: list[RankPlace] = field(default_factory=list)
    label: RankPlace | None = None
    leaves: float = 0.0
    """How far from the middle of the upper box it begins."""
    enters: float = 0.0

    def leave(self, port: float) -> None:
        """Leave the upper box at a port, unless the wire says where."""
        fixed = self.wire.leaves
        if self.turned:
            fixed = self.wire.enters
        if fixed is None:
            fixed = port
        self.leaves = fixed

    def enter(self, port: float) -> None:
        """Enter the lower box at a port, unless the wire says where."""
        fixed = self.wire.enters
        if self.turned:
            fixed = self.wire.leaves
        if fixed is None:
            fixed = port
        self.enters = fixed

    @property
    def stops(self) -> list[RankPlace]:
        """All its places, from the upper box to the lower one."""
        return [self.upper, *self.passages, self.lower]

    @property
    def label_middle(self) -> Point | None:
        if self.label is None:
            return None
        return _middle(self.label)


def arrange(
    sizes: Sequence[Size],
    wires: Sequence[Wire],
    ends: Mapping[int, bool] | None = None,
) -> Arrangement:
    """Place boxes of these sizes, connected by wires.

    `ends` names boxes of the first rank (False) and of the last one (True).
    """
    count = len(sizes)
    pairs = [wire.ends for wire in wires]
    pairs = ranking.forward(count, pairs)
    # A label has its own rank, between its boxes.
    length = 1
    if any(wire.label for wire in wires):
        length = 2
    ranks = ranking.ranks(count, pairs, length)
    if ends:
        _move_to_ends(ranks, ends)
    boxes = list(map(RankPlace, sizes, ranks))
    chains = _chains(boxes, wires, pairs)
    places = list(boxes)
    for chain in chains:
        places += chain.passages
    _place(places, _GAPS[length])
    _spread(chains)
    return Arrangement(
        centers=[_middle(box) for box in boxes],
        routes=[_route(chain) for chain in chains],
        labels=[chain.label_middle for chain in chains],
    )


def _move_to_ends(ranks: list[int], ends: Mapping[int, bool]) -> None:
    for box, last in ends.items():
        rank = 0
        if last:
            rank = max(ranks)
        ranks[box] = rank


def _chains(
    boxes: Sequence[RankPlace],
    wires: Sequence[Wire],
    pairs: Sequence[ranking.Pair],
) -> list[_Chain]:
    count = len(boxes)
    chains = []
    for wire, pair in zip(wires, pairs, strict=True):
        chain = _Chain(
            wire=wire,
            upper=boxes[pair.source],
            lower=boxes[pair.target],
            turned=pair.source != wire.source,
        )
        _pass_ranks(chain)
        chains.append(chain)
        count += len(chain.passages)
        if count > _MAX_PLACES:
            raise DiagramError("its arrows are too tangled")
    return chains


def _pass_ranks(chain: _Chain) -> None:
    """Give a wire a place in each rank that it passes."""
    upper = chain.upper
    lower = chain.lower
    if upper is lower:
        return
    label = chain.wire.label
    middle = (upper.rank + lower.rank) // 2
    first = upper.rank + 1
    for rank in range(first, lower.rank):
        place = RankPlace(_PASSAGE, rank, wire=True)
        if rank == middle and label is not None:
            place.size = label
            chain.label = place
        chain.passages.append(place)
    for above, below in pairwise(chain.stops):
        above.below.append(below)
        below.above.append(above)


def _place(places: Sequence[RankPlace], gap: float) -> None:
    """Give all places their coordinates."""
    ranks = ordered(places)
    align(ranks)
    lefts = (place.left for place in places)
    left = min(lefts, default=0.0)
    along = 0.0
    for rank in ranks:
        lengths = (place.size.along for place in rank)
        half = max(lengths, default=0.0) / 2
        for place in rank:
            place.across -= left
            place.along = along + half
            place.reach = half
        along += 2 * half + gap


def _middle(place: RankPlace) -> Point:
    return Point(place.across, place.along)


def _spread(chains: Sequence[_Chain]) -> None:
    """Spread the ends of wires along the sides of a box."""
    leaving = defaultdict[RankPlace, list[_Chain]](list)
    entering = defaultdict[RankPlace, list[_Chain]](list)
    for chain in chains:
        if chain.upper is chain.lower:
            continue
        leaving[chain.upper].append(chain)
        entering[chain.lower].append(chain)
    for box, group in leaving.items():
        group.sort(key=_second_across)
        ports = _ports(box, len(group))
        for chain, port in zip(group, ports, strict=True):
            chain.leave(port)
    for box, group in entering.items():
        group.sort(key=_last_but_one_across)
        ports = _ports(box, len(group))
        for chain, port in zip(group, ports, strict=True):
            chain.enter(port)


def _second_across(chain: _Chain) -> float:
    _, second, *_ = chain.stops
    return second.across


def _last_but_one_across(chain: _Chain) -> float:
    *_, last_but_one, _ = chain.stops
    return last_but_one.across


def _ports(box: RankPlace, count: int) -> list[float]:
    """Return how far from the middle of a box its wires begin or end."""
    room = box.size.across / (count + 1)
    step = min(_SPREAD, room)
    first = -(count - 1) / 2 * step
    places = []
    for number in range(count):
        place = first + number * step
        places.append(place)
    return places


def _route(chain: _Chain) -> list[Point]:
    """Return the points of a wire, from its source to its target."""
    upper = chain.upper
    lower = chain.lower
    if upper is lower:
        return [_middle(upper)]
    start = upper.across + chain.leaves
    end = lower.across + chain.enters
    # Lines bend only between the ranks, where there are no boxes.
    route = [
        Point(start, upper.end),
        Point(start, upper.rank_end),
    ]
    for place in chain.passages:
        route.append(Point(place.across, place.rank_start))
        route.append(Point(place.across, place.rank_end))
    route.append(Point(end, lower.rank_start))
    route.append(Point(end, lower.start))
    if chain.turned:
        route.reverse()
    return route
