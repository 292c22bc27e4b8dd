"""What every parsed language has to provide, and what the readers of their trees share.

A grammar is a tree-sitter language, a query that finds definitions, imports, comments and
strings anywhere in a tree, and functions that read a captured node. All queries use the same
captures: the name of a `Kind` for definitions, `@scope` for what only says whose its
definitions are (Rust's `impl`), `@skip` for code that is a test among sources, `@package` for
the name of the package that a file declares, `@import`, `@export`, `@comment`, and `@string`
for what is between quotes.

Where a language writes a definition as modifiers, name, bases and body, `define_by` reads it,
given a few types of nodes.
"""

import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from tree_sitter import Language as TreeLanguage
from tree_sitter import Node

from worker.engines.static.facts import Import, Kind

MAX_SIGNATURE: Final = 300
"""In characters; the parameters of a longer one are of no use to a reader."""
MAX_DOC: Final = 4000
"""In characters; what a docstring says later is reference."""
MAX_BASES: Final = 2000
"""In characters; a longer list of bases was made by a program."""

_MARKS: Final = re.compile(
    r"^\s*(?://[/!]?|/\*+!?|\*+/|\*(?!\*)|#+[!:]?|--|;+)? ?", re.MULTILINE
)
_CLOSING: Final = re.compile(r"(?<!\*)\*++/\s*\Z")
_INNER_COMMENT: Final = re.compile(rb'("[^"\n]*")|\s*/\*.*?\*/', re.DOTALL)
_BRACKETED: Final = re.compile(r"[<(\[{][^<>()\[\]{}]*[>)\]}]")
_BETWEEN_BASES: Final = re.compile(
    r"[,+&]|\b(?:extends|implements|with|for)\b", re.MULTILINE
)
_BASE: Final = re.compile(
    r"(?<![\w'$])\\?[A-Za-z_$][\w$]*(?:(?:\.|::|\\)[\w$]+)*"
)
_DEEPEST: Final = 8
"""Brackets within brackets that are read in a list of bases."""
_LICENCE: Final = re.compile(
    r"^authors?:|copyright|licen[cs]ed? |all rights reserved|SPDX-|use strict|eslint-|coding[:=]|^!"
    r"|clang-format|@ts-|jshint",
    re.IGNORECASE,
)
_CODE_ENDS: Final = (";", "{", "}")
_SHEBANG: Final = b"#!"
_TOP_CHARACTERS: Final = 400
_BELOW_BYTES: Final = 200
_BLOCK: Final = "/**"
_EMPTY_LINE: Final = re.compile(rb"[ \t]*\r?\n[ \t]*\r?\n")
_MAGIC: Final = re.compile(
    r"^(?:frozen_string_literal|warn_indent|typed|shareable_constant_value): \w+$"
    r"|^rubocop:.*",
    re.MULTILINE,
)
"""Lines of comments that instruct programs."""
_BELOW: Final = (b"#", b"package ", b"import ", b"use ", b"mod ", b"namespace ")
"""Nodes that may follow a comment about the file."""
_BODIES: Final = frozenset(
    {"class_body", "enum_class_body", "function_body", "accessor_list"}
)
"""Bodies that are not a field of their definition."""
_MODIFIERS: Final = "modifiers"


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
    path: str = ""
    """Of its file; not known to the grammar."""


