"""The main thread's inbox: it waits for work in other threads, and receives what ends the run."""

import math
from typing import Any

import pytest

from states.exits import Exit
from worker.errors import (
    BugError,
    ReplacedError,
    StoreUnavailableError,
    UsageError,
)
from worker.ownership.lease import (
    CancelRequested,
    LeaseLost,
    LeaseRefreshed,
    StoreLost,
    Superseded,
)
from worker.run.inbox import CanceledError, Done, Inbox, Stop, StoppedError
from worker.system.runtime import Mailbox, SystemRuntime, ThreadFailed

STOP = Stop(exit_code=Exit.SIGTERM, reason="stopped by SIGTERM")
ENDS = [
    (STOP, StoppedError, "^stopped by SIGTERM$"),
    (Superseded(run=3), ReplacedError, "run 3 has taken the job over"),
    (CancelRequested(), CanceledError, None),
    (
        StoreLost(error=StoreUnavailableError("it is away")),
        StoreUnavailableError,
        "it is away",
    ),
    (
        ThreadFailed(thread="keep-alive", error=KeyError("x")),
        BugError,
        "the thread keep-alive has failed: KeyError: 'x'",
    ),
]


class Clock(SystemRuntime):
    """A runtime whose time passes only while a message is awaited."""

    def __init__(self) -> None:
        self.time = 100.0
        self.scheduled: list[tuple[float, object]] = []
        """The scheduled messages, with their times."""
        self.waits: list[float | None] = []
        """The timeouts of all waits."""

    def monotonic(self) -> float:
        return self.time

    def mailbox(self) -> Mailbox[Any]:
        return TimedMailbox(self)


class TimedMailbox:
    """The mailbox of a Clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def put(self, message: object) -> None:
        self._clock.scheduled.append((self._clock.time, message))

    def get(self, seconds: float | None = None) -> object | None:
        clock = self._clock
        clock.waits.append(seconds)
        end = math.inf if seconds is None else clock.time + seconds
        if clock.scheduled and clock.scheduled[0][0] <= end:
            clock.time, message = clock.scheduled.pop(0)
            return message
        clock.time = end
        return None


@pytest.fixture
def inbox() -> Inbox:
    return Inbox(SystemRuntime())


def test_work_is_done_in_another_thread_and_its_result_returned(
    inbox: Inbox,
) -> None:
    assert inbox.do("work", lambda: 40 + 2) == 42


def test_an_error_in_another_thread_is_raised_here(inbox: Inbox) -> None:
    def fail() -> None:
        raise UsageError("wrong")

    with pytest.raises(UsageError, match="wrong"):
        inbox.do("work", fail)


@pytest.mark.parametrize(("message", "error", "expected"), ENDS)
def test_a_waiting_run_reacts_to_its_end(
    inbox: Inbox, message: object, error: type[Exception], expected: str | None
) -> None:
    never = SystemRuntime().flag()

    def work() -> None:
        inbox.mailbox.put(message)
        never.wait(5)

    with pytest.raises(error, match=expected):
        inbox.do("work", work)
    never.set()


def test_a_message_for_another_reader_is_kept_while_time_passes(
    inbox: Inbox,
) -> None:
    inbox.mailbox.put("first")
    inbox.mailbox.put("second")
    inbox.wait(0.01)
    assert [inbox.next(0), inbox.next(0), inbox.next(0)] == [
        "first",
        "second",
        None,
    ]


def test_a_wait_without_a_message_returns_nothing_after_its_timeout(
    inbox: Inbox,
) -> None:
    assert inbox.next(0.01) is None


def test_a_wait_lasts_as_long_as_it_should_whatever_comes_meanwhile() -> None:
    clock = Clock()
    inbox = Inbox(clock)
    clock.scheduled = [(104.5, "an item")]
    inbox.wait(5)
    assert clock.waits == [5, 0.5]
    assert clock.time == 105
    assert inbox.next(0) == "an item"


def test_a_wait_for_a_message_continues_after_one_for_another_reader() -> None:
    clock = Clock()
    inbox = Inbox(clock)
    clock.scheduled = [(102, LeaseRefreshed()), (105, LeaseRefreshed())]
    assert inbox.next(5) is None
    assert clock.waits == [5, 3, 0]


def test_a_wait_without_a_timeout_lasts_until_a_message() -> None:
    clock = Clock()
    clock.scheduled = [(999, "an item")]
    assert Inbox(clock).next() == "an item"
    assert clock.waits == [None]


def test_the_end_of_earlier_work_is_not_mistaken_for_the_end_of_later_work(
    inbox: Inbox,
) -> None:
    inbox.mailbox.put(Done(task=99, result="stale"))
    assert inbox.do("work", lambda: "fresh") == "fresh"


def test_while_the_lease_is_lost_messages_wait_until_it_is_held_again(
    inbox: Inbox,
) -> None:
    held: list[bool] = []
    inbox.suspended = lambda: not held
    inbox.on_refreshed = lambda: held.append(True)
    for message in (
        LeaseLost(),
        "an item",
        LeaseLost(),
        LeaseRefreshed(),
        "another",
    ):
        inbox.mailbox.put(message)
    assert [inbox.next(0), inbox.next(0)] == ["an item", "another"]
    assert held == [True]


def test_no_message_is_handled_while_the_lease_is_lost(inbox: Inbox) -> None:
    held: list[bool] = []
    inbox.suspended = lambda: not held
    inbox.on_refreshed = lambda: held.append(True)
    messages = (LeaseLost(), "an item", LeaseLost(), LeaseRefreshed())
    for message in messages:
        inbox.mailbox.put(message)
    assert inbox.next(0) == "an item"
    assert held, "the lease must be held again first"


def test_a_suspended_run_can_be_stopped(inbox: Inbox) -> None:
    inbox.suspended = lambda: True
    inbox.mailbox.put(LeaseLost())
    inbox.mailbox.put(STOP)
    with pytest.raises(StoppedError) as raised:
        inbox.next(60)
    assert raised.value.stop is STOP


def test_a_late_report_of_a_held_lease_changes_nothing(
    inbox: Inbox,
) -> None:
    asked: list[bool] = []
    inbox.on_refreshed = lambda: asked.append(True)
    inbox.mailbox.put(LeaseLost())
    inbox.mailbox.put(LeaseRefreshed())
    assert inbox.next(0) is None
    assert asked == []
