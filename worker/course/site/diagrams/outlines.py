"""The outlines of nodes: the size that their texts need, and how to draw them."""

from typing import Final, NamedTuple

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
_RADIUS: Final = 8.0
"""The radius of a dot."""
_DOT: Final = 2 * _RADIUS
_CUT: Final = 12.0
_LID: Final = 16.0


class Outline(NamedTuple):
    """A node with its size."""

    node: Node
    text: Text
    width: float
    height: float

    def drawn(self, middle: Spot) -> str:
        box = Box.around(middle, self.width, self.height)
        shape = self.node.shape
        if shape is Shape.CLASS:
            return self._class(box)
        drawn = _frame(shape, box)
        drawn += svg.texts(self.text, middle)
        return drawn

    def _class(self, box: Box) -> str:
        height = self.text.height + _PADDING
        head = Box.at(box.corner, box.width, height)
        drawn = svg.rectangle(box, "node")
        drawn += svg.texts(self.text, head.middle, "text name")
        members = self.node.members
        if not members:
            return drawn
        left = head.lower_left
        rule = svg.Path(left)
        rule.to(head.lower_right)
        drawn += rule.drawn("node")
        drawn += svg.paragraph(members, left + _MEMBER, "member")
        return drawn


def outline(node: Node) -> Outline:
    """Return a node with the size that its texts need."""
    match node.shape:
        case Shape.CLASS:
            return _class_outline(node)
        case Shape.START | Shape.STOP:
            text = Text([])
            return Outline(node=node, text=text, width=_DOT, height=_DOT)
    text = wrapped(node.label)
    wide = text.width + 2 * _PADDING
    wide = max(wide, _LEAST_WIDTH)
    high = text.height + 18.0
    width, height = _stretched(node.shape, wide, high)
    return Outline(node=node, text=text, width=width, height=height)


def _class_outline(node: Node) -> Outline:
    text = wrapped(node.label, _CLASS_WIDTH)
    width = max(text.width * _BOLD, _LEAST_CLASS_WIDTH)
    height = float(text.height + _PADDING)
    for member in node.members:
        member_width = text_width(member, mono=True)
        width = max(width, member_width)
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
            wide = wide * 1.25 + 16
            high = high * 1.6 + 8
        case Shape.HEXAGON | Shape.SLANTED | Shape.FRAMED:
            wide += 2 * _CUT
        case Shape.DRUM:
            high += _LID + 2
    return wide, high


def _frame(shape: Shape, box: Box) -> str:
    match shape:
        case Shape.CIRCLE:
            radius = box.width / 2
            return svg.circle(box.middle, radius, "node")
        case Shape.DIAMOND | Shape.HEXAGON | Shape.SLANTED:
            corners = _corners(shape, box)
            return svg.polygon(corners, "node")
        case Shape.DRUM:
            return _drum(box)
        case Shape.START | Shape.STOP:
            return _dot(shape, box.middle)
        case Shape.FRAMED:
            return _framed(box)
    return svg.rectangle(box, "node", _radius(shape, box))


def _radius(shape: Shape, box: Box) -> float:
    """Return the radius of a box's corners."""
    if shape is Shape.PILL:
        return box.height / 2
    if shape is Shape.ROUND:
        return _ROUND
    return _SHARP


def _corners(shape: Shape, box: Box) -> list[Spot]:
    """Return the corners, clockwise from the left."""
    match shape:
        case Shape.DIAMOND:
            return _diamond(box)
        case Shape.SLANTED:
            return _slanted(box)
        case _:
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
    """Return a dot, with a ring around it if it is an end state."""
    if shape is Shape.START:
        return svg.circle(middle, _RADIUS, "head")
    ring = svg.circle(middle, _RADIUS, "node")
    dot = svg.circle(middle, _RADIUS / 2, "head")
    return ring + dot


def _framed(box: Box) -> str:
    """Return a box with a bar on each side."""
    upper_left = box.corner.right(_BAR)
    lower_left = box.lower_left.right(_BAR)
    upper_right = box.upper_right.right(-_BAR)
    lower_right = box.lower_right.right(-_BAR)
    bars = svg.Path(box.corner)
    bars.jump(upper_left)
    bars.to(lower_left)
    bars.jump(upper_right)
    bars.to(lower_right)
    drawn = svg.rectangle(box, "node")
    drawn += bars.drawn("node")
    return drawn


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
    lid = svg.Path(left)
    lid.arc(ellipse, right, 0)
    drawn = body.drawn("node")
    drawn += lid.drawn("node")
    return drawn
