"""Decisions about a job, as functions from one manifest to the next.

A run appends the result of a decision to the checkpoint log, and acts only after that has
succeeded. The log sets sequence, writer, token and hash. If another checkpoint came first (an
operator's request), the run makes the same decision again on that manifest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from states.exits import Exit
from states.inputs import inputs_digest
from states.machine import Event, advance, entry
from states.manifest import (
    Artifact,
    ArtifactList,
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
    Update,
    Writer,
)
from states.stages import INFO, STAGES, TOTAL_STEPS, Stage, State, after, before
from states.usage import Budget, Usage

GATHERING: Final = "Gathering output files"
_SUCCESS: Final = 2
"""The first digit of the status codes that mean success."""


def begin(
    identity: Identity,
    engine: EngineRef,
    run: RunRecord,
    *,
    announces: bool,
    update_from: str | None = None,
) -> Manifest:
    """Return the first manifest of a job.

    `update_from` is the earlier job whose course it updates.
    """
    update = None if update_from is None else Update(from_=update_from)
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
        update=update,
    )


def claim(
    manifest: Manifest, run: RunRecord, *, engine: EngineRef, announces: bool
) -> Manifest:
    """Give the job to a new run, and drop pending progress events of earlier runs.

    A job that is over keeps its state: the new run only delivers its events.
    """
    # guard: the outbox in the manifest: a claim drops progress
    # guard: the outbox in the manifest: a claim keeps final events
    finals = tuple(event for event in manifest.outbox.pending if event.final)
    state = manifest.state
    if not manifest.over:
        state = advance(state, Event.CLAIM)
    return replace(
        manifest,
        run=run.number,
        runs=(*manifest.runs, run),
        state=state,
        outbox=replace(manifest.outbox, pending=finals),
        engine=engine,
        announces=manifest.announces or announces,
        waiting=None,
    )


def enter(manifest: Manifest, *, at: str) -> Manifest:
    """Enter the first unfinished stage, or publishing."""
    stage = manifest.next_stage
    state = advance(manifest.state, entry(stage))
    return _entered(replace(manifest, state=state), stage, at=at)


def pin(manifest: Manifest, commit: str) -> Manifest:
    """Pin the job to a commit."""
    state = advance(manifest.state, Event.PIN)
    pinned = replace(manifest, commit=commit, state=state)
    inputs = inputs_digest(pinned, Stage.CLONE)
    record = replace(pinned.record(Stage.CLONE), inputs=inputs)
    return pinned.with_record(record)


def follow(manifest: Manifest, commit: str) -> Manifest:
    """Pin the commit of the earlier job whose course this job updates."""
    update = manifest.update
    if update is None or update.from_commit is not None:
        return manifest
    return replace(manifest, update=replace(update, from_commit=commit))


def plan_update(
    manifest: Manifest,
    *,
    changed: int | None,
    why: str | None,
    plan: Artifact | None,
) -> Manifest:
    """Record which items of the earlier course can be kept: those listed in `plan`.

    `changed` is the number of files that differ; `why` is the reason if nothing can be kept.
    """
    update = manifest.update
    if update is None:
        raise ValueError("the job updates no earlier one")
    planned = replace(update, changed=changed, why=why, plan=plan)
    return replace(manifest, update=planned)


def finish(
    manifest: Manifest,
    artifacts: tuple[Artifact, ...],
    *,
    listed: ArtifactList | None = None,
    at: str,
    seconds: float,
    kept: int | None = None,
) -> Manifest:
    """Finish the current stage with its artifacts; `move_on` comes next in the same checkpoint.

    A long list is given as `listed` instead of `artifacts`. `kept` is how many of them come from
    the earlier course, if the job updates one.
    """
    record = manifest.record(_current(manifest))
    done = replace(
        record,
        finished_at=at,
        seconds=round(record.seconds + seconds, 3),
        artifacts=by_path(artifacts),
        listed=listed,
        kept=kept,
    )
    return _counted(replace(manifest.with_record(done), error=None))


def by_path(artifacts: Iterable[Artifact]) -> tuple[Artifact, ...]:
    """Return artifacts in the order in which manifests and lists name them."""
    return tuple(sorted(artifacts, key=lambda artifact: artifact.path))


def move_on(manifest: Manifest, *, at: str) -> Manifest:
    """Move from the finished stage to the next one, or to publishing."""
    stage = after(_current(manifest))
    state = advance(manifest.state, Event.ADVANCE)
    return _entered(replace(manifest, state=state), stage, at=at)


def tried(manifest: Manifest, error: Error, *, seconds: float) -> Manifest:
    """Record a failed attempt at the current stage."""
    record = manifest.record(_current(manifest))
    again = replace(
        record,
        attempts=record.attempts + 1,
        seconds=round(record.seconds + seconds, 3),
    )
    return replace(manifest.with_record(again), error=error)


def repair(
    manifest: Manifest,
    stage: Stage,
    error: Error,
    *,
    new_generation: bool = False,
) -> Manifest:
    """Return to a stage, because one of its artifacts is damaged.

    All later stages are entered again. Their stored artifacts are reused if their inputs are the
    same. With `new_generation`, nothing that these stages have stored is used, because the engine
    could not continue from it.
    """
    state = advance(manifest.state, Event.REPAIR)
    unfinished = _unfinished(manifest, stage, new_generation=new_generation)
    return replace(unfinished, state=state, error=error)


def complete(manifest: Manifest, *, at: str) -> Manifest:
    """End the job as completed."""
    done = replace(
        manifest,
        state=advance(manifest.state, Event.COMPLETE),
        error=None,
        fruitless_runs=0,
    )
    event = _event(
        manifest,
        EventType.COMPLETE,
        EventStatus.COMPLETED,
        "Course completed",
        at,
    )
    files_of = tuple(
        info.stage for info in STAGES if info.stage is not Stage.CLONE
    )
    duration = round(sum(record.seconds for record in manifest.stages), 3)
    return _announced(
        done,
        replace(event, step=TOTAL_STEPS, files_of=files_of, duration=duration),
    )


def fail(manifest: Manifest, error: Error) -> Manifest:
    """End the job as failed."""
    failed = replace(
        manifest, state=advance(manifest.state, Event.FAIL), error=error
    )
    event = _event(
        manifest, EventType.ERROR, EventStatus.FAILED, error.message, error.at
    )
    return _announced(failed, replace(event, error=error))


def cancel(manifest: Manifest, *, at: str) -> Manifest:
    """End the job at an operator's request.

    The event has the type `progress`, because receivers treat every `error` as a failure.
    """
    state = advance(manifest.state, Event.CANCEL)
    canceled = replace(manifest, state=state, cancel_requested=True)
    event = _event(
        manifest, EventType.PROGRESS, EventStatus.CANCELED, "Canceled", at
    )
    return _announced(canceled, event)


def interrupt(
    manifest: Manifest,
    error: Error | None,
    exit_code: Exit,
    *,
    at: str,
    seconds: float,
    fruitless_runs: int,
) -> Manifest:
    """End the run, but not the job; the next run resumes it."""
    stage = manifest.current_stage
    if stage is not None:
        record = manifest.record(stage)
        manifest = manifest.with_record(
            replace(record, seconds=round(record.seconds + seconds, 3))
        )
    state = advance(manifest.state, Event.INTERRUPT)
    stopped = replace(
        manifest,
        state=state,
        error=error,
        fruitless_runs=fruitless_runs,
    )
    return release(stopped, exit_code, at=at)


def release(manifest: Manifest, exit_code: Exit, *, at: str) -> Manifest:
    """End the run; the next one does not have to wait for its lease."""
    # guard: the release
    return manifest.with_owner(
        replace(manifest.owner, ended_at=at, exit_code=exit_code)
    )


def request_cancel(manifest: Manifest) -> Manifest:
    """Ask the owning run to cancel the job."""
    return replace(manifest, cancel_requested=True)


def account(manifest: Manifest, usage: Usage | None) -> Manifest:
    """Record the usage of the job's paid calls, if it is known."""
    if usage is None or usage == manifest.usage:
        return manifest
    return replace(manifest, usage=usage)


