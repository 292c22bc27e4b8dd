"""Places the columns of a sequence diagram far enough apart for the texts between them."""

from collections.abc import Sequence as List
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from worker.course.site.diagrams.geometry import Extent
from worker.course.site.diagrams.sequence import Message, Sequence
from worker.course.site.diagrams.text import Text, wrapped

TEXT_WIDTH: Final = 220.0
"""The maximum width of a message's text."""
LOOP: Final = 36.0
"""How far a message to oneself extends from its participant."""
_NAME_WIDTH: Final = 150.0
_LEAST_WIDTH: Final = 50.0
_PADDING: Final = 24
_GAP: Final = 32.0
_BESIDE_TEXT: Final = 30
_BESIDE_LOOP: Final = 20
_LONGEST_NUMBER: Final = "00. "


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A participant's column."""

    label: Text
    x: float

    @property
    def width(self) -> float:
        return _width(self.label)

    @property
    def sides(self) -> Extent:
        return Extent.around(self.x, self.width)


def columns(sequence: Sequence) -> dict[str, Column]:
    labels = {}
    for key, name in sequence.participants.items():
        labels[key] = wrapped(name, _NAME_WIDTH)
    gaps = [0.0, *_gaps(sequence, labels)]
    placed = {}
    x = 0.0
    for key, gap in zip(labels, gaps, strict=True):
        x += gap
        label = labels[key]
        placed[key] = Column(label=label, x=x)
    return placed


def _width(label: Text) -> float:
    return max(label.width, _LEAST_WIDTH) + _PADDING


@dataclass(frozen=True, order=True, slots=True)
class _Need:
    """The space that a message needs between two columns, by their numbers."""

    first: int
    last: int
    width: float

    @property
    def gaps(self) -> range:
        return range(self.first, self.last)


def _gaps(sequence: Sequence, labels: dict[str, Text]) -> list[float]:
    """Return the distances from each column to the next."""
    gaps = []
    widths = map(_width, labels.values())
    for left, right in pairwise(widths):
        halves = (left + right) / 2
        gaps.append(halves + _GAP)
    needs = _needs(sequence, list(labels))
    for need in sorted(needs):
        _widen(gaps, need)
    return gaps


def _widen(gaps: list[float], need: _Need) -> None:
    """Widen the gaps between two columns until their sum is what a message needs."""
    present = sum(gaps[number] for number in need.gaps)
    missing = need.width - present
    if missing <= 0:
        return
    share = missing / len(need.gaps)
    for number in need.gaps:
        gaps[number] += share


def _needs(sequence: Sequence, keys: List[str]) -> list[_Need]:
    needs = []
    for event in sequence.events:
        if isinstance(event, Message):
            need = _need(event, keys)
            if need.gaps:
                needs.append(need)
    return needs


def _need(message: Message, keys: List[str]) -> _Need:
    longest = _LONGEST_NUMBER + message.text
    label = wrapped(longest, TEXT_WIDTH)
    width = label.width + _BESIDE_TEXT
    source = keys.index(message.source)
    target = keys.index(message.target)
    if source != target:
        first = min(source, target)
        last = max(source, target)
        return _Need(first, last, width)
    # A message to oneself extends to the right, up to the last column.
    rightmost = len(keys) - 1
    last = min(source + 1, rightmost)
    return _Need(source, last, width + LOOP + _BESIDE_LOOP)
