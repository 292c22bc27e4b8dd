"""Reads Python."""

import inspect
import re
from collections.abc import Iterable, Iterator
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
(module (expression_statement (assignment left: (identifier) @_name) @export)
  (#eq? @_name "__all__"))
(comment) @comment
(string_content) @string
(type (string (string_content) @annotation))
"""

_CONSTANT: Final = re.compile(r"_?[A-Z][A-Z\d_]*")
_ENUMS: Final = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"})
_AGAIN: Final = ("overload", ".setter", ".deleter")
"""Decorators of functions that define a second time what has been, or will be, defined."""
_BASES: Final = frozenset({"identifier", "attribute", "subscript", "call"})
_ARGUMENTS: Final = re.compile(r"[\[(]")


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
    name = field_text(node, "name")
    definition = draft(page, node, name, kind, body=body)
    definition.doc = _docstring(body)
    is_special = name.endswith("__")
    is_private = name.startswith("_") and not is_special
    definition.public = not is_private
    if kind is Kind.CLASS:
        superclasses = node.child_by_field_name("superclasses")
        definition.bases = _bases(superclasses)
        definition.kind = _kind(definition.bases)
    outer = node.parent
    if outer is not None and outer.type == "decorated_definition":
        marks = [
            one_line(text(child)).lstrip("@ ")
            for child in outer.children
            if child.type == "decorator"
        ]
        definition.decorators = tuple(mark[:MAX_DOC] for mark in marks)
        definition.declared = any(mark.endswith(_AGAIN) for mark in marks)
    return definition


def _kind(bases: Iterable[str]) -> Kind:
    names = {base.rpartition(".")[2] for base in bases}
    if "Protocol" in names:
        return Kind.INTERFACE
    if names & _ENUMS:
        return Kind.ENUM
    return Kind.CLASS


def _bases(arguments: Node | None) -> tuple[str, ...]:
    """Return base classes without type arguments; keyword arguments are none."""
    if arguments is None:
        return ()
    bases = []
    for child in arguments.named_children:
        if child.type in _BASES:
            base = _ARGUMENTS.split(text(child), maxsplit=1)[0]
            bases.append(base.strip())
    return tuple(bases)


def _docstring(body: Node | None) -> str:
    if body is None:
        return ""
    for child in body.named_children:
        if child.type != "comment":
            return _literal(child)
    return ""


def _literal(statement: Node | None) -> str:
    """Return the text of a statement that is nothing but a string."""
    if statement is None or statement.type != "expression_statement":
        return ""
    string = next(iter(statement.named_children), None)
    if string is None or string.type != "string":
        return ""
    content = "".join(
        text(child)
        for child in string.named_children
        if child.type == "string_content"
    )
    return inspect.cleandoc(content[: 2 * MAX_DOC])[:MAX_DOC]


def _variable(node: Node, page: FileText) -> Iterator[Draft]:
    name = field_text(node, "left")
    value = node.child_by_field_name("right")
    if name.startswith("__") or value is None:
        return
    kind = Kind.VARIABLE
    if _CONSTANT.fullmatch(name):
        kind = Kind.CONSTANT
    variable = draft(page, node, name, kind)
    statement = node.parent
    if not variable.doc and statement is not None:
        variable.doc = _literal(statement.next_sibling)
    variable.public = not name.startswith("_")
    yield variable


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
    if value is None:
        return
    for child in value.named_children:
        if child.type == "string":
            name = text(child).strip("\"'")
            yield name, name


GRAMMAR: Final = Grammar(
    module="tree_sitter_python",
    query=_QUERY,
    define=_define,
    imports=_imports,
    exports=_exports,
    documenting=("#:",),
    doc=lambda root, page: _docstring(root) or page.comment_on_top(),
)
