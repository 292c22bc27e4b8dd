"""What a run does when things go wrong in their ordinary ways, and how long it takes: minutes pass in no time here."""

from collections.abc import Callable
from pathlib import Path

import pytest

from states.exits import Exit
from states.keys import artifact_key
from states.manifest import Identity
from states.stages import Stage, State
from tests.simulation.scheduler import Process
from tests.simulation.simulation import Fault, Run, Simulation
from tests.support.world import IDENTITY, JOB, FakeEngine
from worker.callbacks.port import Answer
from worker.claim import Operator
from worker.desk import Stop
from worker.engines.port import EngineFailedError, Item
from worker.errors import NoInputError, RefusedError, TemporaryError

LEASE = 3
CHAPTER = "chapters/chapter_2_thing_2.md"
NEVER = 10**6


@pytest.fixture
def simulation(work_dir: Path) -> Simulation:
    return Simulation(1, work_dir)


def run(simulation: Simulation, **how: object) -> Run:
    """Do one run to its end."""
    started = simulation.start(**how)  # type: ignore[arg-type]  # as `start` has them
    simulation.run()
    return started


def failing(error: Exception, *, at: str = CHAPTER, times: int = NEVER) -> FakeEngine:
    """Return an engine that fails so many times when it comes to an item."""
    left = times

    def before_item(path: str) -> None:
        nonlocal left
        if path == at and left:
            left -= 1
            raise error

    return FakeEngine(chapters=2, before_item=before_item)


def overloaded() -> EngineFailedError:
    return EngineFailedError("529 overloaded", temporary=True)


def kill_before(name: str) -> Callable[[str, Process], Fault | None]:
    return lambda operation, _process: Fault.DIE_BEFORE if operation.startswith(name) else None


# -- what an engine does --


def test_a_temporary_failure_is_tried_again_with_growing_pauses(simulation: Simulation) -> None:
    ended = run(simulation, engine=failing(overloaded(), times=2))
    assert ended.code is Exit.OK
    assert simulation.manifest.record(Stage.GENERATE_CHAPTERS).attempts == 3
    assert 6 < simulation.scheduler.time < 20
    simulation.check()


def test_after_three_tries_without_a_new_item_the_run_ends_with_75_and_nothing_is_announced(
    simulation: Simulation,
) -> None:
    ended = run(simulation, engine=failing(overloaded()))
    assert ended.code is Exit.TEMPORARY
    manifest = simulation.manifest
    assert (manifest.state, manifest.released) == (State.INTERRUPTED, True)
    assert manifest.error is not None
    assert "529 overloaded" in manifest.error.message
    assert not simulation.finals()


def test_an_item_between_two_failures_makes_the_count_begin_anew(simulation: Simulation) -> None:
    engine = FakeEngine(chapters=6)
    seen: set[str] = set()

    def fail_twice_at_each(path: str) -> None:
        if path.startswith("chapters/") and len([one for one in seen if path in one]) < 2:
            seen.add(f"{path} {len(seen)}")
            raise overloaded()

    engine.before_item = fail_twice_at_each
    assert run(simulation, engine=engine).code is Exit.OK
    assert simulation.manifest.record(Stage.GENERATE_CHAPTERS).attempts == 13


def test_the_third_fruitless_run_in_a_row_fails_the_job_for_good(simulation: Simulation) -> None:
    codes = [run(simulation, engine=failing(overloaded(), at="step1_abstractions.yaml")).code for _ in range(3)]
    assert codes == [Exit.TEMPORARY, Exit.TEMPORARY, Exit.UNAVAILABLE]
    assert simulation.manifest.state is State.FAILED
    assert len(simulation.finals()) == 1


def test_a_run_that_has_finished_an_item_is_not_fruitless(simulation: Simulation) -> None:
    for chapter in range(1, 5):
        engine = failing(overloaded(), at=f"chapters/chapter_{chapter}_thing_{chapter}.md")
        engine.chapters = 6
        assert run(simulation, engine=engine).code is Exit.TEMPORARY
    assert run(simulation, engine=FakeEngine(chapters=6)).code is Exit.OK


