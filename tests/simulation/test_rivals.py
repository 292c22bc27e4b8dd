"""Runs of one job at the same time, in thousands of random schedules.

`FONDATION_SCHEDULES=20000 pytest tests/simulation/test_rivals.py -rP` plays more of them (so many without operators and
so many with), and says how many; a failing one names its seed, and `FONDATION_SEED=<seed>` plays that one alone.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from states.stages import State
from tests.simulation.schedules import describe, play
from tests.simulation.simulation import Simulation

CHUNKS = 8
SCHEDULES = int(os.environ.get("FONDATION_SCHEDULES", "1600")) // CHUNKS
SEED = os.environ.get("FONDATION_SEED")


def seeds(chunk: int) -> list[int]:
    return [int(SEED)] if SEED else list(range(chunk * SCHEDULES, (chunk + 1) * SCHEDULES))


def play_all(chosen: list[int], work_dir: Path, check: Callable[[Simulation], None], *, operators: bool) -> None:
    """Play schedules, and check what each leaves behind; a failure names its seed."""
    runs, began = 0, time.monotonic()
    for seed in chosen:
        ended = "it did not come to its end"
        try:
            simulation = play(seed, work_dir, operators=operators)
            ended = describe(simulation)
            check(simulation)
        except Exception as error:
            error.add_note(f"FONDATION_SEED={seed}: {ended}")
            raise
        runs += len(simulation.runs)
    print(f"{len(chosen)} schedules, {runs} runs, {time.monotonic() - began:.0f} s")  # noqa: T201 - shown with `-rP`


@pytest.fixture
def course(work_dir: Path) -> dict[str, bytes]:
    simulation = Simulation(0, work_dir)
    simulation.start()
    simulation.run()
    return simulation.course()


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_rivals_faults_and_frozen_owners_neither_lose_nor_repeat_anything(
    chunk: int, work_dir: Path, course: dict[str, bytes]
) -> None:
    def check(simulation: Simulation) -> None:
        simulation.check()
        assert simulation.course() == course

    play_all(seeds(chunk), work_dir, check, operators=False)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_operators_among_them_corrupt_nothing(chunk: int, work_dir: Path, course: dict[str, bytes]) -> None:
    def check(simulation: Simulation) -> None:
        simulation.check_log()
        assert simulation.manifest.state is State.CANCELED or simulation.course() == course

    play_all(seeds(chunk), work_dir, check, operators=True)
