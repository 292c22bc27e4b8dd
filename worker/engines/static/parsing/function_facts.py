"""What happens inside a function, as far as its syntax tree tells.

Nothing is followed into other functions, and nothing is known about values: what stands
here stands in the source, on the line that is said.
"""

from dataclasses import dataclass, field
from typing import NamedTuple


class Parameter(NamedTuple):
    """A parameter; `default` as written, empty where it has none."""

    name: str
    default: str
    optional: bool
    """Whether it may be left out: it has a default, says so, or takes whatever is left."""


class Call(NamedTuple):
    """A call; `name` is the last name of what is called, `said` what stands there.

    They stand in the order in which they end, which is that in which they happen: arguments
    before what takes them.
    """

    name: str
    said: str
    line: int
    end: int
    """The byte after it."""


class Raise(NamedTuple):
    """A way to fail; `verb` is raises, throws, panics or returns an error."""

    verb: str
    what: str
    """An exception's name, or nothing."""
    message: str
    """The first text in it, as written with its quotes, or nothing."""
    conditions: tuple[str, ...]
    """What has to hold to reach it, outermost first, as Markdown: "if `x`", "unless `y`"."""
    line: int


class Expression(NamedTuple):
    """An expression and where it stands."""

    said: str
    line: int


class Statement(NamedTuple):
    """A simple statement, by its lines, and the lines around it that it needs."""

    first: int
    last: int
    frame: tuple[int, ...]


@dataclass(kw_only=True, slots=True)
class FunctionFacts:
    """What was found, in the order of the source."""

    first: int
    last: int
    body: int
    """The line on which the first statement stands; after `last` if there is none."""
    doc: tuple[int, int] | None = None
    """The lines of a docstring inside the body."""
    parameters: list[Parameter] = field(default_factory=list)
    """Without the receiver (`self`, `this`)."""
    calls: list[Call] = field(default_factory=list)
    raises: list[Raise] = field(default_factory=list)
    returns: list[Expression] = field(default_factory=list)
    """What is returned, without functions defined inside; nothing where a bare return stands."""
    decisions: list[Expression] = field(default_factory=list)
    handles: list[Expression] = field(default_factory=list)
    """What is caught."""
    assigned: list[Expression] = field(default_factory=list)
    """Attributes of the object itself, each at its first assignment."""
    loops: list[int] = field(default_factory=list)
    """Their lines."""
    yields: bool = False
    statements: list[Statement] = field(default_factory=list)
