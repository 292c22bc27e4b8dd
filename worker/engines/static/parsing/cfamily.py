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
"""`class EXPORT Name {`: the macro makes it unreadable for who does not expand it."""

_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_NAMED: Final = frozenset(
    {
        "identifier",
        "field_identifier",
        "type_identifier",
        "qualified_identifier",
        "destructor_name",
        "operator_name",
    }
)
_GUARD: Final = re.compile(
    r"_?[A-Z\d_]*_(?:H|HH|HPP|HXX|INCLUDED)_*|_[A-Z]\w*", re.IGNORECASE
)
_SHOUTED: Final = re.compile(r"[A-Z][A-Z\d_]{2,}")
"""A function of such a name is a macro that makes a function, and its name is not known."""
_DEEP: Final = 12


def blank_macros(data: bytes) -> bytes:
    """Return code of the same length without the macros between `class` and its name."""
    return _EXPORTED.sub(lambda match: match[1] + b" " * len(match[2]), data)


def _define(node: Node, capture: str, page: FileText) -> Iterator[Draft]:
    match capture:
        case "function" | "method":
            yield from _function(node, page)
        case "type":
            yield from _type(node, page)
        case "macro" | "constant":
            yield from _macro(node, capture, page)
        case _:
            yield from _record(node, Kind(capture), page)


def _function(node: Node, page: FileText) -> Iterator[Draft]:
    name, parameters = _declarator(node.child_by_field_name("declarator"))
    *owner, last = re.sub(r"<[^<>]*>", "", name).split("::") or [""]
    if (
        not parameters
        or not last
        or _SHOUTED.fullmatch(last)
        or (node.type == "declaration" and _inside_function(node))
    ):
        return
    outer = _template(node)
    found = draft(
        page,
        outer,
        last.strip(),
        Kind.FUNCTION,
        body=node.child_by_field_name("body"),
    )
    found.owner = owner[-1].strip() if owner else ""
    found.declared = node.child_by_field_name("body") is None
    found.public = (
        not re.search(r"\bstatic\b", found.signature.partition("(")[0])
        and _access(node, page) != "private"
    )
    yield found


def _declarator(node: Node | None) -> tuple[str, bool]:
    """Return the name in a declarator, and whether it is that of a function."""
    is_function = False
    for _ in range(_DEEP):
        if node is None:
            break
        if node.type in _NAMED:
            return text(node), is_function
        if node.type == "function_declarator":
            inner = node.child_by_field_name("declarator")
            is_function = (
                inner is not None and inner.type != "parenthesized_declarator"
            )
        following = node.child_by_field_name("declarator")
        node = following or next(
            (
                child
                for child in node.named_children
                if child.type.endswith("declarator")
            ),
            None,
        )
    return "", False


def _inside_function(node: Node) -> bool:
    outer = node.parent
    return (
        node.type == "declaration"
        and outer is not None
        and outer.type == "compound_statement"
    )


def _template(node: Node) -> Node:
    outer = node.parent
    return (
        outer
        if outer is not None and outer.type == "template_declaration"
        else node
    )


def _access(node: Node, page: FileText) -> str:
    """Return the access that a member stands under, or nothing where none is said."""
    said = (
        page.children(node.parent, "access_specifier")
        if node.parent is not None
        else ()
    )
    place = bisect_left(said, node.start_byte, key=lambda one: one.start_byte)
    return text(said[place - 1]).rstrip(":").strip() if place else ""


def _record(node: Node, kind: Kind, page: FileText) -> Iterator[Draft]:
    outer = node.parent
    name = field_text(node, "name").rpartition("::")[2]
    if outer is not None and outer.type == "type_definition":
        name = name or _typedef_name(outer)
    else:
        outer = _template(node)
    if not name:
        return
    found = draft(
        page,
        outer,
        re.sub(r"<.*", "", name, flags=re.DOTALL),
        kind,
        body=node.child_by_field_name("body"),
    )
    found.bases = tuple(_bases(node))
    if outer.type == "type_definition":
        found.signature = found.signature.removeprefix("typedef ")
    yield found


def _bases(node: Node) -> Iterator[str]:
    clause = next(
        (child for child in node.children if child.type == "base_class_clause"),
        None,
    )
    for child in clause.named_children if clause is not None else []:
        if child.type in {
            "type_identifier",
            "qualified_identifier",
            "template_type",
        }:
            yield re.sub(r"<.*", "", text(child), flags=re.DOTALL).replace(
                "::", "."
            )


def _typedef_name(node: Node) -> str:
    declared = node.child_by_field_name("declarator")
    found = _NAME.findall(text(declared))
    return found[0] if found else ""


def _type(node: Node, page: FileText) -> Iterator[Draft]:
    if node.type == "alias_declaration":
        yield draft(page, _template(node), field_text(node, "name"), Kind.TYPE)
        return
    meant, declared = (
        node.child_by_field_name("type"),
        node.child_by_field_name("declarator"),
    )
    if (
        meant is None
        or declared is None
        or meant.child_by_field_name("body") is not None
    ):
        return
    names = _NAME.findall(text(declared).partition(")")[0])
    if names and names[-1] != field_text(meant, "name"):
        found = draft(page, node, names[-1], Kind.TYPE)
        found.declared = meant.type in {
            "struct_specifier",
            "enum_specifier",
            "union_specifier",
        }
        yield found


def _macro(node: Node, capture: str, page: FileText) -> Iterator[Draft]:
    name, value = field_text(node, "name"), field_text(node, "value").strip()
    if value and not _GUARD.fullmatch(name):
        found = draft(
            page,
            node,
            name,
            Kind(capture),
            body=node.child_by_field_name("value"),
        )
        yield found


def _imports(node: Node) -> Iterator[Import]:
    yield Import(
        module=field_text(node, "path").strip('<>"'),
        everything=True,
        line=line(node),
    )


C: Final = Grammar(
    module="tree_sitter_c",
    query=_C,
    define=_define,
    imports=_imports,
)
CPP: Final = Grammar(
    module="tree_sitter_cpp",
    prepare=blank_macros,
    query=_CPP,
    define=_define,
    imports=_imports,
)
