"""Marks the places after a paragraph or a list as notes: `(`src/app.py:12-20`)`.

A note is a parenthesis at the end that contains only places in files, as code.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from markdown_it.token import Token

NOTE: Final = "places"
"""The class of a note, and of a paragraph that contains only a note."""
_PLACE: Final = re.compile(r".{1,400}:\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*")


def mark_notes(tokens: Sequence[Token]) -> None:
    """Put an element around each note in parsed Markdown."""
    for opening, inline in pairwise(tokens):
        if opening.type != "paragraph_open":
            continue
        children = inline.children or []
        start = _start(children)
        if start is None:
            continue
        inline.children = _marked(children, start)
        if start == 0 and children[0].content == "(":
            opening.attrSet("class", NOTE)


def _start(children: Sequence[Token]) -> int | None:
    """Return the position of the text whose last parenthesis begins a note."""
    position = len(children) - 1
    between = ")"
    while position > 1:
        if not _is_text(children[position], between):
            break
        position -= 1
        if not _is_place(children[position]):
            return None
        position -= 1
        between = ", "
    # A parenthesis without a place is not a note.
    if between == ")":
        return None
    opening = children[position]
    if _is_text(opening, "(") and position == 0:
        return position
    if opening.type == "text" and opening.content.endswith(" ("):
        return position
    return None


def _is_place(token: Token) -> bool:
    if token.type != "code_inline":
        return False
    place = _PLACE.fullmatch(token.content)
    return place is not None


def _is_text(token: Token, content: str) -> bool:
    return token.type == "text" and token.content == content


def _marked(children: Sequence[Token], start: int) -> list[Token]:
    before = children[:start]
    text = children[start]
    content = text.content.removesuffix("(")
    after = start + 1
    return [
        *before,
        Token("text", "", 0, content=content),
        Token("note_open", "small", 1, attrs={"class": NOTE}),
        Token("text", "", 0, content="("),
        *children[after:],
        Token("note_close", "small", -1),
    ]
