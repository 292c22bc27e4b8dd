"""Checks code that a model wrote: it parses, binds its names, and uses what there is."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from worker.engines.claude.verify.expressions import ExpressionChecker
from worker.engines.claude.verify.fault import Claim, Fault
from worker.engines.claude.verify.imports import ImportChecker
from worker.engines.claude.verify.vocabulary import Vocabulary
from worker.engines.static.pages import standalone
from worker.engines.static.parsing.identifiers import word_set
from worker.engines.static.reading.language import Language

LONGEST: Final = 40
"""Lines of code that a model may write."""
_PYTHON: Final = word_set("python py python3")
_COMMENT: Final = re.compile(r"(?<![:\"'])(?://|#).*$", re.MULTILINE)
_BOUND: Final = (
    re.compile(r"(?:let|var|const|mut|:=|=)\s*(\w+)"),
    re.compile(r"(\w+)\s*(?::=|=(?!=))"),
)
"""Names that code of other languages than Python binds, or gives to what it binds."""
_DOTTED: Final = re.compile(r"[\w.]+")
_VALUE: Final = "value"
"""What stands for an argument: examples may give any value."""


class ExampleChecker:
    """Checks code that is marked as written for the page."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        expressions: ExpressionChecker,
        imports: ImportChecker,
    ) -> None:
        """Take the names of a repository, and what checks the parts of an example."""
        self._names: Final = vocabulary
        self._expressions: Final = expressions
        self._imports: Final = imports

    def faults(self, code: str, language: str) -> Iterator[Fault]:
        """Yield what is wrong with an example."""
        lines = code.split("\n")
        if len(lines) > LONGEST:
            yield _fault(f"it has {len(lines)} lines; at most {LONGEST} may be")
        if language in _PYTHON:
            yield from self._python_faults(code, lines)
        else:
            yield from self._other_faults(_COMMENT.sub("", code))

    def _other_faults(self, code: str) -> Iterator[Fault]:
        """Check the names of code, but for those that it binds itself."""
        bound: set[str] = set()
        for pattern in _BOUND:
            bound.update(pattern.findall(code))
        for line in code.split("\n"):
            for fault in self._expressions.faults(line):
                if not any(f"`{name}`" in fault.text for name in bound):
                    yield _fault(fault.text)

    def _python_faults(self, code: str, lines: list[str]) -> Iterator[Fault]:
        # guard: verifier: an example must run as it stands
        if not standalone.is_whole(lines, str(Language.PYTHON)):
            yield _fault(
                "it does not run as it stands: it must parse, import what it "
                "uses, and bind every name"
            )
            return
        try:
            tree = ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            yield _fault("it does not parse")
            return
        bound = _bound_names(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield from self._imports.faults(ast.unparse(node))
            elif isinstance(node, ast.Call):
                yield from self._call_faults(node, bound)

    def _call_faults(self, call: ast.Call, bound: set[str]) -> Iterator[Fault]:
        """Check the name of what is called, and the names of its arguments."""
        name = self._called_name(call, bound)
        if name is None:
            return
        code = f"{name}({_placeholders(call)})"
        for fault in self._expressions.faults(code):
            if f"`{_VALUE}`" not in fault.text:
                yield fault

    def _called_name(self, call: ast.Call, bound: set[str]) -> str | None:
        """Return the name of what is called; None for what the example binds itself."""
        name = ast.unparse(call.func)
        if not _DOTTED.fullmatch(name):
            name = name.rpartition(".")[2]
        if name in bound or not _DOTTED.fullmatch(name):
            return None
        first, _, rest = name.partition(".")
        is_own = first in bound and not self._names.definitions(first)
        return rest if is_own else name


def _placeholders(call: ast.Call) -> str:
    """Return a call's arguments with a name in place of each value."""
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return "..."
    keywords = [keyword.arg for keyword in call.keywords if keyword.arg]
    arguments = [_VALUE] * len(call.args)
    arguments += [f"{keyword}={_VALUE}" for keyword in keywords]
    return ", ".join(arguments)


def _bound_names(tree: ast.Module) -> set[str]:
    bound: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                bound.add(name)
            case ast.arg(arg=name):
                bound.add(name)
    return bound


def _fault(text: str) -> Fault:
    return Fault(claim=Claim.EXAMPLE, text=f"the example: {text}")
