"""How a run treats failures of its engine or source, in simulated time."""

from itertools import pairwise
from pathlib import Path

import pytest

from states.exits import Exit
from states.stages import Stage, State
from states.usage import Waiting
from tests.simulation.scheduler import SimRuntime
from tests.simulation.scripted_runs import (
    CHAPTER,
    failing,
    kill_before,
    overloaded,
    run,
)
from tests.simulation.simulation import Simulation
from tests.support.world import JOB, FakeEngine
from worker.engines.port import (
    EngineFailedError,
    EngineWaitingError,
    Item,
    NoMaterialError,
)
from worker.errors import (
    DataError,
    OutdatedError,
    RefusedError,
    TemporaryError,
)
from worker.outbox.port import WebhookResponse
from worker.ownership.claim import OperatorRequest
from worker.system.runtime import ThreadFailed


class StoppableEngine(FakeEngine):
    """Records that it was asked to stop."""

    stops = 0

    def stop(self) -> None:
        self.stops += 1


def test_a_temporary_failure_is_retried_with_growing_pauses(
    simulation: Simulation,
) -> None:
    ended = run(simulation, engine=failing(overloaded(), times=2))
    assert ended.code is Exit.OK
    assert simulation.manifest.record(Stage.GENERATE_CHAPTERS).attempts == 3
    assert 6 < simulation.scheduler.time < 20
    simulation.check()


def test_the_pause_before_a_stage_is_retried_doubles_from_four_seconds(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SimRuntime, "jitter", lambda _self: 0.5)
    tries: list[float] = []
    engine = FakeEngine(chapters=2)

    def fail_twice(path: str) -> None:
        if path == CHAPTER:
            tries.append(simulation.scheduler.time)
            if len(tries) < 3:
                raise overloaded()

    engine.before_item = fail_twice
    assert run(simulation, engine=engine).code is Exit.OK
    pauses = [after - before for before, after in pairwise(tries)]
    assert pauses == pytest.approx([4 * 0.75, 8 * 0.75], abs=0.2)


def test_after_three_returns_to_a_stage_the_run_ends_with_75(
    simulation: Simulation,
) -> None:
    outdated = OutdatedError(Stage.EXTRACT, "its cache is of another version")
    engine = failing(outdated)
    ended = run(simulation, engine=engine)
    assert ended.code is Exit.TEMPORARY
    assert engine.made["step1_abstractions.yaml"] == 4
    manifest = simulation.manifest
    assert manifest.record(Stage.EXTRACT).generation == 4
    assert manifest.error is not None
    assert manifest.error.message == f"{outdated}, 3 times"
    assert manifest.fruitless_runs == 0, (
        "a run that made items is not fruitless"
    )
    log = simulation.log()
    errors = [log.read(number).manifest.error for number in log.sequences()]
    codes = {failure.code for failure in errors if failure is not None}
    assert "outdated" in codes
    assert "damaged" not in codes


def test_after_three_tries_without_a_new_item_the_run_ends_with_75_and_nothing_is_announced(
    simulation: Simulation,
) -> None:
    ended = run(simulation, engine=failing(overloaded()))
    assert ended.code is Exit.TEMPORARY
    manifest = simulation.manifest
    assert manifest.state == State.INTERRUPTED
    assert manifest.released
    assert manifest.error is not None
    assert "529 overloaded" in manifest.error.message
    assert manifest.record(Stage.GENERATE_CHAPTERS).attempts == 3
    assert not simulation.finals()


def test_an_item_between_two_failures_resets_the_count(
    simulation: Simulation,
) -> None:
    engine = FakeEngine(chapters=6)
    seen: set[str] = set()

    def fail_twice_at_each(path: str) -> None:
        if (
            path.startswith("chapters/")
            and len([made for made in seen if path in made]) < 2
        ):
            seen.add(f"{path} {len(seen)}")
            raise overloaded()

    engine.before_item = fail_twice_at_each
    assert run(simulation, engine=engine).code is Exit.OK
    assert simulation.manifest.record(Stage.GENERATE_CHAPTERS).attempts == 13


def test_the_third_fruitless_run_in_a_row_fails_the_job_for_good(
    simulation: Simulation,
) -> None:
    codes = [
        run(
            simulation,
            engine=failing(overloaded(), at="step1_abstractions.yaml"),
        ).code
        for _ in range(3)
    ]
    assert codes == [Exit.TEMPORARY, Exit.TEMPORARY, Exit.UNAVAILABLE]
    assert simulation.manifest.state is State.FAILED
    assert len(simulation.finals()) == 1


