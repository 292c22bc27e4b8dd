"""Jobs that run on this machine: a few at a time, the others wait in the order in which they came.

What becomes of a run is judged as the platform judges it: an exit code after which a plain retry goes on is tried again
a few times, with a pause. A request leaves the spool when its job is over; one that was given up stays there, and is
taken up when the gateway is started again, or when it is asked for again.
"""

import logging
from dataclasses import dataclass, field
from typing import Any, Final

from states.exits import LEAVES, Exit, Leaves
from states.manifest import Manifest
from worker.checkpoint import CheckpointLog
from worker.commands.files import signed_files
from worker.commands.reading import View
from worker.commands.status import describe
from worker.errors import NoInputError, WorkerError
from worker.gateway.port import ConflictError, UnknownJobError
from worker.gateway.program import Program
from worker.gateway.request import Request, same_job
from worker.gateway.spool import Spool, Spooled
from worker.process import Process
from worker.runtime import Mailbox, Runtime
from worker.settings import MAX_EXPIRY_SECONDS

LOG = logging.getLogger(__name__)

MAX_RETRIES: Final = 5
"""As the platform has it."""
PAUSE_SECONDS: Final = 2.0
"""Before the first retry; it doubles each time."""
STOP_SECONDS: Final = 12.0
"""So long a run may take to save itself when the gateway is stopped: it takes STOP_GRACE_SECONDS (5)."""
_LOOK_SECONDS: Final = 0.2


@dataclass(kw_only=True, slots=True)
class Waiting:
    """A job that is not over."""

    spooled: Spooled
    retries: int = 0
    given_up: bool = False
    canceled: bool = False
    process: Process | None = field(default=None, repr=False)


