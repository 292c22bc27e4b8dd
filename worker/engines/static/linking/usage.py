"""Tells what code does with a name, by the syntax around it."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from tree_sitter import Node, Tree

from worker.engines.static.facts import (
    TYPES,
    Definition,
    Kind,
    SourceFile,
    Verb,
)
from worker.engines.static.parsing.grammar import field_text, text
from worker.engines.static.parsing.source_file import SourceParser
from worker.engines.static.reading.encoding import decode

_STEPS: Final = 8
"""What is farther away from a name than so many nodes says nothing about it."""
_MOST_PLACES: Final = 12
"""So many places where one definition names another are looked at."""

_CALLS: Final = frozenset(
    {"call", "call_expression", "method_invocation", "macro_invocation"}
)
_CALLEES: Final = ("function", "macro", "name")
_CREATIONS: Final = frozenset(
    {
        "new_expression",
        "object_creation_expression",
        "composite_literal",
        "struct_expression",
    }
)
_AROUND: Final = {
    "raise_statement": Verb.RAISES,
    "throw_statement": Verb.RAISES,
    "throw_expression": Verb.RAISES,
    "except_clause": Verb.HANDLES,
    "catch_clause": Verb.HANDLES,
    "catch_formal_parameter": Verb.HANDLES,
    "decorator": Verb.DECORATES,
    "annotation": Verb.DECORATES,
    "marker_annotation": Verb.DECORATES,
    "attribute_item": Verb.DECORATES,
    "instanceof_expression": Verb.CHECKS,
    "type_case": Verb.CHECKS,
    "base_class_clause": Verb.INHERITS,
    "class_heritage": Verb.INHERITS,
    "superclass": Verb.INHERITS,
    "super_interfaces": Verb.IMPLEMENTS,
    "field_declaration": Verb.HOLDS,
    "public_field_definition": Verb.HOLDS,
    "property_signature": Verb.HOLDS,
    "field_definition": Verb.HOLDS,
    "parameters": Verb.TAKES,
    "formal_parameters": Verb.TAKES,
    "parameter_list": Verb.TAKES,
    "parameter_declaration": Verb.TAKES,
}
_FUNCTIONS: Final = frozenset(
    {
        "function_definition",
        "function_declaration",
        "method_declaration",
        "method_definition",
        "function_item",
        "function_signature_item",
        "function_signature",
        "method_signature",
        "arrow_function",
        "method_elem",
        "declaration",
        "field_declaration",
    }
)
_RESULTS: Final = ("return_type", "result", "type")
_TYPE_BEFORE: Final = frozenset(
    {
        "method_declaration",
        "function_definition",
        "declaration",
        "field_declaration",
    }
)
"""Where the grammars of C, C++ and Java call what is returned just `type`."""
_NOT_CODE: Final = ("import", "use_declaration", "preproc_include", "package")
_VALUES: Final = frozenset({Kind.VARIABLE, Kind.CONSTANT})
_CHECKING: Final = frozenset({"isinstance", "issubclass"})
_LAST: Final = re.compile(r"(?:(?:::)?<.*>)?(?:::new)?", re.DOTALL)
"""What may stand between the name of a type and the parentheses that make it a creation."""
_OWN: Final = re.compile(r"(?:self|this|cls)\b")


class Usage:
    """Looks at the places where definitions name each other.

    Files are parsed for it once more, and remembered.
    """

    def __init__(self, files: Mapping[str, SourceFile]) -> None:
        """Remember nothing yet."""
        self._files: Final = files
        self._reader: Final = SourceParser()
        self._trees: Final[dict[str, tuple[Tree, list[str]]]] = {}

    def places(
        self, path: str, target: Definition, span: range
    ) -> Iterator[tuple[int, Verb]]:
        """Yield the lines of a span with a definition's name, and what the code does with it."""
        tree, lines = self._tree(path)
        pattern = re.compile(rf"(?<![\w$]){re.escape(target.name)}(?![\w$])")
        found = 0
        for row in range(max(0, span.start - 1), min(len(lines), span.stop)):
            for match in pattern.finditer(lines[row]):
                column = len(
                    lines[row][: match.start()].encode("utf-8", "replace")
                )
                node = tree.root_node.descendant_for_point_range(
                    (row, column), (row, column + 1)
                )
                verb = (
                    _verb(node, target)
                    if node is not None and _is_name(node)
                    else None
                )
                if verb is not None:
                    yield row + 1, verb
                    found += 1
            if found >= _MOST_PLACES:
                return

    def line(self, path: str, number: int) -> str:
        """Return a line of a file, stripped."""
        lines = self._tree(path)[1]
        return lines[number - 1].strip() if 0 < number <= len(lines) else ""

    def _tree(self, path: str) -> tuple[Tree, list[str]]:
        if path not in self._trees:
            file = self._files[path]
            said = decode(file.location.read_bytes()) or ""
            self._trees[path] = (
                self._reader.tree(
                    file.language, said.encode("utf-8", "replace")
                ),
                said.split("\n"),
            )
        return self._trees[path]


