"""The port to the backend that runs a gateway's jobs."""

from typing import Protocol

from states.codec import JsonObject
from states.manifest import Identity
from worker.gateway.request import Request


class JobConflictError(Exception):
    """The job id is already used for another repository or branch."""

    def __init__(self, known: Identity) -> None:
        super().__init__(
            f"job {known.job_id} is about {known.repository} ({known.branch}): "
            "use another jobId for this one"
        )


class UnknownJobError(Exception):
    """There is no such job."""


class Backend(Protocol):
    """Runs jobs; all methods may wait for a server, and raise WorkerError if it fails."""

    mode: str
    """`local-worker` or `scaleway-job`, for answers."""

    def analyze(self, request: Request) -> JsonObject:
        """Start a job, or resume it; return details for the answer.

        Raises JobConflictError.
        """

    def status(self) -> JsonObject:
        """Return the backend's status."""

    def job(self, job_id: str) -> JsonObject:
        """Return a job's status, as `status --json`; raise UnknownJobError."""

    def files(self, job_id: str) -> list[JsonObject]:
        """Return the course's files with fresh URLs, as `urls --json`; raise UnknownJobError."""

    def cancel(self, job_id: str) -> None:
        """Cancel a job; raise UnknownJobError."""

    def close(self) -> None:
        """Release everything; jobs continue later, or elsewhere."""
