"""The lease of a run, second by second."""

from collections.abc import Callable
from pathlib import Path

import pytest

from states import decisions
from states.keys import heartbeat_key
from states.manifest import Writer
from tests.support.builders import AT, begun, run_record
from worker.checkpoint import CheckpointLog, Ownership
from worker.lease import CancelRequested, Lease, LeaseLost, LeaseNews, LeaseRefreshed, Superseded, read_lease
from worker.runtime import Mailbox, SystemRuntime
from worker.store.memory import MemoryStore

JOB, SECONDS = begun().job_id, begun().owner.lease_seconds


class Clock(SystemRuntime):
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.time = 1000.0

    def monotonic(self) -> float:
        return self.time


class Slow(MemoryStore):
    """Takes its time to answer."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(lambda: clock.time)
        self._world = clock
        self.seconds = 0.0

    def put(self, key: str, body: bytes | Path, media_type: str) -> None:
        super().put(key, body, media_type)
        self._world.time += self.seconds


class Held:
    """A job with its lease, claimed at this moment."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = Slow(self.clock)
        self.log = CheckpointLog(self.store, JOB, self.clock)
        owned = Ownership(self.log, self.log.append(None, begun(), Writer.WORKER), since=self.clock.time)
        self.mailbox: Mailbox[LeaseNews] = self.clock.mailbox()
        self.lease = Lease(self.store, owned, self.clock, self.mailbox)

    def operator(self, decide: Callable[..., object]) -> None:
        """Append what an operator decides."""
        log = CheckpointLog(self.store, JOB, self.clock)
        newest = log.newest()
        assert newest is not None
        log.append(newest, decide(newest.manifest), Writer.OPERATOR)  # type: ignore[arg-type]  # a manifest

    @property
    def news(self) -> list[LeaseNews]:
        """What was reported so far."""
        found = []
        while (message := self.mailbox.get(0.01)) is not None:
            found.append(message)
        return found


@pytest.fixture
def held() -> Held:
    return Held()


def test_a_lease_is_held_from_the_claim_on_for_its_time_and_no_longer(held: Held) -> None:
    assert (held.lease.held, held.lease.remaining) == (True, SECONDS)
    held.clock.time += SECONDS
    assert not held.lease.held


def test_a_refresh_counts_from_before_it_was_sent_however_long_its_answer_took(held: Held) -> None:
    held.store.seconds = SECONDS - 1
    held.lease.refresh()
    assert held.lease.remaining == 1
    age, _ = read_lease(held.store, begun())
    assert age == SECONDS - 1, "as the store sees it, too"


def test_a_refresh_that_is_answered_too_late_suspends_the_lease_until_an_append_has_succeeded(held: Held) -> None:
    held.store.seconds = SECONDS
    held.lease.refresh()
    held.store.seconds = 0
    held.lease.beat()
    assert (held.lease.remaining, held.lease.held, held.news) == (SECONDS, False, [LeaseLost(), LeaseRefreshed()])
    assert held.lease.reassert()
    assert held.lease.held


def test_an_append_after_a_silence_is_in_vain_if_the_lease_has_run_out_again(held: Held) -> None:
    held.lease.suspend()
    held.clock.time += SECONDS
    assert not held.lease.reassert()
    assert not held.lease.held


def test_a_successor_is_seen_at_the_next_look_and_the_lease_is_gone_for_good(held: Held) -> None:
    held.operator(lambda base: decisions.claim(base, run_record(2), engine=base.engine, announces=True))
    held.lease.beat()
    assert (held.lease.held, held.news) == (False, [Superseded(run=2)])
    assert not held.lease.reassert() or not held.lease.held


def test_an_operators_wish_to_cancel_is_seen_at_the_next_look_and_the_lease_is_held_on(held: Held) -> None:
    held.operator(decisions.request_cancel)
    held.lease.beat()
    assert (held.lease.held, held.news) == (True, [CancelRequested()])


def test_the_lease_that_counts_is_the_one_that_the_owner_wrote(held: Held) -> None:
    key = heartbeat_key(JOB, 1)
    assert read_lease(held.store, begun()) == (None, SECONDS)
    held.store.put(key, b'{"run": 1, "leaseSeconds": 77}', "application/json")
    assert read_lease(held.store, begun()) == (0, 77)
    held.store.put(key, b"damaged", "application/json")
    assert read_lease(held.store, begun()) == (0, SECONDS)


def test_a_heartbeat_of_the_run_itself_is_no_news(held: Held) -> None:
    held.lease.beat()
    assert held.news == []
    assert AT not in held.store.get(heartbeat_key(JOB, 1)).decode(), "time is the store's: it is not written"
