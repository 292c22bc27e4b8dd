"""The facts about the inside of a function, each with its line in the source."""

from typing import Final, NamedTuple

CAUGHT: Final = "after catching "
"""The beginning of a condition of what an exception handler does."""


class Call(NamedTuple):
    """A call; `name` is the last name of what is called."""

    name: str
    line: int
    end: int
    """The byte after it."""
    place: int
    """The byte at which the name begins."""
    inner: str
    """The name of the function defined inside that calls; empty if it is none of these."""


class Raise(NamedTuple):
    """A way to fail; `verb` is raises, throws, panics or returns an error."""

    verb: str
    what: str
    """An exception's name, or nothing."""
    message: str
    """The first text in it, as written with its quotes, or nothing."""
    conditions: tuple[str, ...]
    """What has to hold, the outermost first: `if …`, `unless …`, `after catching …`.

    Where it depends on more than can be told, only what is caught, and an empty one.
    """
    line: int
    is_inner: bool = False
    """Whether a function that is defined inside fails."""


class Expression(NamedTuple):
    """An expression, and what has to hold for it to be reached."""

    text: str
    conditions: tuple[str, ...] = ()


class Handler(NamedTuple):
    """What a handler catches, and the lines of the whole statement that it belongs to."""

    text: str
    first: int
    last: int


class Statement(NamedTuple):
    """A simple statement, by its lines, and the lines around it that it needs."""

    first: int
    last: int
    frame: tuple[int, ...]
