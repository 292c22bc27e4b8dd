"""How long the limiter waits for an endpoint that does not answer."""

import pytest

from tests.support.paid_calls import QuickRuntime
from worker.engines.claude.limiter import MAX_WAIT_SECONDS, Limiter
from worker.engines.claude.permission import Permission
from worker.engines.port import EngineWaitingError

PAUSE = 100.0


def fail_and_wait(limiter: Limiter, runtime: QuickRuntime, times: int) -> None:
    permission = Permission(runtime, lambda: True)
    for _ in range(times):
        limiter.failed("no connection", PAUSE)
        limiter.wait(permission)


def test_consecutive_failures_are_waited_out_within_the_limit() -> None:
    runtime = QuickRuntime()
    limiter = Limiter(runtime, concurrency=4)
    with pytest.raises(EngineWaitingError, match="no connection"):
        fail_and_wait(limiter, runtime, 20)
    assert MAX_WAIT_SECONDS - 2 * PAUSE < runtime.skipped <= MAX_WAIT_SECONDS


def test_the_limit_starts_again_with_each_answer() -> None:
    runtime = QuickRuntime()
    limiter = Limiter(runtime, concurrency=4)
    for _ in range(20):
        fail_and_wait(limiter, runtime, 1)
        limiter.answered()
    assert runtime.skipped >= 20 * PAUSE