class LocalBackend:
    """Runs jobs as child processes."""

    mode = "local-worker"

    def __init__(self, view: View, program: Program, spool: Spool, runtime: Runtime, max_runs: int) -> None:
        """Take up what an earlier gateway left, and run at most `max_runs` at a time."""
        self._view = view
        self._program = program
        self._spool = spool
        self._runtime = runtime
        self._max_runs = max_runs
        self._stopping = runtime.flag()
        self._queue: Mailbox[str] = runtime.mailbox()
        self._ended: Mailbox[str] = runtime.mailbox()
        self._jobs: dict[str, Waiting] = {}
        for spooled in spool.load():
            self._enqueue(spooled)
        for number in range(max_runs):
            runtime.spawn(f"slot-{number}", self._work)

    def analyze(self, request: Request) -> dict[str, Any]:
        """Begin a job, or take it up again; one that waits or runs already does so with its first request."""
        job_id = request.identity.job_id
        waiting, manifest = self._jobs.get(job_id), self._manifest(job_id)
        known = waiting.spooled.request.identity if waiting else manifest.identity if manifest else request.identity
        if not same_job(known, request.identity):
            raise ConflictError(known)
        if waiting is not None and not waiting.given_up:
            return {}
        if waiting is not None:
            self._spool.remove(waiting.spooled)
        self._enqueue(self._spool.add(request))
        return {}

    def status(self) -> dict[str, Any]:
        """Say which jobs run, wait, and were given up until somebody asks for them again."""
        jobs = dict(self._jobs)
        return {
            "running": [job_id for job_id, one in jobs.items() if one.process is not None],
            "waiting": [job_id for job_id, one in jobs.items() if one.process is None and not one.given_up],
            "givenUp": [job_id for job_id, one in jobs.items() if one.given_up],
            "maxRuns": self._max_runs,
        }

    def job(self, job_id: str) -> dict[str, Any]:
        """Return where a job stands; `pending` before its first checkpoint."""
        manifest = self._manifest(job_id)
        if manifest is not None:
            return describe(self._view, manifest)
        waiting = self._jobs.get(job_id)
        if waiting is None:
            raise UnknownJobError
        return pending(waiting.spooled.request)

    def files(self, job_id: str) -> list[dict[str, Any]]:
        """Return the files of a job's course."""
        return course_files(self._view, self._manifest(job_id), known=job_id in self._jobs)

    def cancel(self, job_id: str) -> None:
        """Ask the run to stop, or cancel the job if nobody runs it; one that has not begun is begun, to be canceled."""
        waiting = self._jobs.get(job_id)
        if self._manifest(job_id) is None:
            if waiting is None:
                raise UnknownJobError
            waiting.canceled = True
            return
        self._cancel(job_id, waiting)

    def close(self) -> None:
        """Stop all runs as SIGTERM does; their requests stay in the spool."""
        self._stopping.set()
        for _ in range(self._max_runs):
            self._queue.put("")
        for _ in range(self._max_runs):
            self._ended.get(STOP_SECONDS)
        self._spool.close()

    def _enqueue(self, spooled: Spooled) -> None:
        self._jobs[spooled.job_id] = Waiting(spooled=spooled)
        self._queue.put(spooled.job_id)

    def _manifest(self, job_id: str) -> Manifest | None:
        return read_manifest(self._view, job_id)

    def _work(self) -> None:
        """Run one job after the other."""
        while not self._stopping.is_set():
            waiting = self._jobs.get(self._queue.get() or "")
            if waiting is not None and not self._stopping.is_set():
                code = self._run(waiting)
                if not self._stopping.is_set():
                    self._conclude(waiting, code)
        self._ended.put("")

    def _run(self, waiting: Waiting) -> int:
        variables = waiting.spooled.request.variables
        LOG.info("starting a run", extra={"job_id": waiting.spooled.job_id, "retries": waiting.retries})
        process = waiting.process = self._program.start("run", variables=variables)
        while (code := process.wait(_LOOK_SECONDS)) is None:
            if self._stopping.is_set():
                process.stop(STOP_SECONDS)
            elif waiting.canceled and self._has_begun(waiting.spooled.job_id):
                waiting.canceled = False
                self._cancel(waiting.spooled.job_id, waiting)
        waiting.process = None
        return code

    def _conclude(self, waiting: Waiting, code: int) -> None:
        """Forget a job that is over; try again what may pass."""
        job_id = waiting.spooled.job_id
        fields = {"job_id": job_id, "exit_code": code}
        known = Exit(code) if code in set(Exit) else None  # none of ours: killed
        if known is not None and LEAVES[known] is not Leaves.RESUMABLE:
            LOG.info("a job is over", extra=fields)
            del self._jobs[job_id]
            self._spool.remove(waiting.spooled)
        elif waiting.retries >= MAX_RETRIES:
            waiting.given_up = True
            LOG.error("gave a job up: send its request again, or `resume` it", extra=fields)
        else:
            waiting.retries += 1
            LOG.warning("a run has ended, and is tried again", extra=fields)
            self._runtime.spawn("retry", lambda: self._put_back(job_id, PAUSE_SECONDS * 2 ** (waiting.retries - 1)))

    def _put_back(self, job_id: str, seconds: float) -> None:
        if not self._stopping.wait(seconds):
            self._queue.put(job_id)

    def _cancel(self, job_id: str, waiting: Waiting | None) -> None:
        """Let an operator's `cancel` do it, which knows who runs the job; it delivers the event if nobody does."""
        variables = waiting.spooled.request.variables if waiting else {}
        self._program.start("cancel", job_id, variables=variables)

    def _has_begun(self, job_id: str) -> bool:
        try:
            return self._manifest(job_id) is not None
        except WorkerError:
            return False


def read_manifest(view: View, job_id: str) -> Manifest | None:
    """Return a job's newest manifest, or None if it has none."""
    newest = CheckpointLog(view.store, job_id, view.runtime).newest()
    return newest.manifest if newest else None


def course_files(view: View, manifest: Manifest | None, *, known: bool) -> list[dict[str, Any]]:
    """Return the files of a course; none of a job that is only `known` to wait."""
    if manifest is None:
        if not known:
            raise UnknownJobError
        return []
    try:
        return signed_files(view, manifest.job_id, MAX_EXPIRY_SECONDS)
    except NoInputError as error:  # it was collected
        raise UnknownJobError from error


def pending(request: Request) -> dict[str, Any]:
    """Return what is said of a job that has not begun, in the shape of `status --json`."""
    identity = request.identity
    return {
        "jobId": identity.job_id,
        "state": "pending",
        "run": 0,
        "sequence": 0,
        "repository": identity.repository,
        "branch": identity.branch,
        "commit": None,
        "engine": None,
        "step": 1,
        "stages": [],
        "runs": [],
        "error": None,
        "cancelRequested": False,
        "pendingCallbacks": [],
        "rejectedCallbacks": [],
        "collected": False,
    }
