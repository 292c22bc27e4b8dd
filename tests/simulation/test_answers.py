"""How a run treats the receiver's answers."""

from pathlib import Path

import pytest

from states.exits import Exit
from states.stages import State
from tests.simulation.network import Fault, no_fault
from tests.simulation.scripted_runs import (
    CHAPTER,
    failing,
    kill_before,
    overloaded,
    run,
    stop_at,
)
from tests.simulation.simulation import Simulation
from tests.support.world import JOB, FakeEngine
from worker.engines.port import EngineFailedError
from worker.outbox.port import WebhookResponse
from worker.ownership.lease import CancelRequested
from worker.run.inbox import Stop
from worker.store.memory import MemoryStore


def test_a_rejected_event_is_recorded_and_not_sent_again(
    simulation: Simulation,
) -> None:
    sent: list[object] = []

    def answer(document: dict[str, object]) -> WebhookResponse:
        sent.append(document["sequence"])
        return WebhookResponse(
            status_code=422 if document["step"] == 3 else 200
        )

    simulation.receiver.answer = answer
    assert run(simulation).code is Exit.OK
    [rejection] = simulation.manifest.outbox.rejected
    assert rejection.status_code == 422
    assert sent.count(rejection.sequence) == 1
    assert len(sent) == 9


@pytest.mark.parametrize(
    "fault", [None, "create job-1/checkpoints/00000014", "post job-1-11"]
)
def test_an_operator_can_have_a_rejected_end_sent_again_under_its_key(
    simulation: Simulation, fault: str | None
) -> None:
    simulation.receiver.answer = lambda document: WebhookResponse(
        status_code=410 if document["type"] == "complete" else 200
    )
    assert run(simulation).code is Exit.OK
    [rejection] = simulation.manifest.outbox.rejected
    simulation.receiver.answer = lambda _: WebhookResponse(status_code=200)
    again = run(
        simulation,
        policy=kill_before(fault) if fault else no_fault,
        work=lambda job: job.redeliver(),
    )
    if fault:
        assert again.code is None
        again = run(simulation)
    assert again.code is Exit.OK
    assert not again.engine.made
    assert simulation.receiver.taken[-1][0] == f"{JOB}-{rejection.sequence}"
    assert simulation.manifest.outbox.rejected == ()
    simulation.check()


def test_an_end_that_is_rejected_again_stays_rejected(
    simulation: Simulation,
) -> None:
    engine = failing(EngineFailedError("401", temporary=False))
    simulation.receiver.answer = lambda document: WebhookResponse(
        status_code=410 if document["type"] == "error" else 200
    )
    code = run(simulation, engine=engine).code
    again = run(simulation, work=lambda job: job.redeliver())
    assert again.code is code is not Exit.OK
    assert [
        rejection.status_code
        for rejection in simulation.manifest.outbox.rejected
    ] == [410]
    assert simulation.manifest.released


@pytest.mark.parametrize("status", [301, 308, 399, 408, 429, 500, 503, 600])
def test_a_receiver_that_fails_for_a_while_delays_no_stage_and_misses_nothing(
    simulation: Simulation, status: int
) -> None:
    simulation.changes = {"callback_give_up": 600}
    simulation.receiver.answer = lambda _: WebhookResponse(
        status_code=status if simulation.scheduler.time < 60 else 200
    )
    assert run(simulation).code is Exit.OK
    assert len(simulation.receiver.taken) == 9
    simulation.check()


def test_a_run_waits_for_its_last_answer_for_all_the_time_that_it_has(
    simulation: Simulation,
) -> None:
    simulation.changes = {"callback_give_up": 1}
    assert run(simulation).code is Exit.OK
    assert simulation.manifest.outbox.pending == ()


def test_at_the_end_a_run_sends_again_at_once_instead_of_after_a_long_pause(
    simulation: Simulation,
) -> None:
    """When the receiver is back, the engine is still retrying and pauses are long."""
    simulation.changes = {"callback_give_up": 3}
    simulation.receiver.answer = lambda _: WebhookResponse(
        status_code=503 if simulation.scheduler.time < 7 else 200
    )
    engine = failing(overloaded(), times=2)
    assert run(simulation, engine=engine).code is Exit.OK
    assert len(simulation.receiver.taken) == 9


def test_a_request_to_cancel_that_comes_too_late_does_not_end_the_delivery(
    simulation: Simulation,
) -> None:
    simulation.changes = {"callback_give_up": 600, "lease": 60}
    simulation.receiver.answer = lambda document: WebhookResponse(
        status_code=503
        if document["type"] == "complete" and simulation.scheduler.time < 30
        else 200
    )
    owner = simulation.start()
    mailbox = owner.job.inbox.mailbox
    simulation.scheduler.at(20, lambda: mailbox.put(CancelRequested()))
    simulation.run()
    assert owner.code is Exit.OK
    assert owner.ended_at > 30
    assert simulation.manifest.state is State.COMPLETED
    simulation.check()


