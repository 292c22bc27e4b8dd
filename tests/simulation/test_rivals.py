"""Concurrent runs of one job, in thousands of random schedules.

`FONDATION_SCHEDULES=20000 pytest tests/simulation/test_rivals.py -rP` plays more of them
(some without operators and some with), and prints how many; a failing one names its
seed, and `FONDATION_SEED=<seed>` plays that one alone. `FONDATION_DISTURBANCES="Kill Kill"`
has the named disturbances drawn more often.
"""

import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from states.stages import State
from tests.simulation import disturbances
from tests.simulation.schedules import DISTURBANCES, draw, play
from tests.simulation.simulation import Simulation
from tests.support.updates import CHANGED, PartsEngine, PartsSource

CHUNKS = 8
SCHEDULES = int(os.environ.get("FONDATION_SCHEDULES", "1600")) // CHUNKS
SEED = os.environ.get("FONDATION_SEED")
MORE = os.environ.get("FONDATION_DISTURBANCES", "").split()
KINDS = (*DISTURBANCES, *(getattr(disturbances, name) for name in MORE))


def seeds(chunk: int) -> list[int]:
    return (
        [int(SEED)]
        if SEED
        else list(range(chunk * SCHEDULES, (chunk + 1) * SCHEDULES))
    )


def play_all(
    chosen: list[int],
    work_dir: Path,
    check: Callable[[Simulation], None],
    *,
    operators: bool,
) -> None:
    """Play schedules, and check the outcome of each; a failure names its seed."""
    runs, began = 0, time.monotonic()
    for seed in chosen:
        schedule = draw(seed, work_dir, KINDS, operators=operators)
        try:
            check(play(schedule))
        except Exception as error:
            error.add_note(f"FONDATION_SEED={seed}:\n{schedule}")
            raise
        runs += len(schedule.simulation.runs)
    print(  # noqa: T201 - shown with `-rP`
        f"{len(chosen)} schedules, {runs} runs, {time.monotonic() - began:.0f} s"
    )


def course(simulation: Simulation) -> dict[str, bytes]:
    """Return the course of an undisturbed job that updates none."""
    follows = simulation.update_from is not None
    return _course(simulation.chapters, simulation.work_dir, follows=follows)


@cache
def _course(
    chapters: int, work_dir: Path, *, follows: bool
) -> dict[str, bytes]:
    undisturbed = Simulation(0, work_dir, chapters=chapters)
    if follows:
        undisturbed.source = PartsSource(commit="b" * 40, files=CHANGED)
    undisturbed.start(engine=PartsEngine() if follows else None)
    undisturbed.run()
    return undisturbed.course()


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_competing_runs_under_faults_lose_and_repeat_nothing(
    chunk: int, work_dir: Path
) -> None:
    def check(simulation: Simulation) -> None:
        simulation.check()
        simulation.check_conduct()
        assert simulation.course() == course(simulation)

    play_all(seeds(chunk), work_dir, check, operators=False)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_competing_runs_and_operators_corrupt_nothing(
    chunk: int, work_dir: Path
) -> None:
    def check(simulation: Simulation) -> None:
        simulation.check_log()
        simulation.check_deliveries()
        simulation.check_conduct()
        manifest = simulation.manifest
        untouched = manifest.state is State.COMPLETED and not manifest.collected
        assert not untouched or simulation.course() == course(simulation)
        assert manifest.state in {State.COMPLETED, State.CANCELED}

    play_all(seeds(chunk), work_dir, check, operators=True)
