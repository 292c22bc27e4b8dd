"""A run before it releases its job, and before it knows that it has lost it."""

from collections.abc import Callable

import pytest

from states.exits import Exit
from states.stages import State
from tests.simulation.network import Fault
from tests.simulation.scheduler import Process
from tests.simulation.scripted_runs import CHAPTER, kill_before, run, stop_at
from tests.simulation.simulation import Simulation
from tests.support.world import JOB, FakeEngine
from worker.outbox.port import WebhookResponse
from worker.run.inbox import Stop
from worker.store.memory import MemoryStore

STOP = Stop(exit_code=Exit.SIGTERM, reason="SIGTERM")
GRACE = 2.0


class SlowReleaseStore(MemoryStore):
    """Records when the job's newest checkpoint releases it, and answers that slowly."""

    def __init__(self, simulation: Simulation, *, slow: float = 0.0) -> None:
        super().__init__(lambda: simulation.scheduler.time)
        self._simulation = simulation
        self._slow = slow
        self.released_at: float | None = None
        self.there: list[str] = []
        """The objects that were stored when the job was released."""

    def create(self, key: str, body: bytes, media_type: str) -> float:
        now = super().create(key, body, media_type)
        if self._simulation.manifest.released and self.released_at is None:
            self.released_at = self._simulation.scheduler.time
            self.there = [entry.key for entry in self.entries("")]
            self._simulation.scheduler.pause(self._slow)
        return now


def failing_from(
    simulation: Simulation, begin: float, end: float, *names: str
) -> Callable[[str, Process], Fault | None]:
    """Return a policy under which operations with a prefix fail for a period."""

    def policy(operation: str, _process: Process) -> Fault | None:
        failed = (
            begin <= simulation.scheduler.time < end
            and operation.startswith(names)
        )
        return Fault.FAILED if failed else None

    return policy


STORE = ("create", "put", "get", "head", "list", "download")


def test_a_lease_that_has_run_out_is_not_held_before_an_append_has_succeeded(
    simulation: Simulation,
) -> None:
    """Heartbeats are answered again from the 10th second on, appends from the 14th."""
    simulation.changes = {"store_give_up": 60, "callback_give_up": 60}
    simulation.receiver.answer = lambda _: WebhookResponse(
        status_code=503 if simulation.scheduler.time < 20 else 200
    )
    away = failing_from(simulation, 2, 10, *STORE)
    no_appends = failing_from(simulation, 10, 14, "create")
    engine = FakeEngine(
        chapters=2,
        before_item=lambda path: simulation.scheduler.pause(
            15 if path == CHAPTER else 0
        ),
    )
    owner = run(
        simulation,
        policy=lambda *what: away(*what) or no_appends(*what),
        engine=engine,
    )
    assert owner.code is Exit.OK
    assert [at for at, _, _ in simulation.posts if 6 <= at < 14] == []
    assert [at for at, _, _ in simulation.posts if 14 <= at < 20]


def test_a_claim_answered_too_late_gives_no_right_to_send(
    simulation: Simulation,
) -> None:
    """The claim's answer hangs until another run has waited for the lease and claimed the job."""
    simulation.changes = {"store_give_up": 60, "callback_give_up": 40}
    simulation.receiver.answer = lambda _: WebhookResponse(status_code=503)
    assert run(simulation).code is Exit.TEMPORARY
    hung: list[str] = []

    def hang(operation: str, _process: Process) -> Fault | None:
        if operation.startswith(f"create {JOB}/checkpoints") and not hung:
            hung.append(operation)
            return Fault.HUNG
        return None

    late = simulation.start(hang)
    simulation.scheduler.at(simulation.scheduler.time + 2, simulation.start)
    simulation.run()
    assert late.code is Exit.REPLACED
    assert simulation.posts_since(late, 0) == []


def test_a_run_that_could_not_deliver_hangs_up_before_it_releases_its_job(
    simulation: Simulation,
) -> None:
    simulation.store = store = SlowReleaseStore(simulation, slow=30)
    simulation.conditions.connecting.append(lambda _: 8.0)
    owner = run(simulation)
    assert owner.code is Exit.TEMPORARY
    assert store.released_at is not None
    assert store.released_at < 8
    assert simulation.posts_since(owner, store.released_at) == []


