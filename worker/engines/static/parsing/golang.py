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


def _define(node: Node, capture: str, page: FileText) -> Iterator[Draft]:
    if capture == "type":
        yield _type(node, page)
        return
    names = [
        name for name in node.children_by_field_name("name") if name.is_named
    ]
    for name, following in zip_longest(names, names[1:]):
        found = draft(
            page,
            node,
            text(name),
            Kind(capture),
            body=node.child_by_field_name("body"),
        )
        found.start = found.start if name is names[0] else name.start_byte
        found.end = following.start_byte if following is not None else found.end
        if node.type == "method_declaration" and (
            receiver := _RECEIVER.search(field_text(node, "receiver"))
        ):
            found.owner = receiver[1]
        if capture in {"constant", "variable"}:
            outer = node.parent
            found.signature = f"{'const' if capture == 'constant' else 'var'} {found.signature}"
            found.doc = found.doc or (
                page.comment_above(outer.start_point.row)
                if outer is not None
                else ""
            )
        found.public = found.name[:1].isupper()
        if found.name != "_":
            yield found


def _type(node: Node, page: FileText) -> Draft:
    value, outer = node.child_by_field_name("type"), node.parent
    kind = _KINDS.get(value.type, Kind.TYPE) if value is not None else Kind.TYPE
    found = draft(
        page, node, field_text(node, "name"), kind, body=_braces(value)
    )
    found.signature = f"type {found.signature}"
    found.doc = found.doc or (
        page.comment_above(outer.start_point.row) if outer is not None else ""
    )
    found.bases = tuple(_embedded(value)) if value is not None else ()
    found.public = found.name[:1].isupper()
    return found


def _braces(value: Node | None) -> Node | None:
    """Return what begins at the opening brace of a struct or an interface."""
    if value is None or value.type not in _KINDS:
        return None
    return next(
        (
            child
            for child in value.children
            if child.type in {"{", "field_declaration_list"}
        ),
        None,
    )


def _embedded(value: Node) -> Iterator[str]:
    for child in value.named_children:
        if child.type == "field_declaration_list":
            for one in child.named_children:
                if (
                    one.type == "field_declaration"
                    and one.child_by_field_name("name") is None
                ):
                    yield field_text(one, "type").partition("[")[0]
        elif child.type == "type_elem" and re.fullmatch(r"[\w.]+", text(child)):
            yield text(child)


def _imports(node: Node) -> Iterator[Import]:
    module, name = (
        field_text(node, "path").strip('"`'),
        field_text(node, "name"),
    )
    pieces = [
        piece for piece in module.split("/") if not _VERSION.fullmatch(piece)
    ]
    usual = (
        pieces[-1].partition(".")[0].removeprefix("go-") if pieces else module
    )
    yield Import(
        module=module,
        alias="" if name in {"_", "."} else name or usual,
        everything=name == ".",
        line=line(node),
    )


GRAMMAR: Final = Grammar(
    module="tree_sitter_go",
    query=_QUERY,
    define=_define,
    imports=_imports,
)
