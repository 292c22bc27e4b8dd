"""Lines between nodes, and the heads at their ends."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from worker.course.site.diagrams import svg
from worker.course.site.diagrams.geometry import Spot
from worker.course.site.diagrams.graph import Head, Line

_LENGTHS: Final = {
    Head.NONE: 0.0,
    Head.ARROW: 8.0,
    Head.TRIANGLE: 12.0,
    Head.DIAMOND: 16.0,
    Head.FULL_DIAMOND: 16.0,
    Head.CIRCLE: 9.0,
    Head.CROSS: 4.0,
}
"""How much of a line each head covers."""
_ARROW_WIDTH: Final = 3.5
_TRIANGLE_WIDTH: Final = 6.0
_DIAMOND_WIDTH: Final = 5.0
_CROSS_WIDTH: Final = 4.0
_HOLLOW: Final = frozenset({Head.TRIANGLE, Head.DIAMOND, Head.CIRCLE})


class End(NamedTuple):
    """An end of a line: its tip, the step by which the line arrives there, and its head."""

    tip: Spot
    step: Spot
    head: Head

    @property
    def line_end(self) -> Spot:
        """Where the line ends and the head begins."""
        return self._before(self._length)

    def drawn(self) -> str:
        match self.head:
            case Head.NONE:
                return ""
            case Head.CIRCLE:
                return self._circle()
            case Head.CROSS:
                return self._cross()
            case Head.ARROW:
                corners = self._triangle(_ARROW_WIDTH)
            case Head.TRIANGLE:
                corners = self._triangle(_TRIANGLE_WIDTH)
            case _:
                corners = self._diamond()
        return svg.polygon(corners, self._class)

    @property
    def _length(self) -> float:
        return _LENGTHS[self.head]

    @property
    def _class(self) -> str:
        if self.head in _HOLLOW:
            return "head hollow"
        return "head"

    def _before(self, length: float) -> Spot:
        """Return the place at a distance before the tip."""
        return self.tip - self.step * length

    def _aside(self, width: float) -> Spot:
        """Return a step to the right."""
        return self.step.turned * width

    def _triangle(self, width: float) -> list[Spot]:
        base = self.line_end
        side = self._aside(width)
        right = base + side
        left = base - side
        return [self.tip, right, left]

    def _diamond(self) -> list[Spot]:
        half = self._length / 2
        middle = self._before(half)
        side = self._aside(_DIAMOND_WIDTH)
        right = middle + side
        left = middle - side
        return [self.tip, right, self.line_end, left]

    def _circle(self) -> str:
        radius = self._length / 2
        middle = self._before(radius)
        return svg.circle(middle, radius, self._class)

    def _cross(self) -> str:
        ahead = self.step * _CROSS_WIDTH
        side = self._aside(_CROSS_WIDTH)
        middle = self.tip - ahead * 1.5
        near = middle + ahead
        far = middle - ahead
        path = svg.Path(near + side)
        path.to(far - side)
        path.jump(near - side)
        path.to(far + side)
        return path.drawn("edge solid")


def line(spots: Sequence[Spot], style: Line, *, upright: bool) -> str:
    """Return a smooth line through places; `upright` if it leaves and enters vertically."""
    path = svg.Path(spots[0])
    for start, end in pairwise(spots):
        is_straight = start.x == end.x or start.y == end.y
        if is_straight:
            path.to(end)
        elif upright:
            _curve_down(path, start, end)
        else:
            _curve_across(path, start, end)
    return path.drawn(f"edge {style}")


def _curve_down(path: svg.Path, start: Spot, end: Spot) -> None:
    """Curve to an end; the line leaves and enters vertically."""
    half = (start.y + end.y) / 2
    below = Spot(start.x, half)
    above = Spot(end.x, half)
    path.curve(below, above, end)


def _curve_across(path: svg.Path, start: Spot, end: Spot) -> None:
    """Curve to an end; the line leaves and enters horizontally."""
    half = (start.x + end.x) / 2
    beside = Spot(half, start.y)
    before = Spot(half, end.y)
    path.curve(beside, before, end)
