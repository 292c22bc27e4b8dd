"""Tells whether an example runs as it stands: it parses, and binds every name that it uses."""

import ast
import builtins
import re
import sys
import warnings
from collections.abc import Collection, Iterator, Sequence
from functools import cache, lru_cache
from textwrap import dedent
from typing import Final, NamedTuple

from tree_sitter import Node

from worker.engines.static.parsing.grammar import (
    body_of,
    field_text,
    last_row,
    text,
)
from worker.engines.static.parsing.identifiers import word_set, words_of
from worker.engines.static.parsing.node_types import FUNCTIONS, STRINGS
from worker.engines.static.parsing.source_file import SourceParser, blank
from worker.engines.static.prose.code_blocks import DOCTEST
from worker.engines.static.reading.language import PARSED, Language

_HOLLOW: Final = re.compile(
    r"^\s*(?:\.\.\.|…)\s*$|^\.\. \w|eval-rst|(?<!catch)(?<!catch )\(\.\.\.\)",
    re.MULTILINE,
)
"""Marks of code that is left out, and directives of documents."""
_PROMPT: Final = re.compile(r"^\s*(?:>>>|\.\.\.) ?")
_WHOLE: Final = {
    "javascript": re.compile(r"\bimport\b|\brequire\("),
    "typescript": re.compile(r"\bimport\b|\brequire\("),
    "go": re.compile(
        r"^package main\b.*^func main\(", re.DOTALL | re.MULTILINE
    ),
    "rust": re.compile(r"\bfn main\("),
    "java": re.compile(r"\bstatic void main\("),
    "c": re.compile(r"\bint main\("),
    "cpp": re.compile(r"\bint main\("),
    "ruby": re.compile(r"^require", re.MULTILINE),
    "php": re.compile(r"^<\?php", re.MULTILINE),
}
_BUILTINS: Final = frozenset({*dir(builtins), "__file__", "self"})
_OF_GO: Final = word_set(
    "_ append cap clear close complex copy delete imag len make max min new panic print println "
    "real recover bool byte error float32 float64 int int8 int16 int32 int64 rune string uint "
    "uint8 uint16 uint32 uint64 uintptr"
)
_GO_IMPORT: Final = re.compile(
    r'^[ \t]*(?:import )?(?:(\w+) )?"(?:[^"\s/]+/)*?(\w+)(?:[./]v\d+)?"$',
    re.MULTILINE,
)
"""An import, with the two names that it may bind."""
_PYTHON: Final = frozenset({DOCTEST, str(Language.PYTHON)})
_BINDERS: Final = word_set(
    "import_statement import_from_statement aliased_import dotted_name parameters "
    "lambda_parameters default_parameter typed_parameter typed_default_parameter "
    "list_splat_pattern dictionary_splat_pattern as_pattern_target global_statement "
    "parameter_declaration variadic_parameter_declaration"
)
"""Nodes of Python and Go whose identifiers are bound by them."""
_BOUND_FIELDS: Final = {
    "assignment": "left",
    "for_statement": "left",
    "for_in_clause": "left",
    "function_definition": "name",
    "class_definition": "name",
    "named_expression": "name",
    "short_var_declaration": "left",
    "range_clause": "left",
    "receive_statement": "left",
    "type_switch_statement": "alias",
    "function_declaration": "name",
    "var_spec": "name",
    "const_spec": "name",
}
_NAMELESS_FIELDS: Final = {
    "attribute": "attribute",
    "keyword_argument": "name",
    "import_from_statement": "module_name",
    "keyed_element": "key",
}
"""What names an attribute, a parameter of a call, a field, or a module elsewhere."""
_PARTS: Final = frozenset({"attribute", "subscript", "call"})
"""Nodes that bind no name where they are bound themselves."""
_IMPORTED: Final = re.compile(
    r"^[ \t]*(?:from\s+([\w.]+)\s+import|import\s+([\w., ]+))", re.MULTILINE
)
_BOUND: Final = re.compile(
    r"^[ \t]*(?:>>> )?(?:from\s+([\w.]+)\s+import\s+(\([^)]*\)|.*)|class (\w+))",
    re.MULTILINE,
)
_NO_EXPRESSIONS: Final = STRINGS | word_set(
    "type type_annotation import_statement import_from_statement import_declaration "
    "use_declaration using_directive preproc_include"
)
_VALUES: Final = STRINGS | word_set(
    "dictionary list tuple set integer float true false none"
)
_PHP: Final = "<?php"
_RECENT: Final = 256
"""Trees that are kept: an example is asked several things in a row."""
_LOADED: Final = re.compile(
    r"(?i)(?:(?:open|load|read|file|files|glob)\w{0,20}\(\s*[\"'`]|//go:embed )"
    r"(?:\./)?([\w/-]*[.*][\w./*-]*+)(?![\"'], *[\"'][wax])"
)
_EFFECTS: Final = frozenset({"call", "await"})


