"""A guard of the program, and how it is removed.

In the code, a comment `# guard: NAME` marks the statement below it as the guard. To remove it,
one expression in the statement's head, or the whole statement, is replaced.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CRASHES: Final = "tests/simulation/test_crashes.py"
DAMAGE: Final = "tests/simulation/test_damage.py"
LISTS: Final = "tests/simulation/test_lists.py"
FAILURES: Final = "tests/simulation/test_failures.py"
RUNS: Final = "tests/simulation/test_runs.py"
RIVALS: Final = "tests/simulation/test_rivals.py"
REFUSALS: Final = "tests/simulation/test_refusals.py"
ON_S3: Final = "tests/integration/test_job_on_s3.py"
TAKEOVER: Final = "tests/simulation/test_takeover.py"
ANSWERS: Final = "tests/simulation/test_answers.py"
COLLECTED: Final = "tests/simulation/test_collected.py"
COLLECTING: Final = "tests/integration/test_collecting.py"
WEBHOOK: Final = "tests/integration/test_webhook.py"
WEBHOOK_DEADLINE: Final = "tests/integration/test_webhook_deadline.py"
PROCESSES: Final = "tests/integration/test_process.py"
CONTRACT: Final = "tests/contract/test_store.py"
SHARING: Final = "tests/contract/test_sharing.py"
FULL_DISK: Final = "tests/acceptance/test_full_disk.py"
ODD_STARTS: Final = "tests/acceptance/test_odd_starts.py"
GIT_DISK: Final = "tests/integration/test_source_git_disk.py"
CHECKPOINTS: Final = "tests/unit/ownership/test_log.py"
COURSES: Final = "tests/unit/course/test_formats.py"
LETTING_GO: Final = "tests/simulation/test_letting_go.py"
FOLDERS: Final = "tests/unit/run/test_workspace.py"

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("states", "worker")
MARKER: Final = "# guard: "


@dataclass(frozen=True, kw_only=True, slots=True)
class Sabotage:
    """How one guard is removed; `tests` are those that are likely to fail without it."""

    guard: str
    """Its name, as in its marker."""
    expression: str | None = None
    """The expression that is replaced.

    None for the whole statement. It must occur once in the statement's head.
    """
    new: str
    tests: tuple[str, ...]


def marked_files(tree: Path = ROOT) -> dict[str, Path]:
    """Return the file of each marked guard.

    Raise ValueError if a name is marked twice.
    """
    files: dict[str, Path] = {}
    for path in sorted(
        file for package in PACKAGES for file in (tree / package).rglob("*.py")
    ):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip().startswith(MARKER):
                name = line.strip().removeprefix(MARKER)
                if name in files:
                    raise ValueError(
                        f"guard {name!r} is marked in {files[name]} and in {path}"
                    )
                files[name] = path
    return files


def without_guard(source: str, sabotage: Sabotage) -> str:
    """Return a module's source without a guard; raise ValueError unless it occurs once."""
    statement = _marked(source, sabotage.guard)
    if sabotage.expression is None:
        return _replaced(source, statement, sabotage.new)
    wanted = ast.dump(ast.parse(sabotage.expression, mode="eval").body)
    places = [node for node in _head(statement) if ast.dump(node) == wanted]
    if len(places) != 1:
        raise ValueError(
            f"{sabotage.guard}: {sabotage.expression!r} stands {len(places)} times in the "
            f"statement, instead of once"
        )
    return _replaced(source, places[0], f"({sabotage.new})")


def _marked(source: str, guard: str) -> ast.stmt | ast.ExceptHandler:
    """Return the statement below a guard's marker."""
    lines = source.splitlines()
    number = [line.strip() for line in lines].index(MARKER + guard)
    while lines[number].lstrip().startswith("#"):
        number += 1
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.stmt | ast.ExceptHandler)
            and node.lineno == number + 1
        ):
            return node
    raise ValueError(f"{guard}: no statement follows its marker")


def _head(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions of a statement, without those of the statements in its body."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child
        if not isinstance(child, ast.stmt | ast.ExceptHandler):
            yield from _head(child)


def _replaced(
    source: str, node: ast.stmt | ast.expr | ast.ExceptHandler, new: str
) -> str:
    lines = source.encode().splitlines(keepends=True)
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    before = (
        b"".join(lines[: node.lineno - 1])
        + lines[node.lineno - 1][: node.col_offset]
    )
    after = lines[node.end_lineno - 1][node.end_col_offset :] + b"".join(
        lines[node.end_lineno :]
    )
    indented = new.replace("\n", "\n" + " " * node.col_offset)
    return (before + indented.encode() + after).decode()
