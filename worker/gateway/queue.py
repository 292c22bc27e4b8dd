"""The queue of jobs on this machine: a fixed number of runs at a time, in order of arrival.

The queue judges a job by its manifest, never by a run's exit code. A request leaves the spool only
when its job is over and the final callback is acknowledged. Otherwise:

- The final callback is not acknowledged: the job is run again, at growing intervals, until it is.
  The job is never given up.
- The job is not over: it is run again a few times, as the platform does, and then given up. Its
  request stays in the spool until the gateway restarts or the request is sent again.
- The manifest cannot be read: nothing is decided, and it is read again later.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from states.exits import FINAL_CODES, Exit
from worker.gateway.child import ChildCommand
from worker.gateway.job_status import Standing
from worker.gateway.request import Request
from worker.gateway.spool import Spool, Spooled
from worker.system.runtime import Flag, Mailbox, Runtime

LOG = logging.getLogger(__name__)

MAX_RETRIES: Final = 5
"""How many times a job that is not over is run again; the platform has the same limit."""
PAUSE_SECONDS: Final = 2.0
"""The pause before the first retry; it doubles each time."""
LONGEST_PAUSE_SECONDS: Final = 600.0
"""The longest pause between two deliveries, or two checks of a job that was given up."""
_MOST_DOUBLINGS: Final = 10
UNREADABLE_PAUSE_SECONDS: Final = 30.0
"""The pause between two attempts to read a manifest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QueuedJob:
    """A job that is not over, or whose final callback is not acknowledged."""

    spooled: Spooled
    retries: int = 0
    running: bool = False
    pausing: bool = False
    """Whether it waits for its next retry, rather than for a free slot."""
    given_up: bool = False
    refused: Exit | None = None
    """The exit code of its last run, if that run did not touch the job, or would have failed it."""

    @property
    def request(self) -> Request:
        return self.spooled.request

    @property
    def occupied(self) -> bool:
        """Whether it runs, or waits for a slot."""
        return not self.given_up and not self.pausing


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueLimits:
    """Limits on the number of runs, and on their time."""

    max_runs: int
    """How many runs are allowed at a time."""
    redelivery_seconds: float
    """How long a run that only delivers events may occupy a slot."""


