"""Reads Kotlin."""

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from worker.engines.static.facts import Import
from worker.engines.static.parsing.grammar import (
    DOC_COMMENTS,
    Grammar,
    define_by,
    line,
    text,
)

_QUERY: Final = """
(class_declaration) @class
(object_declaration) @class
(type_alias) @type
(function_declaration) @function
(source_file (property_declaration) @variable)
(package_header (qualified_identifier) @package)
(import) @import
(line_comment) @comment
(block_comment) @comment
(string_content) @string
"""
_HIDDEN: Final = frozenset({"private", "internal", "protected"})


def _imports(node: Node) -> Iterator[Import]:
    path, *aliases = map(text, node.named_children)
    if text(node).endswith("*"):
        yield Import(module=path, everything=True, line=line(node))
        return
    module, _, name = path.rpartition(".")
    here = name
    if aliases:
        here = aliases[0]
    yield Import(module=module, names=((here, name),), line=line(node))


GRAMMAR: Final = Grammar(
    module="tree_sitter_kotlin",
    query=_QUERY,
    define=define_by(
        is_public=lambda _, words: _HIDDEN.isdisjoint(words),
        bases=("delegation_specifiers",),
        marks=("annotation",),
    ),
    imports=_imports,
    documenting=DOC_COMMENTS,
)
