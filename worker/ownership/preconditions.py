"""Conditions that a job must meet before it is claimed."""

from states.manifest import EngineRef, Identity, Manifest
from states.stages import Stage, before
from worker.errors import BusyError, ConfigError, DataError
from worker.job_request import same_job


def check_identity(manifest: Manifest, wanted: Identity) -> None:
    """Raise ConfigError if the job of that name is about another repository or branch."""
    known = manifest.identity
    if known.job_id == wanted.job_id and same_job(known, wanted):
        return
    raise ConfigError(
        f"job {known.job_id} is about {known.repository} ({known.branch}), but "
        f"job {wanted.job_id} was requested for {wanted.repository} "
        f"({wanted.branch}): "
        "give this one another JOB_ID",
        code="identity",
    )


def check_model(manifest: Manifest, engine: EngineRef) -> None:
    """Raise ConfigError if a job is to continue with another model or language."""
    known = manifest.engine
    for variable, began, wanted in (
        ("ANTHROPIC_MODEL", known.model, engine.model),
        ("COURSE_LANGUAGE", known.language, engine.language),
    ):
        # guard: a course is not written by two models, or in two languages
        if began is not None and wanted != began:
            raise ConfigError(
                f"{variable} is {wanted!r}, and job {manifest.job_id} began with {began!r}: "
                f"leave {variable} out, start a new job, or redo it with `resume --from`",
                code="model",
            )


def check_reached(manifest: Manifest, stage: Stage) -> None:
    """Raise DataError if a job cannot resume from a stage."""
    if manifest.collected:
        raise DataError(
            f"job {manifest.job_id} cannot be resumed: its files were deleted by `gc`; "
            "start a new job"
        )
    next_stage = manifest.next_stage
    if next_stage is not None and next_stage in before(stage):
        raise DataError(
            f"job {manifest.job_id} has not reached {stage} yet: its next stage is {next_stage}"
        )


def check_end(manifest: Manifest) -> None:
    """Raise DataError if a job has no final event that can be sent again."""
    if not manifest.over:
        raise DataError(
            f"job {manifest.job_id} is {manifest.state} and has no final event yet: `resume` it"
        )
    if manifest.collected:
        raise DataError(
            f"the final event of job {manifest.job_id} cannot be sent again: "
            "its files were deleted by `gc`"
        )


def no_such_job(job_id: str) -> DataError:
    return DataError(
        f"there is no job {job_id} in this store: see `fondation-worker list`",
        code="no_such_job",
    )


def busy(manifest: Manifest) -> BusyError:
    """Return the error for a job that another run works on."""
    owner = manifest.owner
    platform = (
        f" (platform run {owner.platform_run})" if owner.platform_run else ""
    )
    return BusyError(
        f"run {owner.number}{platform} has been working on job {manifest.job_id} since "
        f"{owner.claimed_at} and is still alive: wait for it, cancel the job, or take it over "
        "with `resume --takeover`"
    )
