"""Parses source files: definitions, imports, exports, and code without comments."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

from tree_sitter import Node, Parser, Query, QueryCursor, Tree

from worker.engines.static.facts import TYPES, Import, Kind
from worker.engines.static.parsing import (
    cfamily,
    csharp,
    ecmascript,
    golang,
    java,
    kotlin,
    php,
    python,
    ruby,
    rust,
    scopes,
)
from worker.engines.static.parsing.grammar import Draft, FileText, Grammar, text
from worker.engines.static.reading.language import Language

MAX_PARSED_BYTES: Final = 256 * 1024
"""A file with more than this beside its comments is not parsed.

On garbage, a parser's time grows with the square of its size: 15 s for this.
"""
_COMMENT_LINE: Final = re.compile(r"^[ \t]*(?:\*|//).*\n?", re.MULTILINE)

MAX_NAME: Final = 120
"""In characters; a longer name was made by a program."""

_GRAMMARS: Final = {
    Language.PYTHON: python.GRAMMAR,
    Language.JAVASCRIPT: ecmascript.JAVASCRIPT,
    Language.TYPESCRIPT: ecmascript.TYPESCRIPT,
    Language.TSX: ecmascript.TSX,
    Language.GO: golang.GRAMMAR,
    Language.RUST: rust.GRAMMAR,
    Language.JAVA: java.GRAMMAR,
    Language.C: cfamily.C,
    Language.CPP: cfamily.CPP,
    Language.CSHARP: csharp.GRAMMAR,
    Language.KOTLIN: kotlin.GRAMMAR,
    Language.RUBY: ruby.GRAMMAR,
    Language.PHP: php.GRAMMAR,
}
_KEPT_BYTES: Final = 3 * 1024 * 1024
"""Bytes of sources whose trees are kept; a tree takes some 23 times its source's memory."""
_Pairs = tuple[tuple[str, str], ...]
_BLANK: Final = b" " * 10 + b"\n" + b" " * 245
"""Makes spaces of all bytes but newlines."""
_SKIP: Final = "skip"
_SCOPES: Final = frozenset({"scope", _SKIP})


@dataclass(frozen=True, kw_only=True, slots=True)
class Parsed:
    """A source file, read by its grammar."""

    drafts: tuple[Draft, ...]
    """By place; members after what they are members of, whole functions as one."""
    extends: _Pairs
    """Bases that are not said where the type is defined: pairs of type and base."""
    imports: tuple[Import, ...]
    exports: _Pairs
    """Pairs of the name that others see and the name in this file."""
    package: str
    """The name of the package or namespace that the file declares, with dots; or nothing."""
    doc: str
    code: bytes
    """The file without comments, text in quotes, imports, the name of its package, and tests.

    Every byte that is left has its place.
    """
    locals: scopes.LocalNames

    @property
    def top_names(self) -> list[str]:
        """The names that are defined at the top of the file."""
        top = (draft for draft in self.drafts if draft.parent is None)
        return [draft.name for draft in top]


class _KeptTrees:
    """The trees of the sources that were read last: pages show what relations were found in."""

    def __init__(self) -> None:
        self._trees: dict[tuple[Language, bytes], Tree] = {}
        self._bytes = 0
        self._lock = Lock()

    def get(self, language: Language, data: bytes) -> Tree | None:
        with self._lock:
            tree = self._trees.pop((language, data), None)
            if tree is not None:
                self._trees[language, data] = tree
        return tree

    def keep(self, language: Language, data: bytes, tree: Tree) -> None:
        with self._lock:
            if (language, data) in self._trees:
                return
            self._trees[language, data] = tree
            self._bytes += len(data)
            while self._bytes > _KEPT_BYTES:
                oldest = next(iter(self._trees))
                del self._trees[oldest]
                _, source = oldest
                self._bytes -= len(source)


_KEPT_TREES: Final = _KeptTrees()


def parsed_size(content: str) -> int:
    """Return the size of a file; of a large one, without the lines that are comments."""
    if len(content) <= MAX_PARSED_BYTES:
        return len(content)
    return len(_COMMENT_LINE.sub("", content))


class SourceParser:
    """Parses the files of a repository; grammars are loaded when they are first needed."""

    def __init__(self) -> None:
        self._parsers: dict[Language, Parser] = {}
        self._queries: dict[Language, Query] = {}

    def tree(self, language: Language, data: bytes) -> Tree:
        tree = _KEPT_TREES.get(language, data)
        if tree is None:
            prepared = _GRAMMARS[language].prepare(data)
            tree = self._parser(language).parse(prepared)
            _KEPT_TREES.keep(language, data, tree)
        return tree

    def read(self, language: Language, content: str) -> Parsed:
        data = content.encode("utf-8", "replace")
        grammar = _GRAMMARS[language]
        root = self.tree(language, data).root_node
        query = self._query(language)
        captures = QueryCursor(query).captures(root)
        comments = captures.pop("comment", [])
        page = FileText(data, comments, grammar.documenting)
        imports, imported = _imports(grammar, captures.pop("import", []))
        exports = _exports(grammar, captures.pop("export", []))
        packages = captures.pop("package", [])
        strings = _strings(captures)
        tests = _tests(grammar, captures.get(_SKIP, []), page)
        not_code = [*comments, *imported, *packages, *strings, *tests]
        drafts, extends = _nest(_drafts(grammar, captures, page))
        return Parsed(
            drafts=drafts,
            extends=extends,
            imports=imports,
            exports=exports,
            package=_package(packages),
            doc=grammar.doc(root, page),
            code=blank(data, not_code),
            locals=scopes.local_names(captures, data),
        )

    def _parser(self, language: Language) -> Parser:
        if language not in self._parsers:
            tree_language = _GRAMMARS[language].load()
            self._parsers[language] = Parser(tree_language)
        return self._parsers[language]

    def _query(self, language: Language) -> Query:
        if language not in self._queries:
            grammar = _GRAMMARS[language]
            source = grammar.query + scopes.query(language)
            self._queries[language] = Query(grammar.load(), source)
        return self._queries[language]


