"""Whether a process may take a job over: decided from what the store says.

All ages are in whole seconds by the store's clock. The owner of a job counts its lease from
before it sends a heartbeat, the store dates the heartbeat after that, and a newcomer waits
until the whole seconds exceed the lease: so when a newcomer may claim, the owner has
already had to stop.

The store's clock may be set back, or stand still: then a dead owner looks young for ever.
So a newcomer may also go by its own clock: it claims when it reads the same heartbeat for
more than a lease. That is as safe. Say that it has read a heartbeat by the time t, and asks
again after t + lease. The owner had sent that heartbeat before t, and has had no answer to
a later one before the newcomer asked, or the newcomer would have read the later one: so its
lease had run out. A heartbeat that is answered after that does not bring the lease back;
that takes an append, which fails once the newcomer has claimed. Each heartbeat has a
number, so that two of them are never the same. All that this needs is that a second is as
long for both; worker/ownership/lease.py says what happens where the owner's clock stands
still.
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
    """The job is over, and there is nothing left to do for it."""

    exit_code: Exit


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """A run owns the job; its lease can have expired in so many seconds at the earliest."""

    seconds: int
    lease_seconds: int


Verdict = Claim | JobOver | Wait


def exit_code(manifest: Manifest) -> Exit:
    """Return the code that a job which is over ends every run of it with."""
    if manifest.state is State.FAILED and manifest.error is not None:
        # guard: the memory of permanent failures: retries end with the same code
        return manifest.error.exit_code
    return Exit.OK


def judge(
    manifest: Manifest, *, silent_seconds: int, lease_seconds: int, can_deliver: bool
) -> Verdict:
    """Decide what a newcomer does that finds this newest checkpoint.

    `silent_seconds` is the age of the younger of the owner's heartbeat and the checkpoint,
    or for how long the newcomer has seen both unchanged, if that is longer; `lease_seconds`
    what the owner wrote into its heartbeat; `can_deliver` whether the newcomer knows where
    pending events go.
    """
    undelivered = bool(manifest.outbox.pending) and can_deliver
    if manifest.collected or (manifest.over and not undelivered):
        return JobOver(exit_code=exit_code(manifest))
    # guard: the lease: a newcomer waits for it
    # guard: the lease: whole seconds must exceed it
    if manifest.released or silent_seconds > lease_seconds:
        return Claim()
    return Wait(seconds=lease_seconds - silent_seconds + 1, lease_seconds=lease_seconds)
