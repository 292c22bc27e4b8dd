"""`gc`: deletes the objects of jobs that are over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from states import decisions
from states.exits import Exit
from states.keys import checkpoint_key, job_of, job_prefix, sequence_of
from states.manifest import Manifest, RunRecord, Writer
from states.takeover import exit_code, replaced_lease
from worker import __version__
from worker.cli import duration
from worker.cli.options import GcOptions
from worker.cli.output import Output, counted
from worker.errors import BusyError, UnknownFormatError, WorkerError
from worker.ownership.clocks import HIDDEN_SECONDS
from worker.ownership.log import Checkpoint, CheckpointLog, OvertakenError
from worker.services.view import View, open_view
from worker.system.runtime import iso


def gc(options: GcOptions, environment: Mapping[str, str]) -> Output:
    """Delete the objects of jobs that are over and whose newest checkpoint is old enough."""
    older_than = duration.parse(options.older_than, "--older-than")
    view = open_view(options.store, environment)
    return collect(view, older_than, dry_run=options.dry_run)


@dataclass
class _Collection:
    collected: list[str] = field(default_factory=list)
    left: list[dict[str, str]] = field(default_factory=list)
    exit_code: Exit = Exit.OK

    def leave(self, job_id: str, reason: str) -> None:
        self.left.append({"jobId": job_id, "reason": reason})


def collect(view: View, older_than: int, *, dry_run: bool) -> Output:
    """Collect the jobs that are over and at least `older_than` seconds old.

    Jobs that cannot be judged are left and listed. If one has an unknown format, the command exits
    with 78, after it has processed all others.
    """
    collection = _Collection()
    for job_id in view.job_ids():
        try:
            _collect_if_due(
                view, job_id, older_than, collection, dry_run=dry_run
            )
        except WorkerError as error:
            collection.leave(job_id, str(error))
            if isinstance(error, UnknownFormatError):
                collection.exit_code = Exit.CONFIG
    return _answer(collection, dry_run=dry_run)


def _answer(collection: _Collection, *, dry_run: bool) -> Output:
    verb = "collected"
    if dry_run:
        verb = "would collect"
    lines = []
    for job_id in collection.collected:
        line = f"{verb} {job_id}"
        lines.append(line)
    lines += map("left {jobId}: {reason}".format_map, collection.left)
    document: dict[str, Any] = {
        "collected": collection.collected,
        "left": collection.left,
        "dryRun": dry_run,
    }
    return Output(
        document=document,
        lines=lines or ["nothing to collect"],
        exit_code=collection.exit_code,
    )


def _collect_if_due(
    view: View,
    job_id: str,
    older_than: int,
    collection: _Collection,
    *,
    dry_run: bool,
) -> None:
    log = view.log(job_id)
    newest = log.newest()
    if newest is None or not newest.manifest.over:
        return
    if not newest.manifest.collected:
        age = log.age(newest.manifest.sequence)
        if age < older_than:
            return
        obstacle = _obstacle(view, newest.manifest, age)
        if obstacle is not None:
            collection.leave(job_id, obstacle)
            return
    if _collect(view, log, newest, dry_run=dry_run):
        collection.collected.append(job_id)


def _obstacle(view: View, manifest: Manifest, age: int) -> str | None:
    """Return why a job cannot be collected yet; `age` is its newest checkpoint's, in seconds."""
    # guard: gc leaves a job with unacknowledged events
    pending = len(manifest.outbox.pending)
    if pending:
        callbacks = counted(pending, "unacknowledged callback")
        return f"it has {callbacks}: `resume` it to deliver"
    if not manifest.released and not view.is_silent(manifest):
        return f"run {manifest.run} is still alive"
    lease = replaced_lease(manifest)
    # guard: gc leaves a job while a replaced run may not know that it was replaced
    if lease and age <= lease + HIDDEN_SECONDS:
        return (
            f"a run that was replaced may still act: its lease is {lease} seconds, "
            f"and the job has been over for {age}"
        )
    return None


def _collect(
    view: View, log: CheckpointLog, newest: Checkpoint, *, dry_run: bool
) -> bool:
    """Fence the job off with a tombstone, delete the rest, and return whether there was any.

    If the tombstone already exists, an earlier command was interrupted.
    """
    tombstone = newest.manifest
    if not dry_run and not tombstone.collected:
        tombstone = _fence_off(view, log, newest)
    return delete_all_but(view, tombstone, dry_run=dry_run)


def _fence_off(view: View, log: CheckpointLog, newest: Checkpoint) -> Manifest:
    try:
        # guard: a collected job is fenced off by its tombstone
        tombstone = log.append(
            newest, _tombstone(view, newest), Writer.OPERATOR
        )
    except OvertakenError:
        raise BusyError("another process has just claimed it") from None
    return tombstone.manifest


def _tombstone(view: View, newest: Checkpoint) -> Manifest:
    """Claim the job under a new run number, which fences off all other processes."""
    manifest = newest.manifest
    now = iso(view.runtime.now())
    run = RunRecord(
        number=manifest.run + 1,
        claimed_at=now,
        version=__version__,
        lease_seconds=0,
    )
    claimed = decisions.claim(
        manifest, run, engine=manifest.engine, announces=False
    )
    released = decisions.release(claimed, exit_code(manifest), at=now)
    return decisions.collect(released)


def delete_all_but(view: View, tombstone: Manifest, *, dry_run: bool) -> bool:
    """Delete all objects of a job except the tombstone; return whether there were any.

    Checkpoints go last, so that a job with objects always has a checkpoint that names it. Objects
    of another store or of a user in the job's folder stay.
    """
    kept = checkpoint_key(tombstone.job_id, tombstone.sequence)
    entries = view.store.entries(job_prefix(tombstone.job_id))
    all_keys = [entry.key for entry in entries]
    # guard: gc deletes only what is the job's own
    keys = [key for key in all_keys if key != kept and job_of(key)]
    if dry_run or not keys:
        return bool(keys)
    sequences = []
    for key in keys:
        sequence = sequence_of(key) or 0
        sequences.append(sequence)
    # guard: gc deletes no newer tombstone than its own
    if max(sequences) > tombstone.sequence:
        raise BusyError("another process has just collected it")
    # guard: gc deletes checkpoints last
    checkpoints = {key for key in keys if sequence_of(key) is not None}
    others = [key for key in keys if key not in checkpoints]
    view.store.delete(others)
    view.store.delete(sorted(checkpoints))
    return True
