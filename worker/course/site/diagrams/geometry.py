"""Places and boxes, in pixels from the upper left corner."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Spot:
    """A place, or a step from one place to another."""

    x: float
    y: float

    def __add__(self, step: "Spot") -> "Spot":
        x = self.x + step.x
        y = self.y + step.y
        return Spot(x, y)

    def __sub__(self, start: "Spot") -> "Spot":
        x = self.x - start.x
        y = self.y - start.y
        return Spot(x, y)

    def __mul__(self, length: float) -> "Spot":
        x = self.x * length
        y = self.y * length
        return Spot(x, y)

    @property
    def turned(self) -> "Spot":
        """The same step, turned to the right."""
        return Spot(-self.y, self.x)

    def right(self, length: float) -> "Spot":
        x = self.x + length
        return Spot(x, self.y)

    def down(self, length: float) -> "Spot":
        y = self.y + length
        return Spot(self.x, y)


ORIGIN = Spot(0, 0)
LEFT = Spot(-1, 0)
RIGHT = Spot(1, 0)
UP = Spot(0, -1)
DOWN = Spot(0, 1)


class Box(NamedTuple):
    """A rectangle."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def at(cls, corner: Spot, width: float, height: float) -> "Box":
        """Return the rectangle of a size whose upper left corner is at a place."""
        return cls(left=corner.x, top=corner.y, width=width, height=height)

    @classmethod
    def around(cls, middle: Spot, width: float, height: float) -> "Box":
        """Return the rectangle of a size around a centre."""
        left = middle.x - width / 2
        top = middle.y - height / 2
        return cls(left=left, top=top, width=width, height=height)

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def sides(self) -> "Extent":
        return Extent(self.left, self.right)

    @property
    def corner(self) -> Spot:
        """The upper left corner."""
        return Spot(self.left, self.top)

    @property
    def upper_right(self) -> Spot:
        return Spot(self.right, self.top)

    @property
    def lower_left(self) -> Spot:
        return Spot(self.left, self.bottom)

    @property
    def lower_right(self) -> Spot:
        return Spot(self.right, self.bottom)

    @property
    def middle(self) -> Spot:
        x = self.left + self.width / 2
        y = self.top + self.height / 2
        return Spot(x, y)


class Extent(NamedTuple):
    """The space between a left and a right side."""

    left: float
    right: float

    @classmethod
    def around(cls, x: float, width: float) -> "Extent":
        half = width / 2
        return cls(x - half, x + half)

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    def wider(self, margin: float) -> "Extent":
        """Return the extent with a margin on both sides."""
        left = self.left - margin
        right = self.right + margin
        return Extent(left, right)

    def including(self, other: "Extent") -> "Extent":
        left = min(self.left, other.left)
        right = max(self.right, other.right)
        return Extent(left, right)

    def box(self, top: float, bottom: float) -> Box:
        """Return the rectangle between these sides, and between a top and a bottom."""
        return Box(
            left=self.left,
            top=top,
            width=self.width,
            height=bottom - top,
        )
