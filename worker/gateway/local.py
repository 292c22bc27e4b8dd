"""Jobs that run on this machine."""

from states.codec import JsonObject
from worker.gateway.cancel import carry_out_cancel
from worker.gateway.child import ChildCommand
from worker.gateway.job_status import is_settled
from worker.gateway.port import JobConflictError, UnknownJobError
from worker.gateway.queue import RunQueue
from worker.gateway.request import Request
from worker.gateway.views import course_files
from worker.job_request import same_job
from worker.services.cancel_request import request_cancel
from worker.services.describe import describe, describe_pending
from worker.services.view import View
from worker.wiring import engine_name


class LocalBackend:
    """Runs jobs as child processes."""

    mode = "local-worker"

    def __init__(
        self, view: View, command: ChildCommand, queue: RunQueue, max_runs: int
    ) -> None:
        """Use a queue of runs, and `view`, the store that they write to."""
        self._view = view
        self._command = command
        self._queue = queue
        self._max_runs = max_runs

    def analyze(self, request: Request) -> JsonObject:
        """Start a job, or resume it; a job that is waiting or running keeps its first request."""
        job_id = request.identity.job_id
        manifest = self._view.newest(job_id)
        job = self._queue.get(job_id)
        known = request.identity
        if manifest is not None:
            known = manifest.identity
        elif job is not None:
            known = job.request.identity
        if not same_job(known, request.identity):
            raise JobConflictError(known)
        self._queue.put(request)
        return {}

    def status(self) -> JsonObject:
        """Return the jobs that are running, waiting, or given up."""
        running: list[str] = []
        waiting: list[str] = []
        given_up: list[str] = []
        for job in self._queue.all():
            job_id = job.spooled.job_id
            if job.given_up:
                given_up.append(job_id)
            if job.running:
                running.append(job_id)
            elif not job.given_up:
                waiting.append(job_id)
        return {
            "running": running,
            "waiting": waiting,
            "givenUp": given_up,
            "maxRuns": self._max_runs,
        }

    def job(self, job_id: str) -> JsonObject:
        job = self._queue.get(job_id)
        manifest = self._view.newest(job_id)
        if manifest is not None:
            if is_settled(manifest):
                # An operator may have finished it.
                self._queue.forget(job_id)
            return describe(self._view, manifest)
        if job is None:
            raise UnknownJobError
        return describe_pending(job.request.identity, job.refused)

    def files(self, job_id: str) -> list[JsonObject]:
        known = self._queue.get(job_id) is not None
        return course_files(self._view, self._view.newest(job_id), known=known)

    def cancel(self, job_id: str) -> None:
        job = self._queue.get(job_id)
        unstarted = None
        if job:
            unstarted = job.request.identity
        engine = engine_name(self._view.settings, None)
        if not request_cancel(self._view, job_id, unstarted, engine):
            raise UnknownJobError
        variables = job.request.variables if job else {}
        self._view.runtime.spawn(
            "cancel", lambda: self._cancel(job_id, variables)
        )

    def close(self) -> None:
        """Stop all runs; their requests stay in the spool."""
        self._queue.close()

    def _cancel(self, job_id: str, variables: dict[str, str]) -> None:
        if carry_out_cancel(
            self._view, self._command, job_id, variables, self._queue.stopping
        ):
            self._queue.forget(job_id)
