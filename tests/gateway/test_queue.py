"""What becomes of runs that end in every way, without waiting for the pauses between them."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from states.exits import Exit
from tests.gateway.test_spool import a_request
from tests.support.waiting import until
from worker.gateway.child import ChildCommand
from worker.gateway.job_status import Standing
from worker.gateway.queue import (
    LONGEST_PAUSE_SECONDS,
    MAX_RETRIES,
    UNREADABLE_PAUSE_SECONDS,
    QueueLimits,
    RunQueue,
)
from worker.gateway.spool import Spool
from worker.system.runtime import Flag, SystemRuntime

KILLED = 137


class Impatient(SystemRuntime):
    """Writes pauses down instead of waiting for them."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.patient = False

    def flag(self) -> Flag:
        flag, pauses, runtime = super().flag(), self.pauses, self

        class Noted:
            set, is_set = flag.set, flag.is_set

            def wait(self, seconds: float) -> bool:
                pauses.append(seconds)
                return flag.wait(seconds) if runtime.patient else flag.is_set()

        return Noted()


class Scripted(ChildCommand):
    """Runs that end as a test says; then the job is over."""

    def __init__(self) -> None:
        super().__init__(
            {}, "file:///nowhere", SystemRuntime(), stop_grace_seconds=1
        )
        self.codes: list[int | Exception] = []
        self.jobs: list[str] = []
        self.given: list[Mapping[str, str]] = []
        self.looks: list[Standing] = []
        """The job's status at the first reads.

        Then it is unfinished as long as there are codes.
        """

    def run(
        self,
        *argv: str,  # noqa: ARG002 - as ChildCommand has it
        variables: Mapping[str, str],
        stopping: Flag,  # noqa: ARG002
    ) -> int:
        self.jobs.append(variables["JOB_ID"])
        self.given.append(variables)
        code = self.codes.pop(0) if self.codes else 0
        if isinstance(code, Exception):
            raise code
        return code

    def judge(self, _: str) -> Standing:
        if self.looks:
            return self.looks.pop(0)
        return Standing.UNFINISHED if self.codes else Standing.OVER


@pytest.fixture
def program() -> Scripted:
    return Scripted()


@pytest.fixture
def runtime() -> Impatient:
    return Impatient()


@pytest.fixture
def slots(
    program: Scripted, runtime: Impatient, tmp_path: Path
) -> Iterator[RunQueue]:
    limits = QueueLimits(max_runs=1, redelivery_seconds=7)
    slots = RunQueue(
        program, program.judge, Spool(tmp_path, runtime), runtime, limits=limits
    )
    yield slots
    slots.close()


def spooled(folder: Path) -> int:
    return len(list(folder.glob("*.json")))


def states(slots: RunQueue) -> list[tuple[bool, bool]]:
    return [(slot.given_up, slot.running) for slot in slots.all()]


ALL_CODES = [*Exit, KILLED]


@pytest.mark.parametrize("code", ALL_CODES)
def test_a_job_that_is_over_is_forgotten_however_its_run_ended(
    slots: RunQueue, program: Scripted, code: Exit, tmp_path: Path
) -> None:
    program.codes = [code]
    slots.put(a_request())
    until(lambda: program.jobs == ["job-1"] and slots.all() == [])
    assert spooled(tmp_path) == 0


def test_a_job_that_is_over_already_is_forgotten_without_a_run(
    slots: RunQueue, program: Scripted, tmp_path: Path
) -> None:
    program.looks = [Standing.OVER]
    slots.put(a_request())
    until(lambda: slots.all() == [])
    assert program.jobs == []
    assert spooled(tmp_path) == 0


@pytest.mark.parametrize("code", ALL_CODES)
def test_a_job_that_is_not_over_is_tried_again_however_its_run_ended(
    slots: RunQueue, program: Scripted, code: int
) -> None:
    program.looks = [Standing.UNFINISHED] * 4
    program.codes = [code, code]
    slots.put(a_request())
    until(lambda: slots.all() == [])
    assert program.jobs == ["job-1"] * 2


