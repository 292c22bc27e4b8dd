"""Bounded retries, under a simulated clock."""

import threading

import pytest

from tests.simulation.scheduler import Process, Scheduler, SimRuntime
from worker.system.retry import Policy, Retrier
from worker.system.runtime import SystemRuntime


class WeatherError(Exception):
    """Something that may pass."""

    def __init__(self, retry_after: float | None = None) -> None:
        super().__init__("it rains")
        self.retry_after = retry_after


class Script:
    """Fails a number of times, and then succeeds; notes when it was tried."""

    def __init__(self, scheduler: Scheduler, *failures: Exception) -> None:
        self.scheduler = scheduler
        self.failures = list(failures)
        self.times: list[float] = []

    def __call__(self) -> str:
        self.times.append(self.scheduler.time)
        if self.failures:
            raise self.failures.pop(0)
        return "sunshine"


def play(
    *failures: Exception,
    policy: Policy | None = None,
    finish_within: tuple[float, float] | None = None,
) -> tuple[Script, list[str | BaseException]]:
    scheduler = Scheduler(1)
    runtime = SimRuntime(scheduler, Process(name="p"))
    script = Script(scheduler, *failures)
    retrier = Retrier(runtime, runtime.flag())
    ends: list[str | BaseException] = []

    def main() -> None:
        try:
            ends.append(
                retrier.call(
                    script,
                    policy or Policy(on=(WeatherError,), give_up_seconds=60),
                )
            )
        except WeatherError as error:
            ends.append(error)

    runtime.spawn("main", main)
    if finish_within is not None:
        scheduler.at(
            finish_within[0], lambda: retrier.finish_within(finish_within[1])
        )
    scheduler.run()
    return script, ends


def test_it_tries_again_until_it_succeeds() -> None:
    script, ends = play(WeatherError(), WeatherError())
    assert ends == ["sunshine"]
    assert len(script.times) == 3


def test_waits_double_up_to_a_limit_and_are_never_equal() -> None:
    script, _ = play(
        *[WeatherError()] * 12,
        policy=Policy(
            on=(WeatherError,), give_up_seconds=1000, first=1, longest=8
        ),
    )
    waits = [
        after - before
        for before, after in zip(script.times, script.times[1:], strict=False)
    ]
    for wait, ceiling in zip(
        waits, [1, 2, 4, 8, 8, 8, 8, 8, 8, 8, 8, 8], strict=True
    ):
        assert ceiling / 2 <= wait <= ceiling
    assert len(set(waits)) == len(waits)


def test_it_gives_up_when_its_time_is_up_with_the_last_error() -> None:
    script, ends = play(
        *[WeatherError()] * 1000,
        policy=Policy(on=(WeatherError,), give_up_seconds=30),
    )
    assert isinstance(ends[0], WeatherError)
    assert 15 < script.times[-1] <= 30


def test_it_gives_up_after_so_many_tries() -> None:
    script, _ = play(
        *[WeatherError()] * 1000,
        policy=Policy(on=(WeatherError,), give_up_seconds=3000, attempts=3),
    )
    assert len(script.times) == 3


def test_it_waits_as_long_as_it_is_asked_to() -> None:
    script, _ = play(WeatherError(retry_after=7.0))
    assert script.times == [0, pytest.approx(7.0)]


def test_other_errors_are_not_tried_again() -> None:
    scheduler = Scheduler(1)
    runtime = SimRuntime(scheduler, Process(name="p"))
    with pytest.raises(KeyError):
        Retrier(runtime, runtime.flag()).call(
            Script(scheduler, KeyError("x")),
            Policy(on=(WeatherError,), give_up_seconds=60),
        )


def test_hurrying_wakes_a_wait_tries_at_once_and_bounds_what_follows() -> None:
    policy = Policy(
        on=(WeatherError,), give_up_seconds=1000, first=100, longest=100
    )
    script, ends = play(
        *[WeatherError()] * 9, policy=policy, finish_within=(10, 5)
    )
    assert script.times == [0, 10]
    assert isinstance(ends[0], WeatherError)


def test_a_stop_ends_a_real_wait_at_once() -> None:
    runtime = SystemRuntime()
    stop, ended = runtime.flag(), threading.Event()

    def work() -> None:
        with pytest.raises(WeatherError):
            Retrier(runtime, stop).call(
                fail,
                Policy(
                    on=(WeatherError,),
                    give_up_seconds=600,
                    first=300,
                    longest=300,
                ),
            )
        ended.set()

    def fail() -> None:
        raise WeatherError

    runtime.spawn("work", work)
    stop.set()
    assert ended.wait(10)
