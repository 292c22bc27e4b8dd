"""Reads C and C++."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from worker.engines.static.facts import Import, Kind
from worker.engines.static.parsing.grammar import (
    Draft,
    FileText,
    Grammar,
    draft,
    field_text,
    line,
    text,
)
from worker.engines.static.parsing.identifiers import word_set

_C: Final = """
(function_definition) @function
(declaration declarator: [(function_declarator) (pointer_declarator)]) @function
(struct_specifier body: (_)) @struct
(union_specifier body: (_)) @struct
(enum_specifier body: (_)) @enum
(type_definition) @type
(preproc_function_def) @macro
(preproc_def) @constant
(preproc_include) @import
(preproc_ifdef) @skip
(preproc_if) @skip
(comment) @comment
(string_content) @string
"""
_CPP: Final = (
    _C
    + """
(class_specifier body: (_)) @class
(field_declaration declarator: (_)) @method
(declaration declarator: (reference_declarator)) @function
(alias_declaration) @type
(raw_string_content) @string
"""
)

_EXPORTED: Final = re.compile(
    rb"\b((?:class|struct)\s+)([A-Z][A-Z\d_]{2,})(?=\s+[A-Za-z_]\w*\s*(?:final\s*)?[:{])"
)
"""`class EXPORT Name {`: the parser cannot read it unless the macro is expanded."""

_NAMES: Final = word_set(
    "identifier field_identifier type_identifier qualified_identifier destructor_name "
    "operator_name"
)
_KEYWORDS: Final = word_set(
    "if else for while do switch case default return goto break continue sizeof try catch "
    "throw new delete and or not int char short long float double void unsigned signed bool "
    "const static struct union enum typedef"
)
"""Words that look like names where macros hide the code around them."""
_GUARD: Final = re.compile(
    r"_?[A-Z\d_]*_(?:H|HH|HPP|HXX|INCLUDED)_*|_[A-Z]\w*", re.IGNORECASE
)
_SHOUTED: Final = re.compile(r"[A-Z][A-Z\d_]{2,}")
"""A function of such a name is a macro that makes a function, and its name is not known."""
_STATIC: Final = re.compile(r"\bstatic\b")
_FOR_TESTS: Final = re.compile(
    r"(?:#\s*ifdef\s+|#\s*if\s+(?:defined\b)?[ (]*)"
    r"(?!\w*(?:NO|NOT|WITHOUT|DISABLE|SKIP)_)(?:\w+_)?TEST(?:S|ING)?(?:_\w+)?\b"
    r"[ )]*(?:&&[^|]*|/[/*].*)?"
)
"""A condition that holds only where the tests are built."""
_DEEP: Final = 12
_TYPEDEF: Final = "type_definition"
_BASES: Final = frozenset(
    {"type_identifier", "qualified_identifier", "template_type"}
)
_SPECIFIERS: Final = frozenset(
    {"struct_specifier", "enum_specifier", "union_specifier"}
)


def blank_macros(data: bytes) -> bytes:
    """Return code of the same length without the macros between `class` and its name."""
    return _EXPORTED.sub(_blanked, data)


def _blanked(match: re.Match[bytes]) -> bytes:
    return match[1] + b" " * len(match[2])


def _define(node: Node, capture: str, page: FileText) -> Iterator[Draft]:
    match capture:
        case "function" | "method":
            yield from _function(node, page)
        case "type":
            yield from _type(node, page)
        case "macro" | "constant":
            yield from _macro(node, Kind(capture), page)
        case "skip":
            yield from _tests(node, page)
        case _:
            yield from _record(node, Kind(capture), page)


def _function(node: Node, page: FileText) -> Iterator[Draft]:
    declarator = node.child_by_field_name("declarator")
    whole, is_function = _declared(declarator)
    *owners, name = whole.split("::")
    if not is_function or not _is_name(name) or _is_local(node):
        return
    body = node.child_by_field_name("body")
    outer = _template(node)
    own = name.strip()
    function = draft(page, outer, own, Kind.FUNCTION, body=body)
    if owners:
        function.owner = owners[-1].strip()
    function.declared = body is None
    before = function.signature.partition("(")[0]
    is_private = _access(node, page) == "private"
    function.public = not is_private and not _STATIC.search(before)
    yield function


def _tests(node: Node, page: FileText) -> Iterator[Draft]:
    """Read the code that is compiled for tests only, without its `#else`."""
    rest = page.data[node.start_byte : node.end_byte]
    condition = rest.partition(b"\n")[0].decode("utf-8", "replace").strip()
    if _FOR_TESTS.fullmatch(condition):
        tests = draft(page, node, condition, Kind.TYPE)
        alternative = node.child_by_field_name("alternative")
        if alternative is not None:
            tests.end = alternative.start_byte
        yield tests


def _is_name(name: str) -> bool:
    return bool(name) and name not in _KEYWORDS and not _SHOUTED.fullmatch(name)


def _declared(declarator: Node | None) -> tuple[str, bool]:
    """Return the name in a declarator, and whether it is that of a function."""
    is_function = False
    node = declarator
    for _ in range(_DEEP):
        if node is None:
            break
        if node.type in _NAMES:
            return _path(node), is_function
        inner = node.child_by_field_name("declarator") or _inner(node)
        if node.type == "function_declarator" and inner is not None:
            is_function = inner.type != "parenthesized_declarator"
        node = inner
    return "", False


def _path(node: Node | None) -> str:
    """Return a name without template arguments, which may be whole expressions."""
    if node is None:
        return ""
    if node.type.startswith("template_"):
        return field_text(node, "name")
    if node.type != "qualified_identifier":
        return text(node)
    scope = _path(node.child_by_field_name("scope"))
    name = _path(node.child_by_field_name("name"))
    return f"{scope}::{name}"


def _inner(node: Node) -> Node | None:
    """Return the declarator in parentheses or after a reference."""
    for child in node.named_children:
        if child.type in _NAMES or child.type.endswith("declarator"):
            return child
    return None


def _is_local(node: Node) -> bool:
    outer = node.parent
    is_inside = outer is not None and outer.type == "compound_statement"
    return node.type == "declaration" and is_inside


def _template(node: Node) -> Node:
    """Return a definition with the `template <…>` before it."""
    outer = node.parent
    if outer is not None and outer.type == "template_declaration":
        return outer
    return node


def _access(node: Node, page: FileText) -> str:
    """Return the access of a member, or nothing where none is given."""
    if node.parent is None:
        return ""
    marks = page.children(node.parent, "access_specifier")
    place = bisect_left(
        marks, node.start_byte, key=lambda mark: mark.start_byte
    )
    if place:
        return text(marks[place - 1]).rstrip(":").strip()
    return ""


def _record(node: Node, kind: Kind, page: FileText) -> Iterator[Draft]:
    outer = _template(node)
    name = _path(node.child_by_field_name("name")).rpartition("::")[2]
    typedef = node.parent
    if typedef is not None and typedef.type == _TYPEDEF:
        outer = typedef
        declarator = typedef.child_by_field_name("declarator")
        name = name or _declared(declarator)[0]
    if not name or name in _KEYWORDS:
        return
    body = node.child_by_field_name("body")
    record = draft(page, outer, name, kind, body=body)
    record.signature = record.signature.removeprefix("typedef ")
    record.bases = _bases(node)
    yield record


def _bases(node: Node) -> tuple[str, ...]:
    clauses = [
        child for child in node.children if child.type == "base_class_clause"
    ]
    names: list[str] = []
    for clause in clauses:
        bases = [base for base in clause.children if base.type in _BASES]
        names += [_path(base).replace("::", ".").strip(".") for base in bases]
    return tuple(names)


def _type(node: Node, page: FileText) -> Iterator[Draft]:
    """Read what a `typedef` or `using` names, but for the types that it also defines."""
    if node.type == "alias_declaration":
        yield draft(page, _template(node), field_text(node, "name"), Kind.TYPE)
        return
    meant = node.child_by_field_name("type")
    if meant is None or meant.child_by_field_name("body") is not None:
        return
    for declarator in node.children_by_field_name("declarator"):
        name, _ = _declared(declarator)
        if name and name != field_text(meant, "name"):
            alias = draft(page, node, name, Kind.TYPE)
            alias.declared = meant.type in _SPECIFIERS
            alias.start = declarator.start_byte
            alias.end = declarator.end_byte
            yield alias


def _macro(node: Node, kind: Kind, page: FileText) -> Iterator[Draft]:
    name = field_text(node, "name")
    value = node.child_by_field_name("value")
    if text(value).strip() and not _GUARD.fullmatch(name):
        yield draft(page, node, name, kind, body=value)


def _imports(node: Node) -> Iterator[Import]:
    yield Import(
        module=field_text(node, "path").strip('<>"'),
        everything=True,
        line=line(node),
    )


C: Final = Grammar(
    module="tree_sitter_c", query=_C, define=_define, imports=_imports
)
CPP: Final = Grammar(
    module="tree_sitter_cpp",
    query=_CPP,
    define=_define,
    imports=_imports,
    prepare=blank_macros,
)
