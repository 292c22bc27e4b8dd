"""SVG elements: the few that diagrams consist of, every text and attribute escaped."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from worker.course.site.diagrams.text import LINE

WIDE: Final = 700
"""A drawing that is wider is not shrunk to the width of a phone."""

Point = tuple[float, float]


def element(name: str, content: str = "", /, **attributes: float | str) -> str:
    """Return an element; `class_` and `text_anchor` are written as SVG has them."""
    fields = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
    )
    return f"<{name}{fields}>{content}</{name}>"


def text(line: str, x: float, y: float, class_: str = "text") -> str:
    """Return a line of text, its baseline at `y`."""
    return element("text", escape(line), x=x, y=y, class_=class_)


def texts(
    lines: Sequence[str], x: float, middle: float, class_: str = "text"
) -> str:
    """Return lines of text around a middle."""
    first = middle - (len(lines) - 1) * LINE / 2 + 4.5
    return "".join(
        text(line, x, first + number * LINE, class_)
        for number, line in enumerate(lines)
    )


def path(steps: str, class_: str) -> str:
    """Return a path."""
    return element("path", d=steps, class_=class_)


def polygon(points: Iterable[Point], class_: str) -> str:
    """Return a closed outline."""
    corners = " ".join(f"{_value(x)},{_value(y)}" for x, y in points)
    return element("polygon", points=corners, class_=class_)


def rectangle(
    x: float, y: float, width: float, height: float, class_: str, rx: float = 3
) -> str:
    """Return a rectangle by its upper left corner."""
    return element(
        "rect", x=x, y=y, width=width, height=height, rx=rx, class_=class_
    )


def drawing(
    content: str, width: float, height: float, name: str, description: str
) -> str:
    """Return a whole drawing, with what a screen reader says of it."""
    margin = 8
    wide, high = round(width + 2 * margin), round(height + 2 * margin)
    return element(
        "svg",
        element("desc", escape(description)) + content,
        role="img",
        class_="wide" if wide > WIDE else "narrow",
        aria_label=name,
        width=wide,
        height=high,
        viewBox=f"{-margin} {-margin} {wide} {high}",
    )


def number(value: float) -> str:
    """Return a number for an attribute."""
    return f"{value:.1f}".removesuffix(".0")


def _value(value: float | str) -> str:
    return escape(value) if isinstance(value, str) else number(value)
