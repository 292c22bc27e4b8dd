"""The lease of a run, under a clock that does what it is told."""

import json
from dataclasses import replace

import pytest

from states.decisions import claim, request_cancel
from states.keys import heartbeat_key
from states.manifest import Writer
from tests.simulation.scheduler import Process, Scheduler, SimRuntime
from tests.support.builders import ENGINE, IDENTITY, begun, run_record
from worker.checkpoint import CheckpointLog, Ownership
from worker.errors import (
    ConflictError,
    ExistsError,
    MissingError,
    StoreConfigError,
    StoreRefusedError,
    StoreUnavailableError,
)
from worker.lease import (
    CancelRequested,
    Heart,
    Lease,
    LeaseLost,
    LeaseRefreshed,
    StoreLost,
    Superseded,
    read_lease,
)
from worker.runtime import ThreadFailed
from worker.store.memory import MemoryStore

LEASE = 30


class Moody(MemoryStore):
    """A store that can be away, slow, or refuse."""

    mood: Exception | None = None
    slow: float = 0.0
    scheduler: Scheduler

    def put(self, key: str, body: object, media_type: str) -> None:
        """Store an object, if it is in the mood."""
        self.scheduler.time += self.slow
        if self.mood is not None:
            raise self.mood
        super().put(key, body, media_type)  # type: ignore[arg-type]  # a body


class Scene:
    """A run that has just claimed its job."""

    def __init__(self) -> None:
        self.scheduler = Scheduler(1)
        self.runtime = SimRuntime(self.scheduler, Process(name="p"))
        self.store = Moody(lambda: self.scheduler.time)
        self.store.scheduler = self.scheduler
        self.log = CheckpointLog(self.store, IDENTITY.job_id, self.runtime)
        checkpoint = self.log.append(None, begun(), Writer.WORKER)
        self.owned = Ownership(self.log, checkpoint, since=self.scheduler.time)
        self.mailbox = self.runtime.mailbox()
        self.lease = Lease(self.store, self.owned, self.runtime, self.mailbox)

    def news(self) -> list[object]:
        """Return what has been reported."""
        return [self.mailbox.get(0) for _ in range(len(self.mailbox._messages))]  # type: ignore[attr-defined]  # of SimMailbox


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_it_is_held_for_its_time_after_the_claim_and_not_longer(scene: Scene) -> None:
    scene.scheduler.time = LEASE - 0.1
    assert scene.lease.held
    scene.scheduler.time = LEASE
    assert not scene.lease.held


def test_a_heartbeat_says_run_and_lease_and_is_counted_from_before_it_was_sent(scene: Scene) -> None:
    scene.scheduler.time, scene.store.slow = 10, 4
    scene.lease.refresh()
    body = json.loads(scene.store.get(heartbeat_key(IDENTITY.job_id, 1)))
    assert body == {"run": 1, "leaseSeconds": LEASE}
    assert scene.lease.remaining == LEASE - 4


def test_a_heartbeat_that_comes_through_too_late_does_not_bring_the_lease_back_by_itself(scene: Scene) -> None:
    scene.store.slow = LEASE
    scene.lease.beat()
    assert not scene.lease.held
    assert scene.news() == [LeaseLost(), LeaseRefreshed()]
    scene.store.slow = 0
    scene.lease.beat()
    assert not scene.lease.held, "an append must show it first"
    assert scene.lease.reassert()
    assert scene.lease.held


def test_reasserting_a_lease_that_has_run_out_again_does_not_help(scene: Scene) -> None:
    scene.scheduler.time = LEASE + 1
    scene.lease.suspend()
    assert not scene.lease.reassert()
    assert scene.lease.suspended


def test_the_loss_is_reported_once(scene: Scene) -> None:
    scene.lease.suspend()
    scene.lease.suspend()
    assert scene.news() == [LeaseLost()]


def test_a_successor_is_found_and_nothing_is_held_from_then_on(scene: Scene) -> None:
    rival = CheckpointLog(scene.store, IDENTITY.job_id, scene.runtime)
    head = rival.newest()
    assert head is not None
    rival.append(head, claim(head.manifest, run_record(2), engine=ENGINE, announces=True), Writer.WORKER)
    scene.lease.look()
    assert scene.news() == [Superseded(run=2)]
    assert not scene.lease.held


