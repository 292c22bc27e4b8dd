"""The parts of a drawing: pairs are in one part if they share ends."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

Pair = tuple[int, int]


class _Parts:
    def __init__(self) -> None:
        self.of: Final[dict[int, int]] = {}
        """By end: one of the ends of its part."""

    def join(self, pair: Pair) -> bool:
        """Join the parts of two ends; return whether they were different."""
        first, second = pair
        kept = self.of.setdefault(first, first)
        other = self.of.setdefault(second, second)
        for end, part in self.of.items():
            if part == other:
                self.of[end] = kept
        return kept != other


def joining(pairs: Sequence[Pair]) -> list[int]:
    """Return the positions of the pairs that connect what those before them do not."""
    parts = _Parts()
    return [position for position, pair in enumerate(pairs) if parts.join(pair)]


def largest_part(pairs: Sequence[Pair]) -> list[int]:
    """Return the positions of the pairs in the part with most ends, the first of several."""
    parts = _Parts()
    for pair in pairs:
        parts.join(pair)
    sizes = Counter(parts.of.values())
    part_of = [parts.of[first] for first, _ in pairs]
    largest = max(part_of, key=sizes.__getitem__, default=None)
    return [
        position for position, part in enumerate(part_of) if part == largest
    ]
