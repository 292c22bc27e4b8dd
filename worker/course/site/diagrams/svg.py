"""The few SVG elements that diagrams use, with every text and attribute escaped."""

from collections.abc import Iterable
from html import escape
from typing import Final, Self

from worker.course.site.diagrams.geometry import Box, Spot
from worker.course.site.diagrams.text import LINE, Text

WIDE: Final = 700
"""A wider drawing is not shrunk to the width of a phone."""
_MARGIN: Final = 8
_BASELINE: Final = 4.5
"""How far below the middle of a line its baseline is."""


class Path:
    """A line, step by step."""

    def __init__(self, start: Spot) -> None:
        self._steps = [f"M{_at(start)}"]

    def to(self, end: Spot) -> Self:
        return self._step("L", end)

    def jump(self, end: Spot) -> Self:
        """Move to a place without drawing."""
        return self._step("M", end)

    def curve(self, first: Spot, second: Spot, end: Spot) -> Self:
        """Draw a curve with two control points."""
        return self._step("C", first, second, end)

    def arc(self, size: Spot, end: Spot, turn: int) -> Self:
        """Draw an arc of an ellipse; `turn` is 1 for right and 0 for left."""
        radius = _at(size * 0.5)
        command = f"A{radius} 0 0 {turn} "
        return self._step(command, end)

    def _step(self, command: str, *spots: Spot) -> Self:
        places = " ".join(map(_at, spots))
        self._steps.append(command + places)
        return self

    def drawn(self, class_: str) -> str:
        steps = "".join(self._steps)
        return element("path", d=steps, class_=class_)


def element(name: str, content: str = "", /, **attributes: float | str) -> str:
    """Return an element; `class_` and `aria_label` become `class` and `aria-label`."""
    fields = ""
    for key, value in attributes.items():
        attribute = key.rstrip("_")
        attribute = attribute.replace("_", "-")
        written = _value(value)
        fields += f' {attribute}="{written}"'
    return f"<{name}{fields}>{content}</{name}>"


def text_line(line: str, start: Spot, class_: str = "text") -> str:
    """Return a line of text; its class decides whether `start` is the middle of its baseline."""
    content = escape(line)
    return element("text", content, x=start.x, y=start.y, class_=class_)


def texts(text: Text, middle: Spot, class_: str = "text") -> str:
    """Return lines of text, centred on a place."""
    below_first = text.height - LINE
    rise = below_first / 2
    start = middle.down(_BASELINE - rise)
    return paragraph(text.lines, start, class_)


def label(text: Text, middle: Spot, padding: float) -> str:
    """Return centred lines of text, on a background that hides what is below."""
    width = text.width + padding
    box = Box.around(middle, width, text.height)
    drawn = rectangle(box, "paper")
    drawn += texts(text, middle, "label")
    return drawn


def paragraph(lines: Iterable[str], start: Spot, class_: str) -> str:
    """Return lines of text, with the baseline of the first at a place."""
    drawn = ""
    for line in lines:
        drawn += text_line(line, start, class_)
        start = start.down(LINE)
    return drawn


def circle(middle: Spot, radius: float, class_: str) -> str:
    return element(
        "circle",
        cx=middle.x,
        cy=middle.y,
        r=radius,
        class_=class_,
    )


def polygon(corners: Iterable[Spot], class_: str) -> str:
    places = map(_at, corners)
    points = " ".join(places)
    return element("polygon", points=points, class_=class_)


def rectangle(box: Box, class_: str, radius: float = 3) -> str:
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
    """Return a whole drawing, with a description for screen readers."""
    left = number(frame.left - _MARGIN)
    top = number(frame.top - _MARGIN)
    margins = 2 * _MARGIN
    width = round(frame.width + margins)
    height = round(frame.height + margins)
    class_ = "narrow"
    if width > WIDE:
        class_ = "wide"
    described = element("desc", escape(description))
    return element(
        "svg",
        described + content,
        role="img",
        class_=class_,
        aria_label=name,
        width=width,
        height=height,
        viewBox=f"{left} {top} {width} {height}",
    )


def number(value: float) -> str:
    """Return a number for an attribute."""
    return f"{value:.1f}".removesuffix(".0")


def _at(spot: Spot) -> str:
    x = number(spot.x)
    y = number(spot.y)
    return f"{x} {y}"


def _value(value: float | str) -> str:
    if isinstance(value, str):
        return escape(value)
    return number(value)
