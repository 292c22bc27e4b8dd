"""Doing what must not be done twice, where the answer may get lost.

The platform takes no idempotency key. So when there was no answer, the effect is looked
for, and only where it cannot be found is the thing done again. What remains: an effect that
shows up later than the looks for it is doubled. For runs that is a waste, and no harm: of
two runs of a job only one can own it.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Final, TypeVar

from worker.errors import TemporaryError
from worker.platform.port import LostAnswerError, Platform, PlatformRun
from worker.system.retry import Policy, Retrier
from worker.system.runtime import Runtime

POLICY: Final = Policy(
    on=(LostAnswerError,), give_up_seconds=90, attempts=4, first=1.0, longest=8.0
)

Value = TypeVar("Value")


def once(
    runtime: Runtime, act: Callable[[], Value], look: Callable[[], Value | None]
) -> Value:
    """Return what `act` returns, or what `look` finds after an answer was lost.

    Raise LostAnswerError in the end.
    """
    lost = False

    def attempt() -> Value:
        nonlocal lost
        if lost and (found := _looked(look)) is not None:
            return found
        try:
            return act()
        except LostAnswerError:
            lost = True
            raise

    try:
        return Retrier(runtime, runtime.flag()).call(attempt, POLICY)
    except LostAnswerError:
        if (found := _looked(look)) is not None:
            return found
        raise


def start_run(
    platform: Platform,
    runtime: Runtime,
    definition_id: str,
    environment: Mapping[str, str],
    known: Collection[str] = (),
) -> PlatformRun:
    """Start a run of the job that the environment names; `known` are the ids of its runs so far.

    Raises LostAnswerError where it cannot be told whether one was started, TemporaryError
    where none was.
    """
    job_id = environment["JOB_ID"]

    def look() -> PlatformRun | None:
        runs = platform.runs(definition_id)
        return next(
            (run for run in runs if run.job_id == job_id and run.id not in known), None
        )

    try:
        return once(runtime, lambda: platform.start(definition_id, environment), look)
    except LostAnswerError as error:
        raise LostAnswerError(
            f"whether a run of job {job_id} was started is not known, since the platform gave no answer; "
            f"look at it with `status` before you try again ({error})"
        ) from error


def _looked(look: Callable[[], Value | None]) -> Value | None:
    try:
        return look()
    except LostAnswerError:
        raise
    except TemporaryError as error:
        raise LostAnswerError(str(error)) from error
