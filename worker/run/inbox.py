"""The main thread's inbox: results of other threads, and reasons to end the run.

Only the main thread appends checkpoints. All others (keep-alive, sender, engine, signals)
leave messages here.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
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
    """The run must end, because of a signal or its soft deadline."""

    exit_code: Exit
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """Work in another thread has ended."""

    task: int
    result: Any = None
    error: BaseException | None = None


class StoppedError(Exception):
    """The run must end; its job is resumed later."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop.reason)
        self.stop = stop


class CanceledError(Exception):
    """An operator has canceled the job."""


class Inbox:
    """The messages for the main thread."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.mailbox: Mailbox[Any] = runtime.mailbox()
        self._aside: deque[Any] = deque()
        self._tasks = count()
        self.suspended: Callable[[], bool] = lambda: False
        """Returns whether the lease has expired, and side effects are suspended."""
        self.on_refreshed: Callable[[], None] = lambda: None
        """Called when the store answers again; must append a checkpoint and reassert the lease."""

    def next(self, seconds: float | None = None) -> object | None:
        """Return the next message about work, or None after `seconds`.

        Raises StoppedError, CanceledError, ReplacedError, BugError if another thread has
        failed, or the error that makes the store unreachable. While the lease is lost, other
        messages wait.
        """
        deadline = None
        if seconds is not None:
            deadline = self._runtime.monotonic() + seconds
        while True:
            if self._aside:
                aside: object = self._aside.popleft()
                return aside
            left: float | None = None
            if deadline is not None:
                left = max(0.0, deadline - self._runtime.monotonic())
            message: object | None = self.mailbox.get(left)
            if message is None or not self._handle(message):
                return message

    def wait(self, seconds: float) -> None:
        """Wait for `seconds`; keep messages about work for later."""
        deadline = self._runtime.monotonic() + seconds
        kept: list[object] = []
        while (left := deadline - self._runtime.monotonic()) > 0:
            message = self.next(left)
            if message is not None:
                kept.append(message)
        self._aside.extend(kept)

    def start(self, name: str, work: Callable[[int], object]) -> int:
        """Start work in another thread; return the number of the task.

        `work` gets that number. A Done message with it reports the end.
        """
        task = next(self._tasks)

        def run() -> None:
            try:
                result = work(task)
            # The main thread raises it.
            except BaseException as error:  # noqa: BLE001
                self.mailbox.put(Done(task=task, error=error))
            else:
                self.mailbox.put(Done(task=task, result=result))

        self._runtime.spawn(name, run)
        return task

    def do(self, name: str, work: Callable[[], Result]) -> Result:
        """Work in another thread, and return or raise its result."""
        task = self.start(name, lambda _: work())
        while True:
            message = self.next()
            if isinstance(message, Done) and message.task == task:
                if message.error is not None:
                    raise message.error
                result: Result = message.result
                return result

    def _handle(self, message: object) -> bool:
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
                # guard: the lease: the main thread waits when it is lost
                self._stand_still()
            case LeaseRefreshed():
                self._reassert()
            case _:
                return False
        return True

    def _stand_still(self) -> None:
        """Set messages aside until the lease is held again.

        Messages may be late, so the state of the lease decides.
        """
        while self.suspended():
            message = self.mailbox.get()
            if isinstance(message, LeaseLost):
                continue
            if not self._handle(message):
                self._aside.append(message)

    def _reassert(self) -> None:
        if self.suspended():
            self.on_refreshed()
