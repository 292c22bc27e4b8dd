"""How runs are ended, replaced and canceled, and how soon, in simulated time."""

from collections import Counter

import pytest

from states.exits import Exit
from states.manifest import Identity
from states.stages import Stage, State
from states.usage import Budget
from tests.simulation.network import Fault
from tests.simulation.scheduler import Process
from tests.simulation.scripted_runs import (
    CHAPTER,
    NEVER,
    failing,
    kill_before,
    overloaded,
    run,
    stop_at,
)
from tests.simulation.simulation import SimulatedRun, Simulation
from tests.support.world import IDENTITY, JOB, FakeEngine
from worker.outbox.port import WebhookResponse
from worker.ownership.claim import OperatorRequest
from worker.run.inbox import Stop

LEASE = 3


def continue_job(
    simulation: Simulation,
    request: OperatorRequest | None,
    model: str,
    language: str,
) -> SimulatedRun:
    """Continue a job, by a request or as the platform does, with an engine of this model."""
    engine = FakeEngine(chapters=2, model=model, language=language)
    if request is None:
        return run(simulation, engine=engine)
    return run(simulation, engine=engine, work=lambda job: job.resume(request))


@pytest.mark.parametrize("code", [Exit.SIGTERM, Exit.SIGINT, Exit.TEMPORARY])
def test_a_stopped_run_saves_what_is_finished_and_releases_the_job(
    simulation: Simulation, code: Exit
) -> None:
    stopped = run(
        simulation,
        engine=stop_at(
            simulation, CHAPTER, Stop(exit_code=code, reason="stopped")
        ),
    )
    assert stopped.code is code
    manifest = simulation.manifest
    assert manifest.state == State.INTERRUPTED
    assert manifest.released
    assert manifest.fruitless_runs == 0
    began = simulation.scheduler.time
    again = run(simulation)
    assert again.code is Exit.OK
    assert again.engine.made["chapters/chapter_1_thing_1.md"] == 0
    assert simulation.scheduler.time - began < 1, "a released job needs no wait"
    simulation.check()


@pytest.mark.parametrize(
    ("model", "language"), [("other", "French"), ("small", "English")]
)
def test_a_job_keeps_its_model_and_language_unless_an_operator_redoes_a_stage(
    simulation: Simulation, model: str, language: str
) -> None:
    first = failing(overloaded())
    first.model, first.language = "small", "French"
    assert run(simulation, engine=first).code is Exit.TEMPORARY
    before = simulation.manifest
    requests = (
        None,
        OperatorRequest(),
        OperatorRequest(takeover=True),
    )
    for request in requests:
        refused = continue_job(simulation, request, model, language)
        assert refused.code is Exit.CONFIG
        assert f"job {JOB} began with" in str(refused.error)
        assert simulation.manifest == before
    request = OperatorRequest(stage=Stage.GENERATE_CHAPTERS)
    assert continue_job(simulation, request, model, language).code is Exit.OK
    assert simulation.manifest.engine.model == model
    assert simulation.manifest.engine.language == language


def test_an_operators_limit_is_kept_by_all_later_runs(
    simulation: Simulation,
) -> None:
    run(simulation, engine=failing(overloaded()))
    budget = Budget(nanodollars=7)
    request = OperatorRequest(budget=budget)
    run(
        simulation,
        work=lambda job: job.resume(request),
        engine=failing(overloaded()),
    )
    assert simulation.manifest.budget == budget
    assert run(simulation).code is Exit.OK
    assert simulation.manifest.budget == budget


def test_each_stage_counts_its_own_time(simulation: Simulation) -> None:
    seconds = {"step1_abstractions.yaml": 9, "step2_relationships.yaml": 5}
    engine = FakeEngine(
        chapters=2,
        before_item=lambda path: simulation.scheduler.pause(
            seconds.get(path, 0)
        ),
    )
    assert run(simulation, engine=engine).code is Exit.OK
    worked = {
        stage: simulation.manifest.record(stage).seconds
        for stage in (Stage.EXTRACT, Stage.ANALYZE, Stage.ORDER)
    }
    assert worked == {
        Stage.EXTRACT: pytest.approx(9, abs=1),
        Stage.ANALYZE: pytest.approx(5, abs=1),
        Stage.ORDER: pytest.approx(0, abs=1),
    }


def test_a_crashed_run_is_replaced_after_its_lease(
    simulation: Simulation,
) -> None:
    run(simulation, policy=kill_before("put job-1/artifacts/extract"))
    began = simulation.scheduler.time
    assert run(simulation).code is Exit.OK
    assert simulation.scheduler.time - began < LEASE + 3


