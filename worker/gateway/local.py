"""Jobs that run on this machine."""

from typing import Any

from worker.gateway.cancel import see_to
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
        self, view: View, program: ChildCommand, slots: RunQueue, max_runs: int
    ) -> None:
        """Answer for what the slots do; `view` is the store that runs write to."""
        self._view = view
        self._program = program
        self._slots = slots
        self._max_runs = max_runs

    def analyze(self, request: Request) -> dict[str, Any]:
        """Begin a job, or take it up again.

        One that waits or runs already does so with its first request.
        """
        job_id = request.identity.job_id
        manifest, waiting = self._view.newest(job_id), self._slots.get(job_id)
        known = (
            manifest.identity
            if manifest
            else waiting.request.identity
            if waiting
            else request.identity
        )
        if not same_job(known, request.identity):
            raise JobConflictError(known)
        self._slots.put(request)
        return {}

    def status(self) -> dict[str, Any]:
        """Say which jobs run, wait, and were given up until somebody asks for them again."""
        jobs = self._slots.all()
        return {
            "running": [one.spooled.job_id for one in jobs if one.running],
            "waiting": [
                one.spooled.job_id for one in jobs if not (one.running or one.given_up)
            ],
            "givenUp": [one.spooled.job_id for one in jobs if one.given_up],
            "maxRuns": self._max_runs,
        }

    def job(self, job_id: str) -> dict[str, Any]:
        """Return where a job stands; `pending` before its first checkpoint."""
        waiting, manifest = self._slots.get(job_id), self._view.newest(job_id)
        if manifest is not None:
            if is_settled(manifest):
                self._slots.forget(job_id)  # an operator has brought it to its end
            return describe(self._view, manifest)
        if waiting is None:
            raise UnknownJobError
        return describe_pending(waiting.request.identity, waiting.refused)

    def files(self, job_id: str) -> list[dict[str, Any]]:
        """Return the files of a job's course."""
        known = self._slots.get(job_id) is not None
        return course_files(self._view, self._view.newest(job_id), known=known)

    def cancel(self, job_id: str) -> None:
        """See to it that a job is canceled: at once, if it runs or nobody runs it."""
        waiting = self._slots.get(job_id)
        unstarted = waiting.request.identity if waiting else None
        engine = engine_name(self._view.settings, None)
        if not request_cancel(self._view, job_id, unstarted, engine):
            raise UnknownJobError
        variables = waiting.request.variables if waiting else {}
        self._view.runtime.spawn("cancel", lambda: self._see_to(job_id, variables))

    def close(self) -> None:
        """Stop all runs; their requests stay in the spool."""
        self._slots.close()

    def _see_to(self, job_id: str, variables: dict[str, str]) -> None:
        if see_to(self._view, self._program, job_id, variables, self._slots.stopping):
            self._slots.forget(job_id)
