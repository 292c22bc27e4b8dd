"""Reads Ruby."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from worker.engines.static.facts import Import, Kind
from worker.engines.static.parsing.grammar import (
    MAX_SIGNATURE,
    Draft,
    FileText,
    Grammar,
    bases_in,
    draft,
    field_text,
    line,
    one_line,
    text,
)

_QUERY: Final = """
(class) @class
(module) @module
(method) @function
(singleton_method) @function
(program (assignment left: (constant)) @constant)
(module body: (body_statement (assignment left: (constant)) @constant))
(call method: (identifier) @_load arguments: (argument_list)
  (#any-of? @_load "require" "require_relative" "autoload")) @import
(comment) @comment
(string_content) @string
(heredoc_content) @string
"""
_LAST_FIELDS: Final = ("name", "parameters", "superclass")
_MOST_HEAD: Final = 4 * MAX_SIGNATURE
_TYPES: Final = frozenset({"class", "module"})
_SINGLETONS: Final = frozenset({"singleton_method", "singleton_class"})
_METHODS: Final = _SINGLETONS | {"method"}
_MIXING: Final = frozenset({"include", "extend", "prepend"})
_FEW: Final = 20
"""Bare words of a class body among which its access is looked for."""
_ACCESS: Final = frozenset({"public", "private", "protected"})


def _define(node: Node, capture: str, page: FileText) -> Iterator[Draft]:
    if node.type == "assignment":
        left = field_text(node, "left")
        yield draft(page, node, left, Kind.CONSTANT)
        return
    body = node.child_by_field_name("body")
    if node.type in _TYPES and _is_namespace(node, body):
        return
    qualified = field_text(node, "name")
    name = qualified.rpartition("::")[2]
    kind = Kind(capture)
    definition = draft(page, node, name, kind, body=body)
    definition.signature = _head(node, page)
    if node.type in _TYPES:
        row = node.start_point.row
        doc = page.block_above(row, "#")
        scope = rf"^(?:\w+::)+(?={name}\b)"
        definition.doc = re.sub(scope, "", doc)
        superclass = _superclass(node)
        bases = [*bases_in(superclass), *_mixed_in(body, page)]
        definition.bases = tuple(base.replace("::", ".") for base in bases)
    else:
        definition.public = _access(node, page) == "public"
    yield definition


def _superclass(node: Node) -> str:
    """Return what a class extends; of `Struct.new(:a)`, the class that makes the superclass."""
    clause = node.child_by_field_name("superclass")
    if clause is None or not clause.named_children:
        return ""
    expression = clause.named_children[-1]
    if expression.type == "call":
        return field_text(expression, "receiver")
    return text(expression)


def _head(node: Node, page: FileText) -> str:
    """Return a definition up to its name, parameters or superclass."""
    ends = (node.child_by_field_name(name) for name in _LAST_FIELDS)
    end = max(last.end_byte for last in ends if last is not None)
    start = node.start_byte
    most = start + _MOST_HEAD
    code = page.data[start : min(end, most)]
    head = code.decode("utf-8", "replace")
    return one_line(head)[:MAX_SIGNATURE]


def _is_namespace(node: Node, body: Node | None) -> bool:
    """Whether a module, or a class that is opened again, only holds other types."""
    if body is None or node.child_by_field_name("superclass") is not None:
        return False
    kinds = {child.type for child in body.children}
    if node.type == "module":
        kinds -= _SINGLETONS
    return not _TYPES.isdisjoint(kinds) and _METHODS.isdisjoint(kinds)


def _mixed_in(body: Node | None, page: FileText) -> Iterator[str]:
    """Yield the modules that a type includes or extends itself with."""
    if body is None:
        return
    for call in page.children(body, "call"):
        if field_text(call, "method") in _MIXING:
            arguments = field_text(call, "arguments").strip("()")
            yield from (
                base for base in bases_in(arguments) if base[:1].isupper()
            )


def _access(node: Node, page: FileText) -> str:
    """Return the access of a method."""
    outer = node.parent
    if outer is None or outer.type != "body_statement":
        return "public"
    words = page.children(outer, "identifier")
    place = bisect_left(
        words, node.start_byte, key=lambda word: word.start_byte
    )
    nearest = reversed(words[max(0, place - _FEW) : place])
    return next(filter(_ACCESS.__contains__, map(text, nearest)), "public")


def _imports(node: Node) -> Iterator[Import]:
    """Read a `require` of a text; what is computed is left out."""
    arguments = node.child_by_field_name("arguments")
    if arguments is None or not arguments.named_children:
        return
    argument = arguments.named_children[-1]
    if argument.type != "string":
        return
    path = text(argument).strip("\"'")
    is_relative = field_text(node, "method") == "require_relative"
    if is_relative and not path.startswith("."):
        path = f"./{path}"
    yield Import(module=path, everything=True, line=line(node))


GRAMMAR: Final = Grammar(
    module="tree_sitter_ruby",
    query=_QUERY,
    define=_define,
    imports=_imports,
)
