"""Writes an operator's request to cancel a job into its checkpoint log.

The job's next run finds the request there.
"""

from states import decisions
from states.exits import Exit
from states.manifest import EngineRef, Identity, Manifest, RunRecord, Writer
from worker import __version__
from worker.ownership.log import Checkpoint, OvertakenError
from worker.services.view import View
from worker.system.runtime import iso


def request_cancel(
    view: View, job_id: str, unstarted: Identity | None, engine: str
) -> bool:
    """Append the request, unless the job is over or has one; return False if there is no such job.

    `unstarted` is the identity of a job that may have no checkpoint yet. Then the request is its
    first checkpoint, and names the engine that the job would have had.
    """
    log = view.log(job_id)
    known: Checkpoint | None = None
    while True:
        newest = log.newest(known)
        if newest is not None:
            if newest.manifest.over or newest.manifest.cancel_requested:
                return True
            requested = decisions.request_cancel(newest.manifest)
        elif unstarted is not None:
            requested = _first_manifest(view, unstarted, engine)
        else:
            return False
        try:
            log.append(newest, requested, Writer.OPERATOR)
        except OvertakenError as overtaken:
            known = overtaken.existing
        else:
            return True


def begin_canceled(view: View, identity: Identity, engine: str) -> bool:
    """Append the request as a job's first checkpoint; return False if the job has started."""
    manifest = _first_manifest(view, identity, engine)
    try:
        view.log(identity.job_id).append(None, manifest, Writer.OPERATOR)
    except OvertakenError:
        return False
    return True


def _first_manifest(view: View, identity: Identity, engine: str) -> Manifest:
    """Begin a job, request that it be canceled, and release it."""
    now = iso(view.runtime.now())
    run = RunRecord(
        number=1,
        claimed_at=now,
        version=__version__,
        lease_seconds=view.settings.limits.lease_seconds,
        platform_run=None,
    )
    reference = EngineRef(name=engine, version=__version__)
    begun = decisions.begin(identity, reference, run, announces=True)
    requested = decisions.request_cancel(begun)
    return decisions.release(requested, Exit.OK, at=now)
