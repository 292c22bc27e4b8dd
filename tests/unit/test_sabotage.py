"""The guards that `python -m tests.sabotage` removes: each is still in its place."""

import ast
import builtins
import tomllib
from pathlib import Path

import pytest

from tests.sabotage.guard import ROOT, Sabotage, marked_files, without_guard
from tests.sabotage.mutants import EXPLAINED
from tests.sabotage.mutated import TESTS
from tests.sabotage.mutations import mutations
from tests.sabotage.table import GUARDS


@pytest.fixture(scope="module")
def files() -> dict[str, Path]:
    return marked_files()


def test_each_marker_in_the_code_has_its_sabotage_and_the_reverse(
    files: dict[str, Path],
) -> None:
    assert sorted(files) == sorted(sabotage.guard for sabotage in GUARDS)


@pytest.mark.parametrize(
    "sabotage", GUARDS, ids=lambda sabotage: sabotage.guard
)
def test_a_guard_can_be_removed(
    sabotage: Sabotage, files: dict[str, Path]
) -> None:
    source = files[sabotage.guard].read_text(encoding="utf-8")
    changed = without_guard(source, sabotage)
    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source))
    # An undefined name would fail every test, so no test would have to notice the missing guard.
    assert used(changed) <= used(source) | defined(source) | set(dir(builtins))


def used(source: str) -> set[str]:
    """Return the names and the attributes of `self` in a module."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    attributes = {
        ast.unparse(node)
        for node in nodes
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self"
    }
    return names | attributes


def defined(source: str) -> set[str]:
    """Return the methods of a module's classes."""
    return {
        f"self.{node.name}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    }


def exists(test: str) -> bool:
    file, _, function = test.partition("::")
    if not function:
        return (ROOT / file).exists()
    return f"def {function}(" in (ROOT / file).read_text()


@pytest.mark.parametrize(
    "sabotage", GUARDS, ids=lambda sabotage: sabotage.guard
)
def test_the_tests_of_a_guard_exist(sabotage: Sabotage) -> None:
    assert [test for test in sabotage.tests if not exists(test)] == []


def test_the_mutated_modules_and_their_tests_exist() -> None:
    assert [module for module in TESTS if not exists(module)] == []
    tests = {test for module in TESTS for test in TESTS[module]}
    assert [test for test in tests if not exists(test)] == []


def test_the_changes_that_are_explained_can_be_made() -> None:
    explained = {
        (module, entry["function"], entry["change"])
        for module, entries in tomllib.loads(EXPLAINED.read_text()).items()
        for entry in entries
    }
    possible = {
        (module, mutation.function, mutation.change)
        for module in TESTS
        for mutation in mutations((ROOT / module).read_text())
    }
    assert explained - possible == set()
