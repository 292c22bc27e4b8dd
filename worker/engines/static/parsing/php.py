"""Reads PHP."""

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from worker.engines.static.facts import Import
from worker.engines.static.parsing.grammar import (
    DOC_COMMENTS,
    Draft,
    FileText,
    Grammar,
    bases_in,
    define_by,
    field_text,
    line,
    text,
)

_QUERY: Final = """
(class_declaration) @class
(interface_declaration) @interface
(trait_declaration) @trait
(enum_declaration) @enum
(function_definition) @function
(method_declaration) @method
(program (const_declaration (const_element) @constant))
(namespace_definition name: (namespace_name) @package)
(namespace_use_declaration) @import
(comment) @comment
(string_content) @string
(nowdoc_string) @string
"""
_HIDDEN: Final = frozenset({"private", "protected"})

_read: Final = define_by(
    is_public=lambda _, words: _HIDDEN.isdisjoint(words),
    bases=("base_clause", "class_interface_clause"),
    marks=("attribute_list",),
)
_PREFIX: Final = "namespace_name"


def _define(node: Node, capture: str, page: FileText) -> Iterator[Draft]:
    """Read a definition; the traits that a class uses are among its bases."""
    body = node.child_by_field_name("body")
    for definition in _read(node, capture, page):
        if body is not None and body.type == "declaration_list":
            for used in page.children(body, "use_declaration"):
                names = bases_in(text(used).removeprefix("use"))
                definition.bases += tuple(names)
        definition.bases = tuple(map(_dotted, definition.bases))
        yield definition


def _dotted(name: str) -> str:
    """Return a qualified name with dots; one of PHP itself keeps its mark."""
    is_global = name.startswith("\\") and name.count("\\") == 1
    if is_global:
        return name
    return name.strip("\\").replace("\\", ".")


def _imports(node: Node) -> Iterator[Import]:
    """Read `use` of a name, with or without an alias, and of a group of names."""
    prefix = next(
        (text(child) for child in node.children if child.type == _PREFIX), ""
    )
    group = node.child_by_field_name("body")
    clauses = (group or node).named_children
    for clause in clauses:
        if clause.type != "namespace_use_clause":
            continue
        alias = field_text(clause, "alias")
        named = text(clause).partition(" as ")[0]
        path = named.rpartition(" ")[2]
        whole = f"{prefix}\\{path}".strip("\\")
        full_name = whole.replace("\\", ".")
        module, _, name = full_name.rpartition(".")
        names = ((alias or name, name),)
        yield Import(module=module, names=names, line=line(node))


GRAMMAR: Final = Grammar(
    module="tree_sitter_php",
    function="language_php",
    query=_QUERY,
    define=_define,
    imports=_imports,
    documenting=DOC_COMMENTS,
)
