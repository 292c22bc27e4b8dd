"""The outcome of a job in a batch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from states.codec import JsonObject
from states.exits import Exit
from states.manifest import Manifest
from states.stages import State
from states.takeover import exit_code
from worker.cli.commands.batch_file import BatchJob
from worker.errors import WorkerError
from worker.services.follow import Outcome

COMPLETED: Final = frozenset({State.COMPLETED, "succeeded"})
"""The states of a job that has its course, as named by the manifest and by the platform."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """A job in the batch, and its outcome."""

    job: BatchJob
    outcome: Outcome
    run_id: str | None = None
    """Of the platform's last run."""

    @property
    def completed(self) -> bool:
        """Whether the job has its course."""
        return self.outcome.state in COMPLETED

    @property
    def exit_code(self) -> Exit:
        return self.outcome.exit_code

    @property
    def document(self) -> JsonObject:
        """The result as `--json` shows it."""
        return {
            "jobId": self.job.job_id,
            "repository": self.job.repository,
            "branch": self.job.branch,
            "state": self.outcome.state,
            "exitCode": int(self.exit_code),
            "runId": self.run_id,
        }

    @property
    def row(self) -> list[str]:
        """The result as a row of the table for people."""
        message = self.outcome.message
        if self.completed:
            message = ""
        code = int(self.exit_code)
        return [self.job.job_id, self.outcome.state, str(code), message]


Work = Callable[[BatchJob], Result]
"""Runs one job until it is over, or an operator must act."""


def contained(work: Work) -> Work:
    """Turn an error about one job into its result; the other jobs continue."""

    def contained_work(job: BatchJob) -> Result:
        try:
            return work(job)
        except WorkerError as error:
            message = str(error)
            failure = Outcome(
                state="unknown", exit_code=error.exit, message=message
            )
            return Result(job=job, outcome=failure)

    return contained_work


def ended(manifest: Manifest) -> Outcome:
    """Return the outcome of a job that is over."""
    message = ""
    if manifest.error:
        message = manifest.error.message
    code = exit_code(manifest)
    return Outcome(state=manifest.state, exit_code=code, message=message)
