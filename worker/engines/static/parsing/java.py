"""Reads Java."""

import re
from collections.abc import Iterator
from typing import Final

import tree_sitter_java
from tree_sitter import Language as TreeLanguage
from tree_sitter import Node

from worker.engines.static.facts import Import, Kind
from worker.engines.static.parsing.grammar import (
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
(class_declaration) @class
(record_declaration) @class
(interface_declaration) @interface
(annotation_type_declaration) @interface
(enum_declaration) @enum
(method_declaration) @method
(constructor_declaration) @method
(import_declaration) @import
(line_comment) @comment
(block_comment) @comment
(string_fragment) @string
"""
_ANNOTATIONS: Final = {"marker_annotation", "annotation"}
_INTERFACES: Final = {"interface_body", "annotation_type_body"}


def _define(node: Node, capture: str, page: FileText) -> Iterator[Draft]:
    definition = draft(
        page,
        node,
        field_text(node, "name"),
        Kind(capture),
        body=node.child_by_field_name("body"),
    )
    modifiers = _modifiers(node)
    notes = [one for one in modifiers if one.type in _ANNOTATIONS]
    definition.decorators = tuple(
        one_line(text(note)).lstrip("@") for note in notes
    )
    in_interface = node.parent is not None and node.parent.type in _INTERFACES
    is_public = any(one.type == "public" for one in modifiers)
    definition.public = in_interface or is_public
    for note in definition.decorators:
        signature = definition.signature.removeprefix(f"@{note}")
        definition.signature = signature.strip()
    definition.bases = tuple(_bases(node))
    yield definition


def _modifiers(node: Node) -> list[Node]:
    for child in node.children:
        if child.type == "modifiers":
            return child.children
    return []


def _bases(node: Node) -> Iterator[str]:
    for clause in node.children:
        if clause.type in {
            "superclass",
            "super_interfaces",
            "extends_interfaces",
        }:
            for child in clause.named_children:
                types = (
                    child.named_children
                    if child.type == "type_list"
                    else [child]
                )
                yield from (
                    re.split(r"[<@]", text(one), maxsplit=1)[0].strip()
                    for one in types
                )


def _imports(node: Node) -> Iterator[Import]:
    """Read an import; a static one takes a member of a type, and is read as taking the type."""
    path = text(node.named_child(0)) if node.named_child_count else ""
    if any(child.type == "static" for child in node.children):
        path = (
            path
            if any(child.type == "asterisk" for child in node.children)
            else path.rpartition(".")[0]
        )
    elif any(child.type == "asterisk" for child in node.children):
        yield Import(module=path, everything=True, line=line(node))
        return
    module, _, name = path.rpartition(".")
    yield Import(module=module, names=((name, name),), line=line(node))


GRAMMAR: Final = Grammar(
    load=lambda: TreeLanguage(tree_sitter_java.language()),
    query=_QUERY,
    define=_define,
    imports=_imports,
)