class FileText:
    """A file's bytes and comments, as its definitions need them."""

    def __init__(
        self,
        data: bytes,
        comments: Sequence[Node],
        documenting: tuple[str, ...] = ("",),
    ) -> None:
        """Take the UTF-8 bytes that were parsed, and all comment nodes in the tree.

        Comments that begin with one of `documenting` are about what is below them.
        """
        self.data = data
        self._documenting = documenting
        self._ending_at = {
            last_row(node): node
            for node in comments
            if self._stands_alone(node)
        }
        self._starting_at = {
            node.start_point.row for node in self._ending_at.values()
        }
        self._children: dict[tuple[int, str], list[Node]] = {}

    def _stands_alone(self, node: Node) -> bool:
        begin = node.start_byte
        if begin == 0 and self.data.startswith(_SHEBANG):
            return False
        line_start = begin - min(begin, node.start_point.column)
        return not self.data[line_start:begin].strip()

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
        """Return the documentation that ends on the line before, without its marks."""
        documentation = [
            comment
            for comment in self._comments_above(row)
            if comment.startswith(self._documenting)
        ]
        return _words(documentation)

    def block_above(self, row: int, mark: str = _BLOCK) -> str:
        """Return the documentation right above, or a block that one empty line keeps apart.

        A block that documents the file, or its licence, is not about what is below it.
        """
        near = self.comment_above(row)
        block = self._ending_at.get(row - 2)
        if near or block is None or not text(block).startswith(mark):
            return near
        if not _EMPTY_LINE.match(self.data, block.end_byte):
            return ""
        above = self.comment_above(row - 1)
        if is_licence(above) or above == self.comment_on_top():
            return ""
        return above

    def _comments_above(self, row: int) -> list[str]:
        comments: list[str] = []
        while True:
            node = self._ending_at.get(row - 1)
            if node is None or node.start_point.row >= row:
                break
            comments.append(text(node))
            row = node.start_point.row
        comments.reverse()
        return comments

    def comment_on_top(self) -> str:
        """Return the comments before all code, unless they are a licence or about that code."""
        end = 0
        if self.data.startswith(_SHEBANG):
            end = self.data.find(b"\n") + 1
        comments = self._ending_at.values()
        for node in sorted(comments, key=lambda node: node.start_byte):
            if self.data[end : node.start_byte].strip():
                break
            end = node.end_byte
            row = last_row(node)
            if row + 1 in self._starting_at or not self._is_apart(end):
                continue
            comment = _words(self._comments_above(row + 1))
            if comment and not is_licence(comment):
                return comment
        return ""

    def _is_apart(self, end: int) -> bool:
        """Whether what follows a comment on the next line is not what it describes."""
        after = self.data[end : end + _BELOW_BYTES]
        following = after.partition(b"\n")[2]
        below = following.split(b"\n")[0]
        return not below.strip() or below.startswith(_BELOW)


def _words(comments: Sequence[str]) -> str:
    """Return the text of comments without their marks; nothing of code that is commented out."""
    words = clean_comment("\n".join(comments))
    if ": " in words or "rubocop:" in words:
        words = _MAGIC.sub("", words).strip()
    if words.partition("\n")[0].endswith(_CODE_ENDS):
        return ""
    return words


def is_licence(comment: str) -> bool:
    """Whether a comment at the top of a file is a licence, or an instruction to programs."""
    return _LICENCE.search(comment[:_TOP_CHARACTERS]) is not None


def last_row(node: Node) -> int:
    """Return the row of a node's last character; some grammars give comments their newline."""
    row, column = node.end_point
    if column == 0:
        return row - 1
    return row


DOC_COMMENTS: Final = ("/**", "///")
"""Comments that document, in languages that tell them from other comments."""

