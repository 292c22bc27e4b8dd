"""Gives each box of a diagram its rank: below all that lead to it."""

from collections.abc import Sequence

Pair = tuple[int, int]
"""The numbers of the two boxes that a wire connects."""


def forward(count: int, wires: Sequence[Pair]) -> list[Pair]:
    """Return the wires, turned round where they would close a circle."""
    order = _searched(count, wires)
    numbers = {box: number for number, box in enumerate(order)}
    pairs = []
    for source, target in wires:
        leads_back = numbers[source] > numbers[target]
        pairs.append((target, source) if leads_back else (source, target))
    return pairs


def ranks(count: int, wires: Sequence[Pair], length: int) -> list[int]:
    """Return each box's rank, a length below all that lead to it; the wires close no circle."""
    ranked = [0] * count
    below = _following(count, wires)
    order = _searched(count, wires)
    for box in order:
        least = ranked[box] + length
        for lower in below[box]:
            ranked[lower] = max(ranked[lower], least)
    # A box that nothing leads to is near to what it leads to.
    led_to = {target for _, target in wires}
    for box in reversed(order):
        followers = below[box]
        if followers and box not in led_to:
            nearest = min(ranked[lower] for lower in followers)
            ranked[box] = nearest - length
    return ranked


def _searched(count: int, wires: Sequence[Pair]) -> list[int]:
    """Return the boxes in an order in which most wires, or all, lead to later ones.

    A search along the wires leaves a box when all that follows it was left.
    """
    following = _following(count, wires)
    left: list[int] = []
    seen: set[int] = set()
    stack = [(box, False) for box in reversed(range(count))]
    while stack:
        box, leaving = stack.pop()
        if leaving:
            left.append(box)
        elif box not in seen:
            seen.add(box)
            stack.append((box, True))
            stack += [(target, False) for target in reversed(following[box])]
    left.reverse()
    return left


def _following(count: int, wires: Sequence[Pair]) -> list[list[int]]:
    """Return for each box the others to which its wires lead."""
    following: list[list[int]] = [[] for _ in range(count)]
    for source, target in wires:
        if source != target:
            following[source].append(target)
    return following
