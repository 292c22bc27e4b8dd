"""The main thread's inbox: it waits for the work of other threads, and listens to whatever may end the run meanwhile.

Only the main thread appends checkpoints. Everything else (the keep_alive, the sender, the
engine, signals) leaves messages here.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from states.exits import Exit
from worker.errors import BugError, ReplacedError
from worker.ownership.lease import (
    CancelRequested,
    LeaseLost,
    LeaseRefreshed,
    StoreLost,
    Superseded,
)
from worker.system.runtime import Mailbox, Runtime, ThreadFailed

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """The run has to end: a signal, or its soft deadline."""

    exit_code: Exit
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """Work that was handed to another thread has ended."""

    task: int
    result: Any = None
    error: BaseException | None = None


class StoppedError(Exception):
    """The run has to end, and its job goes on later."""

    def __init__(self, stop: Stop) -> None:
        """Remember why."""
        super().__init__(stop.reason)
        self.stop = stop


class CanceledError(Exception):
    """An operator asks for the job's end."""


class Inbox:
    """Where the main thread reads its messages."""

    def __init__(self, runtime: Runtime) -> None:
        """Open with an empty mailbox."""
        self._runtime = runtime
        self.mailbox: Mailbox[Any] = runtime.mailbox()
        self._aside: deque[Any] = deque()
        self._tasks = 0
        self.suspended: Callable[[], bool] = lambda: False
        """Tells whether the lease has run out, and the run has to stand still."""
        self.on_refreshed: Callable[[], None] = lambda: None
        """Called when the store has answered again after that: has to append, and to reassert the lease."""

    def next(self, seconds: float | None = None) -> object | None:
        """Return the next message that is not about the run as a whole, or None after so many seconds.

        Raises StoppedError, CanceledError, ReplacedError, BugError where another thread has
        failed, or what makes the store unreachable. While the lease is lost, nothing but
        its end is listened to.
        """
        deadline = None if seconds is None else self._runtime.monotonic() + seconds
        while True:
            if self._aside:
                aside: object = self._aside.popleft()
                return aside
            left = (
                None
                if deadline is None
                else max(0.0, deadline - self._runtime.monotonic())
            )
            message: object | None = self.mailbox.get(left)
            if message is None or not self._heed(message):
                return message

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        deadline = self._runtime.monotonic() + seconds
        kept: list[object] = []
        while (left := deadline - self._runtime.monotonic()) > 0:
            message = self.next(left)
            if message is not None:
                kept.append(message)
        self._aside.extend(kept)

    def start(self, name: str, work: Callable[[int], object]) -> int:
        """Do something in another thread.

        A message Done with the number that it is given says how it ended.
        """
        self._tasks += 1
        task = self._tasks

        def run() -> None:
            try:
                result = work(task)
            except BaseException as error:  # noqa: BLE001 - an edge: whatever it is, the main thread raises it
                self.mailbox.put(Done(task=task, error=error))
            else:
                self.mailbox.put(Done(task=task, result=result))

        self._runtime.spawn(name, run)
        return task

    def do(self, name: str, work: Callable[[], Result]) -> Result:
        """Do something in another thread, and return what it returns or raise what it raises."""
        task = self.start(name, lambda _: work())
        while True:
            message = self.next()
            if isinstance(message, Done) and message.task == task:
                if message.error is not None:
                    raise message.error
                result: Result = message.result
                return result

    def _heed(self, message: object) -> bool:
        match message:
            case Stop():
                raise StoppedError(message)
            case Superseded(run=run):
                raise ReplacedError(f"run {run} has taken the job over")
            case CancelRequested():
                raise CanceledError
            case StoreLost(error=error):
                raise error
            case ThreadFailed(thread=thread, error=error):
                raise BugError(
                    f"the thread {thread} has failed: {type(error).__name__}: {error}"
                ) from error
            case LeaseLost():
                # guard: the lease: the main thread stands still when it is lost
                self._stand_still()
            case LeaseRefreshed():
                self._reassert()
            case _:
                return False
        return True

    def _stand_still(self) -> None:
        """Keep aside what comes, until the lease is held again.

        Messages may be late, so its own state decides.
        """
        while self.suspended():
            message = self.mailbox.get()
            if (
                message is not None
                and not isinstance(message, LeaseLost)
                and not self._heed(message)
            ):
                self._aside.append(message)

    def _reassert(self) -> None:
        if self.suspended():
            self.on_refreshed()
