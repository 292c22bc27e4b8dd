"""What the store shows of an owner, and what a new run makes of it."""

from dataclasses import replace

import pytest

from states.manifest import Manifest, Writer
from tests.simulation.scheduler import Process, Scheduler, SimRuntime
from tests.support.builders import IDENTITY, begun
from worker.errors import MissingError, StoreUnavailableError
from worker.ownership.clocks import measure_skew
from worker.ownership.heartbeat import (
    OwnerWatch,
    put_heartbeat,
    read_heartbeat,
    read_silence,
)
from worker.ownership.log import CheckpointLog
from worker.store.memory import MemoryStore
from worker.store.port import ObjectHead

LEASE = 30


class Clocks(MemoryStore):
    """A store whose clock can be set, and one by which it dates its answers that is ahead of it."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(lambda: scheduler.time + self.set_by)
        self.set_by = 0.0
        self.ahead = 0.0
        self.undated = False
        self.slow = 0.0
        self.missing = 0
        """How many times it does not find what it has."""
        self.wrong = 0
        """How many times it answers with something else."""
        self._scheduler = scheduler

    def put(  # type: ignore[override]  # it may give no date
        self, key: str, body: object, media_type: str
    ) -> float | None:
        now = super().put(key, body, media_type)  # type: ignore[arg-type]  # a body
        self._scheduler.time += self.slow
        return None if self.undated else now + self.slow + self.ahead

    def get(self, key: str) -> bytes:
        if self.wrong:
            self.wrong -= 1
            return b"<html>"
        return super().get(key)

    def head(self, key: str) -> ObjectHead:
        if self.missing:
            self.missing -= 1
            raise MissingError(key)
        head = super().head(key)
        return replace(head, now=head.now + self.ahead)


class Scene:
    """An owner that has claimed its job, and a new run that watches it."""

    def __init__(self) -> None:
        self.scheduler = Scheduler(1)
        self.runtime = SimRuntime(self.scheduler, Process(name="new run"))
        self.store = Clocks(self.scheduler)
        self.log = CheckpointLog(self.store, IDENTITY.job_id, self.runtime)
        self.manifest: Manifest = self.log.append(
            None, begun(), Writer.WORKER
        ).manifest
        self.vigil = OwnerWatch(self.store, self.log, self.runtime)

    def silence_after(self, seconds: float) -> int:
        """Let time pass, and return for how long the new run has heard nothing."""
        self.scheduler.time += seconds
        silent, lease = self.vigil.silence(self.manifest)
        assert lease == LEASE
        return silent


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_silence_is_the_age_of_the_younger_of_claim_and_heartbeat(
    scene: Scene,
) -> None:
    assert not scene.vigil.is_alive, "nothing has been looked at"
    assert scene.silence_after(20) == 20
    put_heartbeat(scene.store, scene.manifest, 1)
    assert scene.silence_after(5) == 5
    assert read_silence(scene.store, scene.log, scene.manifest) == (5, LEASE)


def test_a_clock_that_was_set_back_does_not_keep_a_dead_run_alive(
    scene: Scene,
) -> None:
    put_heartbeat(scene.store, scene.manifest, 1)
    scene.store.set_by = -3600
    assert scene.silence_after(0) == 0
    assert scene.silence_after(LEASE) == LEASE
    assert scene.silence_after(1) == LEASE + 1
    assert not scene.vigil.is_alive


def test_an_owner_that_beats_is_alive_whatever_the_stores_clock_does(
    scene: Scene,
) -> None:
    scene.store.set_by = -3600
    for number in range(1, 10):
        put_heartbeat(scene.store, scene.manifest, number)
        assert scene.silence_after(LEASE / 3) == 0
    assert scene.vigil.is_alive


def test_a_heartbeat_of_an_earlier_version_proves_nothing_by_not_changing(
    scene: Scene,
) -> None:
    put_heartbeat(scene.store, scene.manifest, 1)
    key = next(scene.store.entries(f"{IDENTITY.job_id}/runs/")).key
    scene.store.put(key, b'{"run": 1, "leaseSeconds": 30}', "application/json")
    scene.store.set_by = -3600
    assert [scene.silence_after(LEASE) for _ in range(3)] == [0, 0, 0]
    assert scene.vigil.is_alive


@pytest.mark.parametrize(("wrong", "number"), [(2, 1), (3, None)])
def test_a_heartbeat_makes_no_sense_only_if_three_answers_say_so(
    scene: Scene, wrong: int, number: int | None
) -> None:
    put_heartbeat(scene.store, scene.manifest, 1)
    scene.store.wrong = wrong
    heartbeat = read_heartbeat(scene.store, scene.manifest)
    assert heartbeat.number == number
    assert heartbeat.age == 0
    assert scene.store.wrong == 0


def test_a_heartbeat_that_is_listed_and_cannot_be_read_is_the_stores_fault(
    scene: Scene,
) -> None:
    put_heartbeat(scene.store, scene.manifest, 1)
    scene.store.missing = 2
    assert read_heartbeat(scene.store, scene.manifest).number == 1
    scene.store.missing = 3
    with pytest.raises(
        StoreUnavailableError, match="listed but cannot be read"
    ):
        read_heartbeat(scene.store, scene.manifest)


def test_a_new_checkpoint_is_a_sign_of_life(scene: Scene) -> None:
    assert scene.silence_after(0) == 0
    head = scene.log.newest()
    assert head is not None
    scene.manifest = scene.log.append(
        head, head.manifest, Writer.WORKER
    ).manifest
    scene.store.set_by = -3600
    assert scene.silence_after(LEASE + 1) == 0
    assert scene.vigil.is_alive


@pytest.mark.parametrize(
    ("ahead", "slow", "least", "most"),
    [(0, 0, 0, 0), (7, 0, 7, 7), (0, 9, 0, 9), (7, 9, 7, 16)],
)
def test_how_far_two_clocks_are_apart_is_measured_in_spite_of_slow_answers(
    scene: Scene, ahead: float, slow: float, least: float, most: float
) -> None:
    scene.store.ahead, scene.store.slow = ahead, slow
    assert measure_skew(scene.store, scene.manifest, scene.runtime) == (
        least,
        most,
    )


def test_where_no_answer_is_dated_nothing_is_known_of_two_clocks(
    scene: Scene,
) -> None:
    scene.store.undated = True
    assert measure_skew(scene.store, scene.manifest, scene.runtime) == (0, 0)


def test_a_store_that_loses_the_heartbeat_it_has_just_answered_is_unavailable(
    scene: Scene,
) -> None:
    scene.store.missing = 1
    with pytest.raises(StoreUnavailableError, match="cannot be read"):
        measure_skew(scene.store, scene.manifest, scene.runtime)