def test_a_run_that_has_ended_may_not_send(simulation: Simulation) -> None:
    """A thread that is still connecting for it gets this answer."""
    asked: list[Callable[[], float]] = []
    listen = simulation.observer.listen

    def remember(process: Process, may_send: Callable[[], float]) -> None:
        asked.append(may_send)
        listen(process, may_send)

    simulation.observer.listen = remember  # type: ignore[method-assign]  # it listens, too
    assert run(simulation).code is Exit.OK
    assert asked
    assert {remaining() for remaining in asked} == {0.0}


def test_a_request_to_cancel_that_is_overtaken_is_made_again(
    simulation: Simulation,
) -> None:
    """While the request is in flight, the owner appends a checkpoint."""

    overtaken: list[bool] = []

    def slow(operation: str, _process: Process) -> Fault | None:
        if operation.startswith("create") and not overtaken:
            simulation.scheduler.pause(3)
            overtaken.append(
                any(simulation.store.entries(operation.removeprefix("create ")))
            )
        return None

    def before_item(path: str) -> None:
        if path.startswith("step1"):
            simulation.start(slow, work=lambda job: job.cancel())
        simulation.scheduler.pause(2)

    run(simulation, engine=FakeEngine(chapters=2, before_item=before_item))
    assert overtaken == [True]
    assert [attempt.code for attempt in simulation.runs] == [Exit.OK, Exit.OK]
    assert simulation.manifest.state is State.CANCELED


def test_a_claim_on_a_store_that_ceased_to_be_a_fence_is_released(
    simulation: Simulation,
) -> None:
    class OverwritingStore(MemoryStore):
        def create(self, key: str, body: bytes, media_type: str) -> float:
            return self.put(key, body, media_type)

    run(simulation, policy=kill_before(f"put {JOB}/artifacts/extract"))
    fence, simulation.store = (
        simulation.store,
        OverwritingStore(lambda: simulation.scheduler.time),
    )
    for entry in fence.entries(""):
        simulation.store.put(entry.key, fence.get(entry.key), "")
    refused = run(simulation)
    assert refused.code is Exit.CONFIG
    assert simulation.manifest.released
    assert simulation.manifest.owner.exit_code == Exit.CONFIG


def test_a_stopped_run_waits_for_the_items_that_are_being_stored(
    simulation: Simulation,
) -> None:
    first = "chapters/chapter_1_thing_1.md"
    simulation.store = store = SlowReleaseStore(simulation)

    def slow(operation: str, _process: Process) -> Fault | None:
        if operation.startswith("put") and operation.endswith(first):
            simulation.scheduler.pause(GRACE / 4)
        return None

    assert (
        run(
            simulation, policy=slow, engine=stop_at(simulation, CHAPTER, STOP)
        ).code
        is Exit.SIGTERM
    )
    assert any(key.endswith(first) for key in store.there), (
        "the item must be stored before the release"
    )


def test_a_stopped_run_waits_for_an_item_that_hangs_for_a_part_of_its_grace(
    simulation: Simulation,
) -> None:
    first = "chapters/chapter_1_thing_1.md"
    simulation.changes = {"lease": 60}

    def hang(operation: str, _process: Process) -> Fault | None:
        if operation.startswith("put") and operation.endswith(first):
            simulation.scheduler.pause(10 * GRACE)
        return None

    stopped = simulation.start(hang, engine=stop_at(simulation, CHAPTER, STOP))
    simulation.run()
    assert stopped.code is Exit.SIGTERM
    assert simulation.manifest.released
    assert stopped.ended_at - stopped.began_at < GRACE


@pytest.mark.parametrize("at_work", [True, False])
def test_a_stopped_run_waits_for_a_store_that_is_down_only_within_its_grace(
    simulation: Simulation, *, at_work: bool
) -> None:
    """Stopped in the 20th second while it works or delivers; the store is down from the 19th."""
    simulation.changes = {
        "store_give_up": 600,
        "callback_give_up": 600,
        "lease": 60,
    }
    simulation.receiver.answer = lambda _: WebhookResponse(status_code=503)
    engine = FakeEngine(
        chapters=2,
        before_item=lambda _: simulation.scheduler.pause(5 if at_work else 0),
    )
    owner = simulation.start(
        failing_from(simulation, 19, 1000, *STORE), engine=engine
    )
    simulation.scheduler.at(20, lambda: owner.job.inbox.mailbox.put(STOP))
    simulation.run()
    assert 20 <= owner.ended_at <= 20 + 0.8 * GRACE
    assert owner.code is (Exit.SIGTERM if at_work else Exit.TEMPORARY)
