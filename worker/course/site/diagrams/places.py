"""The places of a diagram in their ranks: orders them, and spaces them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain, pairwise, starmap
from operator import sub
from typing import Final, NamedTuple

_GAP: Final = 28.0
_GAP_BESIDE_WIRE: Final = 14.0
_ROUNDS: Final = 12


class Size(NamedTuple):
    """The space that a place occupies: within its rank, and from rank to rank."""

    across: float
    along: float

    @property
    def half_across(self) -> float:
        return self.across / 2

    @property
    def half_along(self) -> float:
        return self.along / 2


@dataclass(eq=False, slots=True)
class RankPlace:
    """The place of a box, or of a wire that passes, in a rank."""

    size: Size
    rank: int
    wire: bool = False
    position: float = 0.0
    """In its rank, counted from 0."""
    across: float = 0.0
    along: float = 0.0
    reach: float = 0.0
    """Half of what the largest place of its rank occupies along the ranks."""
    above: list["RankPlace"] = field(default_factory=list)
    below: list["RankPlace"] = field(default_factory=list)

    @property
    def left(self) -> float:
        """Where it begins within its rank."""
        return self.across - self.size.half_across

    @property
    def start(self) -> float:
        """Where it begins, along the ranks."""
        return self.along - self.size.half_along

    @property
    def end(self) -> float:
        """Where it ends, along the ranks."""
        return self.along + self.size.half_along

    @property
    def rank_start(self) -> float:
        return self.along - self.reach

    @property
    def rank_end(self) -> float:
        return self.along + self.reach

    def near(self, *, upward: bool) -> list["RankPlace"]:
        """Return the places that it is connected to in the ranks above or below."""
        if upward:
            return self.above
        return self.below


Rank = list[RankPlace]
Part = frozenset[RankPlace]
"""Places that are connected."""


def ordered(places: Sequence[RankPlace]) -> list[Rank]:
    """Return the ranks, each in an order that makes few wires cross."""
    ranks = _ranks(places)
    _number(ranks)
    best = _copied(ranks)
    fewest = _crossings(ranks)
    for turn in range(_ROUNDS):
        is_even = turn % 2 == 0
        _sweep(ranks, downward=is_even)
        crossings = _crossings(ranks)
        if crossings < fewest:
            best = _copied(ranks)
            fewest = crossings
    _number(best)
    return best


def _ranks(places: Sequence[RankPlace]) -> list[Rank]:
    by_rank = defaultdict[int, Rank](list)
    for place in _neighbours(places):
        by_rank[place.rank].append(place)
    last = max(by_rank, default=0)
    return [by_rank[number] for number in range(last + 1)]


def _copied(ranks: Sequence[Rank]) -> list[Rank]:
    return [list(rank) for rank in ranks]


def _neighbours(places: Sequence[RankPlace]) -> list[RankPlace]:
    """Return all places, with connected ones close together."""
    seen: dict[RankPlace, None] = {}
    for root in sorted(places, key=lambda place: place.rank):
        stack = [root]
        while stack:
            place = stack.pop()
            if place not in seen:
                seen[place] = None
                stack += reversed(place.below)
    return list(seen)


def _number(ranks: Sequence[Rank]) -> None:
    for rank in ranks:
        for position, place in enumerate(rank):
            place.position = position


def _sweep(ranks: Sequence[Rank], *, downward: bool) -> None:
    """Order each rank by the middle of its neighbours in the rank before."""
    for rank in _in_order(ranks, downward=downward):
        middles = {}
        for place in rank:
            middles[place] = _middle(place, upward=downward)
        rank.sort(key=middles.__getitem__)
        _number([rank])


def _in_order(ranks: Sequence[Rank], *, downward: bool) -> Iterable[Rank]:
    if downward:
        return ranks
    return reversed(ranks)


def _middle(place: RankPlace, *, upward: bool) -> float:
    """Return the middle of a place's neighbours, or its own position if it has none."""
    near = place.near(upward=upward)
    if not near:
        return place.position
    positions = [neighbour.position for neighbour in near]
    return sum(positions) / len(positions)


