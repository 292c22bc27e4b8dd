"""Every way for a run to die: before and after every single operation, with and without its answer."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from states.exits import Exit
from states.stages import Stage, State
from tests.simulation.scheduler import Process
from tests.simulation.simulation import Simulation
from tests.simulation.stories import kill_before, run
from tests.simulation.wire import Fault, Judge
from tests.support.world import JOB

MAX_RUNS = 5
PAIRS = 150


def undisturbed(work_dir: Path) -> tuple[int, dict[str, bytes]]:
    """Return how many operations a job takes, and the course that it makes."""
    simulation = Simulation(0, work_dir)
    judge, count = striking(0, Fault.FAILED)
    simulation.start(judge)
    simulation.run()
    simulation.check()
    return count(), simulation.course()


def striking(number: int, fault: Fault) -> tuple[Judge, Callable[[], int]]:
    """Return a judge that lets one fault strike, at the operation of a number, and a count of the operations."""
    seen = 0

    def judge(_name: str, _process: Process) -> Fault | None:
        nonlocal seen
        seen += 1
        return fault if seen == number else None

    return judge, lambda: seen


def finish(simulation: Simulation) -> None:
    """Start run after run, as the platform does, until one ends as the job does."""
    while simulation.runs[-1].code in {None, Exit.TEMPORARY}:
        assert len(simulation.runs) < MAX_RUNS, [(run.code, run.error) for run in simulation.runs]
        simulation.start()
        simulation.run()
    assert simulation.runs[-1].code is Exit.OK


@pytest.mark.parametrize("fault", Fault)
def test_a_fault_at_any_operation_loses_nothing_and_repeats_nothing(fault: Fault, work_dir: Path) -> None:
    operations, course = undisturbed(work_dir)
    for number in range(1, operations + 1):
        simulation = Simulation(number, work_dir)
        simulation.start(striking(number, fault)[0])
        simulation.run()
        finish(simulation)
        simulation.check()
        assert simulation.course() == course, f"{fault} at operation {number}"


@pytest.mark.parametrize("chunk", range(4))
def test_a_second_fault_during_the_resume_loses_nothing_either(chunk: int, work_dir: Path) -> None:
    operations, course = undisturbed(work_dir)
    chance = random.Random(chunk)  # noqa: S311 - a seed
    for _ in range(PAIRS):
        first, second = (chance.randint(1, operations) for _ in range(2))
        faults = chance.choice(list(Fault)), chance.choice(list(Fault))
        simulation = Simulation(first * 1000 + second, work_dir)
        for number, fault in zip((first, second), faults, strict=True):
            simulation.start(striking(number, fault)[0])
            simulation.run()
        finish(simulation)
        simulation.check()
        assert simulation.course() == course, f"{faults} at operations {first} and {second}"


def test_an_undisturbed_job_needs_one_operation_for_a_transition_beside_its_artifacts(work_dir: Path) -> None:
    names: list[str] = []

    def note(name: str, _process: Process) -> None:
        names.append(name)

    simulation = Simulation(0, work_dir)
    simulation.start(note)
    simulation.run()
    checkpoints = [name for name in names if name.startswith("create")]
    artifacts = [name for name in names if name.startswith("put") and "/artifacts/" in name]
    assert len(checkpoints) == simulation.manifest.sequence + 1, "each once, and the first once more as a proof"
    assert len(artifacts) == 1 + 3 + 3 * 2
    assert [name for name in names if name.startswith("head")] == []


@pytest.mark.parametrize("stage", [Stage.CLONE, Stage.EXTRACT])
def test_a_branch_that_moves_between_two_runs_does_not_change_the_course(stage: Stage, work_dir: Path) -> None:
    """Not even if the first run had pinned the commit, and had not stored its files yet."""
    _, course = undisturbed(work_dir)
    simulation = Simulation(0, work_dir)
    run(simulation, judge=kill_before(f"put {JOB}/artifacts/{stage}"))
    simulation.source.commit = "b" * 40
    finish(simulation)
    assert simulation.manifest.commit == "a" * 40
    assert simulation.course() == course


def test_a_job_that_is_over_is_not_touched_by_a_late_retry(work_dir: Path) -> None:
    simulation = Simulation(0, work_dir)
    simulation.start()
    simulation.run()
    before = simulation.manifest
    simulation.start()
    simulation.run()
    assert simulation.runs[-1].code is Exit.OK
    assert simulation.manifest == before
    assert simulation.manifest.state is State.COMPLETED