def test_a_run_that_finds_a_live_owner_waits_for_two_leases_and_names_it(
    simulation: Simulation,
) -> None:
    def before_item(path: str) -> None:
        if path == CHAPTER:
            simulation.scheduler.pause(30)

    simulation.start(engine=FakeEngine(chapters=2, before_item=before_item))
    simulation.scheduler.at(5, simulation.start)
    simulation.run()
    owner, successor = simulation.runs
    assert owner.code is Exit.OK
    assert successor.code is Exit.TEMPORARY
    assert "run 1 has been working on job job-1" in str(successor.error)


def test_a_cancellation_reaches_a_running_worker_within_a_heartbeat(
    simulation: Simulation,
) -> None:
    asked: list[float] = []

    def before_item(path: str) -> None:
        if path == CHAPTER:
            simulation.start(work=lambda job: job.cancel())
            asked.append(simulation.scheduler.time)
            simulation.scheduler.pause(NEVER)

    owner = run(
        simulation, engine=FakeEngine(chapters=2, before_item=before_item)
    )
    assert owner.code is Exit.OK
    assert simulation.manifest.state is State.CANCELED
    assert simulation.receiver.events[-1] == ("progress", "canceled")
    assert owner.ended_at - asked[0] < 2 * LEASE / 3


def test_a_replaced_run_stops_within_a_heartbeat_in_the_middle_of_a_stage(
    simulation: Simulation,
) -> None:
    def before_item(path: str) -> None:
        if path == CHAPTER:
            simulation.start(
                work=lambda job: job.resume(OperatorRequest(takeover=True))
            )
            simulation.scheduler.pause(NEVER)

    displaced = run(
        simulation, engine=FakeEngine(chapters=2, before_item=before_item)
    )
    assert displaced.code is Exit.REPLACED
    assert simulation.runs[-1].code is Exit.OK
    assert simulation.manifest.run == 2


def test_the_same_name_for_another_repository_is_refused_and_the_job_is_left_as_it_was(
    simulation: Simulation,
) -> None:
    run(simulation, policy=kill_before("put job-1/artifacts/extract"))
    before = simulation.manifest
    for other in (
        Identity(
            job_id=JOB,
            repository="https://example.org/owner/other",
            branch="main",
        ),
        Identity(job_id=JOB, repository=IDENTITY.repository, branch="dev"),
    ):
        refused = run(simulation, work=lambda job, other=other: job.run(other))
        assert refused.code is Exit.CONFIG
        assert "give this one another JOB_ID" in str(refused.error)
    assert simulation.manifest == before


def test_another_name_of_the_same_repository_is_taken(
    simulation: Simulation,
) -> None:
    run(simulation, policy=kill_before("put job-1/artifacts/extract"))
    same = Identity(
        job_id=JOB,
        repository="https://EXAMPLE.org/owner/name.git/",
        branch="main",
    )
    assert run(simulation, work=lambda job: job.run(same)).code is Exit.OK


def test_a_run_whose_lease_expired_sends_nothing_before_a_heartbeat_and_an_append(
    simulation: Simulation,
) -> None:
    """It wakes after its successor has ended, and can send heartbeats but not list checkpoints."""
    frozen_until = 60.0

    def policy(operation: str, process: Process) -> Fault | None:
        blind = (
            process.name == "p1"
            and frozen_until <= simulation.scheduler.time < frozen_until + 2
        )
        return (
            Fault.FAILED
            if blind and operation.startswith(("list", "create"))
            else None
        )

    def before_item(path: str) -> None:
        if path == CHAPTER:
            simulation.runs[0].process.freeze(frozen_until)
            simulation.start()

    simulation.receiver.answer = lambda document: WebhookResponse(
        status_code=503 if document["run"] == 1 else 200
    )
    owner = run(
        simulation,
        policy=policy,
        engine=FakeEngine(chapters=2, before_item=before_item),
    )
    assert [attempt.code for attempt in simulation.runs] == [
        Exit.REPLACED,
        Exit.OK,
    ]
    assert simulation.posts_since(owner, frozen_until) == []


def test_an_undisturbed_run_reads_nothing_from_its_store_that_it_already_knows(
    simulation: Simulation,
) -> None:
    simulation.changes = {"lease": 30}
    run(simulation)
    asked: Counter[str] = Counter()
    for (_, operation, _), times in simulation.conditions.asked.items():
        verb, key = operation.split(" ", 1)
        folder = key.removeprefix(f"{JOB}/").split("/")[0]
        asked[f"{verb} {folder}"] += times if verb != "post" else 0
    assert +asked == {
        "list ": 1,  # whether the job exists
        "create checkpoints": 13,  # two for the claim and its proof
        "get checkpoints": 1,  # reads the proof back
        # whether the store's clocks agree and the log has no gap
        "list checkpoints": 1,
        "list artifacts": 7,
        "put artifacts": 10,
    }
