"""The lease of a run, under a simulated clock."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from states.decisions import claim, request_cancel
from states.keys import heartbeat_key
from states.manifest import Writer
from tests.simulation.scheduler import Process, Scheduler, SimRuntime
from tests.support.builders import ENGINE, IDENTITY, begun, run_record
from worker.errors import (
    ConflictError,
    ExistsError,
    MissingError,
    StoreConfigError,
    StoreRefusedError,
    StoreUnavailableError,
)
from worker.ownership.clocks import measure_skew
from worker.ownership.heartbeat import Heartbeat, read_heartbeat
from worker.ownership.keep_alive import KeepAlive
from worker.ownership.lease import (
    CancelRequested,
    Lease,
    LeaseLost,
    LeaseRefreshed,
    StoreLost,
    Superseded,
)
from worker.ownership.log import CheckpointLog, Ownership
from worker.store.memory import MemoryStore
from worker.store.port import ObjectEntry
from worker.system.runtime import ThreadFailed

LEASE = 30
NEVER = 10**6


class FailingStore(MemoryStore):
    """A store that can be down, slow or stuck, or refuse requests."""

    error: Exception | None = None
    """Raised by every write."""
    list_error: Exception | None = None
    slow: float = 0.0
    stuck: float = 0.0
    """How many seconds the next request hangs."""
    scheduler: Scheduler

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(lambda: scheduler.time - self.set_back)
        self.scheduler = scheduler
        self.set_back = 0.0
        self.undated = False
        self.requests: list[tuple[float, str]] = []

    def put(  # type: ignore[override]  # it may give no date
        self, key: str, body: bytes | Path, media_type: str
    ) -> float | None:
        """Store an object, or raise the error that the test has set."""
        self.requests.append((self.scheduler.time, "put"))
        self.scheduler.time += self.slow
        self._hang()
        if self.error is not None:
            raise self.error
        now = super().put(key, body, media_type)
        return None if self.undated else now

    def entries(
        self, prefix: str, *, start_after: str = "", limit: int | None = None
    ) -> Iterator[ObjectEntry]:
        """List objects, or raise the error that the test has set."""
        self.requests.append((self.scheduler.time, "list"))
        if start_after:
            self._hang()
        if self.list_error is not None:
            raise self.list_error
        return super().entries(prefix, start_after=start_after, limit=limit)

    def times(self, kind: str) -> list[float]:
        """Return the times of requests of a kind."""
        return [time for time, asked in self.requests if asked == kind]

    def _hang(self) -> None:
        seconds, self.stuck = self.stuck, 0.0 if self.stuck < NEVER else NEVER
        if seconds:
            self.scheduler.pause(seconds)


class LeaseHarness:
    """A run that has just claimed its job."""

    def __init__(self, *, skew: int = 0, lease_seconds: int = LEASE) -> None:
        self.scheduler = Scheduler(1)
        self.process = Process(name="p")
        self.runtime = SimRuntime(self.scheduler, self.process)
        self.store = FailingStore(self.scheduler)
        self.log = CheckpointLog(self.store, IDENTITY.job_id, self.runtime)
        owner = run_record(lease_seconds=lease_seconds)
        manifest = begun().with_owner(owner)
        checkpoint = self.log.append(None, manifest, Writer.WORKER)
        now = self.scheduler.time
        self.owned = Ownership(
            self.log, checkpoint, since=now, dated=now, skew=skew
        )
        self.mailbox = self.runtime.mailbox()
        self.lease = Lease(
            lambda: self.store, self.owned, self.runtime, self.mailbox
        )

    def heartbeat(self) -> object:
        """Return the newest heartbeat as it is stored."""
        return json.loads(self.store.get(heartbeat_key(IDENTITY.job_id, 1)))

    def news(self) -> list[object]:
        """Return what has been reported."""
        waiting = len(self.mailbox._messages)  # type: ignore[attr-defined]
        return [self.mailbox.get(0) for _ in range(waiting)]


@pytest.fixture
def harness() -> LeaseHarness:
    return LeaseHarness()


def test_it_is_held_for_its_time_after_the_claim_and_not_longer(
    harness: LeaseHarness,
) -> None:
    harness.scheduler.time = LEASE - 0.1
    assert harness.lease.held
    harness.scheduler.time = LEASE
    assert not harness.lease.held


def test_a_heartbeat_says_run_and_lease_and_is_counted_from_before_it_was_sent(
    harness: LeaseHarness,
) -> None:
    harness.scheduler.time, harness.store.slow = 10, 4
    harness.lease.beat()
    assert harness.heartbeat() == {"run": 1, "leaseSeconds": LEASE, "number": 1}
    harness.scheduler.time = 15
    harness.lease.look()
    assert harness.lease.remaining == 10 + LEASE - 15


def test_each_heartbeat_differs_from_the_one_before(
    harness: LeaseHarness,
) -> None:
    harness.lease.beat()
    first = harness.heartbeat()
    harness.lease.beat()
    assert harness.heartbeat() != first


def test_the_first_heartbeat_differs_from_the_one_that_measured_the_clocks(
    harness: LeaseHarness,
) -> None:
    measure_skew(harness.store, harness.owned.manifest, harness.runtime)
    measured = harness.heartbeat()
    harness.lease.beat()
    assert harness.heartbeat() != measured


def test_an_answer_that_comes_too_late_does_not_bring_the_lease_back_by_itself(
    harness: LeaseHarness,
) -> None:
    harness.store.slow = LEASE
    harness.lease.beat()
    harness.store.slow = 0
    harness.lease.look()
    harness.lease.beat()
    assert not harness.lease.held, "only an append may restore the lease"
    assert harness.news() == [LeaseLost()]
    assert harness.lease.reassert(lambda: None)
    assert harness.lease.held


def test_reasserting_a_lease_that_has_run_out_again_does_not_help(
    harness: LeaseHarness,
) -> None:
    harness.scheduler.time = LEASE + 1
    harness.lease.suspend("too late")
    assert not harness.lease.reassert(lambda: None)
    assert harness.lease.suspended


def test_reasserting_a_lease_that_is_lost_while_the_checkpoint_is_appended_does_not_help(
    harness: LeaseHarness,
) -> None:
    harness.lease.suspend("the store's clock was set")
    assert not harness.lease.reassert(
        lambda: harness.lease.suspend("and once more")
    )
    assert harness.lease.suspended


def test_a_heartbeat_or_a_listing_at_the_very_end_of_the_lease_suspends_it(
    harness: LeaseHarness,
) -> None:
    harness.scheduler.time = LEASE
    harness.lease.beat()
    assert harness.lease.suspended
    late = LeaseHarness()
    late.scheduler.time = LEASE
    late.lease.look()
    assert late.lease.suspended
    assert late.news() == [LeaseLost()]


def test_a_listing_in_the_last_second_of_the_lease_is_in_time(
    harness: LeaseHarness,
) -> None:
    harness.scheduler.time = LEASE - 0.5
    harness.lease.look()
    assert not harness.lease.suspended


@pytest.mark.parametrize(
    ("time", "holds"), [(LEASE - 0.5, True), (LEASE, False)]
)
def test_a_lease_is_reasserted_until_its_very_end(
    harness: LeaseHarness, time: float, *, holds: bool
) -> None:
    harness.lease.suspend("the store's clock was set")
    harness.scheduler.time = time
    assert harness.lease.reassert(lambda: None) is holds
    assert harness.lease.suspended is not holds


def test_the_loss_is_reported_once(harness: LeaseHarness) -> None:
    harness.lease.suspend("too late")
    harness.lease.suspend("too late")
    assert harness.news() == [LeaseLost()]


def test_the_answer_to_the_later_heartbeat_counts(
    harness: LeaseHarness,
) -> None:
    def send(at: float, answered: float) -> None:
        def beat() -> None:
            harness.store.stuck = answered - at
            harness.lease.beat()

        harness.scheduler.at(
            at,
            lambda: harness.scheduler.spawn(harness.process, "heartbeat", beat),
        )

    send(1, answered=9)
    send(4, answered=5)
    harness.scheduler.run()
    assert harness.lease.refreshed == 4


def test_a_clock_that_was_paused_with_its_machine_is_noticed_by_the_stores(
    harness: LeaseHarness,
) -> None:
    harness.lease.beat()
    harness.scheduler.stop_machine(harness.process, LEASE + 1)
    harness.scheduler.time += LEASE + 1
    assert harness.lease.held, "its own clock must not show the pause"
    assert not harness.lease.confirm()
    assert harness.news() == [LeaseLost()]


def test_the_lease_is_not_held_while_the_store_does_not_show_the_time(
    harness: LeaseHarness,
) -> None:
    harness.lease.beat()
    harness.store.set_back = 3600
    harness.lease.beat()
    assert not harness.lease.held
    harness.lease.look()
    assert harness.lease.reassert(lambda: None)
    assert harness.lease.confirm(), (
        "from then on the store's new time must count"
    )


def test_an_answer_without_a_date_says_nothing_about_the_clock(
    harness: LeaseHarness,
) -> None:
    harness.lease.beat()
    harness.store.undated = True
    harness.lease.beat()
    harness.lease.note_append(None)
    assert harness.lease.held
    harness.store.undated = False
    harness.scheduler.stop_machine(harness.process, LEASE + 1)
    harness.scheduler.time += LEASE + 1
    harness.lease.beat()
    assert not harness.lease.held, "the last known date must count"


def test_dates_exactly_a_lease_apart_leave_the_lease_held(
    harness: LeaseHarness,
) -> None:
    harness.lease.note_append(LEASE)
    assert harness.lease.held
    harness.lease.note_append(LEASE + 1)
    assert not harness.lease.held


def test_a_machine_that_was_paused_after_the_claim_is_noticed_at_the_first_heartbeat(
    harness: LeaseHarness,
) -> None:
    harness.scheduler.stop_machine(harness.process, LEASE + 1)
    harness.scheduler.time += LEASE + 1
    harness.lease.beat()
    assert not harness.lease.held


def test_a_machine_that_was_paused_is_noticed_by_the_date_of_an_append(
    harness: LeaseHarness,
) -> None:
    harness.owned.on_appended = harness.lease.note_append
    harness.scheduler.stop_machine(harness.process, LEASE + 1)
    harness.scheduler.time += LEASE + 1
    harness.owned.append(lambda base: base)
    assert not harness.lease.held
    assert harness.news() == [LeaseLost()]


def test_an_append_within_the_lease_changes_nothing(
    harness: LeaseHarness,
) -> None:
    harness.owned.on_appended = harness.lease.note_append
    harness.scheduler.time = LEASE - 1
    harness.owned.append(lambda base: base)
    assert harness.lease.held


@pytest.mark.parametrize("seconds", [LEASE + 1, 2 * LEASE])
def test_after_the_machine_stood_still_no_append_helps_before_a_new_look(
    harness: LeaseHarness, seconds: int
) -> None:
    harness.scheduler.time += LEASE / 2
    harness.lease.look()
    harness.scheduler.time += LEASE / 2 + 1
    harness.scheduler.stop_machine(harness.process, seconds)
    harness.scheduler.time += seconds
    harness.lease.beat()
    assert not harness.lease.reassert(lambda: None)
    harness.lease.look()
    assert harness.lease.reassert(lambda: None)


def test_a_listing_from_before_the_machine_was_paused_does_not_count(
    harness: LeaseHarness,
) -> None:
    def look() -> None:
        harness.store.stuck = 10
        harness.lease.look()

    harness.scheduler.at(
        1, lambda: harness.scheduler.spawn(harness.process, "look", look)
    )
    harness.scheduler.at(2, lambda: harness.lease.note_append(LEASE + 3))
    harness.scheduler.run()
    assert not harness.lease.reassert(lambda: None)


def test_a_machine_that_was_paused_for_less_than_the_lease_keeps_it(
    harness: LeaseHarness,
) -> None:
    harness.lease.beat()
    harness.scheduler.stop_machine(harness.process, LEASE - 1)
    harness.scheduler.time += LEASE - 1
    assert harness.lease.confirm()


@pytest.mark.parametrize(
    "odd",
    [
        StoreUnavailableError("away"),
        ConflictError("409"),
        TypeError("two Date headers"),
    ],
)
def test_a_lease_that_the_store_does_not_confirm_is_not_held(
    harness: LeaseHarness, odd: Exception
) -> None:
    harness.store.error = odd
    assert not harness.lease.confirm()
    harness.store.error = None
    assert harness.lease.confirm()


def test_the_lease_is_written_longer_where_the_store_dates_its_answers_ahead_of_its_objects() -> (
    None
):
    harness = LeaseHarness(skew=5)
    harness.lease.beat()
    assert harness.heartbeat() == {
        "run": 1,
        "leaseSeconds": LEASE + 5,
        "number": 1,
    }


def test_after_a_successor_is_found_the_lease_is_no_longer_held(
    harness: LeaseHarness,
) -> None:
    rival = CheckpointLog(harness.store, IDENTITY.job_id, harness.runtime)
    head = rival.newest()
    assert head is not None
    rival.append(
        head,
        claim(head.manifest, run_record(2), engine=ENGINE, announces=True),
        Writer.WORKER,
    )
    successor = rival.newest()
    assert successor is not None
    rival.append(
        successor,
        claim(successor.manifest, run_record(3), engine=ENGINE, announces=True),
        Writer.WORKER,
    )
    harness.lease.look()
    assert harness.news() == [Superseded(run=2)], (
        "the first successor is enough"
    )
    assert not harness.lease.held


def test_an_operators_request_is_found_and_the_lease_stays(
    harness: LeaseHarness,
) -> None:
    operator = CheckpointLog(harness.store, IDENTITY.job_id, harness.runtime)
    head = operator.newest()
    assert head is not None
    operator.append(head, request_cancel(head.manifest), Writer.OPERATOR)
    harness.lease.look()
    assert harness.news() == [CancelRequested()]
    assert harness.lease.held


def test_a_newer_checkpoint_without_a_request_to_cancel_does_not_cancel(
    harness: LeaseHarness,
) -> None:
    operator = CheckpointLog(harness.store, IDENTITY.job_id, harness.runtime)
    head = operator.newest()
    assert head is not None
    operator.append(head, head.manifest, Writer.OPERATOR)
    harness.lease.look()
    assert harness.news() == []
    assert harness.lease.held


def test_a_new_run_reads_the_lease_that_the_owner_wrote(
    harness: LeaseHarness,
) -> None:
    key = heartbeat_key(IDENTITY.job_id, 1)
    manifest = replace(
        harness.owned.manifest, runs=(run_record(lease_seconds=7),)
    )
    assert read_heartbeat(harness.store, manifest) == Heartbeat(lease_seconds=7)
    harness.store.put(
        key, b'{"run": 1, "leaseSeconds": 99, "number": 3}', "application/json"
    )
    harness.scheduler.time += 5
    assert read_heartbeat(harness.store, manifest) == Heartbeat(
        lease_seconds=99, age=5, number=3
    )
    harness.store.put(
        key, b'{"run": 1, "leaseSeconds": 99}', "application/json"
    )
    assert read_heartbeat(harness.store, manifest) == Heartbeat(
        lease_seconds=99, age=0
    )
    harness.store.put(key, b"[]", "application/json")
    assert read_heartbeat(harness.store, manifest) == Heartbeat(
        lease_seconds=7, age=0
    )


def beating(
    harness: LeaseHarness, *, until: float, give_up: float = 60
) -> list[object]:
    """Let the lease thread work until a time; return what it reported."""
    keep_alive = KeepAlive(
        harness.lease, harness.mailbox, harness.runtime, give_up_seconds=give_up
    )
    keep_alive.start(on_lost=lambda: harness.mailbox.put("paused"))
    harness.scheduler.at(until, keep_alive.stop)
    harness.scheduler.run()
    return harness.news()


def test_regular_heartbeats_hold_the_lease(
    harness: LeaseHarness,
) -> None:
    assert beating(harness, until=1000) == []
    assert harness.lease.remaining > LEASE / 2


def test_the_owner_sends_a_sign_of_life_with_its_claim_and_each_third_of_a_lease(
    harness: LeaseHarness,
) -> None:
    beating(harness, until=45)
    assert (
        harness.store.times("put")
        == harness.store.times("list")
        == [10, 20, 30, 40]
    )


@pytest.mark.parametrize("since", [9, 19.5])
def test_one_stuck_request_costs_no_lease(
    harness: LeaseHarness, since: float
) -> None:
    harness.scheduler.at(since, lambda: setattr(harness.store, "stuck", 400.0))
    assert beating(harness, until=500) == []
    gaps = [
        after - before for before, after in pairwise(harness.store.times("put"))
    ]
    assert min(gaps) >= LEASE / 9 - 0.01
    assert max(gaps) < LEASE / 3 + 0.01


@pytest.mark.parametrize("since", [0, 100])
def test_a_store_where_everything_hangs_does_not_get_more_and_more_requests(
    harness: LeaseHarness, since: float
) -> None:
    harness.scheduler.at(since, lambda: setattr(harness.store, "stuck", NEVER))
    news = beating(harness, until=1000)
    assert LeaseLost() in news
    for kind in ("put", "list"):
        stuck = [time for time in harness.store.times(kind) if time >= since]
        assert len(stuck) == 4


def test_heartbeats_that_get_no_answer_pause_the_engine_in_time_and_end_the_run_at_last(
    harness: LeaseHarness,
) -> None:
    harness.store.error = StoreUnavailableError("away")
    news = beating(harness, until=1000)
    assert news[:2] == ["paused", LeaseLost()]
    [lost] = [message for message in news if isinstance(message, StoreLost)]
    assert isinstance(lost.error, StoreUnavailableError)
    assert "60 seconds" in str(lost.error)
    assert len(harness.store.times("put")) < 60


def test_a_lapse_that_only_the_stores_dates_show_pauses_the_engine(
    harness: LeaseHarness,
) -> None:
    def stop_machine() -> None:
        harness.scheduler.stop_machine(harness.process, LEASE + 1)

    harness.scheduler.at(5, stop_machine)
    news = beating(harness, until=100)
    assert news[:2] == [LeaseLost(), "paused"]
    assert news[-1] == LeaseRefreshed()


def test_while_nothing_happens_the_thread_wakes_for_its_requests_only(
    harness: LeaseHarness,
) -> None:
    keep_alive = KeepAlive(
        harness.lease, harness.mailbox, harness.runtime, give_up_seconds=60
    )
    waits: list[float] = []
    outcomes = keep_alive._outcomes
    get = outcomes.get

    def counted(seconds: float | None = None) -> Callable[[], None] | None:
        waits.append(harness.scheduler.time)
        return get(seconds)

    outcomes.get = counted  # type: ignore[method-assign]  # counts the waits
    harness.store.stuck = NEVER
    keep_alive.start(on_lost=lambda: None)
    harness.scheduler.run()
    assert waits[-1] == pytest.approx(LEASE + 60, abs=LEASE / 3)
    assert len(waits) < 30


def test_the_engine_is_paused_at_the_lapse_even_if_the_log_cannot_be_listed(
    harness: LeaseHarness,
) -> None:
    def stop_machine() -> None:
        harness.scheduler.stop_machine(harness.process, LEASE + 1)
        harness.store.list_error = StoreUnavailableError("no list")

    paused: list[float] = []
    keep_alive = KeepAlive(
        harness.lease, harness.mailbox, harness.runtime, give_up_seconds=60
    )
    keep_alive.start(on_lost=lambda: paused.append(harness.scheduler.time))
    harness.scheduler.at(5, stop_machine)
    harness.scheduler.at(60, keep_alive.stop)
    harness.scheduler.run()
    [(lapsed, _), *_] = [
        request for request in harness.store.requests if request[0] > LEASE
    ]
    assert paused[0] == pytest.approx(lapsed, abs=1)


def test_a_lease_without_a_look_at_the_log_does_not_hold(
    harness: LeaseHarness,
) -> None:
    harness.store.list_error = StoreUnavailableError("no list")
    harness.scheduler.at(50, lambda: setattr(harness.store, "list_error", None))
    harness.scheduler.at(
        LEASE - 0.1, lambda: harness.mailbox.put(harness.lease.held)
    )
    harness.scheduler.at(
        LEASE + 0.1, lambda: harness.mailbox.put(harness.lease.held)
    )
    news = beating(harness, until=60)
    assert [message for message in news if message != "paused"][:3] == [
        True,
        LeaseLost(),
        False,
    ]
    assert news[-1] == LeaseRefreshed()


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
def test_one_odd_answer_costs_neither_the_lease_nor_the_thread(
    harness: LeaseHarness, odd: Exception
) -> None:
    harness.scheduler.at(5, lambda: setattr(harness.store, "error", odd))
    harness.scheduler.at(5, lambda: setattr(harness.store, "list_error", odd))
    harness.scheduler.at(25, lambda: setattr(harness.store, "error", None))
    harness.scheduler.at(25, lambda: setattr(harness.store, "list_error", None))
    assert beating(harness, until=1000) == []
    assert harness.lease.remaining > LEASE / 2


@pytest.mark.parametrize("error", ["error", "list_error"])
def test_a_store_that_refuses_for_good_ends_the_run_as_refused(
    harness: LeaseHarness, error: str
) -> None:
    setattr(harness.store, error, StoreRefusedError("no more"))
    [lost] = [
        news
        for news in beating(harness, until=1000)
        if isinstance(news, StoreLost)
    ]
    assert isinstance(lost.error, StoreRefusedError)
    assert "60 seconds" in str(lost.error)


def test_a_thread_that_fails_is_reported(harness: LeaseHarness) -> None:
    error = OSError("the engine cannot be paused")

    def fail() -> None:
        raise error

    harness.store.error = StoreUnavailableError("away")
    KeepAlive(
        harness.lease, harness.mailbox, harness.runtime, give_up_seconds=60
    ).start(on_lost=fail)
    with pytest.raises(OSError, match="cannot be paused"):
        harness.scheduler.run()
    assert [
        news.error for news in harness.news() if isinstance(news, ThreadFailed)
    ] == [error]


def test_a_store_that_comes_back_is_reported(harness: LeaseHarness) -> None:
    harness.store.error = StoreUnavailableError("away")
    harness.scheduler.at(
        LEASE + 10, lambda: setattr(harness.store, "error", None)
    )
    assert beating(harness, until=LEASE + 15)[-1] == LeaseRefreshed()


def test_even_the_shortest_lease_comes_back() -> None:
    harness = LeaseHarness(lease_seconds=1)
    harness.lease.suspend("the store's clock was set")
    assert beating(harness, until=0.9)[-1] == LeaseRefreshed()


def test_each_outage_of_the_store_is_tolerated_separately(
    harness: LeaseHarness,
) -> None:
    def away(since: float, until: float) -> None:
        error = StoreUnavailableError("away")
        harness.scheduler.at(
            since, lambda: setattr(harness.store, "error", error)
        )
        harness.scheduler.at(
            until, lambda: setattr(harness.store, "error", None)
        )

    away(0, LEASE + 10)
    harness.scheduler.at(
        LEASE + 20, lambda: harness.lease.reassert(lambda: None)
    )
    away(100, 1000)
    news = beating(harness, until=100 + LEASE + 30, give_up=60)
    assert news.count(LeaseLost()) == 2
    assert not [message for message in news if isinstance(message, StoreLost)]


def test_a_failure_before_the_last_answer_is_not_why_the_store_is_lost(
    harness: LeaseHarness,
) -> None:
    away = StoreUnavailableError("away")
    refused = StoreRefusedError("no more")
    harness.scheduler.at(5, lambda: setattr(harness.store, "error", away))
    harness.scheduler.at(25, lambda: setattr(harness.store, "error", None))
    harness.scheduler.at(50, lambda: setattr(harness.store, "error", refused))
    [lost] = [
        message
        for message in beating(harness, until=1000)
        if isinstance(message, StoreLost)
    ]
    assert isinstance(lost.error, StoreRefusedError)


def test_an_attempt_that_fails_after_a_later_one_was_answered_is_not_repeated(
    harness: LeaseHarness,
) -> None:
    def set_error(error: Exception | None) -> None:
        harness.store.error = harness.store.list_error = error

    away = StoreUnavailableError("away")
    harness.scheduler.at(9, lambda: setattr(harness.store, "stuck", 8.0))
    harness.scheduler.at(17.9, lambda: set_error(away))
    harness.scheduler.at(18.1, lambda: set_error(None))
    beating(harness, until=22)
    times = [time for time, _ in harness.store.requests]
    repeated = 10 + LEASE / 9
    assert times == pytest.approx([10, 10, repeated, 20], abs=0.1)


@pytest.mark.parametrize(("jitter", "share"), [(0, 0.5), (0.5, 0.75), (1, 1)])
def test_a_request_that_failed_is_repeated_after_half_to_all_of_the_usual_pause(
    harness: LeaseHarness,
    monkeypatch: pytest.MonkeyPatch,
    jitter: float,
    share: float,
) -> None:
    monkeypatch.setattr(harness.runtime, "jitter", lambda: jitter)
    harness.store.error = StoreUnavailableError("away")
    beating(harness, until=18)
    first, second, *_ = harness.store.times("put")
    assert second - first == pytest.approx(share * LEASE / 9, abs=0.1)


def test_each_kind_of_failure_is_logged_once_until_the_store_answers(
    harness: LeaseHarness, caplog: pytest.LogCaptureFixture
) -> None:
    def set_error(at: float, error: Exception | None) -> None:
        harness.scheduler.at(at, lambda: setattr(harness.store, "error", error))

    set_error(5, StoreUnavailableError("503"))
    set_error(15, StoreRefusedError("403"))
    set_error(25, None)
    set_error(45, StoreUnavailableError("503 again"))
    set_error(60, None)
    beating(harness, until=70)
    reasons = [
        record.__dict__["reason"]
        for record in caplog.records
        if record.message == "could not refresh the lease, retrying"
    ]
    assert reasons == [
        "StoreUnavailableError: 503",
        "StoreRefusedError: 403",
        "StoreUnavailableError: 503 again",
    ]
