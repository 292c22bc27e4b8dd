"""Slots for runs on this machine: at most so many at a time, the other jobs wait in the order in which they came.

A job is judged by its manifest, never by the exit code of a run: only a job that is over,
and whose webhook knows, has its request removed from the spool. What happens to the others
depends on what is left to do:

- Its webhook does not know yet: it is run again until the webhook does, at growing intervals. It is never given up.
- It is not over: it is run again a few times, as the platform does, and then given up. Its request stays in the spool
  and is taken up when the gateway is started again, or when the job is asked for again.
- Its manifest cannot be read now: nothing is decided, and it is read again later.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from states.exits import FATES, Exit, Fate
from worker.gateway.child import ChildCommand
from worker.gateway.job_status import Standing
from worker.gateway.request import Request
from worker.gateway.spool import Spool, Spooled
from worker.system.runtime import Flag, Mailbox, Runtime

LOG = logging.getLogger(__name__)

MAX_RETRIES: Final = 5
"""Of a job that is not over: as the platform has it."""
PAUSE_SECONDS: Final = 2.0
"""Before the first retry; it doubles each time."""
LONGEST_PAUSE_SECONDS: Final = 600.0
"""Between two deliveries, and between two looks at a job that was given up."""
_MOST_DOUBLINGS: Final = 10
UNREADABLE_PAUSE_SECONDS: Final = 30.0
"""Between two attempts to read a manifest."""

_REFUSALS: Final = frozenset(
    int(code)
    for code, leaves in FATES.items()
    if leaves in {Fate.FAILED, Fate.UNTOUCHED}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class QueuedJob:
    """A job that is not over, or whose webhook does not know that it is."""

    spooled: Spooled
    retries: int = 0
    running: bool = False
    pausing: bool = False
    """Whether it waits for its next turn, rather than for a free slot."""
    given_up: bool = False
    refused: Exit | None = None
    """The exit code of its last run, if that did not touch the job or would have failed it."""

    @property
    def request(self) -> Request:
        """What was asked for."""
        return self.spooled.request


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueLimits:
    """What slots may be used for."""

    max_runs: int
    """At a time."""
    redelivery_seconds: float
    """For which a run may occupy a slot that only tries again to reach a webhook."""


class RunQueue:
    """Runs jobs as processes."""

    def __init__(
        self,
        program: ChildCommand,
        judge: Callable[[str], Standing],
        spool: Spool,
        runtime: Runtime,
        *,
        limits: QueueLimits,
    ) -> None:
        """Take up what an earlier gateway left; `judge` reads where a job stands."""
        self._program = program
        self._judge = judge
        self._spool = spool
        self._runtime = runtime
        self._limits = limits
        self._lock = (
            threading.Lock()
        )  # of the jobs and their files: requests come while runs end
        self._jobs: dict[str, QueuedJob] = {}
        self._queue: Mailbox[Spooled | None] = runtime.mailbox()
        self._ended: Mailbox[None] = runtime.mailbox()
        self.stopping: Final[Flag] = runtime.flag()
        for spooled in spool.load():
            self._enqueue(spooled)
        for number in range(limits.max_runs):
            runtime.spawn(f"slot-{number}", self._serve)

    def get(self, job_id: str) -> QueuedJob | None:
        """Return a job that is not over, as it is now."""
        with self._lock:
            return self._jobs.get(job_id)

    def all(self) -> list[QueuedJob]:
        """Return all jobs that are not over, in the order in which they came."""
        with self._lock:
            return list(self._jobs.values())

    def put(self, request: Request) -> None:
        """Let a job wait for its run.

        One that runs, or waits for a free slot, goes on with its first request.
        """
        with self._lock:
            known = self._jobs.get(request.identity.job_id)
            if known is not None and not (known.given_up or known.pausing):
                return
            self._enqueue(self._spool.add(request))
            if known is not None:
                self._spool.remove(known.spooled)

    def forget(self, job_id: str) -> None:
        """Let a job go that is over, unless its run will be heard of."""
        with self._lock:
            waiting = self._jobs.get(job_id)
            if waiting is not None and not waiting.running:
                self._remove(waiting)

    def close(self) -> None:
        """Stop all runs as SIGTERM does; their requests stay in the spool."""
        self.stopping.set()
        for _ in range(self._limits.max_runs):
            self._queue.put(None)
        for _ in range(self._limits.max_runs):
            self._ended.get(self._program.stop_seconds)
        self._spool.close()

    def _enqueue(self, spooled: Spooled) -> None:
        self._jobs[spooled.job_id] = QueuedJob(spooled=spooled)
        self._queue.put(spooled)

    def _remove(self, waiting: QueuedJob) -> None:
        del self._jobs[waiting.spooled.job_id]
        self._spool.remove(waiting.spooled)

    def _serve(self) -> None:
        """Attend to one job after the other."""
        while not self.stopping.is_set():
            waiting = self._take(self._queue.get())
            if waiting is not None:
                self._attend(waiting)
        self._ended.put(None)

    def _take(self, spooled: Spooled | None) -> QueuedJob | None:
        """Return the job of a request; None if it has gone meanwhile, or has a newer request."""
        with self._lock:
            waiting = self._jobs.get(spooled.job_id) if spooled else None
            if (
                waiting is None
                or waiting.spooled is not spooled
                or self.stopping.is_set()
            ):
                return None
            taken = self._jobs[waiting.spooled.job_id] = replace(
                waiting, running=True, pausing=False
            )
            return taken

    def _attend(self, waiting: QueuedJob) -> None:
        """Run a job if there is something to do for it, and see what has become of it."""
        job_id = waiting.spooled.job_id
        standing, code = Standing.UNREADABLE, None
        try:
            standing = self._judge(job_id)
            if self._is_due(waiting, standing):
                code = int(Exit.SOFTWARE)
                code = self._run(waiting, standing)
                standing = self._judge(job_id)
        except (
            Exception
        ):  # an edge: a bug with one job must not take the slot from all others
            LOG.exception("a bug", extra={"job_id": job_id})
        if not self.stopping.is_set():
            with self._lock:
                self._conclude(waiting, standing, code)

    @staticmethod
    def _is_due(waiting: QueuedJob, standing: Standing) -> bool:
        """Tell whether a job is to be run: only looked at are those that were given up before their end."""
        unfinished = standing is Standing.UNFINISHED and not waiting.given_up
        return unfinished or standing is Standing.UNDELIVERED

    def _run(self, waiting: QueuedJob, standing: Standing) -> int:
        """Run a job.

        A run that only delivers gets less time, so that it does not keep others from their
        slot.
        """
        job_id = waiting.spooled.job_id
        LOG.info("starting a run", extra={"job_id": job_id, "retries": waiting.retries})
        variables = dict(waiting.request.variables)
        if standing is Standing.UNDELIVERED:
            variables["CALLBACK_GIVE_UP_SECONDS"] = (
                f"{self._limits.redelivery_seconds:g}"
            )
        return self._program.run("run", variables=variables, stopping=self.stopping)

    def _conclude(
        self, waiting: QueuedJob, standing: Standing, code: int | None
    ) -> None:
        """Forget a job that is over; see to it that any other is attended to again."""
        fields = {"job_id": waiting.spooled.job_id, "exit_code": code}
        if standing is Standing.OVER:
            LOG.info("a job is over", extra=fields)
            self._remove(waiting)
            return
        after = _after(waiting, standing, code)
        self._jobs[waiting.spooled.job_id] = after
        pause = _pause(after, standing)
        if after.given_up and not waiting.given_up:
            LOG.error(
                "gave a job up: see why its runs ended, then send its request or start the gateway again",
                extra=fields,
            )
        elif not after.given_up:
            LOG.warning(
                "a job is not over and is attended to again",
                extra={**fields, "standing": standing, "seconds": pause},
            )
        self._runtime.spawn("retry", lambda: self._put_back(waiting.spooled, pause))

    def _put_back(self, spooled: Spooled, seconds: float) -> None:
        if not self.stopping.wait(seconds):
            self._queue.put(spooled)


def _after(waiting: QueuedJob, standing: Standing, code: int | None) -> QueuedJob:
    """Return what is known of a job after it was attended to; `code` is its run's, if it was run."""
    refused = Exit(code) if code in _REFUSALS else None
    after = replace(
        waiting,
        running=False,
        pausing=True,
        refused=refused if code is not None else waiting.refused,
    )
    # guard: the gateway never gives up a job whose webhook does not know
    if standing is Standing.UNDELIVERED:
        return replace(after, retries=waiting.retries + 1, given_up=False)
    # guard: the gateway decides nothing about a job that cannot be read
    if standing is Standing.UNREADABLE or waiting.given_up:
        return after
    return replace(
        after, retries=waiting.retries + 1, given_up=waiting.retries >= MAX_RETRIES
    )


def _pause(waiting: QueuedJob, standing: Standing) -> float:
    """Return for how many seconds a job is left alone after it was attended to."""
    if standing is Standing.UNREADABLE:
        return UNREADABLE_PAUSE_SECONDS
    if waiting.given_up:
        return LONGEST_PAUSE_SECONDS
    doublings = min(waiting.retries - 1, _MOST_DOUBLINGS)
    return min(LONGEST_PAUSE_SECONDS, PAUSE_SECONDS * 2.0**doublings)
