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
_WIDTHS: Final = {Head.ARROW: 3.5, Head.TRIANGLE: 6.0}
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
            half = (start.y + end.y) / 2
            path.curve(Spot(start.x, half), Spot(end.x, half), end)
        else:
            half = (start.x + end.x) / 2
            path.curve(Spot(half, start.y), Spot(half, end.y), end)
    return path.drawn(f"edge {style}")


def head(kind: Head, tip: Spot, step: Spot) -> str:
    """Return what an end of a line bears, its tip at a place to which a step leads."""
    if kind is Head.NONE:
        return ""
    class_ = "head hollow" if kind in _HOLLOW else "head"
    if kind is Head.CIRCLE:
        radius = LENGTHS[kind] / 2
        return svg.circle(tip.along(step, -radius), radius, class_)
    if kind is Head.CROSS:
        return _cross(tip.along(step, -1.5 * _CROSS), step)
    return svg.polygon(_corners(kind, tip, step), class_)


def _corners(kind: Head, tip: Spot, step: Spot) -> list[Spot]:
    end = shortened(tip, step, kind)
    width = _WIDTHS.get(kind)
    if width is not None:
        return [tip, end.aside(step, width), end.aside(step, -width)]
    middle = tip.along(step, -LENGTHS[kind] / 2)
    right = middle.aside(step, _DIAMOND_WIDTH)
    left = middle.aside(step, -_DIAMOND_WIDTH)
    return [tip, right, end, left]


def _cross(middle: Spot, step: Spot) -> str:
    near = middle.along(step, _CROSS)
    far = middle.along(step, -_CROSS)
    path = svg.Path(near.aside(step, _CROSS))
    path.to(far.aside(step, -_CROSS))
    path.jump(near.aside(step, -_CROSS))
    path.to(far.aside(step, _CROSS))
    return path.drawn("edge solid")


def shortened(tip: Spot, step: Spot, kind: Head) -> Spot:
    """Return where a line ends whose head has its tip at a place."""
    return tip.along(step, -LENGTHS[kind])
