"""`details`, `summary` and `br`: the only HTML tags that have an effect in a course's Markdown.

Their attributes have no effect.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

_TAG: Final = re.compile(
    r"(</?(?:details|summary)(?:\s[^<>]*)?>)", re.IGNORECASE
)
_BREAK: Final = re.compile(r"<br\s*/?>", re.IGNORECASE)
_FOLD: Final = "fold"


def allow_folds(markdown: MarkdownIt) -> None:
    """Add the rules that read these tags."""
    markdown.block.ruler.before(
        "html_block",
        _FOLD,
        _read_tags,
        {"alt": ["paragraph", "blockquote", "list"]},
    )
    markdown.inline.ruler.before("autolink", "break", _read_break)


def _read_tags(
    state: StateBlock,
    line: int,
    _: int,
    silent: bool,  # noqa: FBT001 - the library calls it
) -> bool:
    indent = state.tShift[line]
    start = state.bMarks[line] + indent
    end = state.eMarks[line]
    text = state.src[start:end]
    if state.is_code_block(line) or not _TAG.match(text):
        return False
    if silent:
        return True
    tag = ""
    for piece in _TAG.split(text):
        words = piece.strip()
        if _TAG.fullmatch(piece):
            tag = piece.lower()
            fold = state.push(_FOLD, "", 0)
            fold.content = tag
        elif words:
            in_summary = tag.startswith("<summary")
            _text(state, words, line, bare=in_summary)
    state.line = line + 1
    return True


def _text(state: StateBlock, text: str, line: int, *, bare: bool) -> None:
    """Add the text between tags: bare in a summary, otherwise as a paragraph."""
    if not bare:
        state.push("paragraph_open", "p", 1)
    inline = state.push("inline", "", 0)
    inline.content = text
    inline.map = [line, line + 1]
    inline.children = []
    if not bare:
        state.push("paragraph_close", "p", -1)


def _read_break(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the library calls it
    tag = _BREAK.match(state.src, state.pos)
    if tag is None:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = tag.end()
    return True


def balanced(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield tokens with every fold closed within the list, quote or page that it was opened in."""
    open_folds: list[list[str]] = [[]]
    for token in tokens:
        if token.type == _FOLD:
            yield from _fold(token.content, open_folds[-1])
            continue
        if token.nesting > 0:
            open_folds.append([])
        elif token.nesting < 0:
            yield from _closed(open_folds.pop())
        yield token
    yield from _closed(open_folds[0])


def _fold(text: str, open_here: list[str]) -> Iterator[Token]:
    name = text.lstrip("</")
    tag = "details"
    if name.startswith("summary"):
        tag = "summary"
    if not text.startswith("</"):
        open_here.append(tag)
        yield Token("fold_open", tag, 1, block=True)
    elif tag in open_here:
        closed = ""
        while closed != tag:
            closed = open_here.pop()
            yield from _closed([closed])


def _closed(tags: Sequence[str]) -> Iterator[Token]:
    for tag in reversed(tags):
        yield Token("fold_close", tag, -1, block=True)