def _is_name(node: Node) -> bool:
    return node.child_count == 0 and (
        node.type.endswith("identifier") or node.type in {"constant", "name"}
    )


def _verb(node: Node, target: Definition) -> Verb | None:
    """Return what is done with a name: what the nearest telling syntax around it says.

    None in an import.
    """
    child = node
    called: Verb | None = None
    for _ in range(_STEPS):
        outer = child.parent
        if outer is None:
            break
        if outer.type.startswith(_NOT_CODE):
            return None
        verb = (
            _AROUND.get(outer.type)
            or called
            or _in_call(outer, child, node, target)
            or _in_declaration(outer, child)
        )
        if called is not None:
            return verb if verb in {Verb.RAISES, Verb.DECORATES} else called
        if verb is not None and outer.type not in _CALLS | _CREATIONS:
            return (
                Verb.RETURNS
                if verb is Verb.HOLDS and _is_function(outer)
                else verb
            )
        called, child = verb, outer
    return called or Verb.USES


def _is_function(declaration: Node) -> bool:
    """Tell whether a field declaration declares a function: C++ has both alike."""
    declarator = declaration.child_by_field_name("declarator")
    return declarator is not None and "function_declarator" in {
        declarator.type,
        *(one.type for one in declarator.children),
    }


def _in_call(
    outer: Node, child: Node, name: Node, target: Definition
) -> Verb | None:
    if outer.type in _CREATIONS:
        return (
            None
            if _holds(outer.child_by_field_name("body"), child)
            else Verb.CREATES
        )
    if outer.type == "binary_expression" and any(
        one.type == "instanceof" for one in outer.children
    ):
        return Verb.CHECKS
    if outer.type not in _CALLS:
        return None
    callee = next(
        (
            found
            for field in _CALLEES
            if (found := outer.child_by_field_name(field)) is not None
        ),
        None,
    )
    called = _holds(callee, child)
    if called or _holds(outer.child_by_field_name("object"), child):
        if target.kind in _VALUES:
            return Verb.USES
        is_type = (
            called
            and target.kind in TYPES
            and _LAST.fullmatch(_after(name, callee))
        )
        return Verb.CREATES if is_type else Verb.CALLS
    return (
        Verb.CHECKS
        if target.kind in TYPES and text(callee) in _CHECKING
        else None
    )


def _after(name: Node, callee: Node | None) -> str:
    """Return what stands behind a name in what is called."""
    return (
        text(callee).encode()[name.end_byte - callee.start_byte :].decode()
        if callee is not None
        else ""
    )


def _in_declaration(outer: Node, child: Node) -> Verb | None:
    if outer.type in _FUNCTIONS:
        fields = _RESULTS if outer.type in _TYPE_BEFORE else _RESULTS[:-1]
        for field in fields:
            if _holds(outer.child_by_field_name(field), child):
                return Verb.RETURNS
        return None
    if outer.type == "class_definition":
        bases = outer.child_by_field_name("superclasses")
        return Verb.INHERITS if _holds(bases, child) else None
    if outer.type != "assignment":
        return None
    if not _holds(outer.child_by_field_name("type"), child):
        return None
    is_field = _is_in_class(outer) or _OWN.match(field_text(outer, "left"))
    return Verb.HOLDS if is_field else None


def _is_in_class(assignment: Node) -> bool:
    statement = assignment.parent
    block = statement.parent if statement is not None else None
    owner = block.parent if block is not None else None
    return owner is not None and owner.type == "class_definition"


def _holds(outer: Node | None, inner: Node) -> bool:
    return (
        outer is not None
        and outer.start_byte <= inner.start_byte
        and inner.end_byte <= outer.end_byte
    )


def is_interface(one: Definition) -> bool:
    """Tell whether who extends a type implements it."""
    # PHP's traits are used by classes, not implemented.
    is_rust = one.path.endswith(".rs")
    return one.kind is Kind.INTERFACE or (one.kind is Kind.TRAIT and is_rust)
