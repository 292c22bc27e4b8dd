"""Reads Go."""

import re
from collections.abc import Iterator
from itertools import zip_longest
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

_QUERY: Final = """
(function_declaration) @function
(method_declaration) @method
(method_elem) @method
(source_file (type_declaration (type_spec) @type))
(source_file (type_declaration (type_alias) @type))
(source_file (const_declaration (const_spec) @constant))
(source_file (var_declaration (var_spec) @variable))
(source_file (var_declaration (var_spec_list (var_spec) @variable)))
(import_spec) @import
(comment) @comment
(interpreted_string_literal_content) @string
(raw_string_literal_content) @string
"""

_KINDS: Final = {"struct_type": Kind.STRUCT, "interface_type": Kind.INTERFACE}
_RECEIVER: Final = re.compile(r"([A-Za-z_]\w*)\s*(?:\[[^\]]*\]\s*)?\)\s*$")
_VERSION: Final = re.compile(r"v\d+")
_KEYWORDS: Final = {Kind.CONSTANT: "const", Kind.VARIABLE: "var"}
_BRACES: Final = frozenset({"{", "field_declaration_list"})


def _define(node: Node, capture: str, page: FileText) -> Iterator[Draft]:
    # The declaration that a definition is one of may have the comment.
    row = (node.parent or node).start_point.row
    if capture == "type":
        yield _type(node, row, page)
        return
    kind = Kind(capture)
    body = node.child_by_field_name("body")
    names = [
        name for name in node.children_by_field_name("name") if name.is_named
    ]
    for name, following in zip_longest(names, names[1:]):
        definition = draft(page, node, text(name), kind, body=body)
        if name is not names[0]:
            definition.start = name.start_byte
        if following is not None:
            definition.end = following.start_byte
        if kind in _KEYWORDS:
            signature = f"{_KEYWORDS[kind]} {definition.signature}"
            definition.signature = signature
            definition.doc = definition.doc or page.comment_above(row)
        receiver = _RECEIVER.search(field_text(node, "receiver"))
        if receiver is not None:
            definition.owner = receiver[1]
        definition.public = definition.name[:1].isupper()
        if definition.name != "_":
            yield definition


def _type(node: Node, row: int, page: FileText) -> Draft:
    value = node.child_by_field_name("type")
    kind = Kind.TYPE
    body = None
    if value is not None and value.type in _KINDS:
        kind = _KINDS[value.type]
        braces = (child for child in value.children if child.type in _BRACES)
        body = next(braces, None)
    name = field_text(node, "name")
    definition = draft(page, node, name, kind, body=body)
    definition.signature = f"type {definition.signature}"
    definition.doc = definition.doc or page.comment_above(row)
    if value is not None:
        definition.bases = tuple(_embedded(value))
    definition.public = definition.name[:1].isupper()
    return definition


def _embedded(value: Node) -> Iterator[str]:
    """Yield the types whose fields or methods a type takes over."""
    for child in value.named_children:
        if child.type == "field_declaration_list":
            for field in child.named_children:
                if field.type != "field_declaration":
                    continue
                if field.child_by_field_name("name") is None:
                    yield field_text(field, "type").partition("[")[0]
        elif child.type == "type_elem" and re.fullmatch(r"[\w.]+", text(child)):
            yield text(child)


def _imports(node: Node) -> Iterator[Import]:
    module = field_text(node, "path").strip('"`')
    name = field_text(node, "name")
    pieces = [
        piece for piece in module.split("/") if not _VERSION.fullmatch(piece)
    ]
    usual = module
    if pieces:
        last = pieces[-1].partition(".")[0]
        usual = last.removeprefix("go-")
    alias = name or usual
    if name in {"_", "."}:
        alias = ""
    yield Import(
        module=module,
        alias=alias,
        everything=name == ".",
        line=line(node),
    )


GRAMMAR: Final = Grammar(
    module="tree_sitter_go",
    query=_QUERY,
    define=_define,
    imports=_imports,
)
