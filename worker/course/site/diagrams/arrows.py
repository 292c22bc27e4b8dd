"""Lines between nodes, and what their ends bear."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from worker.course.site.diagrams import svg
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
_HOLLOW: Final = frozenset({Head.TRIANGLE, Head.DIAMOND, Head.CIRCLE})


def line(points: Sequence[svg.Point], style: Line, *, upright: bool) -> str:
    """Return a smooth line through points; `upright` where it leaves and enters vertically."""
    steps = f"M{_at(points[0])}"
    for start, end in pairwise(points):
        steps += _step(start, end, upright=upright)
    return svg.path(steps, f"edge {style}")


def _step(start: svg.Point, end: svg.Point, *, upright: bool) -> str:
    if start[0] == end[0] or start[1] == end[1]:
        return f"L{_at(end)}"
    if upright:
        half = (start[1] + end[1]) / 2
        return f"C{_at((start[0], half))} {_at((end[0], half))} {_at(end)}"
    half = (start[0] + end[0]) / 2
    return f"C{_at((half, start[1]))} {_at((half, end[1]))} {_at(end)}"


def head(kind: Head, tip: svg.Point, towards: svg.Point) -> str:
    """Return what an end of a line bears, its tip at a point; `towards` is one step along it."""
    if kind is Head.NONE:
        return ""
    length = LENGTHS[kind]
    class_ = "head hollow" if kind in _HOLLOW else "head"
    if kind is Head.CIRCLE:
        x, y = _back(tip, towards, length / 2)
        return svg.element("circle", cx=x, cy=y, r=length / 2, class_=class_)
    if kind is Head.CROSS:
        return _cross(_back(tip, towards, 6), towards)
    if kind in _WIDTHS:
        half = _WIDTHS[kind]
        base = _back(tip, towards, length)
        corners = [
            tip,
            _aside(base, towards, half),
            _aside(base, towards, -half),
        ]
        return svg.polygon(corners, class_)
    middle, end = _back(tip, towards, length / 2), _back(tip, towards, length)
    sides = _aside(middle, towards, 5), _aside(middle, towards, -5)
    return svg.polygon([tip, sides[0], end, sides[1]], class_)


def _cross(middle: svg.Point, towards: svg.Point) -> str:
    near, far = _back(middle, towards, -4), _back(middle, towards, 4)
    strokes = (
        f"M{_at(_aside(near, towards, 4))}L{_at(_aside(far, towards, -4))}"
        f"M{_at(_aside(near, towards, -4))}L{_at(_aside(far, towards, 4))}"
    )
    return svg.path(strokes, "edge solid")


def back(tip: svg.Point, towards: svg.Point, kind: Head) -> svg.Point:
    """Return where a line ends whose head has its tip at a point."""
    return _back(tip, towards, LENGTHS[kind])


def _back(point: svg.Point, towards: svg.Point, length: float) -> svg.Point:
    return point[0] - towards[0] * length, point[1] - towards[1] * length


def _aside(point: svg.Point, towards: svg.Point, length: float) -> svg.Point:
    return point[0] - towards[1] * length, point[1] + towards[0] * length


def _at(point: svg.Point) -> str:
    return f"{svg.number(point[0])} {svg.number(point[1])}"
