"""Checks code that a model wrote: it parses, binds its names, and uses what there is."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from worker.engines.claude.verify.fault import Claim, Fault
from worker.engines.claude.verify.spans import SpanChecker
from worker.engines.claude.verify.vocabulary import Vocabulary
from worker.engines.static.pages import standalone
from worker.engines.static.reading.language import Language

LONGEST: Final = 40
"""Lines of code that a model may write."""
_PYTHON: Final = frozenset({"python", "py", "python3"})
_COMMENT: Final = re.compile(r"(?<![:\"'])(?://|#).*$", re.MULTILINE)
_DOCUMENT: Final = re.compile(r"\"\"\".*?\"\"\"|'''.*?'''", re.DOTALL)


class ExampleChecker:
    """Checks code that is marked as written for the page."""

    def __init__(self, vocabulary: Vocabulary, spans: SpanChecker) -> None:
        """Take the names of a repository, and the checker of expressions."""
        self._names: Final = vocabulary
        self._spans: Final = spans

    def faults(self, code: str, language: str) -> Iterator[Fault]:
        """Yield what is wrong with an example."""
        lines = code.split("\n")
        if len(lines) > LONGEST:
            yield _fault(f"it has {len(lines)} lines; at most {LONGEST} may be")
        if language in _PYTHON:
            yield from self._python(code, lines)
            return
        bare = _COMMENT.sub("", code)
        own = set(re.findall(r"(?:let|var|const|mut|:=|=)\s*(\w+)", bare))
        own |= set(re.findall(r"(\w+)\s*(?::=|=(?!=))", bare))
        for line in bare.split("\n"):
            for fault in self._spans.expression_faults(line):
                if not any(f"`{name}`" in fault.text for name in own):
                    yield _fault(fault.text)

    def _python(self, code: str, lines: list[str]) -> Iterator[Fault]:
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
                yield from self._spans.import_faults(ast.unparse(node))
            elif isinstance(node, ast.Call):
                yield from self._call(node, bound)

    def _call(self, node: ast.Call, bound: set[str]) -> Iterator[Fault]:
        """Check the name of what is called, and the names of its arguments."""
        name = ast.unparse(node.func)
        if not re.fullmatch(r"[\w.]+", name):
            name = name.rpartition(".")[2]
        if name in bound or not re.fullmatch(r"[\w.]+", name):
            return
        first, _, rest = name.partition(".")
        if first in bound and not self._names.named.get(first):
            name = rest
        arguments = [
            *("value" for _ in node.args),
            *(f"{one.arg}=value" for one in node.keywords if one.arg),
        ]
        stands = any(isinstance(one, ast.Starred) for one in node.args)
        shown = "..." if stands else ", ".join(arguments)
        for fault in self._spans.expression_faults(f"{name}({shown})"):
            if "`value`" not in fault.text:
                yield fault


def _bound_names(tree: ast.Module) -> set[str]:
    bound: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
    return bound


def _fault(text: str) -> Fault:
    return Fault(claim=Claim.EXAMPLE, text=f"the example: {text}")