def reopen(
    claimed: Manifest, stage: Stage | None, budget: Budget | None = None
) -> Manifest:
    """Resume a job that an operator has just claimed, even if it was over.

    With `stage`, that stage and all later ones are made again. `budget` becomes the job's new
    limit.
    """
    state = claimed.state
    if claimed.over:
        state = advance(state, Event.REOPEN)
    # guard: an operator's resume forgets fruitless runs
    fresh = replace(
        claimed,
        state=state,
        error=None,
        cancel_requested=False,
        fruitless_runs=0,
    )
    if budget is not None:
        fresh = replace(fresh, budget=budget)
    if stage is None:
        return fresh
    return _unfinished(fresh, stage, new_generation=True)


def settle(
    manifest: Manifest,
    answers: Mapping[int, int],
    *,
    at: str,
    trouble: str | None = None,
) -> Manifest:
    """Remove answered events from the outbox.

    `answers` maps sequences to HTTP status codes. A 2xx is an acknowledgement, any other status a
    rejection; neither kind is sent again. `trouble` is the reason why the next event could not be
    delivered yet.
    """
    answered: list[int] = []
    pending: list[CallbackEvent] = []
    rejected = list(manifest.outbox.rejected)
    for event in manifest.outbox.pending:
        if event.sequence not in answers:
            pending.append(event)
            continue
        answered.append(event.sequence)
        status = answers[event.sequence]
        if not acknowledged(status):
            rejected.append(
                Rejection(sequence=event.sequence, status_code=status, at=at)
            )
    if not answered:
        trouble = trouble or manifest.outbox.trouble
    # guard: the mark of an acknowledgement: nothing settled is sent again
    outbox = Outbox(
        pending=tuple(pending),
        settled=max([manifest.outbox.settled, *answered]),
        rejected=tuple(rejected),
        trouble=trouble if pending else None,
    )
    if outbox == manifest.outbox:
        return manifest
    return replace(manifest, outbox=outbox)


