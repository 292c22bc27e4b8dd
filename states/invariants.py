"""What must hold between a checkpoint and the next one, whoever writes it.

Checked before every append.
"""

from collections.abc import Iterator

from states.manifest import Manifest, StageRecord, Writer
from states.stages import State


def violations(before: Manifest, after: Manifest) -> tuple[str, ...]:
    """Name every rule that a step from one manifest to the next would break."""
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
    if after.run not in {before.run, before.run + 1}:
        yield f"run {after.run} follows {before.run}"
    kept = before.runs if after.run > before.run else before.runs[:-1]
    if after.runs[:-1] != kept or after.owner.number != after.run:
        yield "the runs before the owner are not what they were"


def _identity(before: Manifest, after: Manifest) -> Iterator[str]:
    if after.identity != before.identity:
        yield "the job's identity has changed"
    if after.engine.name != before.engine.name:
        yield "the job's engine has changed"
    if before.commit is not None and after.commit != before.commit:
        yield "the pinned commit has changed"


def _artifacts(before: Manifest, after: Manifest) -> Iterator[str]:
    repaired = after.state is State.PENDING and before.state is not State.PENDING
    for old, new in zip(before.stages, after.stages, strict=True):
        if new.generation < old.generation:
            yield f"{new.stage}: generation {new.generation} follows {old.generation}"
        lost = new.generation == old.generation and _has_lost(old, new)
        if lost and not repaired and not after.collected:
            yield f"{new.stage}: artifacts are gone, and the generation is the same"


def _has_lost(old: StageRecord, new: StageRecord) -> bool:
    return not set(old.artifacts) <= set(new.artifacts) or (
        old.finished and not new.finished
    )


def _final_states(before: Manifest, after: Manifest) -> Iterator[str]:
    if before.collected and not (after.collected and after.state is before.state):
        yield "the job was collected, and is not any more"
    reopened = after.writer is Writer.OPERATOR and after.run > before.run
    if before.over and after.state is not before.state and not reopened:
        yield f"the job was {before.state}, and is {after.state} without an operator's resume"


def _events(before: Manifest, after: Manifest) -> Iterator[str]:
    known, again = set(before.outbox.pending), _redelivered(before, after)
    if after.outbox.settled < before.outbox.settled and again is None:
        yield f"events up to {before.outbox.settled} were settled, and now only up to {after.outbox.settled}"
    for event in after.outbox.pending:
        if event.sequence <= after.outbox.settled:
            yield f"event {event.sequence} was settled, and is pending again"
        if event not in known and event.sequence not in {after.sequence, again}:
            yield f"event {event.sequence} was written with checkpoint {after.sequence}"
    lost = {event.sequence for event in known if event.final} - {
        event.sequence for event in after.outbox.pending
    }
    if late := [sequence for sequence in lost if sequence > after.outbox.settled]:
        yield f"final events {sorted(late)} are gone, and nobody has acknowledged them"


def _redelivered(before: Manifest, after: Manifest) -> int | None:
    """Return the sequence of the event that an operator has let be sent again: the last one, which was rejected."""
    last = before.outbox.settled
    claimed = after.writer is Writer.OPERATOR and after.run > before.run and before.over
    rejected = last in {rejection.sequence for rejection in before.outbox.rejected}
    return last if claimed and rejected and after.outbox.settled == last - 1 else None
