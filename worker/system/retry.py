"""Bounded retries with jitter, for everything that this program retries."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from worker.system.runtime import Flag, Runtime

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """Which errors are retried, how many times, and for how long.

    Waits double from `first` up to `longest` seconds.
    """

    on: tuple[type[Exception], ...]
    give_up_seconds: float
    attempts: int = 1000
    first: float = 0.1
    longest: float = 10.0


class Retrier:
    """Retries until success, the deadline, or the stop of the run."""

    def __init__(self, runtime: Runtime, stop: Flag) -> None:
        """Take a flag that ends all waits: then pending attempts fail at once."""
        self._runtime = runtime
        self._stop = stop
        self._end = float("inf")

    def finish_within(self, seconds: float) -> None:
        """End all waits, retry at once, and give up after `seconds`."""
        self._end = self._runtime.monotonic() + seconds
        waiting, self._stop = self._stop, self._runtime.flag()
        waiting.set()

    def call(
        self,
        work: Callable[[], Result],
        policy: Policy,
        *,
        on_retry: Callable[[str], None] | None = None,
    ) -> Result:
        """Return what `work` returns, or raise the last error it raised.

        `on_retry` is told before each wait.
        """
        deadline = self._runtime.monotonic() + policy.give_up_seconds

        def wait(state: RetryCallState) -> float:
            ceiling = min(
                policy.longest,
                policy.first * 2.0 ** min(state.attempt_number - 1, 30),
            )
            asked = getattr(
                state.outcome.exception() if state.outcome else None,
                "retry_after",
                None,
            )
            return max(
                asked or 0.0, ceiling * (0.5 + self._runtime.jitter() / 2)
            )

        def stop(state: RetryCallState) -> bool:
            late = self._runtime.monotonic() + state.upcoming_sleep > min(
                deadline, self._end
            )
            return (
                late
                or state.attempt_number >= policy.attempts
                or self._stop.is_set()
            )

        def before_sleep(state: RetryCallState) -> None:
            if on_retry is not None and state.outcome is not None:
                on_retry(str(state.outcome.exception()))

        def sleep(seconds: float) -> None:
            self._stop.wait(seconds)

        retrying = Retrying(
            retry=retry_if_exception_type(policy.on),
            wait=wait,
            stop=stop,
            sleep=sleep,
            before_sleep=before_sleep,
            reraise=True,
        )
        return retrying(work)