def rejected_end(manifest: Manifest) -> int | None:
    """Return the sequence of the final event, if the receiver rejected it."""
    outbox = manifest.outbox
    if not manifest.over or outbox.pending or not outbox.rejected:
        return None
    if outbox.rejected[-1].sequence != outbox.settled:
        return None
    return outbox.settled


def redeliver(claimed: Manifest, event: CallbackEvent) -> Manifest:
    """Put the rejected final event back into the outbox, with the same key and sequence."""
    outbox = claimed.outbox
    rejected = tuple(
        rejection
        for rejection in outbox.rejected
        if rejection.sequence != event.sequence
    )
    again = Outbox(
        pending=(*outbox.pending, event),
        settled=event.sequence - 1,
        rejected=rejected,
    )
    return replace(claimed, outbox=again)


def acknowledged(status_code: int) -> bool:
    """Whether a receiver's status code is an acknowledgement (2xx)."""
    return status_code // 100 == _SUCCESS


def collect(manifest: Manifest) -> Manifest:
    """Return the tombstone of a job that is over: its identity and outcome, without artifacts."""
    stages = []
    for record in manifest.stages:
        bare = replace(record, artifacts=(), listed=None)
        stages.append(bare)
    return replace(manifest, stages=tuple(stages), collected=True)


def _counted(manifest: Manifest) -> Manifest:
    """Count the items that were kept from the earlier course, and those that were made."""
    if manifest.update is None:
        return manifest
    kept = made = 0
    for record in manifest.stages:
        if record.stage is not Stage.CLONE:
            kept += record.kept or 0
            made += record.artifact_count - (record.kept or 0)
    return replace(
        manifest, update=replace(manifest.update, kept=kept, made=made)
    )


def _current(manifest: Manifest) -> Stage:
    stage = manifest.current_stage
    if stage is None:
        raise ValueError(
            f"the job is in no stage: its state is {manifest.state}"
        )
    return stage


def _entered(manifest: Manifest, stage: Stage | None, *, at: str) -> Manifest:
    if stage is None:
        return _gathering(manifest, at=at)
    record = manifest.record(stage)
    inputs = None
    if manifest.commit is not None:
        inputs = inputs_digest(manifest, stage)
    begun = replace(
        record,
        attempts=record.attempts + 1,
        started_at=record.started_at or at,
        inputs=inputs,
    )
    status = EventStatus.ANALYZING
    if stage is Stage.CLONE:
        status = EventStatus.CLONING
    info = INFO[stage]
    event = _event(manifest, EventType.PROGRESS, status, info.message, at)
    files_of = before(stage)[-1:]
    if files_of == (Stage.CLONE,):
        files_of = ()
    event = replace(event, step=info.step, files_of=files_of)
    return _announced(manifest.with_record(begun), event)


def _gathering(manifest: Manifest, *, at: str) -> Manifest:
    event = _event(
        manifest, EventType.PROGRESS, EventStatus.GATHERING, GATHERING, at
    )
    last_stage = STAGES[-1].stage
    event = replace(event, step=TOTAL_STEPS, files_of=(last_stage,))
    return _announced(manifest, event)


def _event(
    manifest: Manifest,
    kind: EventType,
    status: EventStatus,
    message: str,
    at: str,
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


def _unfinished(
    manifest: Manifest, stage: Stage, *, new_generation: bool
) -> Manifest:
    position = INFO[stage].step - 1
    for info in STAGES[position:]:
        record = manifest.record(info.stage)
        if new_generation:
            generation = record.generation + 1
            record = StageRecord(stage=info.stage, generation=generation)
        else:
            record = replace(
                record,
                finished_at=None,
                inputs=None,
                artifacts=(),
                listed=None,
                kept=None,
            )
        manifest = manifest.with_record(record)
    return _counted(manifest)
