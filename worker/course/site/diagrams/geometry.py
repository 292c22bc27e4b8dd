"""Places and boxes, in pixels from the upper left corner."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spot:
    """A place, or a step from one place to another."""

    x: float
    y: float

    def __add__(self, step: "Spot") -> "Spot":
        return Spot(self.x + step.x, self.y + step.y)

    def __sub__(self, start: "Spot") -> "Spot":
        return Spot(self.x - start.x, self.y - start.y)

    def __mul__(self, length: float) -> "Spot":
        return Spot(self.x * length, self.y * length)

    @property
    def turned(self) -> "Spot":
        """The step to the right of this one."""
        return Spot(-self.y, self.x)

    def right(self, length: float) -> "Spot":
        return Spot(self.x + length, self.y)

    def down(self, length: float) -> "Spot":
        return Spot(self.x, self.y + length)


ORIGIN = Spot(0, 0)
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
    def at(cls, corner: Spot, width: float, height: float) -> "Box":
        """Return the rectangle of a size with its upper left corner at a place."""
        return cls(corner.x, corner.y, width, height)

    @classmethod
    def around(cls, middle: Spot, width: float, height: float) -> "Box":
        """Return the rectangle of a size around a middle."""
        left = middle.x - width / 2
        top = middle.y - height / 2
        return cls(left, top, width, height)

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

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
