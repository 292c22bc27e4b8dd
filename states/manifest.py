"""The manifest: everything known about a job, in one immutable value."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

from states.exits import Exit
from states.stages import INFO, STAGE_OF, STAGES, TERMINAL, Stage, State
from states.usage import Budget, Usage, Waiting

MAX_INLINE: Final = 256
"""How many artifacts of a stage a manifest itself names; more are listed in an object."""


class Writer(StrEnum):
    """The author of a checkpoint."""

    WORKER = "worker"
    OPERATOR = "operator"


class EventType(StrEnum):
    """The type of a callback."""

    PROGRESS = "progress"
    COMPLETE = "complete"
    ERROR = "error"


class EventStatus(StrEnum):
    """The status of a callback; receivers accept no others."""

    CLONING = "cloning"
    ANALYZING = "analyzing"
    GATHERING = "gathering"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


FINAL_STATUS: Final = frozenset(
    {EventStatus.COMPLETED, EventStatus.FAILED, EventStatus.CANCELED}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """The fields by which requests for the same job are compared.

    `repository` is stored as given, and compared in its normal form.
    """

    job_id: str
    repository: str
    branch: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineRef:
    """The engine that works on the job."""

    name: str
    version: str
    model: str | None = None
    """Its model, if it uses one."""
    language: str | None = None
    """The language that a model writes the course in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """A file that a stage produced; `size` in bytes, `sha256` as 64 hexadecimal digits."""

    path: str
    size: int
    sha256: str
    media_type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ArtifactList:
    """The object that lists a stage's artifacts if there are many; its key is below the stage."""

    count: int
    """How many artifacts it lists."""
    file: Artifact


@dataclass(frozen=True, kw_only=True, slots=True)
class StageRecord:
    """The record of a stage; the stage is finished when `finished_at` is set."""

    stage: Stage
    generation: int = 1
    """Incremented by an operator's `resume --from`; earlier artifacts keep their keys."""
    attempts: int = 0
    """How many times the stage was tried, in all runs of this generation."""
    started_at: str | None = None
    finished_at: str | None = None
    seconds: float = 0.0
    """The time spent on it, in all runs of this generation."""
    inputs: str | None = None
    """The digest of its inputs, which is part of its artifacts' keys."""
    artifacts: tuple[Artifact, ...] = ()
    """Its artifacts, unless `listed` names the object that lists them."""
    listed: ArtifactList | None = None
    kept: int | None = None
    """How many of its artifacts an update has kept from the earlier course."""

    @property
    def finished(self) -> bool:
        """Whether all its artifacts are stored and named."""
        return self.finished_at is not None

    @property
    def artifact_count(self) -> int:
        if self.listed is not None:
            return self.listed.count
        return len(self.artifacts)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRecord:
    """One process that worked on the job."""

    number: int
    claimed_at: str
    version: str
    """The worker's version."""
    lease_seconds: int
    platform_run: str | None = None
    ended_at: str | None = None
    """Set when the run ended in order and released its lease."""
    exit_code: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Error:
    """The reason why the last run did not finish the job."""

    message: str
    code: str
    exit_code: Exit
    retryable: bool
    at: str
    stage: Stage | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallbackEvent:
    """An event for the webhook; its sequence is that of its checkpoint."""

    sequence: int
    run: int
    type: EventType
    status: EventStatus
    step: int
    message: str
    timestamp: str
    files_of: tuple[Stage, ...] = ()
    """The stages whose files it announces, as that checkpoint lists them."""
    duration: float | None = None
    error: Error | None = None

    @property
    def final(self) -> bool:
        """Whether it reports the end of the job."""
        return self.status in FINAL_STATUS


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """An event that the receiver rejected, and its status code."""

    sequence: int
    status_code: int
    at: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Outbox:
    """The events that wait for the receiver's acknowledgement, in order."""

    pending: tuple[CallbackEvent, ...] = ()
    settled: int = 0
    """The highest sequence that was acknowledged, rejected or dropped.

    No event up to it is sent again, unless an operator's `resume --redeliver` lowers it.
    """
    rejected: tuple[Rejection, ...] = ()
    trouble: str | None = None
    """Why the last attempt to deliver the first pending event failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """The earlier job that this job updates, and how much of it was kept."""

    from_: str
    """The earlier job's id."""
    from_commit: str | None = None
    """Its commit, set once the earlier course is known to be usable."""
    changed: int | None = None
    """How many files differ between the two commits, set once they have been compared."""
    kept: int = 0
    """How many items of finished stages were kept."""
    made: int = 0
    """How many items of finished stages were made."""
    why: str | None = None
    """The reason, if nothing is kept."""
    plan: Artifact | None = None
    """The object that lists the items to keep; its key is below stage `clone`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """Everything known about a job, at one checkpoint."""

    identity: Identity
    sequence: int
    run: int
    """The run that owns the job."""
    writer: Writer
    token: str
    """Random; a process recognises its own checkpoints by it."""
    previous: str | None
    """The SHA-256 of the previous checkpoint."""
    written_at: str
    state: State
    engine: EngineRef
    announces: bool
    """Whether the job has a webhook."""
    commit: str | None = None
    stages: tuple[StageRecord, ...] = tuple(
        StageRecord(stage=info.stage) for info in STAGES
    )
    runs: tuple[RunRecord, ...] = ()
    outbox: Outbox = Outbox()
    error: Error | None = None
    cancel_requested: bool = False
    fruitless_runs: int = 0
    """How many runs in a row have failed without finishing a new item."""
    collected: bool = False
    """Whether all of the job's objects except this checkpoint were deleted."""
    budget: Budget | None = None
    """The limit set by an operator; it overrides the environment's."""
    usage: Usage | None = None
    """The usage of its paid calls so far, if its engine makes any."""
    waiting: Waiting | None = None
    """Set when the last run ended because it had to wait for the model's provider."""
    update: Update | None = None
    """Set if the job updates an earlier job's course."""

    @property
    def job_id(self) -> str:
        return self.identity.job_id

    @property
    def over(self) -> bool:
        """Whether only an operator's resume can change the state."""
        return self.state in TERMINAL

    @property
    def released(self) -> bool:
        """Whether the owning run has released its lease: then no other run has to wait for it."""
        return self.owner.ended_at is not None

    @property
    def owner(self) -> RunRecord:
        return self.runs[-1]

    @property
    def next_stage(self) -> Stage | None:
        """The first unfinished stage, or None when all are finished."""
        for record in self.stages:
            if not record.finished:
                return record.stage
        return None

    @property
    def current_stage(self) -> Stage | None:
        """The stage that the job is in, if any."""
        return STAGE_OF.get(self.state)

    @property
    def step(self) -> int:
        """The number, 1 to 7, of the stage that the job is in or enters next."""
        stage = self.current_stage or self.next_stage or STAGES[-1].stage
        return INFO[stage].step

    def record(self, stage: Stage) -> StageRecord:
        return self.stages[INFO[stage].step - 1]

    def with_record(self, record: StageRecord) -> Self:
        stages = list(self.stages)
        stages[INFO[record.stage].step - 1] = record
        return replace(self, stages=tuple(stages))

    def with_owner(self, owner: RunRecord) -> Self:
        return replace(self, runs=(*self.runs[:-1], owner))

    @property
    def artifact_count(self) -> int:
        """How many artifacts the finished stages have."""
        count = 0
        for record in self.stages:
            count += record.artifact_count
        return count
