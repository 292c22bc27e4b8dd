"""How the queue treats the ends of runs; pauses are recorded instead of waited for."""

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


class RecordingRuntime(SystemRuntime):
    """Records pauses; waits only while `is_waiting` is set."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.is_waiting = False

    def flag(self) -> Flag:
        flag, pauses, runtime = super().flag(), self.pauses, self

        class RecordingFlag:
            set, is_set = flag.set, flag.is_set

            def wait(self, seconds: float) -> bool:
                pauses.append(seconds)
                return (
                    flag.wait(seconds) if runtime.is_waiting else flag.is_set()
                )

        return RecordingFlag()


class ScriptedRuns(ChildCommand):
    """Runs that end with the given codes; after the last, the job is over."""

    def __init__(self) -> None:
        super().__init__(
            {}, "file:///nowhere", SystemRuntime(), stop_grace_seconds=1
        )
        self.codes: list[int | Exception] = []
        self.jobs: list[str] = []
        self.given: list[Mapping[str, str]] = []
        self.standings: list[Standing] = []
        """The job's standing at the first reads.

        After these, the job is unfinished until `codes` is empty.
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

    def standing(self, _: str) -> Standing:
        if self.standings:
            return self.standings.pop(0)
        return Standing.UNFINISHED if self.codes else Standing.OVER


@pytest.fixture
def runs() -> ScriptedRuns:
    return ScriptedRuns()


@pytest.fixture
def runtime() -> RecordingRuntime:
    return RecordingRuntime()


@pytest.fixture
def queue(
    runs: ScriptedRuns, runtime: RecordingRuntime, tmp_path: Path
) -> Iterator[RunQueue]:
    limits = QueueLimits(max_runs=1, redelivery_seconds=7)
    queue = RunQueue(
        runs, runs.standing, Spool(tmp_path, runtime), runtime, limits=limits
    )
    yield queue
    queue.close()


def spooled(folder: Path) -> int:
    return len(list(folder.glob("*.json")))


def states(queue: RunQueue) -> list[tuple[bool, bool]]:
    return [(slot.given_up, slot.running) for slot in queue.all()]


ALL_CODES = [*Exit, KILLED]


@pytest.mark.parametrize("code", ALL_CODES)
def test_a_job_that_is_over_is_forgotten_however_its_run_ended(
    queue: RunQueue, runs: ScriptedRuns, code: Exit, tmp_path: Path
) -> None:
    runs.codes = [code]
    queue.put(a_request())
    until(lambda: runs.jobs == ["job-1"] and queue.all() == [])
    assert spooled(tmp_path) == 0


def test_a_job_that_is_over_already_is_forgotten_without_a_run(
    queue: RunQueue, runs: ScriptedRuns, tmp_path: Path
) -> None:
    runs.standings = [Standing.OVER]
    queue.put(a_request())
    until(lambda: queue.all() == [])
    assert runs.jobs == []
    assert spooled(tmp_path) == 0


@pytest.mark.parametrize("code", ALL_CODES)
def test_a_job_that_is_not_over_is_tried_again_however_its_run_ended(
    queue: RunQueue, runs: ScriptedRuns, code: int
) -> None:
    runs.standings = [Standing.UNFINISHED] * 4
    runs.codes = [code, code]
    queue.put(a_request())
    until(lambda: queue.all() == [])
    assert runs.jobs == ["job-1"] * 2


def test_a_job_whose_run_met_a_bug_is_tried_again(
    queue: RunQueue, runs: ScriptedRuns
) -> None:
    runs.codes = [ValueError(), ValueError()]
    queue.put(a_request())
    until(lambda: queue.all() == [])
    assert runs.jobs == ["job-1"] * 2


def test_retries_are_bounded_with_growing_pauses_and_restart_on_request(
    queue: RunQueue,
    runs: ScriptedRuns,
    runtime: RecordingRuntime,
    tmp_path: Path,
) -> None:
    runs.standings = [Standing.UNFINISHED] * 2 * (MAX_RETRIES + 1)
    runs.codes = [Exit.TEMPORARY] * 20
    queue.put(a_request())
    until(lambda: runtime.pauses[6:] != [])
    until(lambda: states(queue) == [(True, False)])  # given up
    assert len(runs.jobs) == 6
    assert spooled(tmp_path) == 1
    assert runtime.pauses[:6] == [2, 4, 8, 16, 32, LONGEST_PAUSE_SECONDS]
    runs.codes = [Exit.TEMPORARY]
    queue.put(a_request())
    until(lambda: queue.all() == [])
    assert spooled(tmp_path) == 0


@pytest.mark.parametrize("code", ALL_CODES)
def test_a_job_whose_webhook_was_not_told_that_it_is_over_is_never_given_up(
    queue: RunQueue,
    runs: ScriptedRuns,
    runtime: RecordingRuntime,
    code: int,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    runs.standings = [Standing.UNDELIVERED] * 2100
    runs.codes = [code] * 1050
    queue.put(a_request())
    until(lambda: queue.all() == [])
    assert len(runs.jobs) == 1050
    assert spooled(tmp_path) == 0
    assert runtime.pauses[:3] == [2, 4, 8]
    assert max(runtime.pauses) == LONGEST_PAUSE_SECONDS
    assert "gave up on a job" not in caplog.text


def test_a_run_that_only_delivers_gets_less_time_than_one_that_works(
    queue: RunQueue, runs: ScriptedRuns
) -> None:
    runs.standings = [
        Standing.UNFINISHED,
        Standing.UNDELIVERED,
        Standing.UNDELIVERED,
    ]
    queue.put(a_request())
    until(lambda: queue.all() == [])
    assert [given.get("CALLBACK_GIVE_UP_SECONDS") for given in runs.given] == [
        None,
        "7",
    ]


def test_while_a_manifest_cannot_be_read_nothing_is_run_or_decided(
    queue: RunQueue,
    runs: ScriptedRuns,
    runtime: RecordingRuntime,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    runs.standings = [Standing.UNFINISHED, *[Standing.UNREADABLE] * 50]
    queue.put(a_request())
    until(lambda: queue.all() == [])
    assert runs.jobs == ["job-1"]
    assert spooled(tmp_path) == 0
    assert set(runtime.pauses) == {UNREADABLE_PAUSE_SECONDS}
    assert "gave up on a job" not in caplog.text


def test_a_job_that_was_given_up_is_delivered_once_another_run_has_ended_it(
    queue: RunQueue, runs: ScriptedRuns, tmp_path: Path
) -> None:
    failures = [Standing.UNFINISHED] * 2 * (MAX_RETRIES + 1)
    runs.standings = [
        *failures,
        *[Standing.UNFINISHED] * 3,
        Standing.UNDELIVERED,
        Standing.OVER,
    ]
    queue.put(a_request())
    until(lambda: queue.all() == [])
    assert len(runs.jobs) == MAX_RETRIES + 2
    assert spooled(tmp_path) == 0


def test_a_pausing_job_resumes_at_once_with_a_newer_request(
    queue: RunQueue,
    runs: ScriptedRuns,
    runtime: RecordingRuntime,
    tmp_path: Path,
) -> None:
    runtime.is_waiting = True
    runs.standings = [Standing.UNDELIVERED] * 3
    queue.put(a_request(branch="old"))
    until(lambda: [slot.pausing for slot in queue.all()] == [True])
    queue.put(a_request(branch="new"))
    until(lambda: queue.all() == [])
    assert [given["BRANCH"] for given in runs.given] == ["old", "new"]
    assert spooled(tmp_path) == 0
