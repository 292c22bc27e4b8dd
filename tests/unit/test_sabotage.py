"""The guards that `python -m tests.sabotage` takes out are still where it looks for them."""

import ast
from pathlib import Path

import pytest

from tests.sabotage.ending import ENDING
from tests.sabotage.guard import ROOT, Sabotage, marked_files, without_guard
from tests.sabotage.lease import LEASE
from tests.sabotage.lessons import LESSONS
from tests.sabotage.machine import MACHINE
from tests.sabotage.owning import OWNING
from tests.sabotage.paying import PAYING
from tests.sabotage.reading import READING
from tests.sabotage.sending import SENDING
from tests.sabotage.working import WORKING

GUARDS = [
    *OWNING,
    *LEASE,
    *SENDING,
    *WORKING,
    *ENDING,
    *MACHINE,
    *PAYING,
    *READING,
    *LESSONS,
]


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
    changed = ast.dump(ast.parse(without_guard(source, sabotage)))
    assert changed != ast.dump(ast.parse(source))
    missing = [test for test in sabotage.tests if not (ROOT / test).exists()]
    assert missing == []
