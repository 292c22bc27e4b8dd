"""Reads Java."""

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
(record_declaration) @class
(interface_declaration) @interface
(annotation_type_declaration) @interface
(enum_declaration) @enum
(method_declaration) @method
(constructor_declaration) @method
(package_declaration (_) @package)
(import_declaration) @import
(line_comment) @comment
(block_comment) @comment
(string_fragment) @string
"""


def _imports(node: Node) -> Iterator[Import]:
    """Read an import; a static one takes a member of a type, and is read as taking the type."""
    path = ""
    if node.named_child_count:
        path = text(node.named_child(0))
    kinds = {child.type for child in node.children}
    is_whole = "asterisk" in kinds
    is_static = "static" in kinds
    if is_whole and not is_static:
        yield Import(module=path, everything=True, line=line(node))
        return
    if is_static and not is_whole:
        path = path.rpartition(".")[0]
    module, _, name = path.rpartition(".")
    names = ((name, name),)
    yield Import(module=module, names=names, line=line(node))


GRAMMAR: Final = Grammar(
    module="tree_sitter_java",
    query=_QUERY,
    define=define_by(
        is_public=lambda _, words: "public" in words,
        bases=("superclass", "super_interfaces", "extends_interfaces"),
        marks=("marker_annotation", "annotation"),
    ),
    imports=_imports,
    documenting=DOC_COMMENTS,
)
