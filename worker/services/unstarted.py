"""Jobs that a run of the platform was started for, and that have no checkpoint yet: known by their runs alone."""

from collections.abc import Sequence

from states.decisions import begin, release, request_cancel
from states.exits import Exit
from states.manifest import EngineRef, Identity, Manifest, RunRecord
from worker import __version__
from worker.job_request import DEFAULT_BRANCH
from worker.platform.port import JobDefinition, PlatformRun
from worker.platform.sweep_decision import Action, SweepCandidate, first_look
from worker.services.view import View
from worker.system.runtime import iso
from worker.wiring import FONDATION, STATIC


def identity_by(job_id: str, run: PlatformRun) -> Identity:
    """Return what a job is about by what its run was told."""
    told = run.environment
    return Identity(
        job_id=job_id,
        repository=told.get("REPOSITORY_URL", ""),
        branch=told.get("BRANCH") or DEFAULT_BRANCH,
    )


def expected(job_id: str, runs: Sequence[PlatformRun]) -> Identity | None:
    """Return what a job is about that will begin, by a run that lives or by one that a sweep would start; or None."""
    look = first_look(SweepCandidate(job_id=job_id, manifest=None, runs=runs))
    return (
        identity_by(job_id, runs[-1])
        if runs and (runs[-1].live or look.action is Action.START)
        else None
    )


def engine_by(definition: JobDefinition) -> str:
    """Return the engine of a job that is canceled before it has begun: which one `auto` is, only the image knows."""
    asked = definition.environment.get("ENGINE")
    return asked if asked in {FONDATION, STATIC} else STATIC


def wish_to_cancel(view: View, identity: Identity, engine: str) -> Manifest:
    """Return the first manifest of a job that nobody works on, and that is to be canceled."""
    now = iso(view.runtime.now())
    run = RunRecord(
        number=1,
        claimed_at=now,
        version=__version__,
        lease_seconds=view.settings.lease,
        platform_run=None,
    )
    begun = begin(
        identity, EngineRef(name=engine, version=__version__), run, announces=True
    )
    return release(request_cancel(begun), Exit.OK, at=now)
