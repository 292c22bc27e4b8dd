"""Texts of diagrams: what they say, and how much room they take.

Nothing here knows the reader's fonts, so widths are estimates on the safe side.
"""

import html
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

LINE: Final = 18
"""The height of a line, for text of 13 pixels."""
MAX_LABEL: Final = 400
"""How many characters of a label are drawn."""
_WRAP: Final = 190
_NARROW: Final = frozenset("ijl.,:;'|!`I ")
_MEDIUM: Final = frozenset("ftr()[]{}/-*")
_WIDE: Final = frozenset("mwMW@%")
_BREAK: Final = re.compile(r"<br\s*/?>|\\n", re.IGNORECASE)
_TAG: Final = re.compile(
    r"</?(?:b|i|em|strong|u|code|small|sub|sup)>", re.IGNORECASE
)
_ENTITY: Final = re.compile(r"#(\w+);")


def plain(label: str) -> str:
    """Return a label without quotes, markup and entities, its line breaks as such."""
    text = label.strip()
    text = _within(text, '"').strip()
    markdown = _within(text, "`")
    if markdown != text:
        text = markdown.replace("**", "")
    text = _TAG.sub("", _BREAK.sub("\n", text))
    return html.unescape(_ENTITY.sub(_entity, text))[:MAX_LABEL]


def _within(text: str, quote: str) -> str:
    """Return a text without the quotes around it, if it has them."""
    if len(text) > 1 and text.startswith(quote) and text.endswith(quote):
        return text[1:-1]
    return text


def _entity(match: re.Match[str]) -> str:
    """Mermaid writes entities as `#quot;` and `#35;`."""
    number = "#" if match[1].isdigit() else ""
    return f"&{number}{match[1]};"


def width(text: str, *, mono: bool = False) -> float:
    """Return the width of a line in pixels."""
    return sum(_character(character, mono=mono) for character in text)


def widest(lines: Iterable[str]) -> float:
    """Return the width of the widest line."""
    return max((width(line) for line in lines), default=0.0)


def _character(character: str, *, mono: bool) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 13.5
    if mono:
        return 7.9
    if character in _NARROW:
        return 4.4
    if character in _MEDIUM:
        return 5.6
    if character in _WIDE:
        return 12.4
    return 9.2 if character.isupper() else 7.9


def wrapped(label: str, limit: float = _WRAP) -> list[str]:
    """Return a label's lines, none much wider than a limit."""
    lines: list[str] = []
    for paragraph in label.split("\n"):
        lines += _wrapped(paragraph, limit)
    return lines or [""]


def _wrapped(paragraph: str, limit: float) -> list[str]:
    lines = [""]
    for word in paragraph.split():
        for piece in _pieces(word, limit):
            longer = f"{lines[-1]} {piece}".strip()
            if width(longer) <= limit or not lines[-1]:
                lines[-1] = longer
            else:
                lines.append(piece)
    return lines


def _pieces(word: str, limit: float) -> list[str]:
    """Cut a word that is wider than the limit, after `_`, `.` or `/` where it has one."""
    if width(word) <= limit:
        return [word]
    pieces = [""]
    for part in re.findall(r"[^_./]{1,20}[_./]?|[_./]", word):
        if width(pieces[-1] + part) > limit and pieces[-1]:
            pieces.append("")
        pieces[-1] += part
    return pieces