def test_a_run_that_can_only_wait_ends_at_once_and_is_never_fruitless(
    simulation: Simulation,
) -> None:
    waiting = Waiting(reason="a rate limit", not_before="2026-01-02T04:00:00Z")
    for run_number in range(1, 5):
        limited = EngineWaitingError("limited until four", waiting)
        ended = run(simulation, engine=failing(limited))
        assert ended.code is Exit.TEMPORARY
        manifest = simulation.manifest
        assert manifest.state is State.INTERRUPTED
        assert manifest.waiting == waiting
        assert manifest.fruitless_runs == 0
        chapters = manifest.record(Stage.GENERATE_CHAPTERS)
        assert chapters.attempts == run_number
    assert run(simulation).code is Exit.OK
    assert simulation.manifest.waiting is None
    simulation.check()


def test_a_run_that_has_finished_an_item_is_not_fruitless(
    simulation: Simulation,
) -> None:
    for chapter in range(1, 5):
        engine = failing(
            overloaded(), at=f"chapters/chapter_{chapter}_thing_{chapter}.md"
        )
        engine.chapters = 6
        assert run(simulation, engine=engine).code is Exit.TEMPORARY
    assert run(simulation, engine=FakeEngine(chapters=6)).code is Exit.OK


def test_a_run_that_finished_a_stage_before_it_was_killed_is_not_fruitless_either(
    simulation: Simulation,
) -> None:
    run(simulation, engine=failing(overloaded(), at="step1_abstractions.yaml"))
    assert simulation.manifest.fruitless_runs == 1
    run(simulation, policy=kill_before(f"put {JOB}/artifacts/analyze"))
    assert simulation.manifest.fruitless_runs == 0
    for fruitless in (1, 2):
        run(
            simulation,
            engine=failing(overloaded(), at="step2_relationships.yaml"),
        )
        assert simulation.manifest.state == State.INTERRUPTED
        assert simulation.manifest.fruitless_runs == fruitless


def test_a_full_disk_ends_the_run_and_does_not_count_as_a_failure_of_the_job(
    simulation: Simulation,
) -> None:
    engine = StoppableEngine(chapters=2)

    def block_the_item(path: str) -> None:
        [course] = simulation.work_dir.glob("*/course")
        (course / path).mkdir(parents=True)

    engine.before_item = block_the_item
    for number in range(1, 5):
        assert run(simulation, engine=engine).code is Exit.TEMPORARY
        assert engine.stops == number * 2, (
            "the engine stops when its stage fails, before a retry, and at the end"
        )
        manifest = simulation.manifest
        assert manifest.state == State.INTERRUPTED
        assert manifest.fruitless_runs == 0
        assert manifest.error is not None
        assert manifest.error.code == "disk"
        assert manifest.error.exit_code == Exit.TEMPORARY
    assert run(simulation).code is Exit.OK
    simulation.check()


def test_a_permanent_failure_is_remembered_and_announced_once(
    simulation: Simulation,
) -> None:
    refused = EngineFailedError("invalid API key", temporary=False)
    assert run(simulation, engine=failing(refused)).code is Exit.UNAVAILABLE
    before, began = simulation.manifest, simulation.scheduler.time
    for _ in range(3):
        engine = FakeEngine(chapters=2)
        assert run(simulation, engine=engine).code is Exit.UNAVAILABLE
        assert not engine.made
    assert simulation.scheduler.time - began < 1
    assert simulation.manifest == before
    assert simulation.receiver.events[-1] == ("error", "failed")
    document = simulation.receiver.taken[-1][1]
    assert document["error"] == "invalid API key"
    assert document["errorCode"] == "engine_unavailable"
    assert document["retryable"] is False


def test_an_engine_that_cannot_work_fails_the_job_before_anything_is_cloned(
    simulation: Simulation,
) -> None:
    class UnusableEngine(FakeEngine):
        def check(self) -> None:
            raise EngineFailedError("no API key", temporary=False)

    assert run(simulation, engine=UnusableEngine()).code is Exit.UNAVAILABLE
    assert simulation.source.checkouts == []
    assert simulation.manifest.state is State.FAILED


def test_a_repository_with_nothing_to_teach_is_a_fault_of_the_input(
    simulation: Simulation,
) -> None:
    assert (
        run(simulation, engine=failing(NoMaterialError("no text"))).code
        is Exit.DATA_ERROR
    )
    document = simulation.receiver.taken[-1][1]
    assert document["error"] == "no text"
    assert document["errorCode"] == "repository_empty"


