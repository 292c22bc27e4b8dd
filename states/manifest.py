"""The manifest: everything known about a job, as one immutable value."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

from states.exits import Exit
from states.stages import INFO, STAGE_OF, STAGES, TERMINAL, Stage, State

FORMAT: Final = 1
"""The version of the manifest's JSON form that this program writes, and the only one that it reads.
"""


class Writer(StrEnum):
    """Who wrote a checkpoint."""

    WORKER = "worker"
    OPERATOR = "operator"


class EventType(StrEnum):
    """The type of a callback."""

    PROGRESS = "progress"
    COMPLETE = "complete"
    ERROR = "error"


class EventStatus(StrEnum):
    """The status of a callback, of those that the receiver knows."""

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
    """What makes two jobs the same job; `repository` as it was given, compared in its normal form."""

    job_id: str
    repository: str
    branch: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineRef:
    """Which engine works on the job."""

    name: str
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """A file that a stage produced; `size` in bytes, `sha256` as 64 hexadecimal digits."""

    path: str
    size: int
    sha256: str
    media_type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StageRecord:
    """What is known of one stage; it is finished when `finished_at` is set."""

    stage: Stage
    generation: int = 1
    """Raised by an operator's `resume --from`: what was written before stays, under its own inputs.
    """
    attempts: int = 0
    """How often the stage was tried, over all runs of this generation."""
    started_at: str | None = None
    finished_at: str | None = None
    seconds: float = 0.0
    """The time that was worked on it, over all runs of this generation."""
    inputs: str | None = None
    """The digest of its inputs: where its artifacts lie."""
    artifacts: tuple[Artifact, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether all its artifacts are stored, and named here."""
        return self.finished_at is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRecord:
    """One process that worked on the job."""

    number: int
    claimed_at: str
    version: str
    """Of the worker."""
    lease_seconds: int
    platform_run: str | None = None
    ended_at: str | None = None
    """Set when the run ended in good order, and its lease was released."""
    exit_code: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Error:
    """Why the last run did not finish the job."""

    message: str
    code: str
    exit_code: Exit
    retryable: bool
    at: str
    stage: Stage | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallbackEvent:
    """Something to tell the webhook.

    Its sequence is that of the checkpoint which it was written with.
    """

    sequence: int
    run: int
    type: EventType
    status: EventStatus
    step: int
    message: str
    timestamp: str
    files_of: tuple[Stage, ...] = ()
    """The stages whose files it announces, as that checkpoint names them."""
    duration: float | None = None
    error: Error | None = None

    @property
    def final(self) -> bool:
        """Whether it says that the job is over."""
        return self.status in FINAL_STATUS


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """An event that the receiver did not want, and its answer."""

    sequence: int
    status_code: int
    at: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Outbox:
    """The events that wait for the receiver's acknowledgement, in their order."""

    pending: tuple[CallbackEvent, ...] = ()
    settled: int = 0
    """The highest sequence that was acknowledged, rejected or dropped; none at or below it is sent again.

    An operator's `resume --redeliver` lowers it.
    """
    rejected: tuple[Rejection, ...] = ()
    trouble: str | None = None
    """Why the first of those that wait was not taken, when it was last tried."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """Everything known about a job, at one checkpoint."""

    identity: Identity
    sequence: int
    run: int
    """The run that owns the job."""
    writer: Writer
    token: str
    """Made up by the process that wrote the checkpoint: by it, a process knows its own writes again."""
    previous: str | None
    """The SHA-256 of the checkpoint before this one."""
    written_at: str
    state: State
    engine: EngineRef
    announces: bool
    """Whether there is a webhook to tell."""
    commit: str | None = None
    stages: tuple[StageRecord, ...] = tuple(
        StageRecord(stage=info.stage) for info in STAGES
    )
    runs: tuple[RunRecord, ...] = ()
    outbox: Outbox = Outbox()
    error: Error | None = None
    cancel_requested: bool = False
    fruitless_runs: int = 0
    """Runs in a row that ended by a fault without having finished a single new item."""
    collected: bool = False
    """Whether the job's objects were deleted; this checkpoint is all that is left."""

    @property
    def job_id(self) -> str:
        """The name of the job."""
        return self.identity.job_id

    @property
    def over(self) -> bool:
        """Whether the state is one that only an operator's resume leaves."""
        return self.state in TERMINAL

    @property
    def released(self) -> bool:
        """Whether the owning run has ended in good order, so that nobody need wait for its lease."""
        return self.owner.ended_at is not None

    @property
    def owner(self) -> RunRecord:
        """The run that owns the job."""
        return self.runs[-1]

    @property
    def next_stage(self) -> Stage | None:
        """The first unfinished stage, or None when all are finished."""
        return next(
            (record.stage for record in self.stages if not record.finished), None
        )

    @property
    def current_stage(self) -> Stage | None:
        """The stage that the job is in, if it is in one."""
        return STAGE_OF.get(self.state)

    @property
    def step(self) -> int:
        """How far the job is: the number of the stage that it is in or will enter next, 1 to 7."""
        stage = self.current_stage or self.next_stage or STAGES[-1].stage
        return INFO[stage].step

    def record(self, stage: Stage) -> StageRecord:
        """Return what is known of a stage."""
        return self.stages[INFO[stage].step - 1]

    def with_record(self, record: StageRecord) -> Self:
        """Return the manifest with one stage's record replaced."""
        stages = list(self.stages)
        stages[INFO[record.stage].step - 1] = record
        return replace(self, stages=tuple(stages))

    def with_owner(self, owner: RunRecord) -> Self:
        """Return the manifest with the owning run's record replaced."""
        return replace(self, runs=(*self.runs[:-1], owner))

    @property
    def artifact_count(self) -> int:
        """How many artifacts the finished stages have."""
        return sum(len(record.artifacts) for record in self.stages)