class BindingStatement(NamedTuple):
    """A statement that binds names for what follows, by its lines from 0."""

    first: int
    last: int
    bound: set[str]
    needed: frozenset[str]
    """Names that it uses and does not bind."""


def is_whole(lines: Sequence[str], tag: str) -> bool:
    """Whether code can be run as it is shown."""
    code = _code(lines, tag)
    if tag != DOCTEST and _HOLLOW.search(code):
        return False
    pattern = _WHOLE.get(tag)
    if used(lines, tag):
        return False
    if tag in _PYTHON:
        return _compiles(code)
    return pattern is not None and pattern.search(code) is not None


def imports_only(
    lines: Sequence[str],
    tag: str,
    modules: Collection[str],
) -> bool:
    """Whether Python code imports nothing but its standard library and some modules."""
    if tag not in _PYTHON:
        return True
    code = _code(lines, tag)
    known = {*sys.stdlib_module_names, *modules}
    for source, names in _IMPORTED.findall(code):
        imported = source or names
        for name in imported.split(","):
            package = _package(name)
            if package and package not in known:
                return False
    return True


def _package(name: str) -> str:
    """Return the first of the names in `package.module as alias`."""
    return re.split("[ .]", name.strip())[0]


def expressions(lines: Sequence[str], tag: str) -> str:
    """Return code without its imports, annotations, texts and comments, as many lines."""
    code = "\n".join(lines)
    if tag not in PARSED:
        return code
    return _expressions(code, tag)


@cache
def _expressions(code: str, tag: str) -> str:
    encoded = code.encode()
    others = []
    stack = list(_root(code, tag).named_children)
    while stack:
        node = stack.pop()
        kind = node.type
        if kind in _NO_EXPRESSIONS or kind.endswith("comment"):
            others.append(node)
        else:
            stack += node.named_children
    return blank(encoded, others).decode("utf-8", "replace")


def is_of_another(
    name: str,
    lines: Sequence[str],
    tag: str,
    modules: Collection[str],
) -> bool:
    """Whether Python code defines a name, or imports it from another project's package.

    In TypeScript, a variable may have the name of a type.
    """
    code = dedent("\n".join(lines))
    if tag == Language.TYPESCRIPT:
        variable = rf"\b(?:const|let) {re.escape(name)}\b"
        return re.search(variable, code) is not None
    if tag not in _PYTHON:
        return False
    if f"\ndef {name}(" in code:
        return True
    known = {"", *modules}
    return any(_package(source) not in known for source in sources(name, code))


def sources(name: str, code: str) -> list[str]:
    """Return the modules from which Python code imports a name; `class` if it defines it."""
    if name not in code:
        return []
    return [source for source, names in _bindings(code) if name in names]


@lru_cache(_RECENT)
def _bindings(code: str) -> list[tuple[str, set[str]]]:
    """Return the modules that Python code imports names from, with the names; its own classes."""
    return [
        (source or "class", {*words_of(names), defined})
        for source, names, defined in _BOUND.findall(code)
    ]


def has_effects(code: str) -> bool:
    """Whether Python code calls a function for what it does, when it is run."""
    stack = list(_root(code).named_children)
    while stack:
        node = stack.pop()
        if node.type == "expression_statement":
            if any(part.type in _EFFECTS for part in node.named_children[:1]):
                return True
        elif node.type not in FUNCTIONS:
            stack += node.named_children
    return False


def executed(lines: Sequence[str], tag: str, entry: str = "") -> str:
    """Return the code that surely runs: without bodies of functions and messages of assertions.

    It is the body of the function `entry`, or what is outside all functions.
    """
    code = _code(lines, tag)
    encoded = code.encode()
    root = _root(code, tag)
    start: Node | None = root
    if entry:
        start = _body_of_entry(root, entry)
    if start is None:
        return ""
    others = []
    stack = list(start.named_children)
    while stack:
        node = stack.pop()
        left_out = _not_run(node)
        others += left_out
        if not left_out:
            stack += node.named_children
    shown = blank(encoded, others)[start.start_byte : start.end_byte]
    return shown.decode("utf-8", "replace")


def _not_run(node: Node) -> list[Node]:
    """Return what of a node is not run where the node is: a body, a message, a comment."""
    if node.type.endswith("comment"):
        return [node]
    if node.type == "assert_statement":
        return node.named_children[1:]
    body = None
    if node.type in FUNCTIONS:
        body = body_of(node)
    if body is None:
        return []
    return [body]


def _body_of_entry(root: Node, entry: str) -> Node | None:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type in FUNCTIONS and field_text(node, "name") == entry:
            return body_of(node)
        stack += node.named_children
    return None


