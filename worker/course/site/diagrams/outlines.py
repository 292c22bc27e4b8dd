"""The outlines of nodes: how large they must be for their texts, and how they are drawn."""

from dataclasses import dataclass
from typing import Final

from worker.course.site.diagrams import svg
from worker.course.site.diagrams.geometry import Box, Spot
from worker.course.site.diagrams.graph import Node, Shape
from worker.course.site.diagrams.text import LINE, Text, wrapped
from worker.course.site.diagrams.text import width as text_width

_PADDING: Final = 14
_LEAST_WIDTH: Final = 40.0
_CLASS_WIDTH: Final = 320.0
_LEAST_CLASS_WIDTH: Final = 70.0
_BOLD: Final = 1.08
"""How much wider bold text is."""
_ROUND: Final = 10.0
_SHARP: Final = 4.0
_INSET: Final = 10.0
_MEMBER: Final = Spot(_INSET, 2 * _INSET)
"""Where the first member begins, below a class's name."""
_BAR: Final = 8.0
_DOT: Final = 16.0
_CUT: Final = 12.0
_LID: Final = 16.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """A node with its size."""

    node: Node
    text: Text
    width: float
    height: float

    def drawn(self, middle: Spot) -> str:
        box = Box.around(middle, self.width, self.height)
        if self.node.shape is Shape.CLASS:
            return self._class(box)
        frame = _frame(self.node.shape, box)
        return frame + svg.texts(self.text, middle)

    def _class(self, box: Box) -> str:
        height = self.text.height + _PADDING
        head = Box.at(box.corner, box.width, height)
        frame = svg.rectangle(box, "node")
        name = svg.texts(self.text, head.middle, "text name")
        members = self.node.members
        if not members:
            return frame + name
        rule = svg.Path(head.lower_left)
        rule.to(head.lower_right)
        start = head.lower_left + _MEMBER
        listed = svg.paragraph(members, start, "member")
        return frame + name + rule.drawn("node") + listed


def outline(node: Node) -> Outline:
    """Return a node with the size that its texts need."""
    if node.shape is Shape.CLASS:
        return _class_outline(node)
    if node.shape in {Shape.START, Shape.STOP}:
        return Outline(node=node, text=Text([]), width=_DOT, height=_DOT)
    text = wrapped(node.label)
    wide = max(text.width + 2 * _PADDING, _LEAST_WIDTH)
    high = text.height + 18.0
    width, height = _stretched(node.shape, wide, high)
    return Outline(node=node, text=text, width=width, height=height)


def _class_outline(node: Node) -> Outline:
    text = wrapped(node.label, _CLASS_WIDTH)
    width = max(text.width * _BOLD, _LEAST_CLASS_WIDTH)
    height = float(text.height + _PADDING)
    for member in node.members:
        width = max(width, text_width(member, mono=True))
        height += LINE
    if node.members:
        height += 12
    width += 2 * _INSET
    return Outline(node=node, text=text, width=width, height=height)


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
    if shape is Shape.ROUND:
        return _ROUND
    return _SHARP


def _corners(shape: Shape, box: Box) -> list[Spot]:
    """Return the corners, clockwise from the left."""
    if shape is Shape.DIAMOND:
        return _diamond(box)
    if shape is Shape.SLANTED:
        return _slanted(box)
    return _hexagon(box)


def _diamond(box: Box) -> list[Spot]:
    middle = box.middle
    return [
        Spot(box.left, middle.y),
        Spot(middle.x, box.top),
        Spot(box.right, middle.y),
        Spot(middle.x, box.bottom),
    ]


def _slanted(box: Box) -> list[Spot]:
    return [
        box.lower_left,
        box.corner.right(_CUT),
        box.upper_right,
        box.lower_right.right(-_CUT),
    ]


def _hexagon(box: Box) -> list[Spot]:
    middle = box.middle
    return [
        Spot(box.left, middle.y),
        box.corner.right(_CUT),
        box.upper_right.right(-_CUT),
        Spot(box.right, middle.y),
        box.lower_right.right(-_CUT),
        box.lower_left.right(_CUT),
    ]


def _dot(shape: Shape, middle: Spot) -> str:
    if shape is Shape.START:
        return svg.circle(middle, _DOT / 2, "head")
    ring = svg.circle(middle, _DOT / 2, "node")
    dot = svg.circle(middle, _DOT / 4, "head")
    return ring + dot


def _bars(box: Box) -> str:
    path = svg.Path(box.corner)
    path.jump(box.corner.right(_BAR))
    path.to(box.lower_left.right(_BAR))
    path.jump(box.upper_right.right(-_BAR))
    path.to(box.lower_right.right(-_BAR))
    return path.drawn("node")


def _drum(box: Box) -> str:
    half = _LID / 2
    left = box.corner.down(half)
    right = box.upper_right.down(half)
    height = box.height - _LID
    ellipse = Spot(box.width, _LID)
    body = svg.Path(left)
    body.arc(ellipse, right, 1)
    body.to(right.down(height))
    body.arc(ellipse, left.down(height), 1)
    body.to(left)
    lid = svg.Path(left).arc(ellipse, right, 0)
    return body.drawn("node") + lid.drawn("node")