def test_an_operators_request_is_found_and_the_lease_stays(scene: Scene) -> None:
    operator = CheckpointLog(scene.store, IDENTITY.job_id, scene.runtime)
    head = operator.newest()
    assert head is not None
    operator.append(head, request_cancel(head.manifest), Writer.OPERATOR)
    scene.lease.look()
    assert scene.news() == [CancelRequested()]
    assert scene.lease.held


def test_a_newcomer_reads_the_lease_that_the_owner_wrote(scene: Scene) -> None:
    key = heartbeat_key(IDENTITY.job_id, 1)
    manifest = replace(scene.owned.manifest, runs=(run_record(lease_seconds=7),))
    assert read_lease(scene.store, manifest) == (None, 7)
    scene.store.put(key, b'{"run": 1, "leaseSeconds": 99}', "application/json")
    scene.scheduler.time += 5
    assert read_lease(scene.store, manifest) == (5, 99)
    scene.store.put(key, b"[]", "application/json")
    assert read_lease(scene.store, manifest) == (0, 7)


def beating(scene: Scene, *, until: float, give_up: float = 60) -> list[object]:
    """Let the heart beat until a time, and return what it reported."""
    heart = Heart(scene.lease, scene.mailbox, scene.runtime, give_up_seconds=give_up)
    heart.start(interval=LEASE / 3, on_lost=lambda: scene.mailbox.put("paused"))
    scene.scheduler.at(until, heart.stop)
    scene.scheduler.run()
    return scene.news()


def test_a_heart_that_beats_holds_the_lease_for_ever(scene: Scene) -> None:
    assert beating(scene, until=1000) == []
    assert scene.lease.remaining > LEASE / 2


def test_a_heart_without_its_store_pauses_the_engine_in_time_and_gives_up_at_last(scene: Scene) -> None:
    scene.store.mood = StoreUnavailableError("away")
    news = beating(scene, until=1000)
    assert news[:2] == ["paused", LeaseLost()]
    [lost] = [one for one in news if isinstance(one, StoreLost)]
    assert isinstance(lost.error, StoreUnavailableError)
    assert "60 seconds" in str(lost.error)


@pytest.mark.parametrize(
    "odd",
    [
        StoreRefusedError("403"),
        StoreConfigError("a redirect"),
        StoreUnavailableError("503"),
        ConflictError("409"),
        MissingError("404"),
        ExistsError("412"),
        TypeError("two Date headers"),
    ],
)
def test_one_odd_answer_costs_neither_the_lease_nor_the_thread(scene: Scene, odd: Exception) -> None:
    scene.scheduler.at(5, lambda: setattr(scene.store, "mood", odd))
    scene.scheduler.at(12, lambda: setattr(scene.store, "mood", None))
    assert beating(scene, until=1000) == []
    assert scene.lease.remaining > LEASE / 2


def test_a_store_that_refuses_for_good_ends_the_run_as_refused(scene: Scene) -> None:
    scene.store.mood = StoreRefusedError("no more")
    [lost] = [news for news in beating(scene, until=1000) if isinstance(news, StoreLost)]
    assert isinstance(lost.error, StoreRefusedError)
    assert "60 seconds" in str(lost.error)


def test_a_thread_that_fails_is_reported(scene: Scene) -> None:
    error = OSError("the engine cannot be paused")

    def fail() -> None:
        raise error

    scene.store.mood = StoreUnavailableError("away")
    Heart(scene.lease, scene.mailbox, scene.runtime, give_up_seconds=60).start(interval=LEASE / 3, on_lost=fail)
    with pytest.raises(OSError, match="cannot be paused"):
        scene.scheduler.run()
    assert [news.error for news in scene.news() if isinstance(news, ThreadFailed)] == [error]


def test_a_store_that_comes_back_is_reported(scene: Scene) -> None:
    scene.store.mood = StoreUnavailableError("away")
    scene.scheduler.at(LEASE + 10, lambda: setattr(scene.store, "mood", None))
    assert beating(scene, until=LEASE + 15)[-1] == LeaseRefreshed()
