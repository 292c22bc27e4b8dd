"""Jobs without a checkpoint, known only from the platform runs started for them."""

from collections.abc import Sequence

from states.manifest import Identity
from worker.job_request import DEFAULT_BRANCH
from worker.platform.port import JobDefinition, PlatformRun
from worker.platform.sweep_decision import (
    Action,
    SweepCandidate,
    decide_by_runs,
)
from worker.wiring import CLAUDE, FONDATION, STATIC


def identity_of_run(job_id: str, run: PlatformRun) -> Identity:
    """Return a job's identity as the environment of its run has it."""
    variables = run.environment
    return Identity(
        job_id=job_id,
        repository=variables.get("REPOSITORY_URL", ""),
        branch=variables.get("BRANCH") or DEFAULT_BRANCH,
    )


def expected_identity(
    job_id: str, runs: Sequence[PlatformRun]
) -> Identity | None:
    """Return the identity of a job that will begin.

    Return None if no run is alive and a sweep would not start one.
    """
    if not runs:
        return None
    candidate = SweepCandidate(job_id=job_id, manifest=None, runs=runs)
    sweep_starts = decide_by_runs(candidate).action is Action.START
    if not runs[-1].live and not sweep_starts:
        return None
    return identity_of_run(job_id, runs[-1])


def expected_engine(definition: JobDefinition) -> str:
    """Return the engine that a job of the definition would have.

    For `auto`, which only the definition's image can resolve, return the static engine.
    """
    engine = definition.environment.get("ENGINE")
    if engine in {FONDATION, CLAUDE, STATIC}:
        return engine
    return STATIC
