"""Which jobs need a run of the platform that nobody will start by itself: decided from what is known, and nothing else.

The platform tries again what has ended with an exit code, a few times. It does not try
again what was interrupted, preempted, killed for its memory or its time, or lost by its own
fault; nor does anybody come back to a callback that was not delivered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from states.exits import FATES, Fate
from states.manifest import Manifest
from worker.platform.port import PlatformRun

FINAL_CODES: Final = frozenset(
    int(code)
    for code, leaves in FATES.items()
    if leaves in {Fate.FAILED, Fate.UNTOUCHED}
)
"""Exit codes after which a job that has no checkpoint is not tried again: it would end in the same way."""


class Action(StrEnum):
    """What a sweep does with a job."""

    LEAVE = "leave"
    """It is over; there is nothing to say."""
    SKIP = "skip"
    GIVE_UP = "give up"
    START = "start"


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepDecision:
    """What is to be done about a job, and why."""

    action: Action
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepCandidate:
    """What is known of a job: its newest manifest, if it has one, and its runs on the platform, oldest first."""

    job_id: str
    manifest: Manifest | None
    runs: Sequence[PlatformRun]

    @property
    def last(self) -> PlatformRun | None:
        """Its newest run on the platform."""
        return self.runs[-1] if self.runs else None


def described(run: PlatformRun) -> str:
    """Say where a run stands, or how it has ended."""
    why = (
        f" ({run.reason})"
        if run.reason and not run.reason.startswith("unknown")
        else ""
    )
    code = "" if run.exit_code is None else f", exit code {run.exit_code}"
    tries = f", {run.attempts} attempts" if (run.attempts or 0) > 1 else ""
    return f"platform run {run.id} {'is' if run.live else 'has ended as'} {run.state}{why}{code}{tries}"


def first_look(patient: SweepCandidate) -> SweepDecision:
    """Judge a job by its manifest and its runs.

    At START, its heartbeat and its attempts have to be looked at, too.
    """
    manifest, last = patient.manifest, patient.last
    undelivered = (
        len(manifest.outbox.pending)
        if manifest and manifest.over and not manifest.collected
        else 0
    )
    if manifest is not None and manifest.over and not undelivered:
        return SweepDecision(action=Action.LEAVE, reason=f"it is {manifest.state}")
    if last is None:
        had = manifest is not None and any(run.platform_run for run in manifest.runs)
        why = (
            "the platform has forgotten its runs"
            if had
            else "it never had a platform run"
        )
        return SweepDecision(action=Action.SKIP, reason=f"{why}: `resume` it by hand")
    if live := [run for run in patient.runs if run.live]:
        return SweepDecision(action=Action.SKIP, reason=described(live[-1]))
    if manifest is None:
        return _without_checkpoint(last)
    if undelivered:
        return SweepDecision(
            action=Action.START,
            reason=f"{undelivered} of its callbacks are not acknowledged",
        )
    return SweepDecision(action=Action.START, reason=described(last))


def _without_checkpoint(last: PlatformRun) -> SweepDecision:
    """Judge a job by its last run alone: it died before its first checkpoint, or had nothing to do."""
    if last.state == "succeeded":
        return SweepDecision(action=Action.LEAVE, reason=described(last))
    action = Action.SKIP if last.exit_code in FINAL_CODES else Action.START
    return SweepDecision(
        action=action, reason=f"{described(last)}, before the first checkpoint"
    )


def attempts_since(patient: SweepCandidate, last_item: datetime | None) -> int:
    """Return how many runs were started after the job's last item was finished: so often it was tried in vain."""
    return sum(last_item is None or run.created_at > last_item for run in patient.runs)
