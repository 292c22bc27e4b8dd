"""Small changes to a module, such as a slip would make."""

import ast
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

PAIRS: Final[tuple[tuple[Any, Any], ...]] = (
    (ast.Lt, ast.LtE),
    (ast.Gt, ast.GtE),
    (ast.Eq, ast.NotEq),
    (ast.Is, ast.IsNot),
    (ast.In, ast.NotIn),
    (ast.And, ast.Or),
    (ast.Add, ast.Sub),
    (ast.Mult, ast.Div),
)
SWAPPED: Final = {**dict(PAIRS), **{right: left for left, right in PAIRS}}
TRUTHS: Final = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
"""Comparisons with these are changed into their negations."""
WITHOUT_EFFECT: Final = {"annotation", "decorator_list", "returns"}

Node = ast.stmt | ast.expr


class Mutation(NamedTuple):
    """A module with one change."""

    function: str
    line: int
    change: str
    source: str


def mutations(source: str) -> Iterator[Mutation]:
    for function, node in _nodes(ast.parse(source), ""):
        for old, new in _changes(node):
            text = ast.unparse(new)
            change = f"{ast.unparse(old)} -> {text}"
            if isinstance(new, ast.expr):
                text = f"({text})"
            changed = _spliced(source.encode(), old, text.encode())
            yield Mutation(function, old.lineno, change, changed.decode())


def _nodes(node: ast.AST, name: str) -> Iterator[tuple[str, Node]]:
    """Yield the parts of a module that have an effect: no log calls, messages or docstrings."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        name = f"{name}.{node.name}".removeprefix(".")
    if isinstance(node, Node):
        yield name, node
    for field, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            is_node = isinstance(child, ast.AST) and not _is_words(child)
            if is_node and field not in WITHOUT_EFFECT:
                yield from _nodes(child, name)


def _is_words(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):
        return ast.unparse(node).startswith("LOG.")
    return isinstance(node, ast.JoinedStr)


def _changes(node: Node) -> Iterator[tuple[Node, Node]]:
    match node:
        case ast.UnaryOp(op=ast.Not()):
            yield node, node.operand
        case ast.Constant(value=bool(value)):
            yield node, ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield node, ast.Constant(value + 1)
        case ast.IfExp(test=test) | ast.If(test=test) | ast.While(test=test):
            if not _changes_to_opposite(test):
                yield test, ast.UnaryOp(ast.Not(), test)
        case _:
            yield from _changed_operators(node)
            yield from _changed_statements(node)


def _changed_operators(node: Node) -> Iterator[tuple[Node, Node]]:
    match node:
        case ast.Compare(ops=[operator]):
            swapped = SWAPPED[type(operator)]()
            yield node, ast.Compare(node.left, [swapped], node.comparators)
        case ast.BoolOp(op=operator):
            yield node, ast.BoolOp(SWAPPED[type(operator)](), node.values)
        case ast.BinOp(op=operator) if type(operator) in SWAPPED:
            swapped = SWAPPED[type(operator)]()
            yield node, ast.BinOp(node.left, swapped, node.right)


def _changed_statements(node: Node) -> Iterator[tuple[Node, Node]]:
    match node:
        case ast.Break():
            yield node, ast.Continue()
        case ast.Continue():
            yield node, ast.Break()
        case ast.Return(value=ast.Constant(value=None | False)):
            return
        case ast.Return(value=ast.expr()):
            yield node, ast.Return(ast.Constant(None))
        case ast.Return() | ast.Raise() | ast.AugAssign():
            yield node, ast.Pass()
        case ast.Expr(value=ast.Call()):
            yield node, ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield node, ast.Pass()


def _changes_to_opposite(test: ast.expr) -> bool:
    match test:
        case ast.Compare(ops=[operator]):
            return isinstance(operator, TRUTHS)
        case ast.UnaryOp(op=ast.Not()):
            return True
    return isinstance(test, ast.Constant)


def _spliced(source: bytes, node: Node, text: bytes) -> bytes:
    lines = source.splitlines(keepends=True)
    before = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    lines_before = lines[: (node.end_lineno or 0) - 1]
    end = sum(map(len, lines_before)) + (node.end_col_offset or 0)
    return source[:before] + text + source[end:]
