"""The outlines of nodes: how large they must be for their texts, and how they are drawn."""

from dataclasses import dataclass
from typing import Final

from worker.course.site.diagrams import svg
from worker.course.site.diagrams.geometry import Box, Spot
from worker.course.site.diagrams.graph import Node, Shape
from worker.course.site.diagrams.text import LINE, widest, width, wrapped

_PADDING: Final = 14
_LEAST_WIDTH: Final = 40.0
_CLASS_WIDTH: Final = 320.0
_LEAST_CLASS_WIDTH: Final = 70.0
_BOLD: Final = 1.08
"""How much wider bold text is."""
_ROUND: Final = 10.0
_SHARP: Final = 4.0
_INSET: Final = 10.0
_BAR: Final = 8.0
_DOT: Final = 16.0
_CUT: Final = 12.0
_LID: Final = 16.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """A node with its size."""

    node: Node
    lines: list[str]
    width: float
    height: float

    def drawn(self, middle: Spot) -> str:
        """Return the node around a middle."""
        box = Box.around(middle, self.width, self.height)
        if self.node.shape is Shape.CLASS:
            return self._class(box)
        return _frame(self.node.shape, box) + svg.texts(self.lines, middle)

    def _class(self, box: Box) -> str:
        head = Box(box.left, box.top, box.width, _head(self.lines))
        drawn = svg.rectangle(box, "node")
        drawn += svg.texts(self.lines, head.middle, "text name")
        if not self.node.members:
            return drawn
        rule = svg.Path(Spot(head.left, head.bottom))
        drawn += rule.to(Spot(head.right, head.bottom)).drawn("node")
        start = Spot(head.left, head.bottom).moved(_INSET, 2 * _INSET)
        for member in self.node.members:
            drawn += svg.text(member, start, "member")
            start = start.moved(0, LINE)
        return drawn


def outline(node: Node) -> Outline:
    """Return a node with the size that its texts need."""
    if node.shape is Shape.CLASS:
        return _class_outline(node)
    if node.shape in {Shape.START, Shape.STOP}:
        return Outline(node=node, lines=[], width=_DOT, height=_DOT)
    lines = wrapped(node.label)
    wide = max(widest(lines) + 2 * _PADDING, _LEAST_WIDTH)
    high = len(lines) * LINE + 18.0
    wide, high = _stretched(node.shape, wide, high)
    return Outline(node=node, lines=lines, width=wide, height=high)


def _class_outline(node: Node) -> Outline:
    lines = wrapped(node.label, _CLASS_WIDTH)
    wide = max(widest(lines) * _BOLD, _LEAST_CLASS_WIDTH)
    high = _head(lines)
    for member in node.members:
        wide = max(wide, width(member, mono=True))
        high += LINE
    if node.members:
        high += 12
    wide += 2 * _INSET
    return Outline(node=node, lines=lines, width=wide, height=high)


def _head(lines: list[str]) -> float:
    """Return the height of a class's name."""
    return float(len(lines) * LINE + _PADDING)


def _stretched(shape: Shape, wide: float, high: float) -> tuple[float, float]:
    """Make room for the corners that an outline cuts off."""
    match shape:
        case Shape.CIRCLE:
            side = max(wide, high)
            return side, side
        case Shape.DIAMOND:
            return wide * 1.25 + 16, high * 1.6 + 8
        case Shape.HEXAGON | Shape.SLANTED | Shape.FRAMED:
            return wide + 2 * _CUT, high
        case Shape.DRUM:
            return wide, high + _LID + 2
    return wide, high


def _frame(shape: Shape, box: Box) -> str:
    match shape:
        case Shape.CIRCLE:
            return svg.circle(box.middle, box.width / 2, "node")
        case Shape.DIAMOND | Shape.HEXAGON | Shape.SLANTED:
            return svg.polygon(_corners(shape, box), "node")
        case Shape.DRUM:
            return _drum(box)
        case Shape.START | Shape.STOP:
            return _dot(shape, box.middle)
        case Shape.FRAMED:
            return svg.rectangle(box, "node") + _bars(box)
    return svg.rectangle(box, "node", _radius(shape, box))


def _radius(shape: Shape, box: Box) -> float:
    """Return how round the corners of a box are."""
    if shape is Shape.PILL:
        return box.height / 2
    return _ROUND if shape is Shape.ROUND else _SHARP


def _corners(shape: Shape, box: Box) -> list[Spot]:
    """Return the corners, clockwise from the left."""
    x, y = box.middle
    left, right = Spot(box.left, y), Spot(box.right, y)
    if shape is Shape.DIAMOND:
        return [left, Spot(x, box.top), right, Spot(x, box.bottom)]
    upper_left = Spot(box.left + _CUT, box.top)
    lower_right = Spot(box.right - _CUT, box.bottom)
    if shape is Shape.SLANTED:
        upper_right = Spot(box.right, box.top)
        lower_left = Spot(box.left, box.bottom)
        return [lower_left, upper_left, upper_right, lower_right]
    upper_right = Spot(box.right - _CUT, box.top)
    lower_left = Spot(box.left + _CUT, box.bottom)
    return [left, upper_left, upper_right, right, lower_right, lower_left]


def _dot(shape: Shape, middle: Spot) -> str:
    if shape is Shape.START:
        return svg.circle(middle, _DOT / 2, "head")
    ring = svg.circle(middle, _DOT / 2, "node")
    return ring + svg.circle(middle, _DOT / 4, "head")


def _bars(box: Box) -> str:
    path = svg.Path(box.corner)
    for x in (box.left + _BAR, box.right - _BAR):
        path.jump(Spot(x, box.top))
        path.to(Spot(x, box.bottom))
    return path.drawn("node")


def _drum(box: Box) -> str:
    left, right = (
        box.corner.moved(0, _LID / 2),
        Spot(box.right, box.top + _LID / 2),
    )
    down = box.height - _LID
    body = svg.Path(left).arc(box.width, _LID, right, 1)
    body.to(right.moved(0, down))
    body.arc(box.width, _LID, left.moved(0, down), 1).to(left)
    lid = svg.Path(left).arc(box.width, _LID, right, 0)
    return body.drawn("node") + lid.drawn("node")