def _crossings(ranks: Sequence[Rank]) -> int:
    """Count the pairs of wires that cross."""
    crossings = 0
    for rank in ranks:
        ends: list[float] = []
        for place in rank:
            own = [lower.position for lower in place.below]
            for end in own:
                crossings += sum(other > end for other in ends)
            ends += own
    return crossings


def align(ranks: Sequence[Rank]) -> None:
    """Move the places of each rank towards their neighbours, keeping their order."""
    for rank in ranks:
        nowhere = [0.0] * len(rank)
        _settle(rank, nowhere)
    for turn in range(2 * _ROUNDS):
        downward = turn % 2 == 0
        for rank in _in_order(ranks, downward=downward):
            desired = []
            for place in rank:
                wish = _desired(place, downward=downward)
                desired.append(wish)
            _settle(rank, desired)
    _draw_together(ranks)


def _draw_together(ranks: Sequence[Rank]) -> None:
    """Move unconnected parts as close together as the distances allow."""
    parts = _parts(chain.from_iterable(ranks))
    parts.sort(key=_left)
    if not parts:
        return
    leftmost = _left(parts[0])
    # From the left: each part moves only to the left, so it meets no other.
    for part in parts:
        room = _room(part, ranks)
        if room is None:
            room = _left(part) - leftmost
        for place in part:
            place.across -= room


def _left(part: Part) -> float:
    return min(place.left for place in part)


def _room(part: Part, ranks: Sequence[Rank]) -> float | None:
    """Return how far a part can move to the left before it meets another; None if it meets none."""
    rooms = []
    for rank in ranks:
        for left, right in pairwise(rank):
            if right not in part or left in part:
                continue
            apart = right.across - left.across
            room = apart - _distance(left, right)
            rooms.append(room)
    return min(rooms, default=None)


def _parts(places: Iterable[RankPlace]) -> list[Part]:
    """Return the places in groups that are connected."""
    parts = []
    seen: set[RankPlace] = set()
    for place in places:
        if place in seen:
            continue
        part = _connected(place)
        parts.append(part)
        seen |= part
    return parts


def _connected(root: RankPlace) -> Part:
    part: set[RankPlace] = set()
    stack = [root]
    while stack:
        place = stack.pop()
        if place in part:
            continue
        part.add(place)
        stack += place.above
        stack += place.below
    return frozenset(part)


def _desired(place: RankPlace, *, downward: bool) -> float:
    """Return the position of a place that suits its neighbours best: their median."""
    near = place.near(upward=downward)
    if not near:
        near = place.near(upward=not downward)
    if not near:
        return place.across
    places = sorted(neighbour.across for neighbour in near)
    half = len(places) // 2
    upper = places[half]
    lower = places[-half - 1]
    return (upper + lower) / 2


def _settle(rank: Rank, desired: Sequence[float]) -> None:
    """Place a rank as close to its desired positions as the distances allow."""
    distances = starmap(_distance, pairwise(rank))
    offsets = list(accumulate(distances, initial=0.0))
    # How far each place wants to be from its offset.
    wanted = list(map(sub, desired, offsets))
    shifts = _rising(wanted)
    for place, shift, offset in zip(rank, shifts, offsets, strict=False):
        place.across = shift + offset


def _rising(values: Sequence[float]) -> list[float]:
    """Return the closest values that never decrease.

    This is isotonic regression: neighbours in the wrong order get their mean.
    """
    groups: list[_Group] = []
    for value in values:
        group = _Group(mean=value, count=1)
        while groups and groups[-1].mean > group.mean:
            earlier = groups.pop()
            group = group.joined(earlier)
        groups.append(group)
    rising = []
    for group in groups:
        rising += [group.mean] * group.count
    return rising


@dataclass(frozen=True, kw_only=True, slots=True)
class _Group:
    """Neighbours that get the same value."""

    mean: float
    count: int

    @property
    def total(self) -> float:
        return self.mean * self.count

    def joined(self, other: "_Group") -> "_Group":
        count = self.count + other.count
        total = self.total + other.total
        return _Group(mean=total / count, count=count)


def _distance(left: RankPlace, right: RankPlace) -> float:
    """Return how far apart the middles of two adjacent places must be."""
    beside_wire = left.wire or right.wire
    gap = _GAP
    if beside_wire:
        gap = _GAP_BESIDE_WIRE
    return left.size.half_across + gap + right.size.half_across
