"""Reads Python."""

import inspect
import re
from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from worker.engines.static.facts import Import, Kind
from worker.engines.static.parsing.grammar import (
    MAX_DOC,
    Draft,
    FileText,
    Grammar,
    draft,
    field_text,
    line,
    one_line,
    text,
)

_QUERY: Final = """
(class_definition) @class
(function_definition) @function
(module (expression_statement (assignment left: (identifier)) @variable))
(module (type_alias_statement) @type)
(import_statement) @import
(import_from_statement) @import
(module (expression_statement (assignment left: (identifier) @_name) @export) (#eq? @_name "__all__"))
(comment) @comment
(string_content) @string
(type (string (string_content) @annotation))
"""

_CONSTANT: Final = re.compile(r"_?[A-Z][A-Z\d_]*")
_ENUMS: Final = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"})
_AGAIN: Final = ("overload", ".setter", ".deleter")
"""Decorators of functions that define a second time what has been, or will be, defined."""


def _define(node: Node, capture: str, page: FileText) -> Iterator[Draft]:
    if capture == "variable":
        yield from _variable(node, page)
    elif capture == "type":
        yield draft(
            page, node, field_text(node, "left").partition("[")[0], Kind.TYPE
        )
    else:
        yield _class_or_function(node, Kind(capture), page)


def _class_or_function(node: Node, kind: Kind, page: FileText) -> Draft:
    body = node.child_by_field_name("body")
    found = draft(page, node, field_text(node, "name"), kind, body=body)
    found.doc = _docstring(body) or (found.doc if kind is Kind.FUNCTION else "")
    found.public = not found.name.startswith("_") or found.name.endswith("__")
    if kind is Kind.CLASS:
        found.bases = _bases(node.child_by_field_name("superclasses"))
        last = {base.rpartition(".")[2] for base in found.bases}
        if "Protocol" in last:
            found.kind = Kind.INTERFACE
        elif last & _ENUMS:
            found.kind = Kind.ENUM
    outer = node.parent
    if outer is not None and outer.type == "decorated_definition":
        marks = [
            one_line(text(child)).lstrip("@ ")
            for child in outer.children
            if child.type == "decorator"
        ]
        found.decorators = tuple(mark[:MAX_DOC] for mark in marks)
        found.declared = any(mark.endswith(_AGAIN) for mark in marks)
    return found


def _bases(arguments: Node | None) -> tuple[str, ...]:
    """Return base classes without type arguments; keyword arguments are none."""
    if arguments is None:
        return ()
    kinds = {"identifier", "attribute", "subscript", "call"}
    given = [
        text(child) for child in arguments.named_children if child.type in kinds
    ]
    return tuple(
        re.split(r"[\[(]", base, maxsplit=1)[0].strip() for base in given
    )


def _docstring(body: Node | None) -> str:
    first = (
        next(
            (child for child in body.named_children if child.type != "comment"),
            None,
        )
        if body
        else None
    )
    return _literal(first)


def _literal(statement: Node | None) -> str:
    """Return the text of a statement that is nothing but a string."""
    inner = (
        statement.named_child(0)
        if statement is not None and statement.type == "expression_statement"
        else None
    )
    if inner is None or inner.type != "string":
        return ""
    said = "".join(
        text(child)
        for child in inner.named_children
        if child.type == "string_content"
    )
    return inspect.cleandoc(said[: 2 * MAX_DOC])[:MAX_DOC]


def _variable(node: Node, page: FileText) -> Iterator[Draft]:
    name = field_text(node, "left")
    statement = node.parent
    if name.startswith("__") or node.child_by_field_name("right") is None:
        return
    found = draft(
        page,
        node,
        name,
        Kind.CONSTANT if _CONSTANT.fullmatch(name) else Kind.VARIABLE,
    )
    found.doc = found.doc or _literal(
        statement.next_sibling if statement is not None else None
    )
    found.public = not name.startswith("_")
    yield found


def _imports(node: Node) -> Iterator[Import]:
    if node.type == "import_statement":
        for name in node.children_by_field_name("name"):
            module, alias = _aliased(name)
            yield Import(module=module, alias=alias or module, line=line(node))
        return
    names = [_aliased(name) for name in node.children_by_field_name("name")]
    yield Import(
        module=one_line(field_text(node, "module_name")).replace(" ", ""),
        names=tuple((alias or name, name) for name, alias in names),
        everything=any(
            child.type == "wildcard_import" for child in node.children
        ),
        line=line(node),
    )


def _aliased(node: Node) -> tuple[str, str]:
    if node.type == "aliased_import":
        return field_text(node, "name"), field_text(node, "alias")
    return text(node), ""


def _exports(node: Node) -> Iterator[tuple[str, str]]:
    value = node.child_by_field_name("right")
    for child in value.named_children if value is not None else []:
        if child.type == "string":
            name = text(child).strip("\"'")
            yield name, name


GRAMMAR: Final = Grammar(
    module="tree_sitter_python",
    query=_QUERY,
    define=_define,
    imports=_imports,
    exports=_exports,
    doc=lambda root, page: _docstring(root) or page.comment_on_top(),
)
