"""`gc`: deletes what jobs that are over have stored."""

from argparse import Namespace
from collections.abc import Mapping

from states import decisions
from states.exits import Exit
from states.keys import checkpoint_key, job_of, job_prefix, sequence_of
from states.manifest import Manifest, RunRecord, Writer
from states.takeover import exit_code
from worker import __version__
from worker.cli import duration
from worker.cli.output import Output
from worker.errors import BusyError, UnknownFormatError, WorkerError
from worker.ownership.log import Checkpoint, CheckpointLog, OvertakenError
from worker.services.view import View, open_view
from worker.system.runtime import iso


def gc(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Delete the objects of jobs that are over, and whose newest checkpoint is older than asked."""
    seconds = duration.parse(arguments.older_than, "--older-than")
    return collect(
        open_view(arguments.store, environment), seconds, dry_run=arguments.dry_run
    )


def collect(view: View, older_than: int, *, dry_run: bool) -> Output:
    """Collect what is over and older than so many seconds.

    A job that cannot be judged is left, and named; one of an unknown format makes it end
    with 78 when all is done.
    """
    collected: list[str] = []
    left: list[dict[str, str]] = []
    code = Exit.OK
    for job_id in view.job_ids():
        log = view.log(job_id)
        try:
            newest = log.newest()
            if newest is None or not _is_due(log, newest.manifest, older_than):
                continue
            if obstacle := _obstacle(view, newest.manifest):
                left.append({"jobId": job_id, "reason": obstacle})
            elif _collect(view, log, newest, dry_run=dry_run):
                collected.append(job_id)
        except WorkerError as error:
            left.append({"jobId": job_id, "reason": str(error)})
            code = Exit.CONFIG if isinstance(error, UnknownFormatError) else code
    verb = "would collect" if dry_run else "collected"
    lines = [f"{verb} {job_id}" for job_id in collected] + [
        f"left {one['jobId']}: {one['reason']}" for one in left
    ]
    document = {"collected": collected, "left": left, "dryRun": dry_run}
    return Output(
        document=document, lines=lines or ["nothing to collect"], exit_code=code
    )


def _is_due(log: CheckpointLog, manifest: Manifest, older_than: int) -> bool:
    return manifest.over and (
        manifest.collected or log.age(manifest.sequence) >= older_than
    )


def _obstacle(view: View, manifest: Manifest) -> str | None:
    if manifest.collected:
        return None
    # guard: gc leaves a job with unacknowledged events
    if manifest.outbox.pending:
        return f"{len(manifest.outbox.pending)} callbacks are not acknowledged: `resume` it to deliver them"
    if not manifest.released and not view.is_silent(manifest):
        return f"run {manifest.run} is still at it"
    return None


def _collect(
    view: View, log: CheckpointLog, newest: Checkpoint, *, dry_run: bool
) -> bool:
    """Fence the job off with a tombstone, and delete all else.

    Finish what an earlier collection has begun.
    """
    if dry_run or newest.manifest.collected:
        return _sweep(view, newest.manifest, dry_run=dry_run)
    try:
        # guard: a collected job is fenced off by its tombstone
        tombstone = log.append(newest, _tombstone(view, newest), Writer.OPERATOR)
    except OvertakenError:
        raise BusyError("somebody else has just claimed it") from None
    return _sweep(view, tombstone.manifest, dry_run=False)


def _tombstone(view: View, newest: Checkpoint) -> Manifest:
    """Claim the job, with a new run number, so that whoever may still work on it is fenced off."""
    manifest, now = newest.manifest, iso(view.runtime.now())
    run = RunRecord(
        number=manifest.run + 1, claimed_at=now, version=__version__, lease_seconds=0
    )
    claimed = decisions.claim(manifest, run, engine=manifest.engine, announces=False)
    return decisions.collect(decisions.release(claimed, exit_code(manifest), at=now))


def _sweep(view: View, tombstone: Manifest, *, dry_run: bool) -> bool:
    """Delete all objects of a job but the tombstone; tell whether there were any.

    Checkpoints go last: as long as one of the job's other objects is there, so is what
    tells of it. What lies below the job's name and is none of its objects stays: another
    store, or files of a user.
    """
    kept = checkpoint_key(tombstone.job_id, tombstone.sequence)
    entries = view.store.entries(job_prefix(tombstone.job_id))
    # guard: gc deletes only what is the job's own
    keys = [entry.key for entry in entries if entry.key != kept and job_of(entry.key)]
    if dry_run or not keys:
        return bool(keys)
    # guard: gc deletes checkpoints last
    checkpoints = {key for key in keys if sequence_of(key) is not None}
    view.store.delete([key for key in keys if key not in checkpoints])
    view.store.delete(sorted(checkpoints))
    return True
