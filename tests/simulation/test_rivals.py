"""Runs of one job at the same time, in thousands of random schedules.

`FONDATION_SCHEDULES=20000 pytest tests/simulation/test_rivals.py` plays more of them; a failing one names its seed,
and `FONDATION_SEED=<seed>` plays that one alone.
"""

import os
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
    for seed in seeds(chunk):
        simulation = play(seed, work_dir, operators=False)
        try:
            simulation.check()
            assert simulation.course() == course
        except AssertionError as error:
            error.add_note(f"FONDATION_SEED={seed}: {describe(simulation)}")
            raise


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_operators_among_them_corrupt_nothing(chunk: int, work_dir: Path, course: dict[str, bytes]) -> None:
    for seed in seeds(chunk):
        simulation = play(seed, work_dir, operators=True)
        try:
            simulation.check_log()
            assert simulation.manifest.state is State.CANCELED or simulation.course() == course
        except AssertionError as error:
            error.add_note(f"FONDATION_SEED={seed}: {describe(simulation)}")
            raise
