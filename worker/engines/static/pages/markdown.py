"""Writes Markdown in which nothing that comes from a repository can be anything but text.

Whatever is quoted passes through `text`, `code`, `prose` or `fence`; what these return may
be put together freely, as long as blocks stand apart by an empty line. Nothing quoted can
then begin a heading, a list, a link, an image, HTML, mathematics or front matter, hide
characters, or end the block that it stands in.
"""

import re
from collections.abc import Iterable
from typing import Final

MAX_LINE: Final = 200
"""Characters of a line of code that are shown."""

_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    "|(?<=[\\x00-\\x7f])[\u200c\u200d\ufe00-\ufe0f]|^[\u200c\u200d\ufe00-\ufe0f]"
)
"""Invisible characters, and those that change the direction of text.

Joiners and variation selectors belong to many scripts and to emoji, but mean nothing behind
an ASCII character.
"""
_MARKUP: Final = re.compile(
    r"[\\`*\[\]<>|~${}]|&(?=[#\w])|(?<![^\W_])_|_(?![^\W_])|#(?=#*$)"
)
_BEGINNING: Final = re.compile(r"^(\d{1,9})([.)])|^([-+=:#%])")
_ADDRESS: Final = re.compile(
    r"((?:\b(?:https?|ftp|mailto|xmpp|javascript|data):|\bwww\.)[^\s`]+(?<![).,;:!?])"
    r"|[\w.+-]+@[\w.-]+\.\w+)",
    re.IGNORECASE,
)
_SPAN: Final = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_TICKS: Final = re.compile(r"`+")
_SPACE: Final = re.compile(r"\s+")

PLACE: Final = re.compile(
    r"(?P<path>.+):(?P<lines>\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)", re.DOTALL
)
"""A place in a file, as `place` writes it."""


def spans(lines: str) -> list[tuple[int, int]]:
    """Return the first and the last line of each part of a place's lines, as `3,5-9`."""
    parts: list[tuple[int, int]] = []
    for part in lines.split(","):
        ends = list(map(int, part.split("-")))
        extent = ends[0], ends[-1]
        parts.append(extent)
    return parts


def visible(raw: str) -> str:
    """Return a text in which what cannot be seen is shown by its number, as `⟨U+202E⟩`."""
    if raw.isascii() and raw.isprintable():
        return raw
    return _HIDDEN.sub(_numbered, raw)


def _numbered(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"⟨U+{number:04X}⟩"


def text(raw: str) -> str:
    """Return plain text on one line.

    Addresses in it become code, so that nothing makes links of them.
    """
    line = _SPACE.sub(" ", raw)
    return _text(line.strip(), first=True)


def _text(line: str, *, first: bool) -> str:
    """Escape a line, or a part of one; only what comes first on a line can begin a block."""
    escaped = []
    pieces = _ADDRESS.split(visible(line))
    for index, piece in enumerate(pieces):
        is_address = index % 2 == 1
        if is_address:
            escaped.append(_code(piece))
        else:
            escaped.append(_MARKUP.sub(_escape, piece))
    if first:
        escaped[0] = _BEGINNING.sub(r"\1\\\2\3", escaped[0])
    return "".join(escaped)


def _escape(match: re.Match[str]) -> str:
    """Put a backslash before a character; a bar in a table is not escaped by one everywhere."""
    char = match[0]
    if char == "|":
        return "&#124;"
    return f"\\{char}"


def code(raw: str) -> str:
    """Return a code span on one line."""
    line = raw.replace("\n", " ")
    return _code(visible(line))


def _ticks(shown: str, fewest: int) -> str:
    """Return more backticks than the text has in a row."""
    ticks = "`" * fewest
    for row in _TICKS.findall(shown):
        if len(row) >= len(ticks):
            ticks = f"{row}`"
    return ticks


def _code(shown: str) -> str:
    if not shown.strip(" "):
        return "(nothing)"
    ticks = _ticks(shown, 1)
    is_padded = shown.startswith(" ") and shown.endswith(" ")
    if ticks == "`" and not is_padded:
        return f"`{shown}`"
    return f"{ticks} {shown} {ticks}"


def prose(raw: str) -> str:
    """Return text on one line in which `backticks` mark code.

    Code that looks like a place in a file becomes text: wherever that is code in a course,
    it is a reference of ours.
    """
    line = _SPACE.sub(" ", raw).strip()
    written = ""
    end = 0
    for match in _SPAN.finditer(line):
        before = line[end : match.start()]
        written += _text(before, first=not written)
        shown = match[2].strip()
        if PLACE.fullmatch(shown):
            written += _text(shown, first=not written)
        else:
            written += code(shown)
        end = match.end()
    rest = _text(line[end:], first=not written)
    return f"{written}{rest}"


def place(path: str, *spans: tuple[int, int]) -> str:
    """Return a place in a file as a code span: `path:12`, `path:3-20,45-60`.

    The path alone without lines.
    """
    shown = []
    for first, last in spans:
        if first == last:
            shown.append(f"{first}")
        else:
            shown.append(f"{first}-{last}")
    if not shown:
        return code(path)
    lines = ",".join(shown)
    return code(f"{path}:{lines}")


def cut(line: str, limit: int = MAX_LINE) -> str:
    """Return a line that is not too long to be looked at, with a mark where it was cut.

    A mark in the place of less than its own length would save nothing.
    """
    left_out = len(line) - limit
    mark = f" …[{left_out} more characters]"
    if left_out <= len(mark):
        return line
    return f"{line[:limit]}{mark}"


def heading(level: int, content: str) -> str:
    """Return a heading; `content` is Markdown."""
    marks = "#" * level
    return f"{marks} {content}"


def fence(lines: Iterable[str], tag: str) -> str:
    """Return a block of code, each line visible and cut; `tag` is one of our own words."""
    rows = []
    for line in lines:
        row = line.replace("\n", " ")
        rows.append(cut(visible(row)))
    shown = "\n".join(rows)
    ticks = _ticks(shown, 3)
    return f"{ticks}{tag}\n{shown}\n{ticks}"


def link(content: str, target: str) -> str:
    """Return a link to a file of the course; its name needs no escaping."""
    return f"[{content}]({target})"


def bullets(items: Iterable[str]) -> str:
    """Return a list of items, which are Markdown on one line each."""
    return "\n".join(f"- {item}" for item in items)


def steps(items: Iterable[str]) -> str:
    """Return a numbered list of items, which are Markdown on one line each."""
    return "\n".join(
        f"{number}. {item}" for number, item in enumerate(items, 1)
    )


def answer(*blocks: str, summary: str = "Answer") -> str:
    """Return blocks that are hidden until their reader asks for them; a summary quotes nothing."""
    opening = f"<details>\n<summary>{summary}</summary>"
    return document(opening, *blocks, "</details>")


def document(*blocks: str) -> str:
    """Return blocks, those that are empty left out, with an empty line between them."""
    return "\n\n".join(block for block in blocks if block)
