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


def _define(node: Node, capture: str, page: FileText) -> Iterator[Draft]:
    found = draft(
        page,
        node,
        field_text(node, "name"),
        Kind(capture),
        body=node.child_by_field_name("body"),
    )
    modifiers = next(
        (child for child in node.children if child.type == "modifiers"), None
    )
    marks = modifiers.children if modifiers is not None else []
    notes = [
        text(one)
        for one in marks
        if one.type in {"marker_annotation", "annotation"}
    ]
    found.decorators = tuple(one_line(note).lstrip("@") for note in notes)
    inside = node.parent is not None and node.parent.type in {
        "interface_body",
        "annotation_type_body",
    }
    found.public = inside or any(one.type == "public" for one in marks)
    for note in found.decorators:
        found.signature = found.signature.removeprefix(f"@{note}").strip()
    found.bases = tuple(_bases(node))
    yield found


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
