"""An owner's heartbeats in the store, and what a new run concludes from them."""

from dataclasses import replace

import pytest

from states.keys import heartbeat_key
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


class TwoClockStore(MemoryStore):
    """A store whose clock can be set; the clock that dates its answers is ahead of it."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(lambda: scheduler.time + self.set_by)
        self.set_by = 0.0
        self.ahead = 0.0
        self.undated = False
        self.slow = 0.0
        self.missing = 0
        """How often it still reports an existing object as missing."""
        self.wrong = 0
        """How often it still answers with a wrong body."""
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


class WatchHarness:
    """An owner that has claimed its job, and a new run that watches it."""

    def __init__(self) -> None:
        self.scheduler = Scheduler(1)
        self.runtime = SimRuntime(self.scheduler, Process(name="new run"))
        self.store = TwoClockStore(self.scheduler)
        self.log = CheckpointLog(self.store, IDENTITY.job_id, self.runtime)
        self.manifest: Manifest = self.log.append(
            None, begun(), Writer.WORKER
        ).manifest
        self.watch = OwnerWatch(self.store, self.log, self.runtime)

    def silence_after(self, seconds: float) -> int:
        """Let time pass; return for how long the owner has been silent."""
        self.scheduler.time += seconds
        silent, lease = self.watch.silence(self.manifest)
        assert lease == LEASE
        return silent


@pytest.fixture
def harness() -> WatchHarness:
    return WatchHarness()


def test_silence_is_the_age_of_the_younger_of_claim_and_heartbeat(
    harness: WatchHarness,
) -> None:
    assert not harness.watch.is_alive, "the watch has not looked yet"
    assert harness.silence_after(20) == 20
    put_heartbeat(harness.store, harness.manifest, 1)
    assert harness.silence_after(5) == 5
    assert read_silence(harness.store, harness.log, harness.manifest) == (
        5,
        LEASE,
    )


def test_a_clock_that_was_set_back_does_not_keep_a_dead_run_alive(
    harness: WatchHarness,
) -> None:
    put_heartbeat(harness.store, harness.manifest, 1)
    harness.store.set_by = -3600
    assert harness.silence_after(0) == 0
    assert harness.silence_after(LEASE) == LEASE
    assert harness.silence_after(1) == LEASE + 1
    assert not harness.watch.is_alive


def test_an_owner_that_sends_heartbeats_is_alive_whatever_the_stores_clock_does(
    harness: WatchHarness,
) -> None:
    harness.store.set_by = -3600
    for number in range(1, 10):
        put_heartbeat(harness.store, harness.manifest, number)
        assert harness.silence_after(LEASE / 3) == 0
    assert harness.watch.is_alive


def test_a_heartbeat_of_an_earlier_version_proves_nothing_by_not_changing(
    harness: WatchHarness,
) -> None:
    put_heartbeat(harness.store, harness.manifest, 1)
    key = next(harness.store.entries(f"{IDENTITY.job_id}/runs/")).key
    harness.store.put(
        key, b'{"run": 1, "leaseSeconds": 30}', "application/json"
    )
    harness.store.set_by = -3600
    assert [harness.silence_after(LEASE) for _ in range(3)] == [0, 0, 0]
    assert harness.watch.is_alive


@pytest.mark.parametrize(("wrong", "number"), [(2, 1), (3, None)])
def test_a_heartbeat_counts_as_invalid_only_after_three_reads(
    harness: WatchHarness, wrong: int, number: int | None
) -> None:
    put_heartbeat(harness.store, harness.manifest, 1)
    harness.store.wrong = wrong
    heartbeat = read_heartbeat(harness.store, harness.manifest)
    assert heartbeat.number == number
    assert heartbeat.age == 0
    assert harness.store.wrong == 0


def test_a_heartbeat_that_is_listed_and_cannot_be_read_is_the_stores_fault(
    harness: WatchHarness,
) -> None:
    put_heartbeat(harness.store, harness.manifest, 1)
    harness.store.missing = 2
    assert read_heartbeat(harness.store, harness.manifest).number == 1
    harness.store.missing = 3
    with pytest.raises(
        StoreUnavailableError, match="listed but cannot be read"
    ):
        read_heartbeat(harness.store, harness.manifest)


def test_a_heartbeat_that_is_not_a_document_only_has_an_age(
    harness: WatchHarness,
) -> None:
    key = heartbeat_key(harness.manifest.job_id, harness.manifest.run)
    for body in (b"{", b"[" * 100_000):
        harness.store.put(key, body, "application/json")
        heartbeat = read_heartbeat(harness.store, harness.manifest)
        assert (heartbeat.age, heartbeat.number) == (0, None)


def test_a_new_checkpoint_is_a_sign_of_life(harness: WatchHarness) -> None:
    assert harness.silence_after(0) == 0
    head = harness.log.newest()
    assert head is not None
    harness.manifest = harness.log.append(
        head, head.manifest, Writer.WORKER
    ).manifest
    harness.store.set_by = -3600
    assert harness.silence_after(LEASE + 1) == 0
    assert harness.watch.is_alive


@pytest.mark.parametrize(
    ("ahead", "slow", "least", "most"),
    [(0, 0, 0, 0), (7, 0, 7, 7), (0, 9, 0, 9), (7, 9, 7, 16)],
)
def test_how_far_two_clocks_are_apart_is_measured_in_spite_of_slow_answers(
    harness: WatchHarness, ahead: float, slow: float, least: float, most: float
) -> None:
    harness.store.ahead, harness.store.slow = ahead, slow
    assert measure_skew(harness.store, harness.manifest, harness.runtime) == (
        least,
        most,
    )


def test_without_dated_answers_two_clocks_cannot_be_compared(
    harness: WatchHarness,
) -> None:
    harness.store.undated = True
    assert measure_skew(harness.store, harness.manifest, harness.runtime) == (
        0,
        0,
    )


def test_a_store_that_loses_the_heartbeat_it_has_just_answered_is_unavailable(
    harness: WatchHarness,
) -> None:
    harness.store.missing = 1
    with pytest.raises(StoreUnavailableError, match="cannot be read"):
        measure_skew(harness.store, harness.manifest, harness.runtime)
