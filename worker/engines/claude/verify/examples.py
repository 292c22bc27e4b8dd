"""Checks code that a model wrote: it parses, binds its names, and uses only what exists."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from worker.engines.claude.verify import library
from worker.engines.claude.verify.code import bound_names, module_names, parsed
from worker.engines.claude.verify.expressions import ExpressionChecker
from worker.engines.claude.verify.fault import CheckedClaim, Fault
from worker.engines.claude.verify.imports import ImportChecker
from worker.engines.claude.verify.vocabulary import Vocabulary
from worker.engines.static.parsing.identifiers import word_set

LONGEST: Final = 40
"""How many lines of code a model may write."""
_PYTHON: Final = word_set("python py python3")
_COMMENT: Final = re.compile(r"(?<![:\"'])(?://|#).*$", re.MULTILINE)
_BOUND: Final = (
    re.compile(r"(?:let|var|const|mut|:=|=)\s*(\w+)"),
    re.compile(r"(\w+)\s*(?::=|=(?!=))"),
)
"""Names that code in languages other than Python binds, and names of the values that it binds."""
_NO_PROGRAMS: Final = word_set(
    "bash console sh shell powershell text txt html xml css json yaml yml toml "
    "ini cfg csv diff http jinja jinja2 django markdown md rst sql"
)
"""Languages whose words are not names of a program."""
_GIVEN: Final = library.BUILTINS | word_set("__file__ __path__")
_DOTTED: Final = re.compile(r"[\w.]+")
_VALUE: Final = "value"
"""Represents any argument: examples may pass any value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scope:
    """The meaning of the names in an example."""

    bound: set[str]
    imports: Mapping[str, str]
    """The modules of imported names."""
    given: frozenset[str]
    """Members that it gives to its objects: methods, attributes, keywords, named fields."""


class ExampleChecker:
    """Checks code that is marked as written for the page."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        expressions: ExpressionChecker,
        imports: ImportChecker,
    ) -> None:
        """Take the names of a repository, and the checkers for the parts of an example."""
        self._names: Final = vocabulary
        self._expressions: Final = expressions
        self._imports: Final = imports

    def faults(
        self, code: str, language: str, codes: Iterable[str] = ()
    ) -> Iterator[Fault]:
        """Yield the faults of an example; it may import modules from its page's `codes`."""
        lines = code.split("\n")
        if len(lines) > LONGEST:
            yield _fault(f"it has {len(lines)} lines; at most {LONGEST} may be")
        if language in _PYTHON:
            yield from self._python_faults(code, module_names(codes))
        elif language not in _NO_PROGRAMS:
            yield from self._other_faults(_COMMENT.sub("", code))

    def _other_faults(self, code: str) -> Iterator[Fault]:
        """Check the names in code, except those that it binds itself."""
        bound: set[str] = set()
        for pattern in _BOUND:
            names = pattern.findall(code)
            bound.update(names)
        for line in code.split("\n"):
            for fault in self._expressions.faults(line):
                if not _names_any(fault, bound):
                    yield _fault(fault.text)

    def _python_faults(self, code: str, own: frozenset[str]) -> Iterator[Fault]:
        tree = parsed(code)
        # guard: verifier: an example must run as it stands
        reasons = _reasons_not_to_run(code, tree)
        for reason in reasons:
            yield _fault(f"it does not run as it stands: {reason}")
        if reasons:
            return
        imports = _imports(tree)
        bound = bound_names(tree)
        bound.update(self._names_from(imports, own))
        given = bound.union(_members_given(tree))
        scope = _Scope(
            bound=bound,
            imports=imports,
            given=frozenset(given),
        )
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield from self._import_faults(node, own)
            elif isinstance(node, ast.Call):
                yield from self._call_faults(node, scope)

    def _import_faults(
        self, node: ast.Import | ast.ImportFrom, own: frozenset[str]
    ) -> Iterator[Fault]:
        modules = _modules(node)
        if all(self._is_written(module, own) for module in modules):
            return
        statement = ast.unparse(node)
        yield from self._imports.faults(statement)

    def _names_from(
        self, imports: Mapping[str, str], own: frozenset[str]
    ) -> Iterator[str]:
        """Yield the names imported from modules of the page."""
        for name, module in imports.items():
            if self._is_written(module, own):
                yield name

    def _is_written(self, module: str, own: frozenset[str]) -> bool:
        """Whether a module is a file that the page asks its reader to save."""
        package, _, _ = module.partition(".")
        if not package:
            inside = module.lstrip(".")
            return any(name.endswith(inside) for name in own)
        if self._names.is_package(package):
            return False
        if module in own:
            return True
        # A program in a folder can import the files beside it.
        beside = f".{module}"
        return any(name.endswith(beside) for name in own)

    def _call_faults(self, call: ast.Call, scope: _Scope) -> Iterator[Fault]:
        """Check the name of a called function, and the names of its arguments."""
        name = self._called_name(call, scope)
        if name is None:
            return
        arguments = _placeholders(call)
        code = f"{name}({arguments})"
        for fault in self._expressions.faults(code):
            if f"`{_VALUE}`" not in fault.text:
                yield fault

    def _called_name(self, call: ast.Call, scope: _Scope) -> str | None:
        """Return the name of a called function; None if it does not belong to the project."""
        name = _dotted_name(call.func)
        if name is None or name in scope.bound:
            return None
        first, _, rest = name.partition(".")
        if self._is_foreign(first, scope):
            return None
        if not self._is_own(first, scope):
            return name
        _, _, last = rest.rpartition(".")
        if last in library.names() or last in scope.given:
            return None
        return rest

    def _is_own(self, name: str, scope: _Scope) -> bool:
        """Whether a name belongs to the example, and not to the project."""
        if name not in scope.bound:
            return False
        return not self._names.definitions(name)

    def _is_foreign(self, name: str, scope: _Scope) -> bool:
        """Whether a name is Python's own, or imported from another project."""
        module = scope.imports.get(name)
        if module is None:
            return name in library.BUILTINS
        package, _, _ = module.partition(".")
        if not package:
            return False
        if self._names.is_package(package):
            return False
        return package in self._names.outside_modules


