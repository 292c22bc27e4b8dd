"""Decides, from the store's answers, whether a process may take a job over.

All ages are in whole seconds by the store's clock. An owner counts its lease from before it
sends a heartbeat; the store dates the heartbeat after that; a new run waits until the age
in whole seconds exceeds the lease. So the owner has already stopped when a new run may
claim.

The store's clock may be set back or stand still; then a dead owner would look alive for ever. So a
new run may also use its own clock: it claims once it has read the same heartbeat for longer than a
lease. That is equally safe. Suppose the new run reads a heartbeat by time t, and reads the same one
after t + lease. The owner sent that heartbeat before t, and no later one was answered before the
second read, or the new run would have seen it. So the owner's lease has expired. An answer that
comes later does not revive it: the owner must append a checkpoint, and that fails once the new run
has claimed. Heartbeats are numbered, so no two are equal. The argument needs only that a second is
equally long for both; worker/ownership/lease.py covers an owner whose clock stops.
"""

from dataclasses import dataclass

from states.exits import Exit
from states.manifest import Manifest
from states.stages import State


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """The job may be claimed now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobOver:
    """The job is over, and nothing is left to do."""

    exit_code: Exit


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """A run owns the job; its lease expires in `seconds` at the earliest."""

    seconds: int
    lease_seconds: int


Verdict = Claim | JobOver | Wait


def exit_code(manifest: Manifest) -> Exit:
    """Return the exit code of every further run of a job that is over."""
    if manifest.state is State.FAILED and manifest.error is not None:
        # guard: the memory of permanent failures: retries end with the same code
        return manifest.error.exit_code
    return Exit.OK


def replaced_lease(manifest: Manifest) -> int:
    """Return the longest lease, in seconds, of all replaced runs, or 0.

    Such a run may act until its lease has expired, because an operator may have replaced it while
    it was alive.
    """
    return max(
        (
            record.lease_seconds
            for record in manifest.runs
            if record.ended_at is None and record.number < manifest.run
        ),
        default=0,
    )


def judge(
    manifest: Manifest,
    *,
    silent_seconds: int,
    lease_seconds: int,
    can_deliver: bool,
) -> Verdict:
    """Decide what a new run does about a job whose newest checkpoint is `manifest`.

    `silent_seconds` is the age of the owner's heartbeat or of the checkpoint, whichever is younger,
    or the time for which the new run has seen both unchanged, if that is longer. `lease_seconds` is
    the lease in the owner's heartbeat. `can_deliver` is whether the new run has a webhook for
    pending events.
    """
    undelivered = bool(manifest.outbox.pending) and can_deliver
    if manifest.collected or (manifest.over and not undelivered):
        return JobOver(exit_code=exit_code(manifest))
    # guard: the lease: a new run waits for it
    # guard: the lease: whole seconds must exceed it
    if manifest.released or silent_seconds > lease_seconds:
        return Claim()
    return Wait(
        seconds=lease_seconds - silent_seconds + 1, lease_seconds=lease_seconds
    )
