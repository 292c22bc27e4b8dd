"""The outlines of nodes: how large they must be for their texts, and how they are drawn."""

from dataclasses import dataclass
from typing import Final

from worker.course.site.diagrams import svg
from worker.course.site.diagrams.graph import Node, Shape
from worker.course.site.diagrams.text import LINE, width, wrapped

_PADDING: Final = 14
_CLASS_WIDTH: Final = 320


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """A node with its size."""

    node: Node
    lines: list[str]
    width: float
    height: float

    def drawn(self, x: float, y: float) -> str:
        """Return the node around a middle."""
        if self.node.shape is Shape.CLASS:
            return self._class(x, y)
        frame = _frame(self.node.shape, x, y, self.width, self.height)
        return frame + svg.texts(self.lines, x, y)

    def _class(self, x: float, y: float) -> str:
        left, top = x - self.width / 2, y - self.height / 2
        head = len(self.lines) * LINE + _PADDING
        drawn = svg.rectangle(left, top, self.width, self.height, "node")
        drawn += svg.texts(self.lines, x, top + head / 2, "text name")
        if self.node.members:
            drawn += svg.path(
                f"M{left:.1f} {top + head:.1f}h{self.width:.1f}", "node"
            )
        for number, member in enumerate(self.node.members):
            baseline = top + head + 20 + number * LINE
            drawn += svg.text(member, left + 10, baseline, "member")
        return drawn


def outline(node: Node) -> Outline:
    """Return a node with the size that its texts need."""
    if node.shape is Shape.CLASS:
        return _class_outline(node)
    lines = wrapped(node.label)
    wide = max(width(line) for line in lines) + 2 * _PADDING
    high = len(lines) * LINE + 18.0
    wide, high = _stretched(node.shape, max(wide, 40.0), high)
    return Outline(node=node, lines=lines, width=wide, height=high)


def _class_outline(node: Node) -> Outline:
    lines = wrapped(node.label, _CLASS_WIDTH)
    widths = [width(line) * 1.08 for line in lines]
    members = [width(member, mono=True) for member in node.members]
    high = len(lines) * LINE + _PADDING
    if node.members:
        high += len(node.members) * LINE + 12
    wide = max(*widths, *members, 70.0) + 20
    return Outline(node=node, lines=lines, width=wide, height=float(high))


def _stretched(shape: Shape, wide: float, high: float) -> tuple[float, float]:
    """Make room for the corners that an outline cuts off."""
    match shape:
        case Shape.CIRCLE:
            side = max(wide, high)
            return side, side
        case Shape.DIAMOND:
            return wide * 1.25 + 16, high * 1.6 + 8
        case Shape.HEXAGON | Shape.SLANTED | Shape.FRAMED:
            return wide + 24, high
        case Shape.DRUM:
            return wide, high + 18
    return wide, high


def _frame(shape: Shape, x: float, y: float, wide: float, high: float) -> str:
    left, top = x - wide / 2, y - high / 2
    match shape:
        case Shape.CIRCLE:
            return svg.element("circle", cx=x, cy=y, r=wide / 2, class_="node")
        case Shape.DIAMOND | Shape.HEXAGON | Shape.SLANTED:
            return svg.polygon(_corners(shape, x, y, wide, high), "node")
        case Shape.DRUM:
            return _drum(left, top, wide, high)
        case Shape.FRAMED:
            bars = f"M{left + 8:.1f} {top:.1f}v{high:.1f}m{wide - 16:.1f} 0v{-high:.1f}"
            frame = svg.rectangle(left, top, wide, high, "node")
            return frame + svg.path(bars, "node")
    radius = {Shape.ROUND: 10.0, Shape.PILL: high / 2}.get(shape, 4.0)
    return svg.rectangle(left, top, wide, high, "node", radius)


def _corners(
    shape: Shape, x: float, y: float, wide: float, high: float
) -> list[svg.Point]:
    left, right = x - wide / 2, x + wide / 2
    top, bottom = y - high / 2, y + high / 2
    if shape is Shape.DIAMOND:
        return [(x, top), (right, y), (x, bottom), (left, y)]
    cut = 12
    if shape is Shape.SLANTED:
        return [
            (left + cut, top),
            (right, top),
            (right - cut, bottom),
            (left, bottom),
        ]
    return [
        (left + cut, top),
        (right - cut, top),
        (right, y),
        (right - cut, bottom),
        (left + cut, bottom),
        (left, y),
    ]


def _drum(left: float, top: float, wide: float, high: float) -> str:
    arc = f"a{wide / 2:.1f} 8 0 0 "
    body = (
        f"M{left:.1f} {top + 8:.1f}{arc}1 {wide:.1f} 0v{high - 16:.1f}"
        f"{arc}1 {-wide:.1f} 0z"
    )
    lid = f"M{left:.1f} {top + 8:.1f}{arc}0 {wide:.1f} 0"
    return svg.path(body, "node") + svg.path(lid, "node")