def _names_any(fault: Fault, names: Iterable[str]) -> bool:
    quoted = []
    for name in names:
        in_backquotes = f"`{name}`"
        quoted.append(in_backquotes)
    return any(name in fault.text for name in quoted)


def _reasons_not_to_run(code: str, tree: ast.Module) -> list[str]:
    """Return the reasons why code does not run: a syntax error, or unbound names."""
    if not tree.body:
        return [_parse_error(code)]
    known = bound_names(tree)
    known.update(_imports(tree))
    known.update(_GIVEN)
    if "*" in known:
        return []
    unknown: dict[str, int] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name):
            continue
        if node.id not in known:
            unknown.setdefault(node.id, node.lineno)
    reasons = []
    for name, line in unknown.items():
        reason = (
            f"line {line} uses `{name}`, which it neither imports nor defines"
        )
        reasons.append(reason)
    return reasons


def _parse_error(code: str) -> str:
    try:
        ast.parse(code)
    except SyntaxError as error:
        return f"line {error.lineno} does not parse: {error.msg}"
    except (ValueError, RecursionError, MemoryError):
        return "it does not parse"
    return "it holds no statement"


def _modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    module = "." * node.level
    module += node.module or ""
    return [module]


def _imports(tree: ast.Module) -> dict[str, str]:
    """Return the names that code imports, with their modules."""
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                package, _, _ = alias.name.partition(".")
                name = alias.asname or package
                modules[name] = alias.name
        elif isinstance(node, ast.ImportFrom):
            [module] = _modules(node)
            for alias in node.names:
                name = alias.asname or alias.name
                modules[name] = module
    return modules


def _members_given(tree: ast.Module) -> Iterator[str]:
    """Yield the members that code sets on objects, and the fields of its own types.

    `Cup = namedtuple("Cup", "full empty")`, `SimpleNamespace(full=True)`.
    """
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.keyword(arg=str(name)):
                yield name
            case ast.Call(func=ast.Name(id="namedtuple"), args=[_, fields]):
                yield from _DOTTED.findall(ast.unparse(fields))
            case _:
                pass


def _dotted_name(called: ast.expr) -> str | None:
    """Return the name of a called function.

    For a member of a value, such as a text, it is the last name.
    """
    name = ast.unparse(called)
    if _DOTTED.fullmatch(name):
        return name
    _, _, member = name.rpartition(".")
    if _DOTTED.fullmatch(member):
        return member
    return None


def _placeholders(call: ast.Call) -> str:
    """Return a call's arguments, with a name in place of each value."""
    placeholders: list[str] = []
    for argument in call.args:
        if isinstance(argument, ast.Starred):
            return "..."
        placeholders.append(_VALUE)
    keywords = [keyword.arg for keyword in call.keywords if keyword.arg]
    for keyword in keywords:
        named = f"{keyword}={_VALUE}"
        placeholders.append(named)
    return ", ".join(placeholders)


def _fault(text: str) -> Fault:
    return Fault(claim=CheckedClaim.EXAMPLE, text=f"the example: {text}")