def test_a_job_whose_run_met_a_bug_is_tried_again(
    slots: RunQueue, program: Scripted
) -> None:
    program.codes = [ValueError(), ValueError()]
    slots.put(a_request())
    until(lambda: slots.all() == [])
    assert program.jobs == ["job-1"] * 2


def test_retries_are_bounded_with_growing_pauses_and_restart_on_request(
    slots: RunQueue, program: Scripted, runtime: Impatient, tmp_path: Path
) -> None:
    program.looks = [Standing.UNFINISHED] * 2 * (MAX_RETRIES + 1)
    program.codes = [Exit.TEMPORARY] * 20
    slots.put(a_request())
    until(lambda: runtime.pauses[6:] != [])
    until(lambda: states(slots) == [(True, False)])  # between two looks
    assert len(program.jobs) == 6
    assert spooled(tmp_path) == 1
    assert runtime.pauses[:6] == [2, 4, 8, 16, 32, LONGEST_PAUSE_SECONDS]
    program.codes = [Exit.TEMPORARY]
    slots.put(a_request())
    until(lambda: slots.all() == [])
    assert spooled(tmp_path) == 0


@pytest.mark.parametrize("code", ALL_CODES)
def test_a_job_whose_webhook_does_not_know_that_it_is_over_is_never_given_up(
    slots: RunQueue,
    program: Scripted,
    runtime: Impatient,
    code: int,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    program.looks = [Standing.UNDELIVERED] * 2100
    program.codes = [code] * 1050
    slots.put(a_request())
    until(lambda: slots.all() == [])
    assert len(program.jobs) == 1050
    assert spooled(tmp_path) == 0
    assert runtime.pauses[:3] == [2, 4, 8]
    assert max(runtime.pauses) == LONGEST_PAUSE_SECONDS
    assert "gave up on a job" not in caplog.text


def test_a_run_that_only_delivers_gets_less_time_than_one_that_works(
    slots: RunQueue, program: Scripted
) -> None:
    program.looks = [
        Standing.UNFINISHED,
        Standing.UNDELIVERED,
        Standing.UNDELIVERED,
    ]
    slots.put(a_request())
    until(lambda: slots.all() == [])
    assert [
        given.get("CALLBACK_GIVE_UP_SECONDS") for given in program.given
    ] == [
        None,
        "7",
    ]


def test_while_a_manifest_cannot_be_read_nothing_is_run_or_decided(
    slots: RunQueue,
    program: Scripted,
    runtime: Impatient,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    program.looks = [Standing.UNFINISHED, *[Standing.UNREADABLE] * 50]
    slots.put(a_request())
    until(lambda: slots.all() == [])
    assert program.jobs == ["job-1"]
    assert spooled(tmp_path) == 0
    assert set(runtime.pauses) == {UNREADABLE_PAUSE_SECONDS}
    assert "gave up on a job" not in caplog.text


def test_a_job_that_was_given_up_is_delivered_once_another_run_has_ended_it(
    slots: RunQueue, program: Scripted, tmp_path: Path
) -> None:
    failures = [Standing.UNFINISHED] * 2 * (MAX_RETRIES + 1)
    program.looks = [
        *failures,
        *[Standing.UNFINISHED] * 3,
        Standing.UNDELIVERED,
        Standing.OVER,
    ]
    slots.put(a_request())
    until(lambda: slots.all() == [])
    assert len(program.jobs) == MAX_RETRIES + 2
    assert spooled(tmp_path) == 0


def test_a_pausing_job_resumes_at_once_with_a_newer_request(
    slots: RunQueue, program: Scripted, runtime: Impatient, tmp_path: Path
) -> None:
    runtime.patient = True
    program.looks = [Standing.UNDELIVERED] * 3
    slots.put(a_request(branch="old"))
    until(lambda: [slot.pausing for slot in slots.all()] == [True])
    slots.put(a_request(branch="new"))
    until(lambda: slots.all() == [])
    assert [given["BRANCH"] for given in program.given] == ["old", "new"]
    assert spooled(tmp_path) == 0
