"""Which jobs need a new platform run: a decision without side effects.

The platform retries runs that ended with an exit code, a few times. It does not retry runs that
were interrupted, preempted, killed for memory or time, or lost by its own fault. It does not
deliver pending callbacks either.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from states.exits import FINAL_CODES
from states.manifest import Manifest
from worker.platform.port import PlatformRun


class Action(StrEnum):
    """What a sweep does with a job."""

    LEAVE = "leave"
    """The job is over, and is not reported."""
    SKIP = "skip"
    GIVE_UP = "give up"
    START = "start"


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepDecision:
    """What to do with a job, and why."""

    action: Action
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepCandidate:
    """A job: its newest manifest, if any, and its platform runs, oldest first."""

    job_id: str
    manifest: Manifest | None
    runs: Sequence[PlatformRun]

    @property
    def last(self) -> PlatformRun | None:
        """Its newest platform run."""
        if self.runs:
            return self.runs[-1]
        return None


def described(run: PlatformRun) -> str:
    """Describe the state of a run, or how it has ended."""
    verb = "has ended as"
    if run.live:
        verb = "is"
    text = f"platform run {run.id} {verb} {run.state}"
    reason = run.reason
    if reason and not reason.startswith("unknown"):
        text += f" ({reason})"
    if run.exit_code is not None:
        text += f", exit code {run.exit_code}"
    attempts = run.attempts or 1
    if attempts > 1:
        text += f", {attempts} attempts"
    return text


def decide_by_runs(candidate: SweepCandidate) -> SweepDecision:
    """Decide about a job from its manifest and its runs.

    A START is preliminary: the job's heartbeat and attempts have to be checked as well.
    """
    manifest = candidate.manifest
    undelivered = _undelivered(manifest)
    if manifest is not None and manifest.over and not undelivered:
        reason = f"it is {manifest.state}"
        return SweepDecision(action=Action.LEAVE, reason=reason)
    last = candidate.last
    if last is None:
        reason = _why_no_runs(manifest)
        return SweepDecision(action=Action.SKIP, reason=reason)
    live = [run for run in candidate.runs if run.live]
    if live:
        reason = described(live[-1])
        return SweepDecision(action=Action.SKIP, reason=reason)
    if manifest is None:
        return _without_checkpoint(last)
    reason = described(last)
    if undelivered:
        reason = f"{undelivered} of its callbacks are not acknowledged"
    return SweepDecision(action=Action.START, reason=reason)


def waits(manifest: Manifest | None, now: datetime) -> SweepDecision | None:
    """Decide about a job that waits for a model's provider; None if it need not wait now."""
    if manifest is None or manifest.waiting is None:
        return None
    waiting = manifest.waiting
    not_before = waiting.not_before
    if now >= datetime.fromisoformat(not_before):
        return None
    reason = f"it waits for {waiting.reason}, until {not_before}"
    return SweepDecision(action=Action.SKIP, reason=reason)


def _undelivered(manifest: Manifest | None) -> int:
    """Return how many events of a job that is over are pending."""
    if manifest is None or not manifest.over or manifest.collected:
        return 0
    return len(manifest.outbox.pending)


def _why_no_runs(manifest: Manifest | None) -> str:
    if manifest is not None:
        for run in manifest.runs:
            if run.platform_run:
                return (
                    "the platform has forgotten its runs: `resume` it by hand"
                )
    return "it never had a platform run: `resume` it by hand"


def _without_checkpoint(last: PlatformRun) -> SweepDecision:
    """Decide from a job's last run, which ended before the first checkpoint, or had no work."""
    description = described(last)
    if last.state == "succeeded":
        return SweepDecision(action=Action.LEAVE, reason=description)
    action = Action.START
    if last.exit_code in FINAL_CODES:
        action = Action.SKIP
    reason = f"{description}, before the first checkpoint"
    return SweepDecision(action=action, reason=reason)


def attempts_since(
    candidate: SweepCandidate, last_item: datetime | None
) -> int:
    """Return how many runs were started since the job's last item was finished."""
    if last_item is None:
        return len(candidate.runs)
    later = [run for run in candidate.runs if run.created_at > last_item]
    return len(later)