def parses(lines: Sequence[str], tag: str) -> bool:
    """Whether code of a parsed language has no mistakes, and no part of it is missing."""
    code = _code(lines, tag)
    if tag == Language.PHP and _PHP not in code:
        code = f"{_PHP}\n{code}"
    if tag in _PYTHON:
        return _compiles(code, ast.PyCF_ONLY_AST)
    return not _root(code, tag).has_error


def is_hollow(lines: Sequence[str], tag: str) -> bool:
    """Whether parts of the code are left out, or it is not code at all."""
    if tag == DOCTEST:
        return False
    is_blank = not any(map(str.strip, lines))
    code = "\n".join(lines)
    if is_blank or _HOLLOW.search(code):
        return True
    return tag in _PYTHON and _is_value(code)


def _is_value(code: str) -> bool:
    """Whether Python code is nothing but a value written down."""
    statements = [
        node
        for node in _root(dedent(code)).named_children
        if not node.type.endswith("comment")
    ]
    return all(
        statement.type == "expression_statement"
        and statement.named_children[0].type in _VALUES
        for statement in statements
    )


def _code(lines: Sequence[str], tag: str) -> str:
    """Return code by itself: of a session, what is typed at its prompts, on as many lines."""
    if tag != DOCTEST:
        return dedent("\n".join(lines))
    typed = []
    for line in lines:
        code = ""
        if _PROMPT.match(line):
            code = _PROMPT.sub("", line, count=1)
        typed.append(code)
    return "\n".join(typed)


@lru_cache(1)
def _parser() -> SourceParser:
    return SourceParser()


@lru_cache(_RECENT)
def _root(code: str, tag: str = Language.PYTHON) -> Node:
    """Return the root of the tree of code; Go's grammar wants its last line to end."""
    if tag == DOCTEST:
        tag = Language.PYTHON
    encoded = f"{code}\n".encode("utf-8", "replace")
    return _parser().tree(Language(tag), encoded).root_node


@lru_cache(_RECENT)
def _compiles(code: str, flags: int = 0) -> bool:
    """Whether Python takes code: a grammar takes more, as `await` outside of functions."""
    with warnings.catch_warnings(action="ignore"):
        try:
            compile(code, "", "exec", flags, dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
    return True


def loads(code: str) -> set[str]:
    """Return the files that a program opens, embeds or loads, but does not write."""
    return set(_LOADED.findall(code))


def used(lines: Sequence[str], tag: str) -> frozenset[str]:
    """Return the names that Python's or Go's code, or a session, uses and does not bind."""
    return _used(_code(lines, tag), tag)


@cache
def _used(code: str, tag: str) -> frozenset[str]:
    if tag in _PYTHON:
        return _unbound(_root(code))
    if tag != Language.GO:
        return frozenset()
    imported = _GO_IMPORT.findall(code)
    return _unbound(_root(code, tag)) - _OF_GO.union(*imported)


def binding(lines: Sequence[str], tag: str) -> Iterator[BindingStatement]:
    """Yield the imports, definitions and assignments of Python code, or of a session."""
    if tag not in _PYTHON:
        return
    for node in _root(_code(lines, tag)).named_children:
        bound = _bound_by(node)
        if bound and node.type != "for_statement":
            first = node.start_point.row
            needed = _unbound(node)
            yield BindingStatement(first, last_row(node), bound, needed)


def _bound_by(statement: Node) -> set[str]:
    if statement.type in _BINDERS:
        return {text(name) for name, _ in _names(statement)}
    names: set[str] = set()
    for part in (statement, *statement.named_children):
        for target in _fields(part, _BOUND_FIELDS.get(part.type)):
            if target.type not in _PARTS:
                names.update(words_of(text(target)))
    return names


def _unbound(root: Node) -> frozenset[str]:
    bound: set[str] = set()
    used: set[str] = set()
    for node, is_bound in _names(root):
        name = text(node)
        if is_bound:
            bound.add(name)
        else:
            used.add(name)
    return frozenset(used) - bound - _BUILTINS


def _names(root: Node) -> Iterator[tuple[Node, bool]]:
    """Yield the identifiers of code, and whether they are bound there."""
    stack = [(root, False)]
    while stack:
        node, is_outer_bound = stack.pop()
        kind = node.type
        if kind == "identifier":
            yield node, is_outer_bound
            continue
        is_bound = kind in _BINDERS or (is_outer_bound and kind not in _PARTS)
        bound = _fields(node, _BOUND_FIELDS.get(kind))
        left_out = _fields(node, _NAMELESS_FIELDS.get(kind))
        stack += [
            (child, is_bound or child in bound)
            for child in node.named_children
            if child not in left_out
        ]


def _fields(node: Node, name: str | None) -> list[Node]:
    if name is None:
        return []
    return node.children_by_field_name(name)