def _ordered(nodes: Iterable[Node]) -> list[Node]:
    """Return captured nodes by place: the library gives them in any order."""
    return sorted(nodes, key=lambda node: (node.start_byte, -node.end_byte))


def _imports(
    grammar: Grammar, nodes: Iterable[Node]
) -> tuple[tuple[Import, ...], list[Node]]:
    """Return the imports of a file, and the nodes that they were read from."""
    imports: list[Import] = []
    read = []
    for node in _ordered(nodes):
        statements = list(grammar.imports(node))
        if statements:
            imports += statements
            read.append(node)
    return tuple(imports), read


def _exports(grammar: Grammar, nodes: Iterable[Node]) -> _Pairs:
    exports: list[tuple[str, str]] = []
    for node in _ordered(nodes):
        exports += grammar.exports(node)
    return tuple(dict.fromkeys(exports))


def _strings(captures: dict[str, list[Node]]) -> list[Node]:
    """Take the texts in quotes out of what was found; annotations are code."""
    annotations = {node.start_byte for node in captures.pop("annotation", [])}
    strings = captures.pop("string", [])
    return [node for node in strings if node.start_byte not in annotations]


def _tests(
    grammar: Grammar, nodes: Iterable[Node], page: FileText
) -> list[Node]:
    """Return the nodes of tests among sources."""
    parts: list[Node] = []
    for node in nodes:
        for test in grammar.define(node, _SKIP, page):
            end = test.end
            parts += [part for part in node.children if part.end_byte <= end]
    return parts


def _package(names: Sequence[Node]) -> str:
    if names:
        return text(_ordered(names)[0]).replace("\\", ".")
    return ""


def _drafts(
    grammar: Grammar, captures: dict[str, list[Node]], page: FileText
) -> list[Draft]:
    drafts: list[Draft] = []
    for capture in sorted(captures):
        if capture.startswith("_"):
            continue
        is_scope = capture in _SCOPES
        for node in captures[capture]:
            for definition in grammar.define(node, capture, page):
                if is_scope:
                    definition.kind = None
                    definition.declared |= capture == _SKIP
                if len(definition.name) <= MAX_NAME:
                    drafts.append(definition)
    return sorted(drafts, key=_by_place)


def _by_place(definition: Draft) -> tuple[int, int, str]:
    return definition.start, -definition.end, definition.name


def _nest(drafts: Iterable[Draft]) -> tuple[tuple[Draft, ...], _Pairs]:
    """Find what each definition, in order, is a member of.

    Leave out what only the inside of a function can see, and tests.
    """
    kept: list[Draft] = []
    extends: list[tuple[str, str]] = []
    around: list[Draft] = []
    for definition in drafts:
        start = definition.start
        while around and around[-1].end <= start:
            around.pop()
        outer = None
        if around:
            outer = around[-1]
        if outer is not None and _hides(outer):
            continue
        around.append(definition)
        if definition.kind is None:
            name = definition.name
            extends += [(name, base) for base in definition.bases]
            continue
        if outer is not None:
            _place(definition, outer)
        kept.append(definition)
    _give_comments_on(kept)
    return _without_repetitions(kept), tuple(extends)


def _give_comments_on(drafts: Sequence[Draft]) -> None:
    """Give the comment above a nested type to the function right below it that takes the type.

    It is written for both, and is about the function.
    """
    types: dict[tuple[int, int], Draft] = {}
    for draft in drafts:
        is_nested = draft.parent is not None and draft.kind in TYPES
        if is_nested and draft.doc:
            below = id(draft.parent), draft.end_line + 1
            types[below] = draft
    for method in drafts:
        if method.kind is not Kind.METHOD or method.doc:
            continue
        place = id(method.parent), method.line
        nested = types.get(place)
        if nested is not None:
            method.doc = nested.doc
            nested.doc = ""


def _hides(outer: Draft) -> bool:
    """Whether nothing else sees what is defined inside a definition."""
    if outer.kind is None:
        return outer.declared
    return outer.kind not in TYPES


def _place(definition: Draft, outer: Draft) -> None:
    if outer.kind is None:
        definition.owner = outer.name
    else:
        definition.parent = outer
    if definition.kind is Kind.FUNCTION:
        definition.kind = Kind.METHOD


def _without_repetitions(drafts: Iterable[Draft]) -> tuple[Draft, ...]:
    """Keep one definition of each name: the first that does more than announce it."""
    chosen: dict[tuple[int, str, str], Draft] = {}
    for definition in drafts:
        is_function = definition.kind is Kind.FUNCTION
        if is_function and definition.owner:
            definition.kind = Kind.METHOD
        parent = id(definition.parent)
        key = parent, definition.owner, definition.name
        other = chosen.setdefault(key, definition)
        if other.declared and not definition.declared:
            definition.doc = definition.doc or other.doc
            chosen[key] = definition
    whole = chosen.values()
    alive = {id(None), *map(id, whole)}
    kept = [each for each in whole if id(each.parent) in alive]
    in_order = sorted(kept, key=_by_place)
    return tuple(in_order)


def blank(data: bytes, nodes: Iterable[Node]) -> bytes:
    """Return code of the same length and lines with spaces in the place of some nodes."""
    code = bytearray(data)
    for node in nodes:
        start = node.start_byte
        end = node.end_byte
        code[start:end] = data[start:end].translate(_BLANK)
    return bytes(code)
