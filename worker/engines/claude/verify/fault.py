"""The possible faults of a page."""

from dataclasses import dataclass
from enum import StrEnum


class CheckedClaim(StrEnum):
    """The kinds of claims that are checked."""

    SYMBOL = "symbol"
    MEMBER = "member"
    SIGNATURE = "signature"
    CALL = "call"
    IMPORT = "import"
    INHERITANCE = "inheritance"
    FAILURE = "failure"
    EXCERPT = "excerpt"
    EXAMPLE = "example"
    PLACE = "place"
    SOURCE = "source"
    PATH = "path"
    COMMAND = "command"
    FLAG = "flag"
    VARIABLE = "environment variable"
    LINK = "link"
    DIAGRAM = "diagram"
    MARKUP = "markup"
    LEFTOVER = "leftover"
    LANGUAGE = "language"
    LENGTH = "length"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A claim that is not true, and the reason."""

    claim: CheckedClaim
    text: str
    """One line for the model."""
    near: str = ""
    """The beginning of the line or block with the claim; empty for a whole page."""

    @property
    def placed(self) -> str:
        """The text, with its position on the page."""
        if not self.near:
            return self.text
        return f"near “{self.near}”: {self.text}"
