"""Reads Rust."""

import re
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
    one_line,
    text,
)

_QUERY: Final = """
(struct_item) @struct
(union_item) @struct
(enum_item) @enum
(trait_item) @trait
(type_item) @type
(function_item) @function
(function_signature_item) @function
(const_item) @constant
(static_item) @constant
(macro_definition) @macro
(impl_item) @scope
(mod_item) @skip
(use_declaration) @import
(line_comment) @comment
(block_comment) @comment
(string_content) @string
"""

_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_DEEP: Final = 20


def _define(node: Node, capture: str, page: FileText) -> Iterator[Draft]:
    attributes, first = _attributes(node)
    if capture == "skip":
        if any("cfg(test" in attribute for attribute in attributes):
            yield draft(page, node, field_text(node, "name"), Kind.TYPE)
        return
    body = node.child_by_field_name("body")
    if capture == "scope":
        name = _last(field_text(node, "type"))
        scope = draft(page, node, name, Kind.TYPE, body=body)
        trait = _last(field_text(node, "trait"))
        scope.bases = (trait,) if trait else ()
        yield scope
        return
    is_macro = node.type == "macro_definition"
    if is_macro:
        braces = (child for child in node.children if child.type in _OPENING)
        body = next(braces, None)
    item = draft(page, node, field_text(node, "name"), Kind(capture), body=body)
    item.decorators = tuple(attributes)
    item.doc = page.comment_above(first.start_point.row) or item.doc
    item.public = is_macro or _is_public(node)
    bounds = node.child_by_field_name("bounds")
    if node.type == "trait_item" and bounds is not None:
        item.bases = tuple(map(_last, map(text, bounds.named_children)))
    yield item


_OPENING: Final = frozenset({"{", "(", "["})


def _is_public(node: Node) -> bool:
    """Tell whether an item can be seen outside its crate.

    Methods of a trait can be seen wherever the trait can.
    """
    outer = node.parent.parent if node.parent is not None else None
    if outer is not None and outer.type == "impl_item":
        if outer.child_by_field_name("trait") is not None:
            return True
    elif outer is not None and outer.type == "trait_item":
        return True
    return any(text(child) == "pub" for child in node.children)


def _last(path: str) -> str:
    """Return the last name of a path without its type arguments."""
    names = _NAME.findall(path.partition("<")[0])
    return names[-1] if names else ""


def _attributes(node: Node) -> tuple[list[str], Node]:
    """Return an item's attributes, and the first node that belongs to the item."""
    attributes: list[str] = []
    first, before = node, node.prev_sibling
    while before is not None and before.type in _BEFORE:
        if before.type == _ATTRIBUTE:
            attribute = one_line(text(before))
            attributes.append(attribute.removeprefix("#[").removesuffix("]"))
            first = before
        before = before.prev_sibling
    return attributes[::-1], first


_ATTRIBUTE: Final = "attribute_item"
_BEFORE: Final = frozenset({_ATTRIBUTE, "line_comment", "block_comment"})


def _imports(node: Node) -> Iterator[Import]:
    argument = node.child_by_field_name("argument")
    again = any(child.type == "visibility_modifier" for child in node.children)
    if argument is not None:
        yield from _used(argument, (), line(node), again=again)


def _used(
    node: Node, prefix: tuple[str, ...], at: int, *, again: bool
) -> Iterator[Import]:
    """Read a use tree; one that is nested deeper than anybody writes is left."""
    inner = (
        node.child_by_field_name("list")
        if node.type == "scoped_use_list"
        else node
    )
    if node.type in {"use_list", "scoped_use_list"}:
        path = (*prefix, *_NAME.findall(field_text(node, "path")))
        for child in (
            inner.named_children
            if inner is not None and len(path) < _DEEP
            else []
        ):
            yield from _used(child, path, at, again=again)
    elif node.type == "use_wildcard":
        yield Import(
            module="::".join((*prefix, *_NAME.findall(text(node)))),
            everything=True,
            again=again,
            line=at,
        )
    elif names := _NAME.findall(
        field_text(node, "path") if node.type == "use_as_clause" else text(node)
    ):
        alias = field_text(node, "alias")
        path = (*prefix, *names)
        if path[-1] == "self" and len(path) > 1:
            path = path[:-1]
        yield Import(
            module="::".join(path[:-1]),
            names=((alias or path[-1], path[-1]),),
            again=again,
            line=at,
        )


GRAMMAR: Final = Grammar(
    module="tree_sitter_rust",
    query=_QUERY,
    define=_define,
    imports=_imports,
)
