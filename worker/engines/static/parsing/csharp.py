"""Reads C#."""

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from worker.engines.static.facts import Import
from worker.engines.static.parsing.grammar import (
    DOC_COMMENTS,
    Grammar,
    define_by,
    field_text,
    line,
    text,
)

_QUERY: Final = """
(class_declaration) @class
(record_declaration) @class
(struct_declaration) @struct
(interface_declaration) @interface
(enum_declaration) @enum
(delegate_declaration) @type
(method_declaration) @method
(constructor_declaration) @method
(namespace_declaration name: (_) @package)
(file_scoped_namespace_declaration name: (_) @package)
(using_directive) @import
(comment) @comment
(string_literal_content) @string
(string_content) @string
(verbatim_string_literal) @string
(raw_string_literal) @string
"""
_SHOWN: Final = frozenset({"public", "protected"})


def _imports(node: Node) -> Iterator[Import]:
    """Read `using A.B;`, `using static A.B;` and `using C = A.B;`."""
    alias = field_text(node, "name")
    last = node.named_children[-1]
    path = text(last).partition("<")[0]
    is_static = any(child.type == "static" for child in node.children)
    number = line(node)
    if alias or is_static:
        module, _, name = path.rpartition(".")
        names = ((alias or name, name),)
        yield Import(module=module, names=names, line=number)
        return
    yield Import(module=path, everything=True, line=number)


GRAMMAR: Final = Grammar(
    module="tree_sitter_c_sharp",
    query=_QUERY,
    define=define_by(
        is_public=lambda _, words: not _SHOWN.isdisjoint(words),
        bases=("base_list",),
        marks=("attribute_list",),
    ),
    imports=_imports,
    documenting=DOC_COMMENTS,
)
