"""Reads Rust."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from tree_sitter import Node

from worker.engines.static.facts import Import, Kind
from worker.engines.static.parsing.grammar import (
    DOC_COMMENTS,
    Draft,
    FileText,
    Grammar,
    draft,
    field_text,
    line,
    one_line,
    parent_of,
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
_OPENING: Final = frozenset({"{", "(", "["})
_ATTRIBUTE: Final = "attribute_item"
_HIDDEN: Final = frozenset({"doc(hidden)", "cfg(test)"})
_BEFORE: Final = frozenset({_ATTRIBUTE, "line_comment", "block_comment"})


def _define(node: Node, capture: str, page: FileText) -> Iterator[Draft]:
    attributes, first = _attributes(node)
    match capture:
        case "skip":
            is_test = any("cfg(test" in attribute for attribute in attributes)
            if is_test:
                yield draft(page, node, field_text(node, "name"), Kind.TYPE)
        case "scope":
            yield _implementation(node, page)
        case _:
            item = _item(node, Kind(capture), page)
            item.decorators = tuple(attributes)
            item.public = item.public and _HIDDEN.isdisjoint(attributes)
            item.doc = page.comment_above(first.start_point.row) or item.doc
            yield item


def _implementation(node: Node, page: FileText) -> Draft:
    body = node.child_by_field_name("body")
    name = _last(field_text(node, "type"))
    trait = _last(field_text(node, "trait"))
    if trait and _is_for_any(node, name):
        return draft(page, node, trait, Kind.TYPE, body=body)
    scope = draft(page, node, name, Kind.TYPE, body=body)
    if trait:
        scope.bases = (trait,)
    return scope


def _is_for_any(node: Node, name: str) -> bool:
    """Whether a trait is implemented for a type parameter or a tuple, not for a named type."""
    implementing = node.child_by_field_name("type")
    if implementing is not None and implementing.type == "tuple_type":
        return True
    parameters = node.child_by_field_name("type_parameters")
    if parameters is None:
        return False
    names = [_NAME.search(text(child)) for child in parameters.named_children]
    return any(match is not None and match[0] == name for match in names)


def _item(node: Node, kind: Kind, page: FileText) -> Draft:
    body = node.child_by_field_name("body")
    if kind is Kind.MACRO:
        braces = (child for child in node.children if child.type in _OPENING)
        body = next(braces, None)
    item = draft(page, node, field_text(node, "name"), kind, body=body)
    item.public = kind is Kind.MACRO or _is_public(node)
    bounds = node.child_by_field_name("bounds")
    if kind is Kind.TRAIT and bounds is not None:
        item.bases = tuple(
            _last(text(bound))
            for bound in bounds.named_children
            if bound.type != "lifetime"
        )
    return item


def _is_public(node: Node) -> bool:
    """Whether an item is visible outside its crate.

    Methods of a trait can be seen wherever the trait can.
    """
    outer = parent_of(node.parent)
    if outer is not None and outer.type == "trait_item":
        return True
    if outer is not None and outer.child_by_field_name("trait") is not None:
        return True
    return any(text(child) == "pub" for child in node.children)


def _last(path: str) -> str:
    """Return the last name of a path without its type arguments."""
    names: list[str] = _NAME.findall(path.partition("<")[0])
    if names:
        return names[-1]
    return ""


def _attributes(node: Node) -> tuple[list[str], Node]:
    """Return an item's attributes, and the first node that belongs to the item."""
    attributes: list[str] = []
    first = node
    before = node.prev_sibling
    while before is not None and before.type in _BEFORE:
        if before.type == _ATTRIBUTE:
            attribute = one_line(text(before))
            attributes.append(attribute.removeprefix("#[").removesuffix("]"))
            first = before
        before = before.prev_sibling
    return attributes[::-1], first


def _imports(node: Node) -> Iterator[Import]:
    argument = node.child_by_field_name("argument")
    again = any(child.type == "visibility_modifier" for child in node.children)
    if argument is None:
        return
    depth = _depth(node)
    for statement in _used(argument, ()):
        module = _seen_from_file(statement.module, depth)
        if module:
            yield replace(
                statement, module=module, line=line(node), again=again
            )


def _depth(node: Node) -> int:
    """Return how many modules of the same file lie around a node."""
    depth = 0
    outer = node.parent
    while outer is not None:
        depth += outer.type == "mod_item"
        outer = outer.parent
    return depth


def _seen_from_file(module: str, depth: int) -> str:
    """Return the path to a module from the top of the file; nothing to the file itself."""
    names = module.split("::")
    above = 0
    while above < min(depth, len(names)) and names[above] == "super":
        above += 1
    if not above:
        return module
    inner = names[above:]
    if not inner:
        return ""
    return "::".join(["self", *inner])


def _used(node: Node, prefix: tuple[str, ...]) -> Iterator[Import]:
    """Read a use tree, up to a depth that no one writes."""
    match node.type:
        case "use_list":
            yield from _used_of(node, prefix)
        case "scoped_use_list":
            path = (*prefix, *_names(node, "path"))
            listed = node.child_by_field_name("list")
            if listed is not None:
                yield from _used_of(listed, path)
        case "use_wildcard":
            path = (*prefix, *_NAME.findall(text(node)))
            yield Import(module="::".join(path), everything=True, line=0)
        case "use_as_clause":
            names = _names(node, "path")
            yield from _taken(prefix, names, field_text(node, "alias"))
        case _:
            yield from _taken(prefix, _NAME.findall(text(node)))


def _used_of(listed: Node, path: tuple[str, ...]) -> Iterator[Import]:
    if len(path) < _DEEP:
        for child in listed.named_children:
            yield from _used(child, path)


def _names(node: Node, field: str) -> list[str]:
    names: list[str] = _NAME.findall(field_text(node, field))
    return names


def _taken(
    prefix: Sequence[str], names: Sequence[str], alias: str = ""
) -> Iterator[Import]:
    """Read a use of one name; `self` stands for the module around it."""
    if not names:
        return
    path = [*prefix, *names]
    if path[-1] == "self" and len(path) > 1:
        path.pop()
    *module, name = path
    pair = (alias or name, name)
    yield Import(module="::".join(module), names=(pair,), line=0)


GRAMMAR: Final = Grammar(
    module="tree_sitter_rust",
    query=_QUERY,
    define=_define,
    imports=_imports,
    documenting=DOC_COMMENTS,
)
