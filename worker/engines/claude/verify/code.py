"""Reads code that the model wrote for a page."""

import ast
import re
from collections.abc import Iterable
from typing import Final

_MODULE: Final = re.compile(r"(?:[\w-]+/){0,3}[\w-]+\.py")
_SPACE: Final = re.compile(r"\s+")


def parsed(code: str) -> ast.Module:
    """Return the tree of Python code; an empty one if it does not parse."""
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])


def bound_names(tree: ast.Module) -> set[str]:
    """Return the names that code binds, except imported ones."""
    bound: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
                | ast.Name(id=name, ctx=ast.Store())
                | ast.arg(arg=name)
                | ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
            ):
                bound.add(name)
            case _:
                pass
        # Python 3.11 has no type parameters.
        for parameter in getattr(node, "type_params", ()):
            bound.add(parameter.name)
    return bound


def module_names(codes: Iterable[str]) -> frozenset[str]:
    """Return the modules and packages of the files among a page's codes."""
    names: set[str] = set()
    for path in filter(_MODULE.fullmatch, codes):
        name = ""
        for part in path.removesuffix(".py").split("/"):
            name = f"{name}.{part}".lstrip(".")
            names.add(name)
    return frozenset(names)


def squeezed(code: str) -> str:
    """Return code without the characters that do not change its meaning."""
    dense = _SPACE.sub("", code)
    head = dense.rstrip(":{")
    return head.replace(",)", ")")
