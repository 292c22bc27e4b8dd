"""What becomes of runs that end in every way, without waiting for the pauses between them."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from states.exits import LEAVES, Exit, Leaves
from tests.gateway.test_spool import a_request
from tests.support.waiting import until
from worker.gateway.program import Program
from worker.gateway.slots import MAX_RETRIES, Slots
from worker.gateway.spool import Spool
from worker.runtime import Flag, SystemRuntime

KILLED = 137


class Impatient(SystemRuntime):
    """Writes pauses down instead of waiting for them."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def flag(self) -> Flag:
        flag, pauses = super().flag(), self.pauses

        class Noted:
            set, is_set = flag.set, flag.is_set

            def wait(self, seconds: float) -> bool:
                pauses.append(seconds)
                return flag.is_set()

        return Noted()


class Scripted(Program):
    """Runs that end as a test says, and then with 0."""

    def __init__(self) -> None:
        super().__init__({}, "file:///nowhere", SystemRuntime(), stop_grace_seconds=1)
        self.codes: list[int | Exception] = []
        self.jobs: list[str] = []

    def run(self, *argv: str, variables: Mapping[str, str], stopping: Flag) -> int:  # noqa: ARG002 - as Program has it
        self.jobs.append(variables["JOB_ID"])
        code = self.codes.pop(0) if self.codes else 0
        if isinstance(code, Exception):
            raise code
        return code


@pytest.fixture
def program() -> Scripted:
    return Scripted()


@pytest.fixture
def runtime() -> Impatient:
    return Impatient()


@pytest.fixture
def slots(program: Scripted, runtime: Impatient, tmp_path: Path) -> Iterator[Slots]:
    slots = Slots(program, Spool(tmp_path, runtime), runtime, 1)
    yield slots
    slots.close()


def spooled(folder: Path) -> int:
    return len(list(folder.glob("*.json")))


@pytest.mark.parametrize("code", [code for code in Exit if LEAVES[code] in {Leaves.OVER, Leaves.FAILED}])
def test_a_job_that_is_over_is_forgotten(slots: Slots, program: Scripted, code: Exit, tmp_path: Path) -> None:
    program.codes = [code]
    slots.put(a_request())
    until(lambda: program.jobs == ["job-1"] and slots.all() == [])
    assert spooled(tmp_path) == 0


@pytest.mark.parametrize("code", [*(code for code in Exit if LEAVES[code] is Leaves.RESUMABLE), KILLED, ValueError()])
def test_what_may_pass_is_tried_again_until_it_does(slots: Slots, program: Scripted, code: int | Exception) -> None:
    program.codes = [code, code]
    slots.put(a_request())
    until(lambda: slots.all() == [])
    assert program.jobs == ["job-1"] * 3


def test_retries_are_bounded_with_growing_pauses_and_begin_anew_when_asked_for(
    slots: Slots, program: Scripted, runtime: Impatient, tmp_path: Path
) -> None:
    program.codes = [Exit.TEMPORARY] * (MAX_RETRIES + 1)
    slots.put(a_request())
    until(lambda: [one.given_up for one in slots.all()] == [True])
    assert (len(program.jobs), runtime.pauses, spooled(tmp_path)) == (6, [2, 4, 8, 16, 32], 1)
    slots.put(a_request())
    until(lambda: slots.all() == [])
    assert spooled(tmp_path) == 0


@pytest.mark.parametrize("code", [Exit.USAGE, Exit.CONFIG])
def test_a_run_that_touches_nothing_is_not_repeated_and_its_request_kept(
    slots: Slots, program: Scripted, code: Exit, tmp_path: Path
) -> None:
    program.codes = [code]
    slots.put(a_request())
    until(lambda: [one.refused for one in slots.all()] == [code])
    assert (program.jobs, spooled(tmp_path)) == (["job-1"], 1)
