"""Time, threads and randomness: the only module that uses them directly.

The simulation in the tests replaces it with a seeded scheduler that has its own clock. So every
wait goes through this module.
"""

import logging
import queue
import random
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Generic, Protocol, TypeVar

Message = TypeVar("Message")
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class ThreadFailed:
    """A thread has ended by an unexpected exception."""

    thread: str
    error: Exception


Report = Callable[[ThreadFailed], object]


def unreported(_: ThreadFailed) -> None:
    """Do nothing more: the failure is in the log."""


class Flag(Protocol):
    """An event that threads can wait for."""

    def set(self) -> None:
        """Set the flag, and wake all waiting threads."""

    def is_set(self) -> bool:
        """Whether the flag is set."""

    def wait(self, seconds: float) -> bool:
        """Wait for the flag, at most `seconds`; tell whether it is set."""


class Mailbox(Protocol[Message]):
    """Messages from any thread to the one that reads them, in order."""

    def put(self, message: Message) -> None:
        """Leave a message; never waits."""

    def get(self, seconds: float | None = None) -> Message | None:
        """Return the next message, or None after `seconds`."""


class Runtime(Protocol):
    """The worker's time, threads and random numbers."""

    def now(self) -> datetime:
        """Return this machine's time (UTC), for people: no lease depends on it."""

    def monotonic(self) -> float:
        """Return seconds from a clock that never goes back, and runs while the machine sleeps."""

    def token(self) -> str:
        """Return 16 random hexadecimal digits."""

    def jitter(self) -> float:
        """Return a random number from 0 to 1."""

    def flag(self) -> Flag:
        """Return a new flag, not set."""

    def mailbox(self) -> Mailbox[Message]:
        """Return a new mailbox, empty."""

    def spawn(
        self, name: str, work: Callable[[], None], report: Report = unreported
    ) -> None:
        """Run `work` in a new daemon thread.

        An exception that escapes `work` is logged with its traceback and given to `report`.
        """

    def executor(self, workers: int) -> Executor:
        """Return a pool of threads."""


class _Mailbox(Generic[Message]):
    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Message] = queue.SimpleQueue()

    def put(self, message: Message) -> None:
        self._queue.put(message)

    def get(self, seconds: float | None = None) -> Message | None:
        try:
            return self._queue.get(timeout=seconds)
        except queue.Empty:
            return None


class _Flag:
    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def is_set(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        return self._event.wait(seconds)


_STARTED: Final = time.clock_gettime(time.CLOCK_BOOTTIME)
"""About when this process began: this module is one of the first to be loaded."""


class SystemRuntime:
    """The real runtime."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - this is the Runtime

    def monotonic(self) -> float:
        """Return seconds since the machine started.

        Unlike CLOCK_MONOTONIC, this clock counts while the machine sleeps.
        """
        # guard: clocks: time goes on while the machine sleeps
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def age(self) -> float:
        """Return how many seconds ago this process began."""
        return self.monotonic() - _STARTED

    def token(self) -> str:
        return secrets.token_hex(8)

    def jitter(self) -> float:
        return random.random()  # noqa: S311, TID251 - spreads retries; this is the Runtime

    def flag(self) -> Flag:
        return _Flag()

    def mailbox(self) -> Mailbox[Message]:
        return _Mailbox()

    def spawn(
        self, name: str, work: Callable[[], None], report: Report = unreported
    ) -> None:
        """Start a daemon thread."""

        def edge() -> None:
            try:
                work()
            except Exception as error:
                LOG.exception(
                    "a thread has failed", extra={"failed_thread": name}
                )
                # guard: threads: one that fails is reported
                report(ThreadFailed(thread=name, error=error))

        threading.Thread(target=edge, name=name, daemon=True).start()

    def executor(self, workers: int) -> Executor:
        return ThreadPoolExecutor(workers, thread_name_prefix="transfer")


def iso(moment: datetime) -> str:
    """Return a time for callbacks and manifests: UTC, milliseconds, `Z`."""
    return (
        moment.astimezone(UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
