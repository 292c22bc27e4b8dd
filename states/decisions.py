"""What happens to a job, as functions from one manifest to the next.

Each function makes one decision. The shell appends its result to the checkpoint log, and
only when that has succeeded does anything else happen. Sequence, writer, token and hash are
stamped on by the log: a decision that meets a newer manifest (an operator's request came in
between) is simply made again on that one.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from states.exits import Exit
from states.inputs import inputs_digest
from states.machine import Event, advance, entry
from states.manifest import (
    Artifact,
    CallbackEvent,
    EngineRef,
    Error,
    EventStatus,
    EventType,
    Identity,
    Manifest,
    Outbox,
    Rejection,
    RunRecord,
    StageRecord,
    Writer,
)
from states.stages import INFO, STAGES, TOTAL_STEPS, Stage, State, after, before

GATHERING: Final = "Gathering output files"


def begin(
    identity: Identity, engine: EngineRef, run: RunRecord, *, announces: bool
) -> Manifest:
    """Return the first manifest of a job."""
    return Manifest(
        identity=identity,
        sequence=1,
        run=run.number,
        writer=Writer.WORKER,
        token="",
        previous=None,
        written_at=run.claimed_at,
        state=State.PENDING,
        engine=engine,
        announces=announces,
        runs=(run,),
    )


def claim(
    manifest: Manifest, run: RunRecord, *, engine: EngineRef, announces: bool
) -> Manifest:
    """Give the job to a new run; what dead runs had still to say of their progress is dropped.

    A job that is over stays in its state: the new run only delivers its events.
    """
    # guard: the outbox in the manifest: a claim drops progress
    # guard: the outbox in the manifest: a claim keeps final events
    finals = tuple(event for event in manifest.outbox.pending if event.final)
    return replace(
        manifest,
        run=run.number,
        runs=(*manifest.runs, run),
        state=manifest.state if manifest.over else advance(manifest.state, Event.CLAIM),
        outbox=replace(manifest.outbox, pending=finals),
        engine=engine,
        announces=manifest.announces or announces,
    )


def enter(manifest: Manifest, *, at: str) -> Manifest:
    """Enter the first unfinished stage, or publishing."""
    stage = manifest.next_stage
    state = advance(manifest.state, entry(stage))
    return _entered(replace(manifest, state=state), stage, at=at)


def pin(manifest: Manifest, commit: str) -> Manifest:
    """Pin the job to a commit."""
    pinned = replace(manifest, commit=commit, state=advance(manifest.state, Event.PIN))
    return pinned.with_record(
        replace(pinned.record(Stage.CLONE), inputs=inputs_digest(pinned, Stage.CLONE))
    )


def finish(
    manifest: Manifest, artifacts: tuple[Artifact, ...], *, at: str, seconds: float
) -> Manifest:
    """Name what the current stage has stored; to be followed by `move_on` in the same checkpoint."""
    record = manifest.record(_current(manifest))
    done = replace(
        record,
        finished_at=at,
        seconds=round(record.seconds + seconds, 3),
        artifacts=tuple(sorted(artifacts, key=lambda artifact: artifact.path)),
    )
    return replace(manifest.with_record(done), error=None)


def move_on(manifest: Manifest, *, at: str) -> Manifest:
    """Leave the stage that is now finished for the next one, or for publishing."""
    stage = after(_current(manifest))
    state = advance(manifest.state, Event.ADVANCE)
    return _entered(replace(manifest, state=state), stage, at=at)


def tried(manifest: Manifest, error: Error, *, seconds: float) -> Manifest:
    """Record a try of the current stage that failed, and begin another."""
    record = manifest.record(_current(manifest))
    again = replace(
        record, attempts=record.attempts + 1, seconds=round(record.seconds + seconds, 3)
    )
    return replace(manifest.with_record(again), error=error)


def repair(
    manifest: Manifest, stage: Stage, error: Error, *, anew: bool = False
) -> Manifest:
    """Go back to a stage of which something stored is damaged, or, `anew`, from which the engine cannot go on.

    All later stages are entered again too; what they stored is found by its inputs, if
    these come out the same. Of stages that are made anew nothing is.
    """
    state = advance(manifest.state, Event.REPAIR)
    return replace(
        _unfinished(manifest, stage, new_generation=anew), state=state, error=error
    )


def complete(manifest: Manifest, *, at: str) -> Manifest:
    """End the job: its course is there."""
    done = replace(
        manifest,
        state=advance(manifest.state, Event.COMPLETE),
        error=None,
        fruitless_runs=0,
    )
    event = _event(
        manifest, EventType.COMPLETE, EventStatus.COMPLETED, "Course completed", at
    )
    files_of = tuple(info.stage for info in STAGES if info.stage is not Stage.CLONE)
    duration = round(sum(record.seconds for record in manifest.stages), 3)
    return _announced(
        done, replace(event, step=TOTAL_STEPS, files_of=files_of, duration=duration)
    )


def fail(manifest: Manifest, error: Error) -> Manifest:
    """End the job: it failed for good."""
    failed = replace(manifest, state=advance(manifest.state, Event.FAIL), error=error)
    event = _event(
        manifest, EventType.ERROR, EventStatus.FAILED, error.message, error.at
    )
    return _announced(failed, replace(event, error=error))


def cancel(manifest: Manifest, *, at: str) -> Manifest:
    """End the job: somebody asked for it.

    The receiver takes every `error` for a failure, so this is progress.
    """
    state = advance(manifest.state, Event.CANCEL)
    canceled = replace(manifest, state=state, cancel_requested=True)
    return _announced(
        canceled,
        _event(manifest, EventType.PROGRESS, EventStatus.CANCELED, "Canceled", at),
    )


def interrupt(
    manifest: Manifest,
    error: Error | None,
    exit_code: Exit,
    *,
    at: str,
    seconds: float,
    fruitless_runs: int,
) -> Manifest:
    """End the run, but not the job; the next run goes on."""
    stage = manifest.current_stage
    if stage is not None:
        record = manifest.record(stage)
        manifest = manifest.with_record(
            replace(record, seconds=round(record.seconds + seconds, 3))
        )
    state = advance(manifest.state, Event.INTERRUPT)
    stopped = replace(manifest, state=state, error=error, fruitless_runs=fruitless_runs)
    return release(stopped, exit_code, at=at)


def release(manifest: Manifest, exit_code: Exit, *, at: str) -> Manifest:
    """End the run: nobody need wait for its lease."""
    # guard: the release
    return manifest.with_owner(
        replace(manifest.owner, ended_at=at, exit_code=exit_code)
    )


def request_cancel(manifest: Manifest) -> Manifest:
    """Ask the owning run to cancel the job."""
    return replace(manifest, cancel_requested=True)


def reopen(claimed: Manifest, stage: Stage | None) -> Manifest:
    """Let a job that was just claimed go on by an operator's word, even if it was over.

    From `stage` on, anew.
    """
    state = advance(claimed.state, Event.REOPEN) if claimed.over else claimed.state
    # guard: an operator's resume forgets fruitless runs
    fresh = replace(
        claimed, state=state, error=None, cancel_requested=False, fruitless_runs=0
    )
    return fresh if stage is None else _unfinished(fresh, stage, new_generation=True)


def settle(
    manifest: Manifest,
    answers: Mapping[int, int],
    *,
    at: str,
    trouble: str | None = None,
) -> Manifest:
    """Mark the events that the receiver has answered, by their sequences and its status codes.

    A 2xx is an acknowledgement, anything else a rejection; neither is sent again. `trouble`
    says why the next event was not taken yet.
    """
    answered = [
        event.sequence for event in manifest.outbox.pending if event.sequence in answers
    ]
    rejected = tuple(
        Rejection(sequence=sequence, status_code=answers[sequence], at=at)
        for sequence in answered
        if not acknowledged(answers[sequence])
    )
    # guard: the mark of an acknowledgement: nothing settled is sent again
    outbox = Outbox(
        pending=tuple(
            event for event in manifest.outbox.pending if event.sequence not in answers
        ),
        settled=max([manifest.outbox.settled, *answered]),
        rejected=(*manifest.outbox.rejected, *rejected),
        trouble=trouble if answered else trouble or manifest.outbox.trouble,
    )
    if not outbox.pending:
        outbox = replace(outbox, trouble=None)
    return manifest if outbox == manifest.outbox else replace(manifest, outbox=outbox)


def rejected_end(manifest: Manifest) -> int | None:
    """Return the sequence of the event that told how the job ended, if the receiver has rejected it."""
    outbox = manifest.outbox
    if not manifest.over or outbox.pending or not outbox.rejected:
        return None
    return outbox.settled if outbox.rejected[-1].sequence == outbox.settled else None


def redeliver(claimed: Manifest, event: CallbackEvent) -> Manifest:
    """Let the rejected event that told how the job ended be sent again, under its own key and sequence."""
    outbox = claimed.outbox
    rejected = tuple(
        rejection
        for rejection in outbox.rejected
        if rejection.sequence != event.sequence
    )
    again = Outbox(
        pending=(*outbox.pending, event), settled=event.sequence - 1, rejected=rejected
    )
    return replace(claimed, outbox=again)


def acknowledged(status_code: int) -> bool:
    """Tell whether an answer of the receiver is an acknowledgement (a 2xx)."""
    return status_code // 100 == 2  # noqa: PLR2004 - the 2 of 2xx


def collect(manifest: Manifest) -> Manifest:
    """Return the tombstone of a job that is over: who it was and how it ended, but none of its artifacts."""
    stages = tuple(replace(record, artifacts=()) for record in manifest.stages)
    return replace(manifest, stages=stages, collected=True)


def _current(manifest: Manifest) -> Stage:
    stage = manifest.current_stage
    if stage is None:
        raise ValueError(f"a job that is {manifest.state} is in no stage")
    return stage


def _entered(manifest: Manifest, stage: Stage | None, *, at: str) -> Manifest:
    if stage is None:
        event = _event(
            manifest, EventType.PROGRESS, EventStatus.GATHERING, GATHERING, at
        )
        return _announced(
            manifest, replace(event, step=TOTAL_STEPS, files_of=(STAGES[-1].stage,))
        )
    record = manifest.record(stage)
    inputs = inputs_digest(manifest, stage) if manifest.commit is not None else None
    begun = replace(
        record,
        attempts=record.attempts + 1,
        started_at=record.started_at or at,
        inputs=inputs,
    )
    info = INFO[stage]
    status = EventStatus.CLONING if stage is Stage.CLONE else EventStatus.ANALYZING
    event = replace(
        _event(manifest, EventType.PROGRESS, status, info.message, at), step=info.step
    )
    earlier = before(stage)[-1:]
    files_of = tuple(one for one in earlier if one is not Stage.CLONE)
    return _announced(manifest.with_record(begun), replace(event, files_of=files_of))


def _event(
    manifest: Manifest, kind: EventType, status: EventStatus, message: str, at: str
) -> CallbackEvent:
    return CallbackEvent(
        sequence=manifest.sequence + 1,
        run=manifest.run,
        type=kind,
        status=status,
        step=manifest.step,
        message=message,
        timestamp=at,
    )


def _announced(manifest: Manifest, event: CallbackEvent) -> Manifest:
    if not manifest.announces:
        return manifest
    # guard: the outbox in the manifest: an event is written with its checkpoint
    outbox = replace(manifest.outbox, pending=(*manifest.outbox.pending, event))
    return replace(manifest, outbox=outbox)


def _unfinished(manifest: Manifest, stage: Stage, *, new_generation: bool) -> Manifest:
    for info in STAGES[INFO[stage].step - 1 :]:
        record = manifest.record(info.stage)
        generation = record.generation + 1 if new_generation else record.generation
        fresh = StageRecord(stage=info.stage, generation=generation)
        kept = replace(record, finished_at=None, inputs=None, artifacts=())
        manifest = manifest.with_record(fresh if new_generation else kept)
    return manifest
