"""The node types of the languages' syntax trees inside functions."""

from typing import Final

from tree_sitter import Node, TreeCursor

from worker.engines.static.parsing.grammar import last_row, one_line, text
from worker.engines.static.parsing.identifiers import word_set

MAX_DEPTH: Final = 80
"""How deep nodes are nested that are still read."""
MAX_QUOTED: Final = 90
"""Characters of an expression that are quoted in a sentence."""
MAX_CONDITION: Final = 240
"""Characters of a condition: it is true only as a whole."""

BLOCKS: Final = word_set(
    "block statement_block compound_statement constructor_body switch_body switch_block "
    "match_block body statement_list switch_block_statement_group body_statement then do_block"
)
CLAUSES: Final = word_set(
    "elif_clause else_clause except_clause except_group_clause finally_clause case_clause "
    "catch_clause with_clause else_if_clause elsif else rescue ensure when catch_block "
    "finally_block when_entry switch_section"
)
"""Parts of compound statements."""
FUNCTIONS: Final = word_set(
    "function_definition lambda function_expression arrow_function function_declaration "
    "generator_function method_definition func_literal closure_expression lambda_expression "
    "class_definition class_declaration class_body function_item local_function_statement "
    "generator_function_declaration method_declaration constructor_declaration method "
    "singleton_method class module anonymous_function object_declaration companion_object "
    "secondary_constructor record_declaration struct_declaration interface_declaration "
    "enum_declaration trait_declaration"
)
CALLEES: Final = ("function", "constructor", "type", "method", "name", "macro")
"""The fields of calls that hold what is called."""
CALLS: Final = word_set(
    "call call_expression new_expression object_creation_expression method_invocation "
    "macro_invocation struct_expression composite_literal invocation_expression "
    "function_call_expression member_call_expression scoped_call_expression "
    "nullsafe_member_call_expression"
)
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
    "raise": "raises",
}
"""Calls by which a function fails, with what that is called."""
FAILURE_WORDS: Final = ("raise", "throw", *FAILING_CALLS)
"""A function without one of these words does not fail by itself."""
CASES: Final = word_set("case_clause switch_case match_arm")
RETURNS: Final = word_set("return_statement return_expression return")
DECISIONS: Final = word_set(
    "if_statement if_expression elif_clause else_if_clause if elsif unless if_modifier "
    "unless_modifier conditional"
)
MATCHED: Final = word_set(
    "case_clause when in_clause match_arm expression_case type_case default_case"
)
"""The cases of statements that choose by a pattern, without falling through to the next one."""
ELSE_IFS: Final = word_set("elif_clause else_if_clause")
"""Branches that are parts of the statement that they continue, beside its other branches."""
HANDLERS: Final = word_set(
    "except_clause except_group_clause catch_clause catch_block rescue"
)
STRINGS: Final = word_set(
    "string string_literal interpreted_string_literal raw_string_literal template_string "
    "encapsed_string interpolated_string_expression"
)


def find(root: Node, first_line: int, last_line: int) -> Node | None:
    """Return the outermost node on exactly some lines: a definition on its own."""
    first = first_line - 1
    last = last_line - 1
    cursor = root.walk()
    for _ in range(MAX_DEPTH):
        node = _around(cursor, first, last)
        if node is None or _is_on(node, first, last):
            return node
    return None


def _around(cursor: TreeCursor, first: int, last: int) -> Node | None:
    """Go to the child that has some rows, and return it; no sign that is alone on them."""
    is_there = cursor.goto_first_child_for_point((first, 0)) is not None
    while is_there:
        node = cursor.node
        if node is None or node.start_point.row > first:
            return None
        if last_row(node) >= last and (
            node.is_named or not _is_on(node, first, last)
        ):
            return node
        is_there = cursor.goto_next_sibling()
    return None


def _is_on(node: Node, first: int, last: int) -> bool:
    """Whether a node is on exactly these rows."""
    return node.start_point.row == first and last_row(node) == last


def shortened(node: Node | None, most: int = MAX_QUOTED) -> str:
    """Return an expression on one line, without parentheses around it, cut where it is long."""
    start = text(node)[: 4 * most]
    line = one_line(start)
    ends = ""
    is_open = line.startswith("(")
    if node is not None and node.children and is_open:
        first = node.children[0]
        last = node.children[-1]
        ends = text(first) + text(last)
    if ends == "()" and line.endswith(")"):
        line = line[1:-1].strip()
    if len(line) <= most:
        return line
    shown = line[: most - 1]
    return f"{shown}…"
