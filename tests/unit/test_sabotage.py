"""The guards that `python -m tests.sabotage` takes out are still where it looks for them."""

import ast
import builtins
from pathlib import Path

import pytest

from tests.sabotage.guard import ROOT, Sabotage, marked_files, without_guard
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
def test_a_guard_can_be_taken_out(
    sabotage: Sabotage, files: dict[str, Path]
) -> None:
    source = files[sabotage.guard].read_text(encoding="utf-8")
    changed = without_guard(source, sabotage)
    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source))
    # A name that is nowhere bound would fail in every test, and hide that none notices.
    assert names(changed) <= names(source) | set(dir(builtins))


def names(source: str) -> set[str]:
    return {
        node.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Name)
    }


@pytest.mark.parametrize(
    "sabotage", GUARDS, ids=lambda sabotage: sabotage.guard
)
def test_the_tests_that_notice_are_there(sabotage: Sabotage) -> None:
    for test in sabotage.tests:
        file, _, function = test.partition("::")
        if function:
            assert f"def {function}(" in (ROOT / file).read_text()
        else:
            assert (ROOT / file).exists()
