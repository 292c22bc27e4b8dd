"""Every way for a run to die: before and after each operation, with and without its answer."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from states.exits import Exit
from states.stages import Stage, State
from tests.simulation.network import Fault, FaultPolicy
from tests.simulation.scheduler import Process
from tests.simulation.scripted_runs import failing, kill_before, overloaded, run
from tests.simulation.simulation import Simulation
from tests.support.world import JOB
from worker.engines.port import EngineFailedError
from worker.ownership.claim import OperatorRequest
from worker.run.run import Run

MAX_RUNS = 5
PAIRS = 150


SILENT = [
    Fault.DIE_BEFORE,
    Fault.DIE_AFTER,
    Fault.LOST,
    Fault.FAILED,
    Fault.DENIED,
]
PASSING = {None, Exit.TEMPORARY, Exit.REFUSED, Exit.CONFIG}
"""How a run may end without ending the job: killed, temporarily stopped, or refused a claim."""
REFUSED = EngineFailedError("invalid API key", temporary=False)


def undisturbed(work_dir: Path) -> tuple[int, dict[str, bytes]]:
    """Return the number of operations of an undisturbed job, and its course."""
    simulation = Simulation(0, work_dir)
    operations = count(simulation)
    simulation.check()
    return operations, simulation.course()


def count(simulation: Simulation, **how: Any) -> int:  # noqa: ANN401 - as `start` has them
    """Simulate a run; return the number of its operations."""
    policy, seen = fault_at(0, Fault.FAILED)
    run(simulation, policy=policy, **how)
    return seen()


def fault_at(
    number: int, fault: Fault
) -> tuple[FaultPolicy, Callable[[], int]]:
    """Return a policy that injects a fault into one operation, and an operation counter."""
    seen = 0

    def policy(_name: str, _process: Process) -> Fault | None:
        nonlocal seen
        seen += 1
        return fault if seen == number else None

    return policy, lambda: seen


def finish(simulation: Simulation, **how: Any) -> Exit:  # noqa: ANN401 - as `start` has them
    """Start run after run, as the platform does, until one ends the job; return its code."""
    while (code := simulation.runs[-1].code) in PASSING:
        assert len(simulation.runs) < MAX_RUNS, [
            (run.code, run.error) for run in simulation.runs
        ]
        run(simulation, **how)
    assert code is not None
    return code


@pytest.mark.parametrize("fault", Fault)
def test_a_fault_at_any_operation_loses_nothing_and_repeats_nothing(
    fault: Fault, work_dir: Path
) -> None:
    operations, course = undisturbed(work_dir)
    for number in range(1, operations + 1):
        simulation = Simulation(number, work_dir)
        run(simulation, policy=fault_at(number, fault)[0])
        assert finish(simulation) is Exit.OK
        simulation.check()
        assert simulation.course() == course, f"{fault} at operation {number}"
    print(f"{operations} operations")  # noqa: T201 - shown with `-rP`


@pytest.mark.parametrize("fault", SILENT)
def test_a_fault_at_any_operation_of_a_failing_job_lets_it_fail_and_report_once(
    fault: Fault, work_dir: Path
) -> None:
    for number in range(
        1, count(Simulation(0, work_dir), engine=failing(REFUSED)) + 1
    ):
        simulation = Simulation(number, work_dir)
        run(
            simulation,
            policy=fault_at(number, fault)[0],
            engine=failing(REFUSED),
        )
        while simulation.runs[-1].code in PASSING:
            run(simulation, engine=failing(REFUSED))
        assert simulation.runs[-1].code is Exit.UNAVAILABLE
        assert simulation.manifest.state is State.FAILED
        simulation.check()


@pytest.mark.parametrize("fault", Fault)
def test_a_fault_at_any_operation_of_a_cancellation_lets_it_be_repeated_and_reported_once(
    fault: Fault, work_dir: Path
) -> None:
    def interrupted(seed: int) -> Simulation:
        simulation = Simulation(seed, work_dir)
        run(simulation, engine=failing(overloaded()))
        return simulation

    def cancel(job: Run) -> Exit:
        return job.cancel()

    for number in range(1, count(interrupted(0), work=cancel) + 1):
        simulation = interrupted(number)
        run(simulation, policy=fault_at(number, fault)[0], work=cancel)
        simulation.scheduler.time += 60
        run(simulation, work=cancel)
        assert finish(simulation) is Exit.OK
        if simulation.manifest.outbox.pending:
            run(simulation)
        assert simulation.manifest.state is State.CANCELED
        simulation.check()


@pytest.mark.parametrize("fault", SILENT)
def test_a_fault_at_any_operation_of_a_redone_stage_loses_nothing(
    fault: Fault, work_dir: Path
) -> None:
    def completed(seed: int) -> Simulation:
        simulation = Simulation(seed, work_dir)
        run(simulation)
        return simulation

    def redo(job: Run) -> Exit:
        return job.resume(OperatorRequest(stage=Stage.REVIEW_CHAPTERS))

    course = completed(0).course()
    for number in range(1, count(completed(0), work=redo) + 1):
        simulation = completed(number)
        run(simulation, policy=fault_at(number, fault)[0], work=redo)
        assert finish(simulation) is Exit.OK
        simulation.check_log()
        assert simulation.course() == course


@pytest.mark.parametrize("chunk", range(4))
def test_a_second_fault_during_the_resume_loses_nothing_either(
    chunk: int, work_dir: Path
) -> None:
    operations, course = undisturbed(work_dir)
    chance = random.Random(chunk)  # noqa: S311 - a seed
    for _ in range(PAIRS):
        first, second = (chance.randint(1, operations) for _ in range(2))
        faults = chance.choice(list(Fault)), chance.choice(list(Fault))
        simulation = Simulation(first * 1000 + second, work_dir)
        for number, fault in zip((first, second), faults, strict=True):
            run(simulation, policy=fault_at(number, fault)[0])
        assert finish(simulation) is Exit.OK
        simulation.check()
        assert simulation.course() == course, (
            f"{faults} at operations {first} and {second}"
        )


def test_an_undisturbed_job_needs_one_operation_for_a_transition_beside_its_artifacts(
    work_dir: Path,
) -> None:
    names: list[str] = []

    def note(name: str, _process: Process) -> None:
        names.append(name)

    simulation = Simulation(0, work_dir)
    simulation.start(note)
    simulation.run()
    checkpoints = [name for name in names if name.startswith("create")]
    artifacts = [
        name
        for name in names
        if name.startswith("put") and "/artifacts/" in name
    ]
    assert len(checkpoints) == simulation.manifest.sequence + 1, (
        "each once, and the first again as a proof"
    )
    assert len(artifacts) == 1 + 3 + 3 * 2
    assert not [name for name in names if name.startswith("head")]


@pytest.mark.parametrize("stage", [Stage.CLONE, Stage.EXTRACT])
def test_a_branch_that_moves_between_two_runs_does_not_change_the_course(
    stage: Stage, work_dir: Path
) -> None:
    """Not even if the first run pinned the commit before it stored the files."""
    _, course = undisturbed(work_dir)
    simulation = Simulation(0, work_dir)
    run(simulation, policy=kill_before(f"put {JOB}/artifacts/{stage}"))
    simulation.source.commit = "b" * 40
    assert finish(simulation) is Exit.OK
    assert simulation.manifest.commit == "a" * 40
    assert simulation.course() == course


def test_a_job_that_is_over_is_not_touched_by_a_late_retry(
    work_dir: Path,
) -> None:
    simulation = Simulation(0, work_dir)
    simulation.start()
    simulation.run()
    before = simulation.manifest
    simulation.start()
    simulation.run()
    assert simulation.runs[-1].code is Exit.OK
    assert simulation.manifest == before
    assert simulation.manifest.state is State.COMPLETED
