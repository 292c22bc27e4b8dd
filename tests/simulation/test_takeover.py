"""When a run may take over a job, and what operators may do."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from states.decisions import request_cancel
from states.exits import Exit
from states.manifest import Writer
from states.stages import Stage, State
from tests.simulation.network import Fault, no_fault
from tests.simulation.scheduler import Process
from tests.simulation.scripted_runs import (
    CHAPTER,
    NEVER,
    failing,
    kill_before,
    overloaded,
    run,
)
from tests.simulation.simulation import Simulation
from tests.support.world import JOB, FakeEngine
from worker.engines.port import EngineFailedError, Item, Workspace
from worker.errors import TemporaryError
from worker.outbox.port import WebhookResponse
from worker.ownership.claim import OperatorRequest
from worker.run.run import Run

LEASE = 3
HIDDEN_SECONDS = 1
"""An owner's recorded lease is longer by this than its setting: dates are whole seconds."""
POLL_SECONDS = 1.0
"""A new run's pause between two looks at the owner."""
LOOK_SECONDS = 0.12
"""The longest such look: six requests of 0.02 s."""


class RecordingEngine(FakeEngine):
    """Records when it is paused, unpaused and stopped."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(chapters=2)
        self._simulation = simulation
        self.log: list[tuple[str, float]] = []

    def pause(self) -> None:
        self.log.append(("paused", self._simulation.scheduler.time))

    def unpause(self) -> None:
        self.log.append(("unpaused", self._simulation.scheduler.time))

    def stop(self) -> None:
        self.log.append(("ended", self._simulation.scheduler.time))


def resume(request: OperatorRequest) -> Callable[[Run], Exit]:
    return lambda job: job.resume(request)


def unavailable(
    simulation: Simulation, begin: float, end: float
) -> Callable[[str, Process], Fault | None]:
    """Return a policy under which the store is unavailable for a period."""

    def policy(operation: str, _process: Process) -> Fault | None:
        is_unavailable = (
            begin <= simulation.scheduler.time < end
            and not operation.startswith("post")
        )
        return Fault.FAILED if is_unavailable else None

    return policy


def busy_at(
    simulation: Simulation, path: str, seconds: float
) -> Callable[[str], None]:
    return lambda made: (
        simulation.scheduler.pause(seconds) if made == path else None
    )


def test_an_engine_is_paused_while_the_lease_is_lost_and_resumed_when_it_is_held_again(
    simulation: Simulation,
) -> None:
    simulation.changes = {"store_give_up": 60}
    engine = RecordingEngine(simulation)
    engine.before_item = busy_at(simulation, CHAPTER, 20)
    assert (
        run(
            simulation, policy=unavailable(simulation, 2, 10), engine=engine
        ).code
        is Exit.OK
    )
    pauses = [time for event, time in engine.log if event == "paused"]
    assert 2 < pauses[0] < 2 + LEASE + 1, (
        "the engine must pause a lease after the last heartbeat"
    )
    [(_, unpaused)] = [entry for entry in engine.log if entry[0] == "unpaused"]
    assert 10 <= unpaused < 12
    simulation.check()


def test_an_engine_that_is_resumed_while_the_lease_is_lost_again_is_paused_again(
    simulation: Simulation,
) -> None:
    """The engine takes 7 seconds to resume; meanwhile, the store is unavailable again."""

    class Slow(RecordingEngine):
        def unpause(self) -> None:
            simulation.scheduler.pause(7)
            super().unpause()

    simulation.changes = {"store_give_up": 60}
    engine = Slow(simulation)
    engine.before_item = busy_at(simulation, CHAPTER, 20)
    first = unavailable(simulation, 2, 10)
    second = unavailable(simulation, 12, 20)
    owner = run(
        simulation,
        policy=lambda *what: first(*what) or second(*what),
        engine=engine,
    )
    assert owner.code is Exit.OK
    resumed = [time for event, time in engine.log if event == "unpaused"]
    assert 17 <= resumed[0] < 20
    assert ("paused", resumed[0]) in engine.log
    simulation.check()


def test_a_run_without_its_store_for_too_long_ends_with_75_and_the_next_resumes(
    simulation: Simulation,
) -> None:
    simulation.changes = {"store_give_up": 30}
    engine = FakeEngine(
        chapters=2, before_item=busy_at(simulation, CHAPTER, NEVER)
    )
    ended = run(
        simulation, policy=unavailable(simulation, 2, 100), engine=engine
    )
    assert ended.code is Exit.TEMPORARY
    assert 30 < ended.ended_at < 45
    again = run(simulation)
    assert again.code is Exit.OK
    assert again.engine.made["chapters/chapter_1_thing_1.md"] == 0


def test_the_next_run_reports_a_failed_jobs_end_and_ends_with_the_same_code(
    simulation: Simulation,
) -> None:
    simulation.receiver.answer = lambda _: WebhookResponse(status_code=503)
    refused = EngineFailedError("invalid API key", temporary=False)
    assert run(simulation, engine=failing(refused)).code is Exit.TEMPORARY
    simulation.receiver.answer = lambda _: WebhookResponse(status_code=200)
    again = run(simulation)
    assert again.code is Exit.UNAVAILABLE
    assert not again.engine.made
    assert simulation.manifest.state == State.FAILED
    assert simulation.manifest.run == 2
    assert simulation.manifest.released
    assert simulation.receiver.events == [("error", "failed")]
    assert run(simulation).code is Exit.UNAVAILABLE
    assert len(simulation.receiver.taken) == 1


def test_a_job_without_a_run_is_canceled_at_once_and_reported(
    simulation: Simulation,
) -> None:
    run(simulation, engine=failing(overloaded()))
    began = simulation.scheduler.time
    canceled = run(simulation, work=lambda job: job.cancel())
    assert canceled.code is Exit.OK
    assert simulation.scheduler.time - began < 1
    assert simulation.manifest.state == State.CANCELED
    assert simulation.manifest.run == 2
    assert simulation.receiver.events[-1] == ("progress", "canceled")
    late = run(simulation)
    assert late.code == Exit.OK
    assert late.engine.made.total() == 0
    simulation.check()


def test_a_run_that_crashed_before_it_saw_a_cancellation_leaves_it_to_the_next(
    simulation: Simulation,
) -> None:
    run(simulation, policy=kill_before("put job-1/artifacts/extract"))
    asked = run(simulation, work=lambda job: job.cancel())
    state_after_request = simulation.manifest.state
    assert asked.code == Exit.OK
    assert state_after_request is State.EXTRACTING
    late = run(simulation)
    assert late.code == Exit.OK
    assert late.engine.made.total() == 0
    assert simulation.manifest.state is State.CANCELED
    simulation.check()


def test_canceling_again_sends_the_undelivered_events(
    simulation: Simulation,
) -> None:
    run(simulation, engine=failing(overloaded()))
    simulation.receiver.answer = lambda _: WebhookResponse(status_code=503)
    assert run(simulation, work=lambda job: job.cancel()).code is Exit.TEMPORARY
    assert simulation.manifest.state is State.CANCELED
    simulation.receiver.answer = lambda _: WebhookResponse(status_code=200)
    assert run(simulation, work=lambda job: job.cancel()).code is Exit.OK
    assert simulation.receiver.events[-1] == ("progress", "canceled")
    simulation.check()


def test_a_request_to_cancel_that_comes_before_completion_is_granted(
    simulation: Simulation,
) -> None:
    asked: list[str] = []

    def policy(operation: str, _process: Process) -> None:
        if (
            operation.startswith("list job-1/artifacts")
            and simulation.manifest.state is State.PUBLISHING
            and not asked
        ):
            asked.append(operation)
            newest = simulation.log().newest()
            assert newest is not None
            simulation.log().append(
                newest, request_cancel(newest.manifest), Writer.OPERATOR
            )

    assert run(simulation, policy=policy).code is Exit.OK
    assert asked
    assert simulation.manifest.state == State.CANCELED
    simulation.check()


@pytest.mark.parametrize("owner", ["alive", "just crashed"])
def test_resuming_a_job_whose_owner_may_live_ends_at_once_and_names_the_run(
    simulation: Simulation, owner: str
) -> None:
    crashed = owner == "just crashed"
    engine = FakeEngine(
        chapters=2,
        before_item=busy_at(simulation, "step1_abstractions.yaml", 10),
    )
    simulation.start(
        kill_before("put job-1/artifacts/extract") if crashed else no_fault,
        engine=engine,
    )
    simulation.scheduler.at(
        11 if crashed else 1,
        lambda: simulation.start(work=resume(OperatorRequest())),
    )
    simulation.run()
    refused = simulation.runs[1]
    assert refused.code is Exit.TEMPORARY
    assert "run 1 has been working on job job-1" in str(refused.error)
    assert refused.ended_at < (12 if crashed else 2)


def test_a_replaced_runs_engine_is_ended_within_a_heartbeat(
    simulation: Simulation,
) -> None:
    def before_item(path: str) -> None:
        if path == CHAPTER:
            simulation.start(work=resume(OperatorRequest(takeover=True)))
            simulation.scheduler.pause(NEVER)

    engine = RecordingEngine(simulation)
    engine.before_item = before_item
    assert run(simulation, engine=engine).code is Exit.REPLACED
    # The engine ends once with its stage and once with its run.
    assert [event for event, _ in engine.log] == ["ended", "ended"]
    assert all(when < LEASE for _, when in engine.log)


def test_a_takeover_does_not_wait_for_the_lease_of_a_crashed_run(
    simulation: Simulation,
) -> None:
    run(simulation, policy=kill_before("put job-1/artifacts/extract"))
    began = simulation.scheduler.time
    assert (
        run(simulation, work=resume(OperatorRequest(takeover=True))).code
        is Exit.OK
    )
    assert simulation.scheduler.time - began < LEASE
    simulation.check()


class CallingEngine(FakeEngine):
    """Makes paid calls for some seconds, while they are allowed."""

    def __init__(self, simulation: Simulation, seconds: float) -> None:
        super().__init__(chapters=2)
        self._simulation = simulation
        self._seconds = seconds
        self.called: list[float] = []
        """The times of its calls."""
        self.after_call: Callable[[], None] = lambda: None

    def produce(self, stage: Stage, workspace: Workspace) -> Iterator[Item]:
        scheduler = self._simulation.scheduler
        until = scheduler.time + self._seconds
        while stage is Stage.EXTRACT and scheduler.time < until:
            if workspace.calls.owns_alone():
                self.called.append(scheduler.time)
                self.after_call()
            scheduler.pause(0.05)
        yield from super().produce(stage, workspace)


@pytest.mark.parametrize("is_cut_off", [True, False])
def test_two_runs_never_make_paid_calls_at_the_same_time(
    simulation: Simulation, *, is_cut_off: bool
) -> None:
    """A run that is cut off from the store cannot see that it was replaced."""
    first = CallingEngine(simulation, NEVER)
    second = CallingEngine(simulation, 2 * LEASE)
    takeover = resume(OperatorRequest(takeover=True))

    def replace_first() -> None:
        first.after_call = lambda: None
        simulation.start(work=takeover, engine=second)

    def policy(operation: str, _process: Process) -> Fault | None:
        lost = (
            is_cut_off and len(simulation.runs) > 1 and "post" not in operation
        )
        return Fault.FAILED if lost else None

    first.after_call = replace_first
    run(simulation, policy=policy, engine=first)
    assert simulation.runs[1].code is Exit.OK
    assert len(first.called) > (30 if is_cut_off else 1)
    assert second.called
    assert max(first.called) < min(second.called)


def test_a_run_after_an_expired_lease_makes_its_first_call_at_once(
    simulation: Simulation,
) -> None:
    run(simulation, policy=kill_before("put job-1/artifacts/extract"))
    caller = CallingEngine(simulation, 1)
    again = run(simulation, engine=caller)
    assert again.code is Exit.OK
    assert caller.called[0] - again.began_at < 2 * LEASE


def test_a_redone_job_is_reported_again_under_a_new_sequence(
    simulation: Simulation,
) -> None:
    run(simulation)
    first = simulation.course()
    again = run(
        simulation, work=resume(OperatorRequest(stage=Stage.REVIEW_CHAPTERS))
    )
    assert again.code is Exit.OK
    assert {path.split("/")[0] for path in again.engine.made} == {
        "reviewed-chapters",
        "tutorials",
    }
    completions = [
        document["sequence"]
        for _, document in simulation.receiver.taken
        if document["type"] == "complete"
    ]
    assert len(completions) == len(set(completions)) == 2
    assert simulation.course() == first
    assert [record.generation for record in simulation.manifest.stages] == [
        1,
        1,
        1,
        1,
        1,
        2,
        2,
    ]


def test_resuming_a_completed_job_without_a_stage_does_nothing(
    simulation: Simulation,
) -> None:
    run(simulation)
    before = simulation.manifest
    assert run(simulation, work=resume(OperatorRequest())).code is Exit.OK
    assert simulation.manifest == before


def test_the_snapshot_is_used_if_the_repository_can_no_longer_be_cloned(
    simulation: Simulation,
) -> None:
    run(
        simulation, policy=kill_before(f"put {JOB}/artifacts/generate-chapters")
    )

    def checkout(*_: object) -> str:
        raise TemporaryError("the host is unavailable")

    simulation.source.checkout = checkout  # type: ignore[method-assign,assignment]
    assert run(simulation).code is Exit.OK
    simulation.check()


def test_items_of_another_version_of_the_engine_are_not_mixed_in_and_finished_stages_stay(
    simulation: Simulation,
) -> None:
    run(
        simulation, policy=kill_before(f"put {JOB}/artifacts/generate-chapters")
    )
    run(simulation, engine=failing(overloaded(), at=CHAPTER))
    newer = FakeEngine(chapters=2, version="2")
    assert run(simulation, engine=newer).code is Exit.OK
    assert newer.made["step1_abstractions.yaml"] == 0
    assert newer.made["chapters/chapter_1_thing_1.md"] == 1, (
        "version 1 made this chapter, but did not finish its stage"
    )
    simulation.check_log()


def crash(simulation: Simulation) -> None:
    """Let a run die after its first heartbeats."""
    engine = FakeEngine(
        chapters=2, before_item=busy_at(simulation, CHAPTER, 2 * LEASE)
    )
    run(
        simulation,
        policy=kill_before("put job-1/artifacts/review-chapters"),
        engine=engine,
    )


@pytest.mark.parametrize("set_by", [-3600, -5, 5, 3600])
def test_a_dead_run_is_replaced_within_its_lease_however_the_stores_clock_is_set(
    simulation: Simulation, set_by: float
) -> None:
    crash(simulation)
    simulation.conditions.store_ahead = set_by
    began = simulation.scheduler.time
    assert run(simulation).code is Exit.OK
    assert simulation.scheduler.time - began < LEASE + 3
    simulation.check()


def test_a_new_run_that_cannot_look_does_not_mistake_a_dead_run_for_a_live_one(
    simulation: Simulation,
) -> None:
    crash(simulation)
    simulation.conditions.store_ahead = -3600
    simulation.changes = {"store_give_up": 60}
    began = simulation.scheduler.time

    def policy(operation: str, _: Process) -> Fault | None:
        kept = (
            operation.startswith("head job-1/runs")
            and 0.5 < simulation.scheduler.time - began < 3 * LEASE
        )
        return Fault.FAILED if kept else None

    assert run(simulation, policy=policy).code is Exit.OK
    simulation.check()


@pytest.mark.parametrize("lease", [3, 30])
def test_a_run_gives_up_on_a_live_owner_after_two_leases_although_the_stores_clock_was_set_back(
    simulation: Simulation, lease: int
) -> None:
    simulation.changes = {"lease": lease}
    simulation.pace = lambda path: simulation.scheduler.pause(
        50 if path.endswith("_2.md") else 0
    )
    simulation.start()
    simulation.scheduler.at(
        10, lambda: setattr(simulation.conditions, "store_ahead", -3600)
    )
    simulation.scheduler.at(11, simulation.start)
    simulation.run()
    owner, successor = simulation.runs
    assert (owner.code, successor.code) == (Exit.OK, Exit.TEMPORARY)
    waited = successor.ended_at - 11
    expected = 2 * (lease + HIDDEN_SECONDS)
    assert expected <= waited < expected + POLL_SECONDS + 2 * LOOK_SECONDS
    simulation.check()


@pytest.mark.parametrize("apart", [-100, -2, 2])
def test_on_a_store_with_two_clocks_no_live_owner_is_replaced(
    simulation: Simulation, apart: float
) -> None:
    simulation.conditions.dates_apart = apart
    simulation.start(
        engine=FakeEngine(
            chapters=2, before_item=busy_at(simulation, CHAPTER, 20)
        )
    )
    gone = unavailable(simulation, 5, 5 + LEASE - 0.5)
    simulation.conditions.policies.append(
        lambda name, at: gone(name, at) if at.name == "p1" else None
    )
    simulation.scheduler.at(5, simulation.start)
    simulation.run()
    assert simulation.runs[0].code is Exit.OK
    simulation.check()


@pytest.mark.parametrize("apart", [0.5, 1, 1.9])
@pytest.mark.parametrize("tenth", range(10))
def test_no_live_owner_is_replaced_although_whole_seconds_hide_how_far_clocks_are_apart(
    simulation: Simulation, apart: float, tenth: int
) -> None:
    simulation.conditions.dates_apart = apart
    begun = tenth / 10
    lost = begun + 5

    def gone(operation: str, process: Process) -> Fault | None:
        unavailable = process.name == "p1" and simulation.scheduler.time >= lost
        return Fault.FAILED if unavailable and "job-1" in operation else None

    simulation.conditions.policies.append(gone)
    simulation.pace = lambda _path: simulation.scheduler.pause(2.0)
    simulation.scheduler.at(begun, simulation.start)
    simulation.scheduler.at(lost + 0.5, simulation.start)
    simulation.run()
    assert simulation.manifest.run == 2
    assert simulation.observer.replaced_alive == []


def test_a_lease_is_shortened_by_as_much_as_its_claim_looks_too_old(
    simulation: Simulation,
) -> None:
    simulation.conditions.dates_apart = 2
    engine = RecordingEngine(simulation)
    engine.before_item = busy_at(simulation, "step1_abstractions.yaml", 20)

    beats: list[str] = []

    def only_the_first(operation: str, _: Process) -> Fault | None:
        if not operation.startswith("put job-1/runs"):
            return None
        beats.append(operation)  # the first measures the clocks
        return Fault.FAILED if len(beats) > 1 else None

    run(simulation, policy=only_the_first, engine=engine)
    assert engine.log[0][0] == "paused"
    assert engine.log[0][1] < LEASE - 1


def test_a_claimant_suspended_in_its_claim_sends_nothing_that_its_successor_sends(
    simulation: Simulation,
) -> None:
    simulation.receiver.answer = lambda _: WebhookResponse(status_code=503)
    assert run(simulation).code is Exit.TEMPORARY
    simulation.receiver.answer = lambda _: WebhookResponse(status_code=200)
    claims: list[float] = []

    def stop_in_the_claim(operation: str, process: Process) -> None:
        if operation.startswith("create") and process.name == "p2":
            claims.append(simulation.scheduler.time)
            if len(claims) == 2:
                simulation.scheduler.stop_machine(process, 10)

    claimant = simulation.start(stop_in_the_claim)
    simulation.scheduler.at(simulation.scheduler.time + 1, simulation.start)
    simulation.run()
    assert simulation.runs[-1].code is Exit.OK
    assert simulation.posts_since(claimant, 0) == []
    simulation.check()


def test_a_store_whose_clocks_are_too_far_apart_for_the_lease_is_refused_and_the_job_is_released(
    simulation: Simulation,
) -> None:
    simulation.conditions.dates_apart = 20
    refused = run(simulation)
    assert refused.code is Exit.CONFIG
    assert "dates its answers 20 s ahead of its objects" in str(refused.error)
    assert simulation.manifest.released
    assert not simulation.posts
    simulation.changes = {"lease": 30}
    assert run(simulation).code is Exit.OK
    simulation.check()


@pytest.mark.parametrize("seed", range(4))
def test_an_owner_whose_machine_was_paused_repeats_nothing_after_it_wakes(
    work_dir: Path, seed: int
) -> None:
    """As when a host pauses a virtual machine, whose clocks do not show it."""
    simulation = Simulation(seed, work_dir)
    simulation.changes = {
        "lease": 30,
        "callback_give_up": 600,
        "store_give_up": 300,
    }
    stopped, woken = 10.1, 110.1

    def refuse_the_first_run(document: dict[str, object]) -> WebhookResponse:
        return WebhookResponse(
            status_code=503
            if document["run"] == 1 and document["step"] == 5
            else 200
        )

    simulation.receiver.answer = refuse_the_first_run
    owner = simulation.start(
        engine=FakeEngine(
            chapters=2, before_item=busy_at(simulation, CHAPTER, 50)
        )
    )
    simulation.scheduler.at(
        stopped,
        lambda: simulation.scheduler.stop_machine(
            owner.process, woken - stopped
        ),
    )
    simulation.scheduler.at(stopped + 1, simulation.start)
    simulation.run()
    assert [run.code for run in simulation.runs] == [Exit.REPLACED, Exit.OK]
    assert simulation.posts_since(owner, woken) == []
    simulation.check()


def test_a_cancellation_reaches_an_owner_that_cannot_list_or_the_owner_pauses(
    simulation: Simulation,
) -> None:
    simulation.changes = {"store_give_up": 60}
    engine = RecordingEngine(simulation)
    engine.before_item = busy_at(simulation, CHAPTER, 20)

    def policy(operation: str, process: Process) -> Fault | None:
        refused = (
            operation.startswith("list")
            and process.name == "p1"
            and 2 <= simulation.scheduler.time < 12
        )
        return Fault.FAILED if refused else None

    simulation.start(policy, engine=engine)
    simulation.scheduler.at(
        3, lambda: simulation.start(work=lambda job: job.cancel())
    )
    simulation.run()
    paused = [time for event, time in engine.log if event == "paused"]
    assert 2 < paused[0] < 2 + LEASE + 1
    assert simulation.manifest.state is State.CANCELED
    assert simulation.runs[0].ended_at < 13
    simulation.check()