class RunQueue:
    """Runs jobs as child processes."""

    def __init__(
        self,
        command: ChildCommand,
        read_standing: Callable[[str], Standing],
        spool: Spool,
        runtime: Runtime,
        *,
        limits: QueueLimits,
    ) -> None:
        """Load the requests that an earlier gateway left in the spool."""
        self._command = command
        self._read_standing = read_standing
        self._spool = spool
        self._runtime = runtime
        self._limits = limits
        # The lock guards the jobs and their files: requests arrive while runs end.
        self._lock = threading.Lock()
        self._jobs: dict[str, QueuedJob] = {}
        self._queue: Mailbox[Spooled | None] = runtime.mailbox()
        self._ended: Mailbox[None] = runtime.mailbox()
        self.stopping: Final[Flag] = runtime.flag()
        for spooled in spool.load():
            self._enqueue(spooled)
        for number in range(limits.max_runs):
            runtime.spawn(f"slot-{number}", self._serve)

    def get(self, job_id: str) -> QueuedJob | None:
        with self._lock:
            return self._jobs.get(job_id)

    def all(self) -> list[QueuedJob]:
        """Return all queued jobs, in order of arrival."""
        with self._lock:
            return list(self._jobs.values())

    def put(self, request: Request) -> None:
        """Queue a job; one that runs or waits for a slot keeps its first request."""
        job_id = request.identity.job_id
        with self._lock:
            known = self._jobs.get(job_id)
            if known is not None and known.occupied:
                return
            spooled = self._spool.add(request)
            self._enqueue(spooled)
            if known is not None:
                self._spool.remove(known.spooled)

    def forget(self, job_id: str) -> None:
        """Drop a finished job, unless its run is still going."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is not None and not job.running:
                self._remove(job)

    def close(self) -> None:
        """Stop all runs as SIGTERM does; their requests stay in the spool."""
        self.stopping.set()
        for _ in range(self._limits.max_runs):
            self._queue.put(None)
        for _ in range(self._limits.max_runs):
            self._ended.get(self._command.stop_seconds)
        self._spool.close()

    def _enqueue(self, spooled: Spooled) -> None:
        self._jobs[spooled.job_id] = QueuedJob(spooled=spooled)
        self._queue.put(spooled)

    def _remove(self, job: QueuedJob) -> None:
        del self._jobs[job.spooled.job_id]
        self._spool.remove(job.spooled)

    def _serve(self) -> None:
        """Process one job after the other."""
        while not self.stopping.is_set():
            job = self._take(self._queue.get())
            if job is not None:
                self._process(job)
        self._ended.put(None)

    def _take(self, spooled: Spooled | None) -> QueuedJob | None:
        """Return the job of a request, or None if it is gone or has a newer request."""
        with self._lock:
            if spooled is None or self.stopping.is_set():
                return None
            job_id = spooled.job_id
            job = self._jobs.get(job_id)
            if job is None or job.spooled is not spooled:
                return None
            taken = replace(job, running=True, pausing=False)
            self._jobs[job_id] = taken
            return taken

    def _process(self, job: QueuedJob) -> None:
        """Run a job if it needs a run, and decide what follows."""
        job_id = job.spooled.job_id
        standing = Standing.UNREADABLE
        code = None
        try:
            standing = self._read_standing(job_id)
            if self._needs_run(job, standing):
                code = int(Exit.SOFTWARE)
                code = self._run(job, standing)
                standing = self._read_standing(job_id)
        except Exception:
            # The outermost level of a thread: a bug with one job must not cost the others the slot.
            LOG.exception("a bug", extra={"job_id": job_id})
        if not self.stopping.is_set():
            with self._lock:
                self._conclude(job, standing, code)

    @staticmethod
    def _needs_run(job: QueuedJob, standing: Standing) -> bool:
        """Whether a job has to be run; one that was given up is only checked."""
        if standing is Standing.UNDELIVERED:
            return True
        return standing is Standing.UNFINISHED and not job.given_up

    def _run(self, job: QueuedJob, standing: Standing) -> int:
        """Run a job; a run that only delivers gets less time, because others need the slot."""
        job_id = job.spooled.job_id
        fields = {"job_id": job_id, "retries": job.retries}
        LOG.info("starting a run", extra=fields)
        variables = dict(job.request.variables)
        if standing is Standing.UNDELIVERED:
            seconds = self._limits.redelivery_seconds
            variables["CALLBACK_GIVE_UP_SECONDS"] = f"{seconds:g}"
        return self._command.run(
            "run", variables=variables, stopping=self.stopping
        )

    def _conclude(
        self, job: QueuedJob, standing: Standing, code: int | None
    ) -> None:
        """Drop a job that is over; schedule the next check of any other."""
        job_id = job.spooled.job_id
        fields: dict[str, object] = {"job_id": job_id, "exit_code": code}
        if standing is Standing.OVER:
            LOG.info("a job is over", extra=fields)
            self._remove(job)
            return
        after = _after(job, standing, code)
        self._jobs[job_id] = after
        pause = _pause(after, standing)
        if not after.given_up:
            fields |= {"standing": standing, "seconds": pause}
            LOG.warning("a job is not over, retrying", extra=fields)
        elif not job.given_up:
            LOG.error(
                "gave up on a job: find out why its runs ended, then send its "
                "request again or restart the gateway",
                extra=fields,
            )

        def put_back() -> None:
            if not self.stopping.wait(pause):
                self._queue.put(job.spooled)

        self._runtime.spawn("retry", put_back)


def _after(job: QueuedJob, standing: Standing, code: int | None) -> QueuedJob:
    """Return a job's next entry; `code` is the exit code of its run, if it was run."""
    refused = job.refused
    if code is not None:
        refused = _refused(code)
    after = replace(job, running=False, pausing=True, refused=refused)
    # guard: the gateway never gives up a job whose webhook was not told
    if standing is Standing.UNDELIVERED:
        return replace(after, retries=job.retries + 1, given_up=False)
    # guard: the gateway decides nothing about a job that cannot be read
    if standing is Standing.UNREADABLE or job.given_up:
        return after
    given_up = job.retries >= MAX_RETRIES
    return replace(after, retries=job.retries + 1, given_up=given_up)


def _refused(code: int) -> Exit | None:
    """Return the code if it means that the job was not touched, or would have failed."""
    if code in FINAL_CODES:
        return Exit(code)
    return None


def _pause(job: QueuedJob, standing: Standing) -> float:
    """Return the pause before a job's next check, in seconds."""
    if standing is Standing.UNREADABLE:
        return UNREADABLE_PAUSE_SECONDS
    if job.given_up:
        return LONGEST_PAUSE_SECONDS
    doublings = min(job.retries - 1, _MOST_DOUBLINGS)
    pause = PAUSE_SECONDS * 2.0**doublings
    return min(LONGEST_PAUSE_SECONDS, pause)
