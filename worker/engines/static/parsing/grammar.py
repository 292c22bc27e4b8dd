"""What every parsed language has to provide, and what the readers of their trees share.

A grammar is a tree-sitter language, a query that finds definitions, imports, comments and
strings anywhere in a tree, and two functions that read a found node. All queries use the
same captures: the name of a `Kind` for definitions, `@scope` for what only says whose its
definitions are (Rust's `impl`), `@skip` for code that is a test among sources, `@import`,
`@export`, `@comment`, and `@string` for what is between quotes.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tree_sitter import Language as TreeLanguage
from tree_sitter import Node

from worker.engines.static.facts import Import, Kind

MAX_SIGNATURE: Final = 300
"""In characters; the parameters of a longer one are of no use to a reader."""
MAX_DOC: Final = 4000
"""In characters; what a docstring says later is reference."""

_SPACE: Final = re.compile(r"\s+")
_MARKS: Final = re.compile(
    r"^\s*(?://[/!]?|/\*+!?|\*+/|\*(?!\*)|#+!?|--|;+)? ?", re.MULTILINE
)
_CLOSING: Final = re.compile(r"(?<!\*)\*++/\s*\Z")
_LICENCE: Final = re.compile(
    r"copyright|licen[cs]ed? |all rights reserved|SPDX-|use strict|eslint-|coding[:=]|^!|clang-format|@ts-|jshint",
    re.IGNORECASE,
)


@dataclass(kw_only=True, slots=True)
class Draft:
    """A definition as its file shows it, before the other files are known."""

    name: str
    kind: Kind | None
    """None for a scope."""
    start: int
    end: int
    """Bytes in the file; `end` is the first after it."""
    line: int
    end_line: int
    signature: str
    doc: str = ""
    bases: tuple[str, ...] = ()
    decorators: tuple[str, ...] = ()
    public: bool = True
    owner: str = ""
    """The type that it is a member of, where it is not written inside it."""
    declared: bool = False
    """Whether it only announces what is defined elsewhere: prototypes, overloads."""
    parent: "Draft | None" = None


class FileText:
    """A file's bytes and comments, as its definitions need them."""

    def __init__(self, data: bytes, comments: Sequence[Node]) -> None:
        """Take the UTF-8 bytes that were parsed, and all comment nodes in the tree."""
        self.data: Final = data
        self._ending_at: Final = {
            node.end_point.row - (node.end_point.column == 0): node
            for node in comments
            if self._stands_alone(node)
        }
        self._children: Final[dict[tuple[int, str], list[Node]]] = {}
        self._starting_at: Final = {
            node.start_point.row for node in self._ending_at.values()
        }

    def _stands_alone(self, node: Node) -> bool:
        if node.start_byte == 0 and self.data.startswith(_SHEBANG):
            return False
        begin = node.start_byte
        return not self.data[
            begin - min(begin, node.start_point.column) : begin
        ].strip()

    def children(self, outer: Node, kind: str) -> Sequence[Node]:
        """Return the children of a kind.

        They are remembered, as to walk from sibling to sibling is quadratic.
        """
        key = (outer.id, kind)
        if key not in self._children:
            self._children[key] = [
                child for child in outer.children if child.type == kind
            ]
        return self._children[key]

    def comment_above(self, row: int) -> str:
        """Return the text of the comments that end on the line before, without their marks."""
        blocks: list[str] = []
        while (
            node := self._ending_at.get(row - 1)
        ) is not None and node.start_point.row < row:
            blocks.append(text(node))
            row = node.start_point.row
        return clean_comment("\n".join(reversed(blocks)))

    def comment_on_top(self) -> str:
        """Return the comments before all code, unless they are a licence or about that code."""
        end = self.data.find(b"\n") + 1 if self.data.startswith(_SHEBANG) else 0
        for node in sorted(
            self._ending_at.values(), key=lambda node: node.start_byte
        ):
            if self.data[end : node.start_byte].strip():
                break
            end = node.end_byte
            row = node.end_point.row - (node.end_point.column == 0)
            below = (
                self.data[end : end + _BELOW_BYTES]
                .partition(b"\n")[2]
                .split(b"\n")[0]
            )
            if row + 1 not in self._starting_at and (
                not below.strip() or below.startswith(_BELOW)
            ):
                said = self.comment_above(row + 1)
                if said and not _LICENCE.search(said[:_TOP_CHARACTERS]):
                    return said
        return ""


_SHEBANG: Final = b"#!"
_TOP_CHARACTERS: Final = 400
_BELOW_BYTES: Final = 200
_BELOW: Final = (b"#", b"package ", b"import ", b"use ", b"mod ")
"""What may stand right below a comment that is about the file, not about what is below."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grammar:
    """A language as this engine reads it."""

    load: Callable[[], TreeLanguage]
    query: str
    define: Callable[[Node, str, FileText], Iterable[Draft]]
    """Read a definition, given the name of its capture.

    One node may define several things, or nothing of interest.
    """
    imports: Callable[[Node], Iterable[Import]]
    exports: Callable[[Node], Iterable[tuple[str, str]]] = lambda _: ()
    """Read an `@export`: pairs of the name that others see and the name in this file."""
    doc: Callable[[Node, FileText], str] = lambda _, page: page.comment_on_top()
    """Read what a file says of itself, given the root of its tree."""


def text(node: Node | None) -> str:
    """Return the text of a node, or nothing for none."""
    return (
        node.text.decode("utf-8", "replace")
        if node is not None and node.text is not None
        else ""
    )


def field_text(node: Node, name: str) -> str:
    """Return the text of a node's field, or nothing."""
    return text(node.child_by_field_name(name))


def line(node: Node) -> int:
    """Return the line on which a node begins, counted from 1."""
    return node.start_point.row + 1


def one_line(said: str) -> str:
    """Return a text with every run of white space as one space."""
    return _SPACE.sub(" ", said).strip()


def head(page: FileText, node: Node, body: Node | None) -> str:
    """Return a definition's text up to its body, on one line."""
    end = body.start_byte if body is not None else node.end_byte
    end = min(end, node.start_byte + 4 * MAX_SIGNATURE)
    said = one_line(
        page.data[node.start_byte : end].decode("utf-8", "replace")
    ).rstrip("{; ")
    if body is not None:
        said = said.removesuffix("=>").removesuffix("=").rstrip(": ")
    return said[:MAX_SIGNATURE]


def clean_comment(said: str) -> str:
    """Return a comment's text without its marks and the indentation that all of its lines share."""
    said = _CLOSING.sub("", said[: 2 * MAX_DOC])
    return _MARKS.sub("", said).strip()[:MAX_DOC]


def draft(
    page: FileText,
    node: Node,
    name: str,
    kind: Kind,
    *,
    body: Node | None = None,
) -> Draft:
    """Begin a draft of a definition with what all languages have in common."""
    return Draft(
        name=name,
        kind=kind,
        start=node.start_byte,
        end=node.end_byte,
        line=line(node),
        end_line=node.end_point.row + 1,
        signature=head(page, node, body),
        doc=page.comment_above(node.start_point.row),
    )
