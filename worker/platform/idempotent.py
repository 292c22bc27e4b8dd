"""Requests that must not take effect twice, although their answers may be lost.

The platform has no idempotency keys. So after a lost answer we look for the request's effect, and
repeat the request only if there is none. If the effect becomes visible later, the request takes
effect twice. For runs this is wasteful but harmless: only one of two runs can own the job.
"""

from collections.abc import Callable, Collection
from typing import Final, TypeVar

from worker.errors import TemporaryError
from worker.platform.port import LostAnswerError, Platform, PlatformRun
from worker.system.environment import Environment
from worker.system.retry import Policy, Retrier
from worker.system.runtime import Runtime

POLICY: Final = Policy(
    on=(LostAnswerError,),
    give_up_seconds=90,
    attempts=4,
    first=1.0,
    longest=8.0,
)

Value = TypeVar("Value")


def once(
    runtime: Runtime, act: Callable[[], Value], look: Callable[[], Value | None]
) -> Value:
    """Return the result of `act`, or of `look` after a lost answer.

    Raises LostAnswerError if neither succeeds.
    """
    lost = False

    def attempt() -> Value:
        nonlocal lost
        effect = None
        if lost:
            effect = _looked(look)
        if effect is not None:
            return effect
        try:
            return act()
        except LostAnswerError:
            lost = True
            raise

    try:
        return Retrier(runtime, runtime.flag()).call(attempt, POLICY)
    except LostAnswerError:
        effect = _looked(look)
        if effect is None:
            raise
        return effect


def start_run(
    platform: Platform,
    runtime: Runtime,
    definition_id: str,
    environment: Environment,
    known: Collection[str] = (),
) -> PlatformRun:
    """Start a run of the job in the environment; `known` are the ids of its runs so far.

    Raises LostAnswerError if it is unknown whether one was started, and TemporaryError if
    none was.
    """
    job_id = environment["JOB_ID"]

    def look() -> PlatformRun | None:
        for run in platform.runs(definition_id):
            if run.job_id == job_id and run.id not in known:
                return run
        return None

    try:
        return once(
            runtime, lambda: platform.start(definition_id, environment), look
        )
    except LostAnswerError as error:
        raise LostAnswerError(
            f"it is unknown whether a run of job {job_id} was started, because the platform did "
            f"not answer; look at it with `status` before you try again ({error})"
        ) from error


def _looked(look: Callable[[], Value | None]) -> Value | None:
    try:
        return look()
    except LostAnswerError:
        raise
    except TemporaryError as error:
        raise LostAnswerError(str(error)) from error