def test_a_permanent_failure_is_remembered_and_announced_once(simulation: Simulation) -> None:
    refused = EngineFailedError("invalid API key", temporary=False)
    assert run(simulation, engine=failing(refused)).code is Exit.UNAVAILABLE
    before, began = simulation.manifest, simulation.scheduler.time
    for _ in range(3):
        engine = FakeEngine(chapters=2)
        assert run(simulation, engine=engine).code is Exit.UNAVAILABLE
        assert not engine.made
    assert simulation.scheduler.time - began < 1
    assert simulation.manifest == before
    assert simulation.receiver.said[-1] == ("error", "failed")
    document = simulation.receiver.taken[-1][1]
    assert (document["error"], document["errorCode"], document["retryable"]) == (
        "invalid API key",
        "engine_unavailable",
        False,
    )


def test_an_operator_resumes_what_had_failed_for_good(simulation: Simulation) -> None:
    run(simulation, engine=failing(EngineFailedError("invalid API key", temporary=False)))
    again = run(simulation, work=lambda job: job.resume(Operator()))
    assert again.code is Exit.OK
    assert again.engine.made[CHAPTER] == 1
    assert again.engine.made["chapters/chapter_1_thing_1.md"] == 0
    assert [status for _, status in simulation.receiver.said].count("failed") == 1
    assert simulation.receiver.said[-1] == ("complete", "completed")


def test_a_bug_ends_with_70_and_leaves_the_job_resumable(simulation: Simulation) -> None:
    assert run(simulation, engine=failing(ZeroDivisionError("a bug"))).code is Exit.SOFTWARE
    assert simulation.manifest.state is State.INTERRUPTED
    assert run(simulation).code is Exit.OK
    simulation.check()


def test_a_stage_that_takes_too_long_is_tried_again(simulation: Simulation) -> None:
    slow = True

    def before_item(path: str) -> None:
        nonlocal slow
        if path == CHAPTER and slow:
            slow = False
            simulation.scheduler.pause(100)

    ended = run(simulation, engine=FakeEngine(chapters=2, before_item=before_item))
    assert ended.code is Exit.OK
    assert simulation.manifest.record(Stage.GENERATE_CHAPTERS).attempts == 2


def test_what_an_engine_makes_wrongly_is_not_taken(simulation: Simulation) -> None:
    class Garbler(FakeEngine):
        def _item(self, path: str, body: bytes) -> Item:
            item = super()._item(path, body)
            return Item(path=path, body=b"") if path == CHAPTER and self.made[path] == 1 else item

    ended = run(simulation, engine=Garbler(chapters=2))
    assert ended.code is Exit.OK
    assert ended.engine.made[CHAPTER] == 2
    assert simulation.course()[CHAPTER].startswith(b"# Thing 2")


# -- what a source does --


@pytest.mark.parametrize(
    ("error", "code", "state"),
    [
        (NoInputError("no such branch", code="branch_not_found"), Exit.NO_INPUT, State.FAILED),
        (RefusedError("the host refuses the token"), Exit.REFUSED, State.FAILED),
        (TemporaryError("the host is away"), Exit.TEMPORARY, State.INTERRUPTED),
    ],
)
def test_a_repository_that_cannot_be_had(simulation: Simulation, error: Exception, code: Exit, state: State) -> None:
    def checkout(_commit: str | None, _tree: Path) -> str:
        raise error

    simulation.source.checkout = checkout  # type: ignore[method-assign,assignment]  # one that fails
    assert run(simulation).code is code
    assert simulation.manifest.state is state
    assert simulation.manifest.fruitless_runs == 0
    assert bool(simulation.finals()) == (state is State.FAILED)


# -- what the store has lost --


def artifact_of(simulation: Simulation, path: str) -> str:
    return next(entry.key for entry in simulation.store.entries(f"{JOB}/artifacts/") if entry.key.endswith(path))


@pytest.mark.parametrize("path", ["step1_abstractions.yaml", "source.tar.gz", "chapters/chapter_1_thing_1.md"])
@pytest.mark.parametrize("damage", ["deleted", "truncated", "garbled"])
def test_what_is_damaged_in_the_store_is_made_again(simulation: Simulation, path: str, damage: str) -> None:
    run(simulation, judge=kill_before("put job-1/artifacts/review-chapters"))
    key = artifact_of(simulation, path)
    body = simulation.store.get(key)
    if damage == "deleted":
        simulation.store.delete([key])
    else:
        simulation.store.put(key, body[:5] if damage == "truncated" else body[::-1], "text/plain")
    simulation.redone.clear()
    assert run(simulation).code is Exit.OK
    assert simulation.store.get(key) == body
    other = Simulation(2, simulation.work_dir)
    run(other)
    assert simulation.course() == other.course()


