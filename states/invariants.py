"""Rules that must hold from one checkpoint to the next, whether a run or an operator wrote it.

They are checked before every append.
"""

from collections.abc import Iterator

from states.manifest import Manifest, StageRecord, Writer
from states.stages import State


def violations(before: Manifest, after: Manifest) -> tuple[str, ...]:
    """Return a sentence for every rule that the step from `before` to `after` breaks."""
    return (
        *_numbers(before, after),
        *_identity(before, after),
        *_artifacts(before, after),
        *_final_states(before, after),
        *_events(before, after),
    )


def _numbers(before: Manifest, after: Manifest) -> Iterator[str]:
    if after.sequence != before.sequence + 1:
        yield f"sequence {after.sequence} follows {before.sequence}"
    run = after.run
    if run not in {before.run, before.run + 1}:
        yield f"run {run} follows {before.run}"
    earlier_runs = before.runs[:-1]
    if run > before.run:
        earlier_runs = before.runs
    records_changed = after.runs[:-1] != earlier_runs
    if records_changed or after.owner.number != run:
        yield "the records of earlier runs have changed"


def _identity(before: Manifest, after: Manifest) -> Iterator[str]:
    if after.identity != before.identity:
        yield "the job's identity has changed"
    if after.engine.name != before.engine.name:
        yield "the job's engine has changed"
    old = before.engine
    new = after.engine
    is_pinned = new.model == old.model and new.language == old.language
    if not is_pinned and not _is_operators_claim(before, after):
        yield "the job's model or language has changed without an operator's resume"
    commit = before.commit
    if commit is not None and after.commit != commit:
        yield "the pinned commit has changed"


def _artifacts(before: Manifest, after: Manifest) -> Iterator[str]:
    was_pending = before.state is State.PENDING
    is_pending = after.state is State.PENDING
    repaired = is_pending and not was_pending
    may_lose_artifacts = repaired or after.collected
    for old, new in zip(before.stages, after.stages, strict=True):
        stage = new.stage
        generation = new.generation
        if generation < old.generation:
            yield f"{stage}: generation {generation} follows {old.generation}"
        if may_lose_artifacts or generation != old.generation:
            continue
        if _has_lost(old, new):
            yield f"{stage}: artifacts are missing in the same generation"


def _has_lost(old: StageRecord, new: StageRecord) -> bool:
    if old.finished and not new.finished:
        return True
    lost = set(old.artifacts) - set(new.artifacts)
    return bool(lost)


def _final_states(before: Manifest, after: Manifest) -> Iterator[str]:
    state_changed = after.state is not before.state
    if before.collected and (state_changed or not after.collected):
        yield "the job was collected, and no longer is"
    reopened = _is_operators_claim(before, after)
    if before.over and state_changed and not reopened:
        yield (
            f"the job was {before.state} and is now {after.state}, "
            "without an operator's resume"
        )


def _events(before: Manifest, after: Manifest) -> Iterator[str]:
    yield from _settled_events(before, after)
    yield from _pending_events(before, after)
    yield from _lost_events(before, after)


def _settled_events(before: Manifest, after: Manifest) -> Iterator[str]:
    settled_before = before.outbox.settled
    settled = after.outbox.settled
    if settled >= settled_before:
        return
    if _redelivered(before, after) is None:
        yield (
            f"events up to {settled_before} were settled, "
            f"and now only those up to {settled}"
        )


def _pending_events(before: Manifest, after: Manifest) -> Iterator[str]:
    known = set(before.outbox.pending)
    checkpoint = after.sequence
    allowed = {checkpoint, _redelivered(before, after)}
    settled = after.outbox.settled
    for event in after.outbox.pending:
        sequence = event.sequence
        if sequence <= settled:
            yield f"event {sequence} was settled, and is pending again"
        if event not in known and sequence not in allowed:
            yield f"event {sequence} was written with checkpoint {checkpoint}"


def _lost_events(before: Manifest, after: Manifest) -> Iterator[str]:
    outbox = after.outbox
    pending = {event.sequence for event in outbox.pending}
    for event in before.outbox.pending:
        sequence = event.sequence
        is_kept = sequence <= outbox.settled or sequence in pending
        if event.final and not is_kept:
            yield f"final event {sequence} is missing, but was not acknowledged"


def _redelivered(before: Manifest, after: Manifest) -> int | None:
    """Return the sequence of the event that an operator sends again.

    Only the last event can be sent again, and only if it was rejected.
    """
    if not before.over or not _is_operators_claim(before, after):
        return None
    outbox = before.outbox
    last = outbox.settled
    rejected = {rejection.sequence for rejection in outbox.rejected}
    if last not in rejected or after.outbox.settled != last - 1:
        return None
    return last


def _is_operators_claim(before: Manifest, after: Manifest) -> bool:
    if after.writer is not Writer.OPERATOR:
        return False
    return after.run > before.run
