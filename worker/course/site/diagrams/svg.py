"""SVG elements: the few that diagrams consist of, every text and attribute escaped."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final, Self

from worker.course.site.diagrams.geometry import Box, Spot
from worker.course.site.diagrams.text import LINE

WIDE: Final = 700
"""A drawing that is wider is not shrunk to the width of a phone."""
_MARGIN: Final = 8
_BASELINE: Final = 4.5
"""How far below the middle of a line its baseline is."""


class Path:
    """A line, step by step."""

    def __init__(self, start: Spot) -> None:
        """Begin at a place."""
        self._steps = [f"M{_at(start)}"]

    def to(self, end: Spot) -> Self:
        """Go straight."""
        self._steps.append(f"L{_at(end)}")
        return self

    def jump(self, end: Spot) -> Self:
        """Go on elsewhere."""
        self._steps.append(f"M{_at(end)}")
        return self

    def curve(self, first: Spot, second: Spot, end: Spot) -> Self:
        """Go in a curve, drawn towards two places on the way."""
        spots = [_at(first), _at(second), _at(end)]
        self._steps.append(f"C{' '.join(spots)}")
        return self

    def arc(self, width: float, height: float, end: Spot, turn: int) -> Self:
        """Go along an ellipse; `turn` is 1 for the right and 0 for the left."""
        radius = _at(Spot(width / 2, height / 2))
        self._steps.append(f"A{radius} 0 0 {turn} {_at(end)}")
        return self

    def drawn(self, class_: str) -> str:
        """Return the line as an element."""
        return element("path", d="".join(self._steps), class_=class_)


def element(name: str, content: str = "", /, **attributes: float | str) -> str:
    """Return an element; `class_` and `aria_label` are written as SVG has them."""
    fields = ""
    for key, value in attributes.items():
        attribute = key.rstrip("_").replace("_", "-")
        fields += f' {attribute}="{_value(value)}"'
    return f"<{name}{fields}>{content}</{name}>"


def text(line: str, start: Spot, class_: str = "text") -> str:
    """Return a line of text; where its baseline begins, or has its middle, is the class's affair."""
    return element("text", escape(line), x=start.x, y=start.y, class_=class_)


def texts(lines: Sequence[str], middle: Spot, class_: str = "text") -> str:
    """Return lines of text around a middle."""
    rise = (len(lines) - 1) * LINE / 2
    start = middle.moved(0, _BASELINE - rise)
    drawn = ""
    for line in lines:
        drawn += text(line, start, class_)
        start = start.moved(0, LINE)
    return drawn


def circle(middle: Spot, radius: float, class_: str) -> str:
    """Return a circle."""
    x, y = middle
    return element("circle", cx=x, cy=y, r=radius, class_=class_)


def polygon(corners: Iterable[Spot], class_: str) -> str:
    """Return a closed outline."""
    points = [_at(corner) for corner in corners]
    return element("polygon", points=" ".join(points), class_=class_)


def rectangle(box: Box, class_: str, radius: float = 3) -> str:
    """Return a rectangle."""
    return element(
        "rect",
        x=box.left,
        y=box.top,
        width=box.width,
        height=box.height,
        rx=radius,
        class_=class_,
    )


def drawing(content: str, frame: Box, name: str, description: str) -> str:
    """Return a whole drawing, with what a screen reader says of it."""
    corner = frame.corner.moved(-_MARGIN, -_MARGIN)
    wide = round(frame.width + 2 * _MARGIN)
    high = round(frame.height + 2 * _MARGIN)
    return element(
        "svg",
        element("desc", escape(description)) + content,
        role="img",
        class_="wide" if wide > WIDE else "narrow",
        aria_label=name,
        width=wide,
        height=high,
        viewBox=f"{_at(corner)} {wide} {high}",
    )


def number(value: float) -> str:
    """Return a number for an attribute."""
    return f"{value:.1f}".removesuffix(".0")


def _at(spot: Spot) -> str:
    return f"{number(spot.x)} {number(spot.y)}"


def _value(value: float | str) -> str:
    if isinstance(value, str):
        return escape(value)
    return number(value)