def test_the_pause_that_a_receiver_asks_for_is_kept(
    simulation: Simulation,
) -> None:
    simulation.changes = {"callback_give_up": 600}
    times: list[float] = []

    def answer(_: dict[str, object]) -> WebhookResponse:
        times.append(simulation.scheduler.time)
        return (
            WebhookResponse(status_code=429, retry_after=40)
            if len(times) == 1
            else WebhookResponse(status_code=200)
        )

    simulation.receiver.answer = answer
    assert run(simulation).code is Exit.OK
    assert times[1] - times[0] >= 40


def test_a_final_event_that_cannot_be_delivered_ends_with_75_and_the_next_run_delivers_that_alone(
    simulation: Simulation,
) -> None:
    simulation.receiver.answer = lambda _: WebhookResponse(status_code=503)
    assert run(simulation).code is Exit.TEMPORARY
    assert simulation.manifest.state is State.COMPLETED
    [*_, final] = simulation.manifest.outbox.pending
    simulation.receiver.answer = lambda _: WebhookResponse(status_code=200)
    again = run(simulation)
    assert again.code is Exit.OK
    assert not again.engine.made
    assert [key for key, _ in simulation.receiver.taken] == [
        f"{JOB}-{final.sequence}"
    ]
    _, document = simulation.receiver.taken[0]
    assert len(document["files"]) == 9  # type: ignore[arg-type]  # a list, as it was JSON


def test_a_run_that_is_replaced_while_it_connects_says_nothing(
    simulation: Simulation,
) -> None:
    """Its host loses store and name resolution; the receiver's name resolves too late."""
    simulation.conditions.connecting.append(
        lambda process: 12.0 if process.name == "p1" else 0.0
    )
    lost = simulation.start(
        lambda operation, _: (
            Fault.FAILED
            if simulation.scheduler.time > 1 and "post" not in operation
            else None
        ),
        engine=FakeEngine(
            chapters=2, before_item=lambda _: simulation.scheduler.pause(1)
        ),
    )
    simulation.scheduler.at(2, simulation.start)
    simulation.run()
    assert simulation.posts_since(lost, 0) == []
    simulation.redone.clear()
    simulation.check()


@pytest.mark.parametrize("tenths", range(0, 12, 2))
def test_an_attempt_is_repeated_only_under_a_confirmed_lease(
    work_dir: Path, tenths: int
) -> None:
    """The machine is suspended between two attempts, which its clocks do not show."""
    simulation = Simulation(tenths, work_dir)
    simulation.receiver.answer = lambda _: WebhookResponse(
        status_code=503 if simulation.scheduler.time < 40 else 200
    )
    engine = FakeEngine(
        chapters=2, before_item=lambda _: simulation.scheduler.pause(60)
    )
    stopped = simulation.start(engine=engine)
    at = 5 + tenths / 10
    simulation.scheduler.at(
        at, lambda: simulation.scheduler.stop_machine(stopped.process, 20)
    )
    simulation.scheduler.at(at, simulation.start)
    simulation.run()
    assert simulation.posts_since(stopped, at) == []


def test_the_reason_for_an_undelivered_event_is_recorded_until_it_is_delivered(
    simulation: Simulation,
) -> None:
    simulation.receiver.answer = lambda _: WebhookResponse(
        status_code=301, redirect="https://other.test"
    )
    assert run(simulation).code is Exit.TEMPORARY
    trouble = simulation.manifest.outbox.trouble
    assert trouble is not None
    assert trouble.startswith("status 301, a redirect to https://other.test")
    simulation.receiver.answer = lambda _: WebhookResponse(status_code=200)
    assert run(simulation).code is Exit.OK
    assert simulation.manifest.outbox.trouble is None


@pytest.mark.parametrize("ended", ["stopped", "failed"])
def test_a_run_that_has_released_its_job_sends_nothing_more(
    simulation: Simulation, ended: str
) -> None:
    """Its successor may send events from then on, even before the release is answered."""
    released: list[float] = []

    class SlowStore(MemoryStore):
        def create(self, key: str, body: bytes, media_type: str) -> float:
            now = super().create(key, body, media_type)
            if simulation.manifest.released:
                released.append(simulation.scheduler.time)
                simulation.scheduler.pause(30)
            return now

    simulation.store = SlowStore(lambda: simulation.scheduler.time)
    simulation.receiver.answer = lambda _: WebhookResponse(status_code=503)
    stop = Stop(exit_code=Exit.SIGTERM, reason="SIGTERM")
    engine = (
        stop_at(simulation, CHAPTER, stop)
        if ended == "stopped"
        else failing(overloaded())
    )
    owner = run(simulation, engine=engine)
    assert owner.code is (
        Exit.SIGTERM if ended == "stopped" else Exit.TEMPORARY
    )
    assert simulation.posts
    assert simulation.posts_since(owner, released[0]) == []
