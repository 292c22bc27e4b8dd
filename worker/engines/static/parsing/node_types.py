"""The node types of the languages' syntax trees, as far as the inside of a function is read."""

from typing import Final

from tree_sitter import Node

from worker.engines.static.facts import Definition
from worker.engines.static.parsing.grammar import one_line, text
from worker.engines.static.parsing.identifiers import word_set

MAX_DEPTH: Final = 80
"""Nesting that nobody can follow is not followed here."""
MAX_SAID: Final = 90
"""Characters of an expression that are quoted in a sentence."""

BLOCKS: Final = word_set(
    "block statement_block compound_statement constructor_body switch_body switch_block match_block body "
    "statement_list switch_block_statement_group"
)
FUNCTIONS: Final = word_set(
    "function_definition lambda function_expression arrow_function function_declaration generator_function "
    "method_definition func_literal closure_expression lambda_expression class_definition class_declaration "
    "class_body function_item local_function_statement generator_function_declaration "
    "method_declaration constructor_declaration"
)
CALLS: Final = {
    "call": "function",
    "call_expression": "function",
    "new_expression": "constructor",
    "object_creation_expression": "type",
    "method_invocation": "name",
    "macro_invocation": "macro",
    "struct_expression": "name",
    "composite_literal": "type",
}
RAISES: Final = {
    "raise_statement": "raises",
    "throw_statement": "throws",
    "throw_expression": "throws",
}
FAILING_CALLS: Final = {
    "panic": "panics",
    "Err": "returns an error",
    "bail": "returns an error",
    "errors.New": "returns an error",
    "fmt.Errorf": "returns an error",
}
"""Calls by which languages without exceptions fail, with what that is called."""
CASES: Final = frozenset({"case_clause", "switch_case", "match_arm"})
RETURNS: Final = word_set("return_statement return_expression")
DECISIONS: Final = word_set("if_statement if_expression elif_clause")
HANDLERS: Final = word_set("except_clause except_group_clause catch_clause")
LOOPS: Final = word_set(
    "for_statement while_statement do_statement for_in_statement enhanced_for_statement for_expression "
    "while_expression loop_expression for_range_loop"
)
ASSIGNMENTS: Final = word_set(
    "assignment augmented_assignment assignment_expression"
)
STRINGS: Final = word_set(
    "string string_literal interpreted_string_literal raw_string_literal template_string"
)
OWN: Final = ("self.", "this.", "this->")


def find(root: Node, definition: Definition) -> Node | None:
    """Return the node of a definition: the outermost one on exactly its lines."""
    first, last = definition.line - 1, definition.end_line - 1
    node: Node | None = root
    for _ in range(MAX_DEPTH):
        if node is None or (
            node.start_point.row >= first
            and node.end_point.row <= last
            and node is not root
        ):
            return node
        node = next(
            (
                child
                for child in node.children
                if child.start_point.row <= first
                and child.end_point.row >= last
                and (
                    child.start_point.row < first
                    or child.end_point.row > last
                    or child.is_named
                )
            ),
            None,
        )
    return None


def said(node: Node | None) -> str:
    """Return an expression on one line, without parentheses around it, cut where it is long."""
    line = one_line(text(node)[: 4 * MAX_SAID])
    if line.startswith("(") and line.endswith(")"):
        line = line[1:-1].strip()
    return line if len(line) <= MAX_SAID else f"{line[: MAX_SAID - 1]}…"