Define = Callable[[Node, str, FileText], Iterable[Draft]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Grammar:
    """A language as this engine reads it."""

    module: str
    """The package of the parser, which is imported when a file needs it."""
    function: str = "language"
    """What returns the language in it."""
    query: str
    define: Define
    """Read a definition, given the name of its capture.

    One node may define several things, or nothing of interest.
    """
    imports: Callable[[Node], Iterable[Import]]
    exports: Callable[[Node], Iterable[tuple[str, str]]] = lambda _: ()
    """Read an `@export`: pairs of the name that others see and the name in this file."""
    doc: Callable[[Node, FileText], str] = lambda _, page: page.comment_on_top()
    """Read what a file says of itself, given the root of its tree."""
    documenting: tuple[str, ...] = ("",)
    """How a comment begins that documents what is below it; any comment unless given."""
    prepare: Callable[[bytes], bytes] = lambda data: data
    """Make code readable for the parser, without moving a byte."""

    def load(self) -> TreeLanguage:
        package = importlib.import_module(self.module)
        return TreeLanguage(getattr(package, self.function)())


def define_by(
    *,
    is_public: Callable[[str, Sequence[str]], bool],
    bases: Iterable[str] = (),
    marks: Iterable[str] = (),
) -> Define:
    """Return a reader of definitions that are modifiers, a name, bases and a body.

    `is_public` is given the name and the words before it. `bases` are the types of nodes that
    list what a type extends, `marks` those of its annotations.
    """
    return partial(
        _define,
        is_public=is_public,
        bases=frozenset(bases),
        marks=frozenset(marks),
    )


def _define(
    node: Node,
    capture: str,
    page: FileText,
    *,
    is_public: Callable[[str, Sequence[str]], bool],
    bases: frozenset[str],
    marks: frozenset[str],
) -> Iterator[Draft]:
    named = _named(node)
    if named is None:
        return
    name = text(named)
    body = body_of(node)
    own_marks = _marks(node, marks)
    start = _unmarked(node, own_marks, page)
    definition = draft(page, node, name, Kind(capture), body=body, start=start)
    for mark in own_marks:
        whole = one_line(text(mark))
        decorator = whole.lstrip("@#[").rstrip("]")
        definition.decorators += (decorator,)
    before = page.data[start : named.start_byte]
    words = before.decode().split()
    definition.kind = _kind(definition.kind, words)
    definition.public = _in_interface(node) or is_public(name, words)
    for child in node.children:
        if child.type in bases:
            definition.bases += tuple(bases_in(text(child)))
    yield definition


def _kind(kind: Kind | None, words: Sequence[str]) -> Kind | None:
    """Tell interfaces and enums from classes where they are nodes of one type."""
    if kind is not Kind.CLASS:
        return kind
    if "enum" in words:
        return Kind.ENUM
    if "interface" in words:
        return Kind.INTERFACE
    return Kind.CLASS


def _named(node: Node) -> Node | None:
    """Return the node of a definition's name: its field, or the first identifier in it."""
    named = node.child_by_field_name("name")
    if named is not None:
        return named
    for child in node.named_children:
        if child.type in {"identifier", "name"}:
            return child
        if child.type == "variable_declaration":
            return _named(child)
    return None


def body_of(node: Node) -> Node | None:
    """Return the body of a definition, which is not a field in every language."""
    body = node.child_by_field_name("body")
    if body is not None:
        return body
    bodies = (child for child in node.children if child.type in _BODIES)
    body = next(bodies, None)
    if body is not None and body.type == "function_body":
        return next(iter(body.named_children), None)
    return body


def _marks(node: Node, types: frozenset[str]) -> list[Node]:
    """Return the annotations of a definition, which may stand among its modifiers."""
    marks = []
    for child in node.children:
        inner = [child]
        if child.type == _MODIFIERS:
            inner = child.children
        marks += [mark for mark in inner if mark.type in types]
    return marks


def _unmarked(node: Node, marks: Iterable[Node], page: FileText) -> int:
    """Return where a definition begins after its leading annotations."""
    start = node.start_byte
    for mark in marks:
        if not page.data[start : mark.start_byte].strip():
            start = mark.end_byte
    return start


def _in_interface(node: Node) -> bool:
    """Whether a definition is a member of an interface, and so as public as that."""
    for outer in (node.parent, parent_of(node.parent)):
        if outer and outer.type.startswith(("interface", "annotation")):
            return True
    return False


def bases_in(clause: str) -> list[str]:
    """Return the names in a list of bases, without type arguments and keywords."""
    clause = clause[:MAX_BASES]
    for _ in range(_DEEPEST):
        shorter = _BRACKETED.sub("", clause)
        if shorter == clause:
            break
        clause = shorter
    names = map(_BASE.search, _BETWEEN_BASES.split(clause))
    return [name[0] for name in names if name is not None]


def text(node: Node | None) -> str:
    """Return the text of a node, or nothing for none."""
    if node is None:
        return ""
    # The library copies a node's text each time that it is asked for it.
    source = node.text or b""
    return source.decode("utf-8", "replace")


def parent_of(node: Node | None) -> Node | None:
    """Return the node that a node lies in."""
    if node is None:
        return None
    return node.parent


def field_text(node: Node, name: str) -> str:
    """Return the text of a node's field, or nothing."""
    return text(node.child_by_field_name(name))


def line(node: Node) -> int:
    """Return the line on which a node begins, counted from 1."""
    return node.start_point.row + 1


def one_line(phrase: str) -> str:
    """Return a text with every run of white space as one space."""
    return " ".join(phrase.split())


def head(page: FileText, start: int, node: Node, body: Node | None) -> str:
    """Return a definition's text up to its body, on one line."""
    end = node.end_byte
    if body is not None:
        end = body.start_byte
    end = min(end, start + 4 * MAX_SIGNATURE)
    code = page.data[start:end]
    if b"/*" in code:
        code = _INNER_COMMENT.sub(rb"\1", code)
    decoded = code.decode("utf-8", "replace")
    signature = one_line(decoded).rstrip("{; ")
    if body is not None:
        signature = signature.removesuffix("=>").removesuffix("=").rstrip(": ")
    return signature[:MAX_SIGNATURE]


def clean_comment(comment: str) -> str:
    """Return a comment's text without its marks and the indentation that all of its lines share."""
    comment = _CLOSING.sub("", comment[: 2 * MAX_DOC])
    return _MARKS.sub("", comment).strip()[:MAX_DOC]


def draft(
    page: FileText,
    node: Node,
    name: str,
    kind: Kind,
    *,
    body: Node | None = None,
    start: int | None = None,
) -> Draft:
    """Begin a draft of a definition with what all languages have in common.

    Its signature begins at `start`, where that is not the beginning of the node.
    """
    first_row = node.start_point.row
    return Draft(
        name=name,
        kind=kind,
        start=node.start_byte,
        end=node.end_byte,
        line=first_row + 1,
        end_line=node.end_point.row + 1,
        signature=head(
            page, node.start_byte if start is None else start, node, body
        ),
        doc=page.comment_above(first_row),
    )
