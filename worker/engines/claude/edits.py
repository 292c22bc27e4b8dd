"""Changes of the project's own code that an exercise asks for, and the test that fails."""

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Final

from worker.engines.claude.blocks import CodeChange
from worker.engines.claude.shown import Shown
from worker.engines.static.facts import Definition, Role
from worker.engines.static.pages.course import CourseFacts, is_function
from worker.engines.static.pages.project_tests import PYTEST
from worker.engines.static.reading.language import Language

_MOST: Final = 15
"""Lines that a change may touch."""
_NODE: Final = re.compile(
    r"(?P<path>[\w./-]+\.py)(?P<classes>(?:::[A-Za-z_]\w*)*)::(?P<name>test\w*)"
)
_CALLED: Final = re.compile(r"(?<!def )\b(\w+)\(")
_UNDO: Final = "git checkout -- "
_INSTALLS: Final = re.compile(r"\b(?:install|add|sync|download)\b")
_RUNS_TESTS: Final = re.compile(
    r"\b(?:pytest|unittest|tox|nox|rspec|phpunit|(?:go|cargo|mvn|dotnet) test"
    r"|(?:npm|pnpm|yarn|bun)(?: run)? test|gradle test|make (?:check|test))\b"
)


def is_test(command: str) -> bool:
    if _INSTALLS.search(command):
        return False
    return _RUNS_TESTS.search(command) is not None


def undo(path: str) -> str:
    """Return the command that undoes the changes in a file."""
    return f"{_UNDO}{path}"


def command(commands: dict[str, str], test: str) -> str:
    """Return the command that runs a test, given by a command's id or by its own id."""
    known = commands.get(test)
    if known:
        return known
    return f"{PYTEST} {test}"


def is_own(facts: CourseFacts, line: str) -> bool:
    """Whether a command is one that runs a change's test or undoes the change."""
    if line.startswith(_UNDO):
        path = line.removeprefix(_UNDO)
        return path in facts.analysis.files
    runs = f"{PYTEST} "
    if not line.startswith(runs):
        return False
    node = line.removeprefix(runs)
    return _exists(facts, node)


def is_told(facts: CourseFacts, shown: Shown) -> bool:
    """Whether a shown test calls a shown function: it would detect a change of that function."""
    called: set[str] = set()
    for path in shown.paths:
        if _has_role(facts, path, Role.TEST):
            text = shown.text(path)
            names = _CALLED.findall(text)
            called.update(names)
    for definition in facts.definitions:
        if definition.name not in called:
            continue
        if _is_changeable(facts, shown, definition):
            return True
    return False


def _has_role(facts: CourseFacts, path: str, role: Role) -> bool:
    file = facts.analysis.files.get(path)
    if file is None:
        return False
    return file.role is role


def _is_changeable(
    facts: CourseFacts, shown: Shown, definition: Definition
) -> bool:
    """Whether the prompt shows lines of a function of the project, so that they can be changed."""
    path = definition.path
    if not is_function(definition):
        return False
    if not _has_role(facts, path, Role.SOURCE):
        return False
    behind = definition.end_line + 1
    lines = range(definition.line, behind)
    return any(shown.has_line(path, line) for line in lines)


def faults(
    facts: CourseFacts, change: CodeChange, commands: dict[str, str]
) -> Iterator[str]:
    """Yield why a change cannot be made, or why its test cannot detect it."""
    path, first, last = change.lines
    file = facts.analysis.files.get(path)
    if file is None or file.role is not Role.SOURCE:
        shortened = path[:80]
        yield f"`{shortened}` is no source file of the project"
        return
    lines = facts.texts.lines(path)
    start = first - 1
    before = lines[:start]
    old = lines[start:last]
    after = lines[last:]
    new = change.code.split("\n")
    longest = max(len(old), len(new))
    if longest > _MOST or not change.code:
        yield f"a change has 1 to {_MOST} lines, before and after"
    if new == [line.rstrip() for line in old]:
        yield "the change changes nothing"
    if file.language is Language.PYTHON:
        changed = [*before, *new, *after]
        yield from _syntax(changed)
    yield from _test_faults(facts, change.test, commands)


def _syntax(lines: Iterable[str]) -> Iterator[str]:
    try:
        ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        yield f"the changed file does not parse: {error}"


def _test_faults(
    facts: CourseFacts, test: str, commands: dict[str, str]
) -> Iterator[str]:
    # guard: pages: a change is told by a test that exists
    if test in commands:
        told = commands[test]
        if not is_test(told):
            yield f"`{told}` runs no test"
    elif not _exists(facts, test):
        yield f"there is no test `{test[:120]}`"


def _exists(facts: CourseFacts, node: str) -> bool:
    """Whether a test of pytest exists: `tests/test_app.py::TestApp::test_run`."""
    match = _NODE.fullmatch(node)
    if match is None:
        return False
    file = facts.analysis.files.get(match["path"])
    if file is None or file.role is not Role.TEST:
        return False
    lines = facts.texts.lines(file.path)
    text = "\n".join(lines)
    _, *classes = match["classes"].split("::")
    heads = []
    for name in classes:
        head = f"class {name}"
        heads.append(head)
    name = match["name"]
    heads.append(f"def {name}")
    for head in heads:
        pattern = rf"\b{head}\b"
        if not re.search(pattern, text):
            return False
    return True
