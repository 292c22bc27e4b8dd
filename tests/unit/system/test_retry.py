"""Bounded retries, under a simulated clock."""

import threading

import pytest

from tests.simulation.scheduler import Process, Scheduler, SimRuntime
from worker.system.retry import Policy, Retrier
from worker.system.runtime import SystemRuntime


class TransientError(Exception):
    """An error that a retry may overcome."""

    def __init__(self, retry_after: float | None = None) -> None:
        super().__init__("no answer")
        self.retry_after = retry_after


class FlakyCall:
    """Fails with the given errors, then succeeds; records the times of its calls."""

    def __init__(self, scheduler: Scheduler, *failures: Exception) -> None:
        self.scheduler = scheduler
        self.failures = list(failures)
        self.times: list[float] = []

    def __call__(self) -> str:
        self.times.append(self.scheduler.time)
        if self.failures:
            raise self.failures.pop(0)
        return "sunshine"


def retry(
    *failures: Exception,
    policy: Policy | None = None,
    finish_within: tuple[float, float] | None = None,
) -> tuple[FlakyCall, list[str | BaseException]]:
    scheduler = Scheduler(1)
    runtime = SimRuntime(scheduler, Process(name="p"))
    call = FlakyCall(scheduler, *failures)
    retrier = Retrier(runtime, runtime.flag())
    ends: list[str | BaseException] = []

    def main() -> None:
        try:
            ends.append(
                retrier.call(
                    call,
                    policy or Policy(on=(TransientError,), give_up_seconds=60),
                )
            )
        except TransientError as error:
            ends.append(error)

    runtime.spawn("main", main)
    if finish_within is not None:
        scheduler.at(
            finish_within[0], lambda: retrier.finish_within(finish_within[1])
        )
    scheduler.run()
    return call, ends


def test_it_tries_again_until_it_succeeds() -> None:
    call, ends = retry(TransientError(), TransientError())
    assert ends == ["sunshine"]
    assert len(call.times) == 3


def test_waits_double_up_to_a_limit_and_are_never_equal() -> None:
    call, _ = retry(
        *[TransientError()] * 12,
        policy=Policy(
            on=(TransientError,), give_up_seconds=1000, first=1, longest=8
        ),
    )
    waits = [
        after - before
        for before, after in zip(call.times, call.times[1:], strict=False)
    ]
    for wait, ceiling in zip(
        waits, [1, 2, 4, 8, 8, 8, 8, 8, 8, 8, 8, 8], strict=True
    ):
        assert ceiling / 2 <= wait <= ceiling
    assert len(set(waits)) == len(waits)


def test_it_gives_up_when_its_time_is_up_with_the_last_error() -> None:
    call, ends = retry(
        *[TransientError()] * 1000,
        policy=Policy(on=(TransientError,), give_up_seconds=30),
    )
    assert isinstance(ends[0], TransientError)
    assert 15 < call.times[-1] <= 30


def test_it_gives_up_after_so_many_tries() -> None:
    call, _ = retry(
        *[TransientError()] * 1000,
        policy=Policy(on=(TransientError,), give_up_seconds=3000, attempts=3),
    )
    assert len(call.times) == 3


def test_it_waits_as_long_as_it_is_asked_to() -> None:
    call, _ = retry(TransientError(retry_after=7.0))
    assert call.times == [0, pytest.approx(7.0)]


def test_other_errors_are_not_tried_again() -> None:
    scheduler = Scheduler(1)
    runtime = SimRuntime(scheduler, Process(name="p"))
    with pytest.raises(KeyError):
        Retrier(runtime, runtime.flag()).call(
            FlakyCall(scheduler, KeyError("x")),
            Policy(on=(TransientError,), give_up_seconds=60),
        )


def test_a_time_limit_ends_the_wait_retries_at_once_and_bounds_later_retries() -> (
    None
):
    policy = Policy(
        on=(TransientError,), give_up_seconds=1000, first=100, longest=100
    )
    call, ends = retry(
        *[TransientError()] * 9, policy=policy, finish_within=(10, 5)
    )
    assert call.times == [0, 10]
    assert isinstance(ends[0], TransientError)


def test_a_stop_ends_a_real_wait_at_once() -> None:
    runtime = SystemRuntime()
    stop, ended = runtime.flag(), threading.Event()

    def work() -> None:
        with pytest.raises(TransientError):
            Retrier(runtime, stop).call(
                fail,
                Policy(
                    on=(TransientError,),
                    give_up_seconds=600,
                    first=300,
                    longest=300,
                ),
            )
        ended.set()

    def fail() -> None:
        raise TransientError

    runtime.spawn("work", work)
    stop.set()
    assert ended.wait(10)
