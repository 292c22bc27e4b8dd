"""Checks code that a model wrote: it parses, binds its names, and uses what there is."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from worker.engines.claude.verify import library
from worker.engines.claude.verify.expressions import ExpressionChecker
from worker.engines.claude.verify.fault import Claim, Fault
from worker.engines.claude.verify.imports import ImportChecker
from worker.engines.claude.verify.vocabulary import (
    Vocabulary,
    bound_names,
    parsed,
)
from worker.engines.static.parsing.identifiers import word_set

LONGEST: Final = 40
"""Lines of code that a model may write."""
_PYTHON: Final = word_set("python py python3")
_COMMENT: Final = re.compile(r"(?<![:\"'])(?://|#).*$", re.MULTILINE)
_BOUND: Final = (
    re.compile(r"(?:let|var|const|mut|:=|=)\s*(\w+)"),
    re.compile(r"(\w+)\s*(?::=|=(?!=))"),
)
"""Names that code of other languages than Python binds, or gives to what it binds."""
_NO_PROGRAMS: Final = word_set(
    "bash console sh shell powershell text txt html xml css json yaml yml toml "
    "ini cfg csv diff http jinja jinja2 django markdown md rst sql"
)
"""Languages whose words are not the names of a program."""
_GIVEN: Final = library.BUILTINS | word_set("__file__ __path__")
_DOTTED: Final = re.compile(r"[\w.]+")
_VALUE: Final = "value"
"""What stands for an argument: examples may give any value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scope:
    """What the names of an example mean."""

    bound: set[str]
    imports: Mapping[str, str]
    """The modules of the names that it imports."""


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
            yield from self._python_faults(code)
        elif language not in _NO_PROGRAMS:
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

    def _python_faults(self, code: str) -> Iterator[Fault]:
        tree = parsed(code)
        # guard: verifier: an example must run as it stands
        reasons = _reasons_not_to_run(code, tree)
        for reason in reasons:
            yield _fault(f"it does not run as it stands: {reason}")
        if reasons:
            return
        scope = _Scope(bound=bound_names(tree), imports=_imports(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield from self._imports.faults(ast.unparse(node))
            elif isinstance(node, ast.Call):
                yield from self._call_faults(node, scope)

    def _call_faults(self, call: ast.Call, scope: _Scope) -> Iterator[Fault]:
        """Check the name of what is called, and the names of its arguments."""
        name = self._called_name(call, scope)
        if name is None:
            return
        code = f"{name}({_placeholders(call)})"
        for fault in self._expressions.faults(code):
            if f"`{_VALUE}`" not in fault.text:
                yield fault

    def _called_name(self, call: ast.Call, scope: _Scope) -> str | None:
        """Return the name of what is called; None for what is not the project's."""
        name = ast.unparse(call.func)
        if not _DOTTED.fullmatch(name):
            name = name.rpartition(".")[2]
        if name in scope.bound or not _DOTTED.fullmatch(name):
            return None
        first, _, rest = name.partition(".")
        if self._is_foreign(first, scope):
            return None
        is_own = first in scope.bound and not self._names.definitions(first)
        if not is_own:
            return name
        if rest.rpartition(".")[2] in library.names():
            return None
        return rest

    def _is_foreign(self, name: str, scope: _Scope) -> bool:
        """Tell whether a name is Python's own, or imported from another project."""
        module = scope.imports.get(name)
        if module is None:
            return name in library.BUILTINS
        package = module.partition(".")[0]
        if not package or self._names.is_package(package):
            return False
        return package in self._names.outside_modules


def _reasons_not_to_run(code: str, tree: ast.Module) -> list[str]:
    """Return why code does not run: where it does not parse, and what it does not bind."""
    if not tree.body:
        return [_parse_error(code)]
    known = bound_names(tree) | _imports(tree).keys() | _GIVEN
    if "*" in known:
        return []
    unknown: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in known:
            unknown.setdefault(node.id, node.lineno)
    return [
        f"line {line} uses `{name}`, which it neither imports nor defines"
        for name, line in unknown.items()
    ]


def _parse_error(code: str) -> str:
    try:
        ast.parse(code)
    except SyntaxError as error:
        return f"line {error.lineno} does not parse: {error.msg}"
    except (ValueError, RecursionError, MemoryError):
        return "it does not parse"
    return "it holds no statement"


def _imports(tree: ast.Module) -> dict[str, str]:
    """Return the names that code imports, with the modules that they are of."""
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                package = alias.name.partition(".")[0]
                modules[alias.asname or package] = alias.name
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for alias in node.names:
                modules[alias.asname or alias.name] = module
    return modules


def _placeholders(call: ast.Call) -> str:
    """Return a call's arguments with a name in place of each value."""
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return "..."
    keywords = [keyword.arg for keyword in call.keywords if keyword.arg]
    arguments = [_VALUE] * len(call.args)
    arguments += [f"{keyword}={_VALUE}" for keyword in keywords]
    return ", ".join(arguments)


def _fault(text: str) -> Fault:
    return Fault(claim=Claim.EXAMPLE, text=f"the example: {text}")
