"""The main thread's inbox: it waits for others' work, and hears of what ends the run meanwhile."""

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
from worker.system.runtime import SystemRuntime, ThreadFailed

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


@pytest.fixture
def inbox() -> Inbox:
    return Inbox(SystemRuntime())


def test_work_is_done_elsewhere_and_its_result_comes_back(inbox: Inbox) -> None:
    assert inbox.do("work", lambda: 40 + 2) == 42


def test_what_goes_wrong_elsewhere_is_raised_here(inbox: Inbox) -> None:
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
        never.wait(60)

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


def test_who_waits_for_nothing_gets_nothing_after_its_time(
    inbox: Inbox,
) -> None:
    assert inbox.next(0.01) is None


def test_the_end_of_earlier_work_is_not_taken_for_that_of_later_work(
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


def test_nothing_is_taken_up_while_the_lease_is_lost(inbox: Inbox) -> None:
    held: list[bool] = []
    inbox.suspended = lambda: not held
    inbox.on_refreshed = lambda: held.append(True)
    for message in (LeaseLost(), "an item", LeaseRefreshed()):
        inbox.mailbox.put(message)
    assert inbox.next(0) == "an item"
    assert held, "it was held again before"


def test_a_suspended_run_can_be_stopped(inbox: Inbox) -> None:
    inbox.suspended = lambda: True
    inbox.mailbox.put(LeaseLost())
    inbox.mailbox.put(STOP)
    with pytest.raises(StoppedError):
        inbox.next(60)


def test_late_news_of_a_held_lease_changes_nothing(
    inbox: Inbox,
) -> None:
    asked: list[bool] = []
    inbox.on_refreshed = lambda: asked.append(True)
    inbox.mailbox.put(LeaseLost())
    inbox.mailbox.put(LeaseRefreshed())
    assert inbox.next(0) is None
    assert asked == []
