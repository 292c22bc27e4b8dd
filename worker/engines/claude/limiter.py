"""Limits how many calls are in flight, and when the next one may begin, as the endpoint demands.

A request that is refused temporarily halves the number of calls, and makes all threads wait. Ten
answers in a row allow one more call.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from states.usage import Waiting
from worker.engines.claude.changes import LOOK_SECONDS, Changes
from worker.engines.claude.permission import Permission
from worker.engines.port import EngineWaitingError
from worker.system.runtime import Runtime, iso

LOG = logging.getLogger(__name__)

MAX_WAIT_SECONDS: Final = 900.0
"""How long a run waits for an endpoint that gives no answer at all."""
RETRY_SECONDS: Final = 300.0
"""How long after that the next run should begin."""
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
_GOOD_ANSWERS: Final = 10


class Limiter:
    """Paces the calls of all threads."""

    def __init__(self, runtime: Runtime, concurrency: int) -> None:
        """Take the maximum number of calls in flight."""
        self._runtime = runtime
        self._most = concurrency
        self._allowed = concurrency
        self._in_flight = 0
        self._good = 0
        self._pause = FIRST_PAUSE
        self._resumes_at = runtime.monotonic()
        self._failing_since: float | None = None
        self._lock = threading.Lock()
        self._changes = Changes(runtime)

    @contextmanager
    def slot(self, permission: Permission) -> Iterator[None]:
        """Wait until a call may begin; the slot ends with the block."""
        while True:
            self.wait(permission)
            with self._lock:
                if self._is_free():
                    self._in_flight += 1
                    break
                change = self._changes.next()
            change.wait(LOOK_SECONDS)
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= 1
                self._changes.announce()

    def answered(self) -> None:
        """Record a complete answer."""
        with self._lock:
            self._failing_since = None
            self._pause = FIRST_PAUSE
            self._good += 1
            if self._good >= _GOOD_ANSWERS:
                self._good = 0
                self._allowed = min(self._most, self._allowed + 1)
                self._changes.announce()

    def failed(self, reason: str, retry_after: float | None) -> None:
        """Record that the endpoint cannot answer now, and make all threads wait.

        Raises EngineWaitingError if that takes too long.
        """
        with self._lock:
            now = self._runtime.monotonic()
            since = self._failing_since
            self._failing_since = now if since is None else since
            pause = self._next_pause(retry_after)
            resumes_at = max(self._resumes_at, now + pause)
            # guard: paid calls: temporary errors are waited out, but not endlessly
            if resumes_at - self._failing_since > MAX_WAIT_SECONDS:
                raise self._waiting(reason, resumes_at - now)
            self._slow_down(now)
            self._resumes_at = resumes_at
        LOG.warning(
            "the model's endpoint cannot answer now",
            extra={"reason": reason, "pause_seconds": round(pause, 1)},
        )

    def _next_pause(self, retry_after: float | None) -> float:
        share = 0.5 + self._runtime.jitter() / 2
        pause = self._pause * share
        if retry_after is None:
            return pause
        return retry_after + min(pause, FIRST_PAUSE)

    def _slow_down(self, now: float) -> None:
        """Halve the number of calls, but only once for calls that were refused together."""
        if self._resumes_at > now:
            return
        self._good = 0
        self._allowed = max(1, self._allowed // 2)
        self._pause = min(LONGEST_PAUSE, 2 * self._pause)

    def _waiting(self, reason: str, seconds: float) -> EngineWaitingError:
        wait = timedelta(seconds=max(seconds, RETRY_SECONDS))
        not_before = iso(self._runtime.now() + wait)
        return EngineWaitingError(
            f"the model's endpoint cannot answer now: {reason}; run this again after {not_before}",
            Waiting(reason=reason, not_before=not_before),
        )

    def wait(self, permission: Permission) -> None:
        """Wait until the endpoint may be called again."""
        while True:
            permission.wait()
            left = self._left()
            if left <= 0:
                return
            permission.sleep(left)

    def _is_free(self) -> bool:
        return self._in_flight < self._allowed and self._left() <= 0

    def _left(self) -> float:
        return self._resumes_at - self._runtime.monotonic()
