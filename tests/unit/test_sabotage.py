"""The guards that `python -m tests.sabotage` takes out are still where it looks for them."""

from pathlib import Path

import pytest

from tests.sabotage.ending import ENDING
from tests.sabotage.guard import Sabotage
from tests.sabotage.lease import LEASE
from tests.sabotage.machine import MACHINE
from tests.sabotage.owning import OWNING
from tests.sabotage.reading import READING
from tests.sabotage.telling import SPEAKING
from tests.sabotage.working import WORKING

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "sabotage", [*OWNING, *LEASE, *SPEAKING, *WORKING, *ENDING, *MACHINE, *READING], ids=lambda one: one.guard
)
def test_a_guard_stands_exactly_once_where_the_sabotage_takes_it_out(sabotage: Sabotage) -> None:
    assert (ROOT / sabotage.file).read_text().count(sabotage.old) == 1
    assert sabotage.old != sabotage.new
    assert all((ROOT / tests).exists() for tests in sabotage.tests)
