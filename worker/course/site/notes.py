"""Marks the places behind a paragraph or a list as notes: `(`src/app.py:12-20`)`.

A note is a parenthesis at the end that holds nothing but places in files, as code.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from markdown_it.token import Token

NOTE: Final = "places"
"""The class of a note, and of a paragraph that is nothing else."""
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
    closing = len(children) - 1
    if closing < 0 or children[closing].content != ")":
        return None
    between = ")"
    position = closing
    while position > 1 and _is_text(children[position], between):
        place = children[position - 1]
        if place.type != "code_inline" or not _PLACE.fullmatch(place.content):
            return None
        position -= 2
        between = ", "
    if position < closing and _opens(children, position):
        return position
    return None


def _is_text(token: Token, content: str) -> bool:
    return token.type == "text" and token.content == content


def _opens(children: Sequence[Token], position: int) -> bool:
    """Whether a text ends with the parenthesis of a note."""
    token = children[position]
    if position == 0 and token.content == "(":
        return True
    return token.type == "text" and token.content.endswith(" (")


def _marked(children: Sequence[Token], start: int) -> list[Token]:
    before = list(children[:start])
    content = children[start].content.removesuffix("(")
    if content:
        text = Token("text", "", 0, content=content)
        before.append(text)
    opening = Token("note_open", "small", 1, attrs={"class": NOTE})
    parenthesis = Token("text", "", 0, content="(")
    closing = Token("note_close", "small", -1)
    behind = children[start + 1 :]
    return [*before, opening, parenthesis, *behind, closing]
