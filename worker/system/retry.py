"""Bounded retries with jitter, for everything that this program retries."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from worker.system.runtime import Flag, Runtime

if TYPE_CHECKING:
    from tenacity import RetryCallState

Result = TypeVar("Result")
OnRetry = Callable[[str], None]
"""Gets the error's message before each wait."""

_MAX_DOUBLINGS: Final = 30
"""More would eventually overflow, and exceed any limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """Which errors are retried, how often, and for how long.

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
        """`stop` ends all waits and retries."""
        self._runtime = runtime
        self._stop = stop
        self._end = float("inf")

    def finish_within(self, seconds: float) -> None:
        """End all waits, retry at once, and give up after `seconds`."""
        self._end = self._runtime.monotonic() + seconds
        waiting = self._stop
        self._stop = self._runtime.flag()
        waiting.set()

    def call(
        self,
        work: Callable[[], Result],
        policy: Policy,
        *,
        on_retry: OnRetry | None = None,
    ) -> Result:
        """Return what `work` returns, or raise the last error it raised."""
        deadline = self._runtime.monotonic() + policy.give_up_seconds
        try:
            return work()
        except policy.on as error:
            errors = [error]

        def attempt() -> Result:
            # tenacity counts the attempt that has failed; building it for each of the many
            # that succeed takes longer than signing a request.
            if errors:
                raise errors.pop()
            return work()

        # Most runs never retry.
        from tenacity import Retrying, retry_if_exception_type  # noqa: PLC0415

        retrying = Retrying(
            retry=retry_if_exception_type(policy.on),
            wait=partial(self._seconds_to_wait, policy),
            stop=partial(self._gives_up, policy, deadline),
            sleep=self._sleep,
            before_sleep=partial(_report, on_retry),
            reraise=True,
        )
        return retrying(attempt)

    def _seconds_to_wait(
        self, policy: Policy, state: "RetryCallState"
    ) -> float:
        """Return the wait before the next attempt; it is longer if the error asks for that."""
        doublings = min(state.attempt_number - 1, _MAX_DOUBLINGS)
        doubled = policy.first * 2.0**doublings
        ceiling = min(policy.longest, doubled)
        share = 0.5 + self._runtime.jitter() / 2
        wait = ceiling * share
        error = _error(state)
        retry_after = getattr(error, "retry_after", None)
        return max(retry_after or 0.0, wait)

    def _gives_up(
        self, policy: Policy, deadline: float, state: "RetryCallState"
    ) -> bool:
        now = self._runtime.monotonic()
        if now + state.upcoming_sleep > min(deadline, self._end):
            return True
        if state.attempt_number >= policy.attempts:
            return True
        return self._stop.is_set()

    def _sleep(self, seconds: float) -> None:
        self._stop.wait(seconds)


def _error(state: "RetryCallState") -> BaseException | None:
    if state.outcome is None:
        return None
    return state.outcome.exception()


def _report(on_retry: OnRetry | None, state: "RetryCallState") -> None:
    if on_retry is not None:
        on_retry(str(_error(state)))
