"""Runs threads one at a time, in an order that a seed decides, under a simulated clock.

The threads are real and run the worker's own code. But only one runs at any moment, and
whenever it waits or reaches the outside world, the scheduler chooses the next thread by the
seed. Time passes only when no thread can run. So the seed determines the schedule, and a failing
one can be repeated.
"""

import heapq
import random
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, ClassVar

from worker.system.runtime import (
    Flag,
    Mailbox,
    Report,
    ThreadFailed,
    unreported,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
MAX_STEPS = 200_000
TICK = 1e-6
"""The shortest wait, in seconds: a shorter one could vanish when added to the time."""


class Killed(BaseException):
    """Raised in a thread whose process was killed."""


@dataclass(eq=False)
class Process:
    """A process that can be killed and frozen, and whose clock may be wrong."""

    name: str
    clock_offset: float = 0.0
    dead: bool = False
    frozen_until: float = 0.0
    unaware: float = 0.0
    """Seconds for which its machine was suspended; its clocks do not show them."""

    def freeze(self, until: float) -> None:
        """Stop all its threads until a time."""
        self.frozen_until = max(self.frozen_until, until)

    def clock(self, time: float) -> float:
        """Return what its machine's clock shows at a time."""
        return time - self.unaware

    def was_frozen_since(self, time: float) -> bool:
        """Whether it was frozen at any moment since then."""
        return self.frozen_until > 0 and self.frozen_until >= time


@dataclass(eq=False)
class _Thread:
    process: Process
    name: str
    ready: Callable[[], bool] | None = None
    deadline: float = 0.0
    baton: threading.Lock = field(default_factory=threading.Lock)
    error: BaseException | None = None


class _Worker:
    """A thread of the operating system, reused for several tasks, which is cheaper."""

    idle: ClassVar[list["_Worker"]] = []

    def __init__(self) -> None:
        self._work: Callable[[], None] = lambda: None
        self._start = threading.Lock()
        self._start.acquire()
        threading.Thread(target=self._loop, daemon=True).start()

    def begin(self, work: Callable[[], None]) -> None:
        self._work = work
        self._start.release()

    def _loop(self) -> None:
        while True:
            self._start.acquire()
            self._work()


class Scheduler:
    """The world's clock, and the choice of the thread that runs."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a seed, not a secret
        self.time = 0.0
        self.errors: list[BaseException] = []
        self._threads: list[_Thread] = []
        self._current: _Thread | None = None
        self._idle = threading.Lock()
        self._timers: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = count()
        self._steps = 0

    def spawn(
        self, process: Process, name: str, work: Callable[[], None]
    ) -> None:
        """Add a thread to a process."""
        thread = _Thread(process=process, name=name)
        thread.baton.acquire()
        self._threads.append(thread)

        def body() -> None:
            thread.baton.acquire()
            try:
                if not process.dead:
                    work()
            except Killed:
                pass
            except BaseException as error:  # noqa: BLE001 - reported by `run`
                self.errors.append(error)
            self._threads.remove(thread)
            _Worker.idle.append(worker)
            self._switch()

        worker = _Worker.idle.pop() if _Worker.idle else _Worker()
        worker.begin(body)

    def at(self, time: float, action: Callable[[], object]) -> None:
        """Call a function at a time."""
        heapq.heappush(self._timers, (time, next(self._numbers), action))

    def stop_machine(self, process: Process, seconds: float) -> None:
        """Suspend a process with its machine, whose clocks and timers stop meanwhile."""
        process.freeze(self.time + seconds)
        process.unaware += seconds
        for thread in self._threads:
            if thread.process is process and thread.deadline > self.time:
                thread.deadline += seconds

    def run(self) -> None:
        """Run until no thread is left, or none can continue."""
        self._idle.acquire()
        self._switch()
        self._idle.acquire()
        self._idle.release()
        if self.errors:
            raise self.errors[0]

    def pause(
        self, seconds: float = 0.0, ready: Callable[[], bool] | None = None
    ) -> None:
        """Let other threads run; return when `ready` is true, or after some seconds."""
        thread = self._current
        assert thread is not None, "only a scheduled thread can pause"
        if thread.process.dead:
            raise Killed
        thread.ready, thread.deadline = (
            ready,
            self.time + (max(seconds, TICK) if seconds else 0.0),
        )
        if not self._switch():
            thread.baton.acquire()
        thread.ready = None
        if thread.process.dead:
            raise Killed

    def _switch(self) -> bool:
        """Choose the next thread and let it run; return whether that is the current one."""
        self._steps += 1
        before = self._current
        if self._steps > MAX_STEPS:
            self.errors.append(
                AssertionError(
                    f"the schedule does not end: {[thread.name for thread in self._threads]}"
                )
            )
        chosen = None if self._steps > MAX_STEPS else self._choose()
        self._current = chosen
        if chosen is None:
            self._idle.release()
        elif chosen is not before:
            chosen.baton.release()
        return chosen is not None and chosen is before

    def _choose(self) -> _Thread | None:
        while True:
            while self._timers and self._timers[0][0] <= self.time:
                heapq.heappop(self._timers)[2]()
            able = [thread for thread in self._threads if self._can_run(thread)]
            if able:
                return self.random.choice(able)
            later = [self._wakes(thread) for thread in self._threads] + [
                timer[0] for timer in self._timers
            ]
            later = [
                time
                for time in later
                if time > self.time and time != float("inf")
            ]
            if not later:
                return None
            self.time = min(later)

    def _can_run(self, thread: _Thread) -> bool:
        if thread.process.dead:
            return True
        if thread.process.frozen_until > self.time:
            return False
        return thread.deadline <= self.time or (
            thread.ready is not None and thread.ready()
        )

    def _wakes(self, thread: _Thread) -> float:
        return max(thread.deadline, thread.process.frozen_until)


class SimFlag:
    """A Flag that waits in the scheduler."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._set = False

    def set(self) -> None:
        self._set = True

    def is_set(self) -> bool:
        return self._set

    def wait(self, seconds: float) -> bool:
        if not self._set:
            self._scheduler.pause(seconds, self.is_set)
        return self._set


class SimMailbox:
    """A Mailbox that waits in the scheduler."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._messages: deque[Any] = deque()

    def put(self, message: Any) -> None:  # noqa: ANN401 - any message
        self._messages.append(message)

    def get(self, seconds: float | None = None) -> Any:  # noqa: ANN401 - any message
        if not self._messages:
            self._scheduler.pause(
                float("inf") if seconds is None else seconds,
                lambda: bool(self._messages),
            )
        return self._messages.popleft() if self._messages else None


class SimFuture(Future[Any]):
    """A Future that waits in the scheduler."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__()
        self._scheduler = scheduler

    def result(self, timeout: float | None = None) -> Any:  # noqa: ANN401 - as Future has it
        self._wait(timeout)
        return super().result(0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self._wait(timeout)
        return super().exception(0)

    def _wait(self, timeout: float | None) -> None:
        if not self.done():
            self._scheduler.pause(
                float("inf") if timeout is None else timeout, self.done
            )


class SimExecutor(Executor):
    """Runs each task in its own thread, with a limited number at a time."""

    def __init__(
        self, scheduler: Scheduler, process: Process, workers: int
    ) -> None:
        self._scheduler = scheduler
        self._process = process
        self._free = workers

    def submit(
        self,
        work: Callable[..., Any],
        /,
        *args: Any,  # noqa: ANN401 - as Executor has it
        **kwargs: Any,  # noqa: ANN401
    ) -> Future[Any]:
        future = SimFuture(self._scheduler)

        def body() -> None:
            if not self._free:
                self._scheduler.pause(float("inf"), lambda: self._free > 0)
            if not future.set_running_or_notify_cancel():
                return
            self._free -= 1
            try:
                future.set_result(work(*args, **kwargs))
            except Exception as error:  # noqa: BLE001 - as Executor does
                future.set_exception(error)
            finally:
                self._free += 1

        self._scheduler.spawn(self._process, "transfer", body)
        return future


class SimRuntime:
    """The Runtime of one simulated process."""

    def __init__(self, scheduler: Scheduler, process: Process) -> None:
        self._scheduler = scheduler
        self._process = process

    def now(self) -> datetime:
        return START + timedelta(
            seconds=self.monotonic() + self._process.clock_offset
        )

    def monotonic(self) -> float:
        return self._process.clock(self._scheduler.time)

    def token(self) -> str:
        return f"{self._scheduler.random.getrandbits(64):016x}"

    def jitter(self) -> float:
        return self._scheduler.random.random()

    def flag(self) -> Flag:
        return SimFlag(self._scheduler)

    def mailbox(self) -> Mailbox[Any]:
        return SimMailbox(self._scheduler)

    def spawn(
        self, name: str, work: Callable[[], None], report: Report = unreported
    ) -> None:
        """Report a failure as the real runtime does, and fail the simulation."""

        def edge() -> None:
            try:
                work()
            except Exception as error:
                report(ThreadFailed(thread=name, error=error))
                raise

        self._scheduler.spawn(self._process, name, edge)

    def executor(self, workers: int) -> Executor:
        return SimExecutor(self._scheduler, self._process, workers)
