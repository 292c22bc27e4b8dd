"""Gives each box of a diagram its rank: below all boxes that lead to it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_Following = Mapping[int, list[int]]
"""The boxes to which the wires of each box lead."""


class Pair(NamedTuple):
    """The numbers of the two boxes that a wire connects."""

    source: int
    target: int

    @property
    def turned(self) -> "Pair":
        return Pair(self.target, self.source)


def forward(count: int, wires: Sequence[Pair]) -> list[Pair]:
    """Return the wires, reversed where they would close a cycle."""
    order = _searched(count, _following(wires))
    numbers = {box: number for number, box in enumerate(order)}
    pairs = []
    for wire in wires:
        source = numbers[wire.source]
        target = numbers[wire.target]
        if source > target:
            pairs.append(wire.turned)
        else:
            pairs.append(wire)
    return pairs


def ranks(count: int, wires: Sequence[Pair], length: int) -> list[int]:
    """Return each box's rank: `length` below each box that leads to it.

    The wires must not form a cycle.
    """
    ranked = [0] * count
    following = _following(wires)
    order = _searched(count, following)
    for box in order:
        least = ranked[box] + length
        for lower in following[box]:
            ranked[lower] = max(ranked[lower], least)
    # A box that nothing leads to is close to the boxes that it leads to.
    led_to = {wire.target for wire in wires}
    for box in reversed(order):
        followers = following[box]
        if box in led_to or not followers:
            continue
        nearest = min(ranked[follower] for follower in followers)
        ranked[box] = nearest - length
    return ranked


def _searched(count: int, following: _Following) -> list[int]:
    """Return the boxes in an order in which most wires lead to later boxes, or all if possible.

    This is the reverse of the order in which a depth-first search leaves them.
    """
    left: list[int] = []
    seen: set[int] = set()
    boxes = range(count)
    stack = [(box, False) for box in reversed(boxes)]
    while stack:
        box, leaving = stack.pop()
        if leaving:
            left.append(box)
            continue
        if box in seen:
            continue
        seen.add(box)
        stack.append((box, True))
        followers = reversed(following[box])
        for follower in followers:
            entry = (follower, False)
            stack.append(entry)
    left.reverse()
    return left


def _following(wires: Sequence[Pair]) -> _Following:
    following = defaultdict[int, list[int]](list)
    for wire in wires:
        if wire.source != wire.target:
            following[wire.source].append(wire.target)
    return following
