"""The seven stages of a job and the thirteen states it can be in."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """One of the seven steps; the values are the names that the Fondation CLI uses."""

    CLONE = "clone"
    EXTRACT = "extract"
    ANALYZE = "analyze"
    ORDER = "order"
    GENERATE_CHAPTERS = "generate-chapters"
    REVIEW_CHAPTERS = "review-chapters"
    GENERATE_TUTORIALS = "generate-tutorials"


class State(StrEnum):
    """The state of a job."""

    PENDING = "pending"
    CLONING = "cloning"
    EXTRACTING = "extracting"
    ANALYZING = "analyzing"
    ORDERING = "ordering"
    GENERATING_CHAPTERS = "generating_chapters"
    REVIEWING_CHAPTERS = "reviewing_chapters"
    GENERATING_TUTORIALS = "generating_tutorials"
    PUBLISHING = "publishing"
    COMPLETED = "completed"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    CANCELED = "canceled"


TERMINAL: Final = frozenset({State.COMPLETED, State.FAILED, State.CANCELED})
"""States that only an operator's resume leaves.

An interrupted job is not over: the next run resumes it.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class StageInfo:
    """A stage as callbacks and file names show it."""

    stage: Stage
    step: int
    state: State
    message: str
    file: str | None = None
    """The file that the stage writes, if it writes exactly one."""
    folder: str | None = None
    """The folder of its files, if the stage writes one file per chapter."""
    stem: str | None = None
    """The prefix of those file names."""


STAGES: Final = (
    StageInfo(
        stage=Stage.CLONE,
        step=1,
        state=State.CLONING,
        message="Cloning repository",
    ),
    StageInfo(
        stage=Stage.EXTRACT,
        step=2,
        state=State.EXTRACTING,
        message="Extracting core abstractions",
        file="step1_abstractions.yaml",
    ),
    StageInfo(
        stage=Stage.ANALYZE,
        step=3,
        state=State.ANALYZING,
        message="Analyzing component relationships",
        file="step2_relationships.yaml",
    ),
    StageInfo(
        stage=Stage.ORDER,
        step=4,
        state=State.ORDERING,
        message="Determining chapter order",
        file="step3_order.yaml",
    ),
    StageInfo(
        stage=Stage.GENERATE_CHAPTERS,
        step=5,
        state=State.GENERATING_CHAPTERS,
        message="Generating chapter content",
        folder="chapters",
        stem="chapter",
    ),
    StageInfo(
        stage=Stage.REVIEW_CHAPTERS,
        step=6,
        state=State.REVIEWING_CHAPTERS,
        message="Reviewing and enhancing chapters",
        folder="reviewed-chapters",
        stem="chapter",
    ),
    StageInfo(
        stage=Stage.GENERATE_TUTORIALS,
        step=7,
        state=State.GENERATING_TUTORIALS,
        message="Creating interactive tutorials",
        folder="tutorials",
        stem="tutorial",
    ),
)

TOTAL_STEPS: Final = len(STAGES)
INFO: Final = {info.stage: info for info in STAGES}
STAGE_OF: Final = {info.state: info.stage for info in STAGES}
"""The stage that a job works on in a state; the other states have none."""


def after(stage: Stage) -> Stage | None:
    """Return the next stage, or None after the last."""
    step = INFO[stage].step
    if step < TOTAL_STEPS:
        return STAGES[step].stage
    return None


def before(stage: Stage) -> tuple[Stage, ...]:
    """Return the earlier stages, in order."""
    number = INFO[stage].step - 1
    return tuple(info.stage for info in STAGES[:number])
