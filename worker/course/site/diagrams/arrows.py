"""Lines between nodes, and what their ends bear."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from worker.course.site.diagrams import svg
from worker.course.site.diagrams.geometry import Spot
from worker.course.site.diagrams.graph import Head, Line

LENGTHS: Final = {
    Head.NONE: 0.0,
    Head.ARROW: 8.0,
    Head.TRIANGLE: 12.0,
    Head.DIAMOND: 16.0,
    Head.FULL_DIAMOND: 16.0,
    Head.CIRCLE: 9.0,
    Head.CROSS: 4.0,
}
"""How much of a line each head covers."""
_WIDTHS: Final = {
    Head.ARROW: 3.5,
    Head.TRIANGLE: 6.0,
}
_DIAMOND_WIDTH: Final = 5.0
_CROSS: Final = 4.0
_HOLLOW: Final = frozenset({Head.TRIANGLE, Head.DIAMOND, Head.CIRCLE})


def line(spots: Sequence[Spot], style: Line, *, upright: bool) -> str:
    """Return a smooth line through places; `upright` where it leaves and enters vertically."""
    path = svg.Path(spots[0])
    for start, end in pairwise(spots):
        if start.x == end.x or start.y == end.y:
            path.to(end)
        elif upright:
            _curve_down(path, start, end)
        else:
            _curve_across(path, start, end)
    return path.drawn(f"edge {style}")


def _curve_down(path: svg.Path, start: Spot, end: Spot) -> None:
    """Curve to an end that is left and entered vertically."""
    half = (start.y + end.y) / 2
    below = Spot(start.x, half)
    above = Spot(end.x, half)
    path.curve(below, above, end)


def _curve_across(path: svg.Path, start: Spot, end: Spot) -> None:
    """Curve to an end that is left and entered horizontally."""
    half = (start.x + end.x) / 2
    beside = Spot(half, start.y)
    before = Spot(half, end.y)
    path.curve(beside, before, end)


def head(kind: Head, tip: Spot, step: Spot) -> str:
    """Return what an end of a line bears, its tip at a place to which a step leads."""
    if kind is Head.NONE:
        return ""
    if kind is Head.CIRCLE:
        return _circle(tip, step)
    if kind is Head.CROSS:
        return _cross(tip, step)
    if kind in _WIDTHS:
        return svg.polygon(_triangle(kind, tip, step), _class(kind))
    return svg.polygon(_diamond(kind, tip, step), _class(kind))


def _class(kind: Head) -> str:
    if kind in _HOLLOW:
        return "head hollow"
    return "head"


def _triangle(kind: Head, tip: Spot, step: Spot) -> list[Spot]:
    end = shortened(tip, step, kind)
    side = step.turned * _WIDTHS[kind]
    return [tip, end + side, end - side]


def _diamond(kind: Head, tip: Spot, step: Spot) -> list[Spot]:
    end = shortened(tip, step, kind)
    half = LENGTHS[kind] / 2
    middle = tip - step * half
    side = step.turned * _DIAMOND_WIDTH
    return [tip, middle + side, end, middle - side]


def _circle(tip: Spot, step: Spot) -> str:
    radius = LENGTHS[Head.CIRCLE] / 2
    middle = tip - step * radius
    return svg.circle(middle, radius, _class(Head.CIRCLE))


def _cross(tip: Spot, step: Spot) -> str:
    ahead = step * _CROSS
    side = step.turned * _CROSS
    middle = tip - ahead * 1.5
    near = middle + ahead
    far = middle - ahead
    path = svg.Path(near + side)
    path.to(far - side)
    path.jump(near - side)
    path.to(far + side)
    return path.drawn("edge solid")


def shortened(tip: Spot, step: Spot, kind: Head) -> Spot:
    """Return where a line ends whose head has its tip at a place."""
    return tip - step * LENGTHS[kind]
