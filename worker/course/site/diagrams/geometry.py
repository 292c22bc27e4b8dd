"""Places and boxes, in pixels from the upper left corner."""

from dataclasses import dataclass
from typing import NamedTuple


class Spot(NamedTuple):
    """A place, or a step from one place to another."""

    x: float
    y: float

    def moved(self, x: float, y: float) -> "Spot":
        """Return the place so far to the right, and down."""
        return Spot(self.x + x, self.y + y)

    def along(self, step: "Spot", length: float) -> "Spot":
        """Return the place that is a length further in the direction of a step."""
        return self.moved(step.x * length, step.y * length)

    def aside(self, step: "Spot", length: float) -> "Spot":
        """Return the place that is a length to the right of a step."""
        return self.moved(-step.y * length, step.x * length)


LEFT = Spot(-1, 0)
RIGHT = Spot(1, 0)
UP = Spot(0, -1)
DOWN = Spot(0, 1)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def around(cls, middle: Spot, width: float, height: float) -> "Box":
        """Return the rectangle of a size around a middle."""
        left = middle.x - width / 2
        top = middle.y - height / 2
        return cls(left, top, width, height)

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height

    @property
    def corner(self) -> Spot:
        """Its upper left corner."""
        return Spot(self.left, self.top)

    @property
    def middle(self) -> Spot:
        """Its middle."""
        return self.corner.moved(self.width / 2, self.height / 2)
