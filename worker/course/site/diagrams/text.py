"""The texts of diagrams, and the space that they take.

Nothing here knows the reader's fonts, so widths are estimates on the safe side.
"""

import html
import re
import unicodedata
from functools import cache
from typing import Final, NamedTuple

LINE: Final = 18
"""The height of a line, for text of 13 pixels."""
MAX_LABEL: Final = 400
"""How many characters of a label are drawn."""
_WRAP: Final = 190
_USUAL: Final = 7.9
"""The width of most characters."""
_WIDTHS: Final = {
    "ijl.,:;'|!`I ": 4.4,
    "ftr()[]{}/-*": 5.6,
    "mwMW@%": 12.4,
}
_BREAK: Final = re.compile(r"<br\s*/?>|\\n", re.IGNORECASE)
_TAG: Final = re.compile(
    r"</?(?:b|i|em|strong|u|code|small|sub|sup)>", re.IGNORECASE
)
_PART: Final = re.compile(r"[^_./]{1,20}[_./]?|[_./]")
_ENTITY: Final = re.compile(r"#(\w+);")


class Text(NamedTuple):
    """Lines of text; none for an empty text."""

    lines: list[str]

    @property
    def width(self) -> float:
        """The width of the widest line."""
        widths = map(width, self.lines)
        return max(widths, default=0.0)

    @property
    def height(self) -> int:
        return len(self.lines) * LINE


def plain(label: str) -> str:
    """Return a label without quotes, markup and entities, but with its line breaks."""
    text = label.strip()
    text = _within(text, '"').strip()
    markdown = _within(text, "`")
    if markdown != text:
        text = markdown.replace("**", "")
    text = _BREAK.sub("\n", text)
    text = _TAG.sub("", text)
    text = _ENTITY.sub(_entity, text)
    text = html.unescape(text)
    return text[:MAX_LABEL]


def _within(text: str, quote: str) -> str:
    """Return a text without the quotes around it, if it has them."""
    is_quoted = text.startswith(quote) and text.endswith(quote)
    if is_quoted and len(text) > 1:
        return text[1:-1]
    return text


def _entity(match: re.Match[str]) -> str:
    """Mermaid writes entities as `#quot;` and `#35;`."""
    number = ""
    if match[1].isdigit():
        number = "#"
    return f"&{number}{match[1]};"


def width(text: str, *, mono: bool = False) -> float:
    """Return the width of a line in pixels."""
    return sum(_character(character, mono=mono) for character in text)


@cache
def _character(character: str, *, mono: bool) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 13.5
    if mono:
        return _USUAL
    for characters, wide in _WIDTHS.items():
        if character in characters:
            return wide
    if character.isupper():
        return 9.2
    return _USUAL


def wrapped(label: str, limit: float = _WRAP) -> Text:
    """Return a label in lines that are hardly wider than a limit."""
    lines: list[str] = []
    for paragraph in label.split("\n"):
        lines += _wrapped(paragraph, limit)
    return Text(lines)


def _wrapped(paragraph: str, limit: float) -> list[str]:
    lines = [""]
    for word in paragraph.split():
        for piece in _pieces(word, limit):
            line = lines[-1]
            longer = f"{line} {piece}".strip()
            if width(longer) <= limit or not line:
                lines[-1] = longer
            else:
                lines.append(piece)
    return lines


def _pieces(word: str, limit: float) -> list[str]:
    """Cut a word that is wider than the limit, after `_`, `.` or `/` if it has one."""
    if width(word) <= limit:
        return [word]
    pieces = [""]
    for part in _PART.findall(word):
        piece = pieces[-1]
        longer = piece + part
        if piece and width(longer) > limit:
            pieces.append(part)
        else:
            pieces[-1] = longer
    return pieces