def test_an_operator_resumes_what_had_failed_for_good(
    simulation: Simulation,
) -> None:
    run(
        simulation,
        engine=failing(EngineFailedError("invalid API key", temporary=False)),
    )
    again = run(simulation, work=lambda job: job.resume(OperatorRequest()))
    assert again.code is Exit.OK
    assert again.engine.made[CHAPTER] == 1
    assert again.engine.made["chapters/chapter_1_thing_1.md"] == 0
    assert [status for _, status in simulation.receiver.events].count(
        "failed"
    ) == 1
    assert simulation.receiver.events[-1] == ("complete", "completed")


def test_a_bug_ends_with_70_and_leaves_the_job_resumable(
    simulation: Simulation,
) -> None:
    assert (
        run(simulation, engine=failing(ZeroDivisionError("a bug"))).code
        is Exit.SOFTWARE
    )
    assert simulation.manifest.state is State.INTERRUPTED
    assert run(simulation).code is Exit.OK
    simulation.check()


def test_a_stage_that_takes_too_long_is_tried_again(
    simulation: Simulation,
) -> None:
    slow = True

    def before_item(path: str) -> None:
        nonlocal slow
        if path == CHAPTER and slow:
            slow = False
            simulation.scheduler.pause(100)

    ended = run(
        simulation, engine=FakeEngine(chapters=2, before_item=before_item)
    )
    assert ended.code is Exit.OK
    assert simulation.manifest.record(Stage.GENERATE_CHAPTERS).attempts == 2


def test_an_invalid_item_of_an_engine_is_rejected(
    simulation: Simulation,
) -> None:
    class InvalidItemEngine(FakeEngine):
        def _item(self, path: str, body: bytes) -> Item:
            item = super()._item(path, body)
            return (
                Item(path=path, body=b"")
                if path == CHAPTER and self.made[path] == 1
                else item
            )

    ended = run(simulation, engine=InvalidItemEngine(chapters=2))
    assert ended.code is Exit.OK
    assert ended.engine.made[CHAPTER] == 2
    assert simulation.course()[CHAPTER].startswith(b"# Thing 2")


@pytest.mark.parametrize(
    ("error", "code", "state"),
    [
        (
            DataError("no such branch", code="branch_not_found"),
            Exit.DATA_ERROR,
            State.FAILED,
        ),
        (
            RefusedError("the host refuses the token"),
            Exit.REFUSED,
            State.FAILED,
        ),
        (TemporaryError("the host is away"), Exit.TEMPORARY, State.INTERRUPTED),
    ],
)
def test_a_repository_that_cannot_be_fetched(
    simulation: Simulation, error: Exception, code: Exit, state: State
) -> None:
    def checkout(_commit: str | None, _tree: Path) -> str:
        raise error

    simulation.source.checkout = checkout  # type: ignore[method-assign,assignment]
    assert run(simulation).code is code
    assert simulation.manifest.state is state
    assert simulation.manifest.fruitless_runs == 0
    assert bool(simulation.finals()) == (state is State.FAILED)


def test_a_thread_that_fails_ends_the_run_with_70_and_leaves_the_job_resumable(
    simulation: Simulation,
) -> None:
    class UnpausableEngine(FakeEngine):
        def pause(self) -> None:
            raise OSError("it cannot be paused")

    def lose_the_lease(path: str) -> None:
        if path == CHAPTER:
            simulation.runs[0].process.freeze(simulation.scheduler.time + 10)

    with pytest.raises(OSError, match="cannot be paused"):
        run(
            simulation,
            engine=UnpausableEngine(chapters=2, before_item=lose_the_lease),
        )
    simulation.scheduler.errors.clear()
    [failed] = simulation.runs
    assert failed.code is Exit.SOFTWARE
    assert simulation.manifest.error is not None
    assert (
        "the thread keep-alive has failed: OSError: it cannot be paused"
        in simulation.manifest.error.message
    )
    assert run(simulation).code is Exit.OK
    simulation.check()


def test_a_thread_that_fails_while_the_last_event_is_delivered_leaves_that_to_the_next_run(
    simulation: Simulation,
) -> None:
    def answer(document: dict[str, object]) -> WebhookResponse:
        if document["status"] != "completed" or len(simulation.runs) > 1:
            return WebhookResponse(status_code=200)
        simulation.runs[0].job.inbox.mailbox.put(
            ThreadFailed(thread="keep_alive", error=KeyError("x"))
        )
        return WebhookResponse(status_code=503)

    simulation.receiver.answer = answer
    assert run(simulation).code is Exit.SOFTWARE
    assert simulation.manifest.state == State.COMPLETED
    assert simulation.manifest.released
    assert run(simulation).code is Exit.OK
    simulation.check()