def test_an_item_that_is_whole_and_yet_not_valid_is_made_again(simulation: Simulation) -> None:
    run(simulation, judge=kill_before(f"put {JOB}/artifacts/generate-chapters"))
    inputs = simulation.manifest.record(Stage.GENERATE_CHAPTERS).inputs
    assert inputs is not None
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    simulation.store.put(artifact_key(JOB, Stage.GENERATE_CHAPTERS, inputs, empty, CHAPTER), b"", "text/markdown")
    again = run(simulation)
    assert again.engine.made[CHAPTER] == 1
    assert simulation.course()[CHAPTER].startswith(b"# Thing 2")


def test_a_job_is_not_completed_while_something_of_it_is_missing(simulation: Simulation) -> None:
    def lose(operation: str, _process: Process) -> Fault | None:
        if operation.startswith("list job-1/artifacts/clone") and simulation.manifest.state is State.PUBLISHING:
            simulation.store.delete([key for key in [artifact_of_or_none(simulation, CHAPTER)] if key])
        return None

    lost: list[str] = []

    def artifact_of_or_none(world: Simulation, path: str) -> str | None:
        if lost:
            return None
        lost.append(path)
        return artifact_of(world, path)

    assert run(simulation, judge=lose).code is Exit.OK
    assert lost
    assert simulation.course()[CHAPTER].startswith(b"# Thing 2")


# -- what a receiver does --


def test_a_rejected_event_is_recorded_and_not_sent_again(simulation: Simulation) -> None:
    sent: list[object] = []

    def answer(document: dict[str, object]) -> Answer:
        sent.append(document["sequence"])
        return Answer(status_code=422 if document["step"] == 3 else 200)

    simulation.receiver.answer = answer
    assert run(simulation).code is Exit.OK
    [rejection] = simulation.manifest.outbox.rejected
    assert rejection.status_code == 422
    assert sent.count(rejection.sequence) == 1
    assert len(sent) == 9


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_receiver_that_fails_for_a_while_delays_no_stage_and_misses_nothing(
    simulation: Simulation, status: int
) -> None:
    simulation.changes = {"callback_give_up": 600}
    simulation.receiver.answer = lambda _: Answer(status_code=status if simulation.scheduler.time < 60 else 200)
    assert run(simulation).code is Exit.OK
    assert len(simulation.receiver.taken) == 9
    simulation.check()


def test_the_pause_that_a_receiver_asks_for_is_kept(simulation: Simulation) -> None:
    simulation.changes = {"callback_give_up": 600}
    times: list[float] = []

    def answer(_: dict[str, object]) -> Answer:
        times.append(simulation.scheduler.time)
        return Answer(status_code=429, retry_after=40) if len(times) == 1 else Answer(status_code=200)

    simulation.receiver.answer = answer
    assert run(simulation).code is Exit.OK
    assert times[1] - times[0] >= 40


def test_a_final_event_that_cannot_be_delivered_ends_with_75_and_the_next_run_delivers_that_alone(
    simulation: Simulation,
) -> None:
    simulation.receiver.answer = lambda _: Answer(status_code=503)
    assert run(simulation).code is Exit.TEMPORARY
    assert simulation.manifest.state is State.COMPLETED
    [*_, final] = simulation.manifest.outbox.pending
    simulation.receiver.answer = lambda _: Answer(status_code=200)
    again = run(simulation)
    assert again.code is Exit.OK
    assert not again.engine.made
    assert [key for key, _ in simulation.receiver.taken] == [f"{JOB}-{final.sequence}"]
    assert len(simulation.receiver.taken[0][1]["files"]) == 9  # type: ignore[arg-type]  # a list, as it was JSON


# -- how a run is ended, and by whom --


