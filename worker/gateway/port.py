"""The port to where a gateway's jobs run."""

from typing import Any, Protocol

from states.manifest import Identity
from worker.gateway.request import Request


class JobConflictError(Exception):
    """The job's name is taken by another repository or branch."""

    def __init__(self, known: Identity) -> None:
        """Say what has the name."""
        super().__init__(
            f"job {known.job_id} is about {known.repository} ({known.branch}): give this one another jobId"
        )


class UnknownJobError(Exception):
    """There is no such job."""


class Backend(Protocol):
    """Where jobs run.

    All methods may wait for a server, and raise WorkerError if it does not do what it
    should.
    """

    mode: str
    """As answers have it: `local-worker` or `scaleway-job`."""

    def analyze(self, request: Request) -> dict[str, Any]:
        """Begin a job, or take it up again.

        Return what is said of it besides its name. Raises ConflictError.
        """

    def status(self) -> dict[str, Any]:
        """Say what this backend is at."""

    def job(self, job_id: str) -> dict[str, Any]:
        """Return where a job stands, as `status --json`; raise UnknownJobError."""

    def files(self, job_id: str) -> list[dict[str, Any]]:
        """Return the files of its course with fresh URLs, as `urls --json`; raise UnknownJobError."""

    def cancel(self, job_id: str) -> None:
        """See to it that a job is canceled; raise UnknownJobError."""

    def close(self) -> None:
        """Let go of everything; jobs go on later, or elsewhere."""
