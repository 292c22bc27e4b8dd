"""Places for runs on this machine: so many at a time, the other jobs wait in the order in which they came.

What becomes of a run is judged as the platform judges it: an exit code after which a plain retry goes on is tried again
a few times, with a pause. A request leaves the spool when its job is over; one that was given up stays there, and is
taken up when the gateway is started again, or when it is asked for again.
"""

import logging
import threading
from dataclasses import dataclass, replace
from typing import Final

from states.exits import LEAVES, Exit, Leaves
from worker.gateway.program import Program
from worker.gateway.request import Request
from worker.gateway.spool import Spool, Spooled
from worker.runtime import Flag, Mailbox, Runtime

LOG = logging.getLogger(__name__)

MAX_RETRIES: Final = 5
"""As the platform has it."""
PAUSE_SECONDS: Final = 2.0
"""Before the first retry; it doubles each time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A job that is not over."""

    spooled: Spooled
    retries: int = 0
    running: bool = False
    given_up: bool = False
    refused: Exit | None = None
    """How its run ended, if it would not touch the job."""

    @property
    def request(self) -> Request:
        """What was asked for."""
        return self.spooled.request


class Slots:
    """Runs jobs as processes."""

    def __init__(self, program: Program, spool: Spool, runtime: Runtime, max_runs: int) -> None:
        """Take up what an earlier gateway left, and run at most `max_runs` at a time."""
        self._program = program
        self._spool = spool
        self._runtime = runtime
        self._max_runs = max_runs
        self._lock = threading.Lock()  # of the jobs and their files: requests come while runs end
        self._jobs: dict[str, Waiting] = {}
        self._queue: Mailbox[str] = runtime.mailbox()
        self._ended: Mailbox[str] = runtime.mailbox()
        self.stopping: Final[Flag] = runtime.flag()
        for spooled in spool.load():
            self._enqueue(spooled)
        for number in range(max_runs):
            runtime.spawn(f"slot-{number}", self._serve)

    def get(self, job_id: str) -> Waiting | None:
        """Return a job that is not over, as it is now."""
        with self._lock:
            return self._jobs.get(job_id)

    def all(self) -> list[Waiting]:
        """Return all jobs that are not over, in the order in which they came."""
        with self._lock:
            return list(self._jobs.values())

    def put(self, request: Request) -> None:
        """Let a job wait for its run; one that does already, or runs, goes on with its first request."""
        with self._lock:
            known = self._jobs.get(request.identity.job_id)
            if known is not None and not known.given_up:
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
        for _ in range(self._max_runs):
            self._queue.put("")
        for _ in range(self._max_runs):
            self._ended.get(self._program.stop_seconds)
        self._spool.close()

    def _enqueue(self, spooled: Spooled) -> None:
        self._jobs[spooled.job_id] = Waiting(spooled=spooled)
        self._queue.put(spooled.job_id)

    def _remove(self, waiting: Waiting) -> None:
        del self._jobs[waiting.spooled.job_id]
        self._spool.remove(waiting.spooled)

    def _serve(self) -> None:
        """Run one job after the other."""
        while not self.stopping.is_set():
            waiting = self._take(self._queue.get())
            if waiting is not None:
                self._run(waiting)
        self._ended.put("")

    def _take(self, job_id: str | None) -> Waiting | None:
        """Return a job that is to run now; None if it does already, or has gone meanwhile."""
        with self._lock:
            waiting = self._jobs.get(job_id or "")
            if waiting is None or waiting.running or waiting.given_up or self.stopping.is_set():
                return None
            running = self._jobs[waiting.spooled.job_id] = replace(waiting, running=True)
            return running

    def _run(self, waiting: Waiting) -> None:
        LOG.info("starting a run", extra={"job_id": waiting.spooled.job_id, "retries": waiting.retries})
        try:
            code = self._program.run("run", variables=waiting.request.variables, stopping=self.stopping)
        except Exception:  # an edge: a bug with one job must not take the place from all others
            LOG.exception("a bug", extra={"job_id": waiting.spooled.job_id})
            code = Exit.SOFTWARE
        if not self.stopping.is_set():
            with self._lock:
                self._conclude(waiting, code)

    def _conclude(self, waiting: Waiting, code: int) -> None:
        """Forget a job that is over; try again what may pass."""
        job_id = waiting.spooled.job_id
        fields = {"job_id": job_id, "exit_code": code}
        known = Exit(code) if code in set(Exit) else None  # none of ours: killed
        leaves = LEAVES[known] if known is not None else Leaves.RESUMABLE
        if leaves in {Leaves.OVER, Leaves.FAILED}:
            LOG.info("a job is over", extra=fields)
            self._remove(waiting)
        elif leaves is Leaves.UNTOUCHED:
            self._jobs[job_id] = replace(waiting, running=False, given_up=True, refused=known)
            LOG.error("gave a job up: mend the configuration, and start the gateway again", extra=fields)
        elif waiting.retries >= MAX_RETRIES:
            self._jobs[job_id] = replace(waiting, running=False, given_up=True)
            LOG.error("gave a job up: send its request again, or start the gateway again", extra=fields)
        else:
            pause = PAUSE_SECONDS * 2**waiting.retries
            self._jobs[job_id] = replace(waiting, running=False, retries=waiting.retries + 1)
            LOG.warning("a run has ended, and is tried again", extra={**fields, "seconds": pause})
            self._runtime.spawn("retry", lambda: self._put_back(job_id, pause))

    def _put_back(self, job_id: str, seconds: float) -> None:
        if not self.stopping.wait(seconds):
            self._queue.put(job_id)
