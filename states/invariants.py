"""Rules for every checkpoint, by a run or an operator, relative to the previous one.

They are checked before every append.
"""

from collections.abc import Callable, Iterator
from typing import Final

from states.manifest import Manifest, StageRecord, Update, Writer
from states.stages import State

_Sentences = Iterator[str]
_Rule = Callable[[Manifest, Manifest], _Sentences]


def violations(before: Manifest, after: Manifest) -> tuple[str, ...]:
    """Return a message for every rule that the step from `before` to `after` breaks."""
    broken: list[str] = []
    for rule in _RULES:
        broken.extend(rule(before, after))
    return tuple(broken)


def _follows(name: str, new: int, old: int) -> str:
    return f"{name} {new} follows {old}"


def _sequence(before: Manifest, after: Manifest) -> _Sentences:
    old = before.sequence
    new = after.sequence
    if new != old + 1:
        yield _follows("sequence", new, old)


def _runs(before: Manifest, after: Manifest) -> _Sentences:
    old = before.run
    new = after.run
    if new not in {old, old + 1}:
        yield _follows("run", new, old)
    *earlier_runs, owner = after.runs
    expected = list(before.runs)
    is_claim = new > old
    if not is_claim:
        expected.pop()
    if earlier_runs != expected or owner.number != new:
        yield "the records of earlier runs have changed"


def _identity(before: Manifest, after: Manifest) -> _Sentences:
    if after.identity != before.identity:
        yield "the job's identity has changed"
    commit = before.commit
    if commit is not None and after.commit != commit:
        yield "the pinned commit has changed"
    if not _follow_the_same(before.update, after.update):
        yield "the earlier course that the job updates has changed"


def _follow_the_same(old: Update | None, new: Update | None) -> bool:
    if old is None or new is None:
        return old is new
    pinned = old.from_commit
    if pinned is not None and new.from_commit != pinned:
        return False
    return new.from_ == old.from_


def _engine(before: Manifest, after: Manifest) -> _Sentences:
    old = before.engine
    new = after.engine
    if new.name != old.name:
        yield "the job's engine has changed"
    is_pinned = new.model == old.model and new.language == old.language
    if not is_pinned and not _is_operators_claim(before, after):
        yield "the job's model or language has changed without an operator's resume"


def _artifacts(before: Manifest, after: Manifest) -> _Sentences:
    was_pending = before.state is State.PENDING
    is_pending = after.state is State.PENDING
    repaired = is_pending and not was_pending
    may_lose_artifacts = repaired or after.collected
    records = zip(before.stages, after.stages, strict=True)
    for old, new in records:
        was = old.generation
        generation = new.generation
        if generation < was:
            fault = _follows("generation", generation, was)
            yield f"{new.stage}: {fault}"
        if may_lose_artifacts or generation != was:
            continue
        if _has_lost(old, new):
            yield f"{new.stage}: artifacts are missing in the same generation"


def _has_lost(old: StageRecord, new: StageRecord) -> bool:
    if old.finished and not new.finished:
        return True
    if old.listed is not None and new.listed != old.listed:
        return True
    lost = set(old.artifacts) - set(new.artifacts)
    return bool(lost)


def _final_states(before: Manifest, after: Manifest) -> _Sentences:
    state_changed = after.state is not before.state
    if before.collected and (state_changed or not after.collected):
        yield "the job was collected, and no longer is"
    reopened = _is_operators_claim(before, after)
    if before.over and state_changed and not reopened:
        yield (
            f"the job was {before.state} and is now {after.state}, "
            "without an operator's resume"
        )


def _settled_events(before: Manifest, after: Manifest) -> _Sentences:
    was = before.outbox.settled
    settled = after.outbox.settled
    if settled >= was:
        return
    if _redelivered(before, after) is None:
        yield (
            f"events up to {was} were settled, "
            f"and now only those up to {settled}"
        )


def _pending_events(before: Manifest, after: Manifest) -> _Sentences:
    checkpoint = after.sequence
    redelivered = _redelivered(before, after)
    may_be_added = {checkpoint, redelivered}
    known = set(before.outbox.pending)
    outbox = after.outbox
    for event in outbox.pending:
        sequence = event.sequence
        if sequence <= outbox.settled:
            yield f"event {sequence} was settled, and is pending again"
        if event not in known and sequence not in may_be_added:
            yield f"event {sequence} was written with checkpoint {checkpoint}"


def _lost_events(before: Manifest, after: Manifest) -> _Sentences:
    outbox = after.outbox
    pending = {event.sequence for event in outbox.pending}
    for event in before.outbox.pending:
        sequence = event.sequence
        is_kept = sequence <= outbox.settled or sequence in pending
        if event.final and not is_kept:
            yield f"final event {sequence} is missing, but was not acknowledged"


def _redelivered(before: Manifest, after: Manifest) -> int | None:
    """Return the sequence of the event that an operator resends.

    Only the last event can be resent, and only if it was rejected.
    """
    if not before.over or not _is_operators_claim(before, after):
        return None
    outbox = before.outbox
    last = outbox.settled
    rejected = {rejection.sequence for rejection in outbox.rejected}
    if last not in rejected:
        return None
    if after.outbox.settled != last - 1:
        return None
    return last


def _is_operators_claim(before: Manifest, after: Manifest) -> bool:
    if after.writer is not Writer.OPERATOR:
        return False
    return after.run > before.run


_RULES: Final[tuple[_Rule, ...]] = (
    _sequence,
    _runs,
    _identity,
    _engine,
    _artifacts,
    _final_states,
    _settled_events,
    _pending_events,
    _lost_events,
)
