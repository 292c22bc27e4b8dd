"""Fixtures of all simulations."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.simulation.simulation import Simulation

# In memory, because simulated runs write many small files.
MEMORY = Path("/dev/shm")  # noqa: S108 - the file system itself


@pytest.fixture
def work_dir(tmp_path: Path) -> Iterator[Path]:
    """Return a folder for the runs' files, in memory where possible."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def one_core() -> Iterator[None]:
    """Keep this process on one core: its threads take turns, and moving costs a third."""
    cores = os.sched_getaffinity(0)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    os.sched_setaffinity(0, {sorted(cores)[int(worker) % len(cores)]})
    yield
    os.sched_setaffinity(0, cores)


@pytest.fixture
def simulation(work_dir: Path) -> Simulation:
    """Return a new world."""
    return Simulation(1, work_dir)