def stop_at(simulation: Simulation, path: str, stop: Stop) -> FakeEngine:
    def before_item(made: str) -> None:
        if made == path:
            simulation.runs[-1].job.desk.mailbox.put(stop)
            simulation.scheduler.pause(NEVER)

    return FakeEngine(chapters=2, before_item=before_item)


@pytest.mark.parametrize("code", [Exit.SIGTERM, Exit.SIGINT, Exit.TEMPORARY])
def test_a_stopped_run_saves_what_is_finished_and_releases_the_job(simulation: Simulation, code: Exit) -> None:
    stopped = run(simulation, engine=stop_at(simulation, CHAPTER, Stop(exit_code=code, reason="stopped")))
    assert stopped.code is code
    manifest = simulation.manifest
    assert (manifest.state, manifest.released, manifest.fruitless_runs) == (State.INTERRUPTED, True, 0)
    began = simulation.scheduler.time
    again = run(simulation)
    assert again.code is Exit.OK
    assert again.engine.made["chapters/chapter_1_thing_1.md"] == 0
    assert simulation.scheduler.time - began < 1, "nobody waits for a released job"
    simulation.check()


def test_a_crashed_run_is_replaced_after_its_lease(simulation: Simulation) -> None:
    run(simulation, judge=kill_before("put job-1/artifacts/extract"))
    began = simulation.scheduler.time
    assert run(simulation).code is Exit.OK
    assert simulation.scheduler.time - began < LEASE + 3


def test_who_meets_a_live_run_waits_for_twice_its_lease_and_says_who_it_is(simulation: Simulation) -> None:
    def before_item(path: str) -> None:
        if path == CHAPTER:
            simulation.scheduler.pause(30)

    simulation.start(engine=FakeEngine(chapters=2, before_item=before_item))
    simulation.scheduler.at(5, simulation.start)
    simulation.run()
    owner, newcomer = simulation.runs
    assert owner.code is Exit.OK
    assert newcomer.code is Exit.TEMPORARY
    assert "run 1 works on job job-1" in str(newcomer.error)


def test_a_cancellation_reaches_a_running_worker_within_a_heartbeat(simulation: Simulation) -> None:
    asked: list[float] = []

    def before_item(path: str) -> None:
        if path == CHAPTER:
            simulation.start(work=lambda job: job.cancel())
            asked.append(simulation.scheduler.time)
            simulation.scheduler.pause(NEVER)

    owner = run(simulation, engine=FakeEngine(chapters=2, before_item=before_item))
    assert owner.code is Exit.OK
    assert simulation.manifest.state is State.CANCELED
    assert simulation.receiver.said[-1] == ("progress", "canceled")
    assert owner.ended_at - asked[0] < 2 * LEASE / 3


def test_a_replaced_run_stops_within_a_heartbeat_in_the_middle_of_a_stage(simulation: Simulation) -> None:
    def before_item(path: str) -> None:
        if path == CHAPTER:
            simulation.start(work=lambda job: job.resume(Operator(takeover=True)))
            simulation.scheduler.pause(NEVER)

    displaced = run(simulation, engine=FakeEngine(chapters=2, before_item=before_item))
    assert displaced.code is Exit.REPLACED
    assert simulation.runs[-1].code is Exit.OK
    assert simulation.manifest.run == 2


def test_the_same_name_for_another_repository_is_refused_and_the_job_is_left_as_it_was(simulation: Simulation) -> None:
    run(simulation, judge=kill_before("put job-1/artifacts/extract"))
    before = simulation.manifest
    for other in (
        Identity(job_id=JOB, repository="https://example.org/owner/other", branch="main"),
        Identity(job_id=JOB, repository=IDENTITY.repository, branch="dev"),
    ):
        refused = run(simulation, work=lambda job, other=other: job.run(other))
        assert refused.code is Exit.CONFIG
        assert "give this one another JOB_ID" in str(refused.error)
    assert simulation.manifest == before


def test_another_name_of_the_same_repository_is_taken(simulation: Simulation) -> None:
    run(simulation, judge=kill_before("put job-1/artifacts/extract"))
    same = Identity(job_id=JOB, repository="https://EXAMPLE.org/owner/name.git/", branch="main")
    assert run(simulation, work=lambda job: job.run(same)).code is Exit.OK
