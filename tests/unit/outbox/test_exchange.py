"""One exchange with the receiver, under a fake clock."""

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.tcp_server import never_answering, tcp_server
from worker.outbox.exchange import Exchange
from worker.outbox.port import UnreachableError
from worker.system.runtime import Flag, Mailbox, SystemRuntime


class Clock(SystemRuntime):
    """A runtime that shows given times and records the waits for its flags."""

    def __init__(self) -> None:
        self.times = [100.0]
        """The times that it shows in turn; the last one stays."""
        self.waits: list[float] = []

    def monotonic(self) -> float:
        if len(self.times) > 1:
            return self.times.pop(0)
        return self.times[0]

    def flag(self) -> Flag:
        return RecordingFlag(super().flag(), self.waits)


class SlowPollRuntime(SystemRuntime):
    """A runtime whose mailboxes return after ten seconds unless a message arrives."""

    def __init__(self) -> None:
        self.waiting = self.flag()
        """Set when a thread waits for a message."""

    def mailbox(self) -> Mailbox[Any]:
        return SlowPollMailbox(super().mailbox(), self.waiting)


class SlowPollMailbox:
    """The mailbox of a SlowPollRuntime."""

    def __init__(self, mailbox: Mailbox[Any], waiting: Flag) -> None:
        self.put = mailbox.put
        self._get = mailbox.get
        self._waiting = waiting

    def get(self, _seconds: float | None = None) -> object:
        self._waiting.set()
        return self._get(10)


class RecordingFlag:
    """A flag whose waits are recorded and return at once."""

    def __init__(self, flag: Flag, waits: list[float]) -> None:
        self._waits = waits
        self.set = flag.set
        self.is_set = flag.is_set

    def wait(self, seconds: float) -> bool:
        self._waits.append(seconds)
        return self.is_set()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connection() -> Iterator[socket.socket]:
    with (
        tcp_server(never_answering) as server,
        socket.create_connection(("127.0.0.1", server.port)) as connection,
    ):
        yield connection


def is_cut(connection: socket.socket) -> bool:
    try:
        connection.send(b"x")
    except BrokenPipeError:
        return True
    return False


def for_an_hour() -> float:
    return 3600.0


def test_an_exchange_has_fifteen_seconds_which_attempts_share(
    clock: Clock,
) -> None:
    exchange = Exchange(clock, for_an_hour)
    assert exchange.share(1) == 15
    clock.times = [109.0]
    assert exchange.share(3) == 2
    exchange.ask()
    assert exchange.share(3) == 2


def test_an_exchange_ends_with_the_lease(clock: Clock) -> None:
    exchange = Exchange(clock, lambda: 4.0)
    exchange.ask()
    assert exchange.share(2) == 2


@pytest.mark.parametrize("now", [115.0, 116.0])
def test_at_its_deadline_an_exchange_has_nothing_to_share(
    clock: Clock, now: float
) -> None:
    exchange = Exchange(clock, for_an_hour)
    clock.times = [now]
    with pytest.raises(UnreachableError, match="the deadline has passed"):
        exchange.share(1)
    with pytest.raises(UnreachableError, match="may no longer send"):
        exchange.ask()


def test_after_its_deadline_an_exchange_accepts_no_result(
    clock: Clock,
) -> None:
    exchange = Exchange(clock, for_an_hour)
    clock.times = [100.0, 115.0]
    with pytest.raises(UnreachableError, match="the deadline has passed"):
        exchange.run(lambda: "an answer")


def test_at_its_deadline_an_exchange_is_cut_off_while_its_thread_still_works(
    clock: Clock, connection: socket.socket
) -> None:
    exchange = Exchange(clock, for_an_hour)
    exchange.hold(connection)
    clock.times = [100.0, 115.0]
    done = SystemRuntime().flag()
    with pytest.raises(UnreachableError, match="the deadline has passed"):
        exchange.run(lambda: done.wait(30))
    assert is_cut(connection)
    done.set()


@pytest.mark.parametrize(("seconds", "milliseconds"), [(4.0, 4000), (1e-9, 1)])
def test_the_kernel_also_abandons_a_connection_at_the_deadline(
    clock: Clock,
    connection: socket.socket,
    seconds: float,
    milliseconds: int,
) -> None:
    clock.times = [0.0]
    exchange = Exchange(clock, lambda: seconds)
    exchange.hold(connection)
    exchange.ask()
    limit = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert limit == milliseconds
    exchange.cut()


def test_a_wait_for_an_exchange_ends_as_soon_as_it_is_cut() -> None:
    runtime = SlowPollRuntime()
    exchange = Exchange(runtime, for_an_hour)
    done = runtime.flag()

    def work() -> None:
        assert runtime.waiting.wait(30)
        exchange.cut()
        done.wait(30)

    began = time.monotonic()
    with pytest.raises(UnreachableError):
        exchange.run(work)
    assert time.monotonic() - began < 5
    done.set()


def test_a_connection_is_cut_if_its_work_fails(
    clock: Clock, connection: socket.socket
) -> None:
    exchange = Exchange(clock, for_an_hour)
    exchange.hold(connection)
    with pytest.raises(ZeroDivisionError):
        exchange.run(lambda: 1 / 0)
    assert is_cut(connection)


def test_a_connection_whose_work_is_done_is_left_to_its_owner(
    clock: Clock, connection: socket.socket
) -> None:
    exchange = Exchange(clock, for_an_hour)
    exchange.hold(connection)
    exchange.run(lambda: "an answer")
    assert not is_cut(connection)


def test_an_exchange_returns_or_raises_what_its_work_does(
    clock: Clock,
) -> None:
    def fail() -> None:
        raise KeyError("x")

    assert Exchange(clock, for_an_hour).run(lambda: "an answer") == "an answer"
    with pytest.raises(KeyError, match="x"):
        Exchange(clock, for_an_hour).run(fail)


def test_cutting_an_exchange_waits_a_second_for_its_connection_to_close(
    clock: Clock, connection: socket.socket
) -> None:
    exchange = Exchange(clock, for_an_hour)
    exchange.hold(connection)
    exchange.cut()
    assert clock.waits == [1.0]


def test_cutting_an_unconnected_exchange_does_not_wait(
    clock: Clock,
) -> None:
    exchange = Exchange(clock, for_an_hour)
    exchange.cut()
    assert clock.waits == []


@pytest.mark.parametrize(
    "act", [Exchange.ask, lambda exchange: exchange.share(1)]
)
def test_an_exchange_that_was_cut_is_over(
    clock: Clock, act: Callable[[Exchange], object]
) -> None:
    exchange = Exchange(clock, for_an_hour)
    exchange.cut()
    with pytest.raises(UnreachableError):
        act(exchange)


def test_a_connection_that_comes_after_the_cut_is_cut_as_well(
    clock: Clock, connection: socket.socket
) -> None:
    exchange = Exchange(clock, for_an_hour)
    exchange.cut()
    with pytest.raises(UnreachableError, match="the deadline has passed"):
        exchange.hold(connection)
    was_cut = is_cut(connection)
    exchange.cut()
    assert was_cut
