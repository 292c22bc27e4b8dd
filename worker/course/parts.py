"""Connected parts of a drawing: two pairs belong to the same part if they share an end."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

Pair = tuple[int, int]


class _Parts:
    def __init__(self) -> None:
        self.of: Final[dict[int, int]] = {}
        """For each end, the end that represents its part."""

    def join(self, pair: Pair) -> bool:
        """Join the parts of two ends; return whether they were different parts."""
        first, second = pair
        kept = self.of.setdefault(first, first)
        other = self.of.setdefault(second, second)
        for end, part in self.of.items():
            if part == other:
                self.of[end] = kept
        return kept != other


def joining(pairs: Sequence[Pair]) -> list[int]:
    """Return the positions of the pairs that join parts which earlier pairs leave separate."""
    parts = _Parts()
    return [position for position, pair in enumerate(pairs) if parts.join(pair)]


def largest_part(pairs: Sequence[Pair]) -> list[int]:
    """Return the positions of the pairs in the part with the most ends; the first one of a tie."""
    parts = _Parts()
    for pair in pairs:
        parts.join(pair)
    sizes = Counter(parts.of.values())
    part_of = [parts.of[first] for first, _ in pairs]
    largest = max(part_of, key=sizes.__getitem__, default=None)
    return [
        position for position, part in enumerate(part_of) if part == largest
    ]
