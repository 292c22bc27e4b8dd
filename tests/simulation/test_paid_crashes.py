"""Every way for a run to die around its paid calls.

Each run dies before or after it stores a record or an item, or sends a request to the model; the
next runs finish the course. Recorded answers are not paid again, calls in flight count as
unknown, and the budget holds.

`FONDATION_PAID_CALLS=all pytest tests/simulation/test_paid_crashes.py -rP` lets runs die in all
stages; by default they die in one stage of each kind, and fewer steps have other faults.
"""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from states.exits import Exit
from states.stages import Stage, State
from states.usage import Budget
from tests.simulation.network import Fault, FaultPolicy
from tests.simulation.paid_world import PaidSimulation
from tests.simulation.scheduler import Process
from tests.simulation.scripted_runs import run
from tests.simulation.test_crashes import PASSING
from tests.support.world import JOB
from worker.ownership.claim import OperatorRequest
from worker.run.run import Run

IN_ALL_STAGES = os.environ.get("FONDATION_PAID_CALLS") == "all"
STAGES = (
    tuple(Stage) if IN_ALL_STAGES else (Stage.EXTRACT, Stage.GENERATE_CHAPTERS)
)
STRIDE = 1 if IN_ALL_STAGES else 4
"""One step in this many has a fault that its process survives."""
WRITTEN = ("create", "put")
TIGHT = Budget(nanodollars=26_000_000)
"""The highest possible cost of two calls, plus the cost of the course."""
MAX_RUNS = 6


def simulated(work_dir: Path, *, batch: bool) -> PaidSimulation:
    """Return a new world, in which a batch takes some time."""
    simulation = PaidSimulation(1, work_dir)
    simulation.batch = lambda: batch
    simulation.api.batches.seconds = 5.0
    return simulation


class Steps:
    """Counts the operations around paid calls, and injects a fault into one of them."""

    def __init__(self, number: int, fault: Fault | None) -> None:
        self.seen: list[str] = []
        self._number = number
        self._fault = fault
        self._stage = Stage.CLONE

    def policy(self, name: str, _process: Process) -> Fault | None:
        self._note_stage(name)
        is_record = f"{JOB}/calls/" in name or f"{JOB}/artifacts/" in name
        is_stored = name.startswith(WRITTEN) and is_record
        is_asked = name.startswith("api")
        if self._stage not in STAGES or not (is_stored or is_asked):
            return None
        self.seen.append(name)
        return self._fault if len(self.seen) == self._number else None

    def _note_stage(self, name: str) -> None:
        for stage in Stage:
            if f"/calls/{stage}/" in name or f"/artifacts/{stage}/" in name:
                self._stage = stage


def steps(work_dir: Path, *, batch: bool) -> tuple[list[str], dict[str, bytes]]:
    """Return the operations and the course of an undisturbed job."""
    simulation = simulated(work_dir, batch=batch)
    watch = Steps(0, None)
    run(simulation, policy=watch.policy)
    simulation.check()
    simulation.check_account()
    simulation.check_usage()
    return watch.seen, simulation.course()


def finish(simulation: PaidSimulation) -> Exit:
    """Start run after run until one ends the job; return its code."""
    while (code := simulation.runs[-1].code) in PASSING:
        assert len(simulation.runs) < MAX_RUNS, simulation.runs[-1].error
        run(simulation)
    assert code is not None
    return code


def check_risk(simulation: PaidSimulation, most: int) -> int:
    """Assert that only calls in flight were paid twice; return how many."""
    twice = len(simulation.api.paid) - len(simulation.api.counts())
    assert twice <= len(simulation.records.lost()) <= most
    return twice


@pytest.mark.parametrize("batch", [False, True], ids=["live", "batch"])
@pytest.mark.parametrize("fault", [Fault.DIE_BEFORE, Fault.DIE_AFTER])
def test_a_death_at_any_step_of_a_call_pays_no_recorded_answer_again(
    fault: Fault, work_dir: Path, *, batch: bool
) -> None:
    names, course = steps(work_dir, batch=batch)
    twice = 0
    for number, name in enumerate(names, 1):
        simulation = simulated(work_dir, batch=batch)
        run(simulation, policy=Steps(number, fault).policy)
        assert finish(simulation) is Exit.OK
        simulation.check()
        simulation.check_account()
        simulation.check_usage()
        assert simulation.course() == course, f"{fault} at {name}"
        twice += check_risk(simulation, simulation.concurrency)
    print(f"{len(names)} deaths, {twice} calls paid twice")  # noqa: T201 - shown with `-rP`


@pytest.mark.parametrize("batch", [False, True], ids=["live", "batch"])
@pytest.mark.parametrize("fault", [Fault.LOST, Fault.FAILED, Fault.HUNG])
def test_a_fault_at_any_step_of_a_call_pays_no_recorded_answer_again(
    fault: Fault, work_dir: Path, *, batch: bool
) -> None:
    names, course = steps(work_dir, batch=batch)
    for number in range(1, len(names) + 1, STRIDE):
        simulation = simulated(work_dir, batch=batch)
        run(simulation, policy=Steps(number, fault).policy)
        assert finish(simulation) is Exit.OK
        simulation.check()
        simulation.check_account()
        simulation.check_usage()
        assert simulation.course() == course, f"at {names[number - 1]}"
        check_risk(simulation, simulation.concurrency)


def raise_budget(job: Run) -> Exit:
    """Resume with a higher limit, as an operator does."""
    budget = Budget(nanodollars=10 * (TIGHT.nanodollars or 0))
    return job.resume(OperatorRequest(budget=budget))


def die_at_sends(number: int) -> Callable[[str, Process], Fault | None]:
    """Return a policy that kills a process after its nth call took effect."""
    seen: Counter[str] = Counter()

    def policy(name: str, _process: Process) -> Fault | None:
        seen["send"] += name.startswith("api send")
        is_nth = name.startswith("api send") and seen["send"] == number
        return Fault.DIE_AFTER if is_nth else None

    return policy


def test_a_tight_budget_makes_calls_wait_for_each_other_and_holds(
    work_dir: Path,
) -> None:
    course = steps(work_dir, batch=False)[1]
    simulation = simulated(work_dir, batch=False)
    simulation.budget = TIGHT
    run(simulation)
    assert simulation.runs[-1].code is Exit.OK
    simulation.check()
    simulation.check_account()
    assert TIGHT.nanodollars is not None
    assert simulation.records.most_committed <= TIGHT.nanodollars
    assert simulation.course() == course


@pytest.mark.parametrize("batch", [False, True], ids=["live", "batch"])
def test_a_budget_spent_by_lost_answers_is_raised_and_nothing_is_paid_again(
    work_dir: Path, *, batch: bool
) -> None:
    course = steps(work_dir, batch=batch)[1]
    simulation = simulated(work_dir, batch=batch)
    simulation.budget = TIGHT
    for number in (1, 2, 3):
        policy: FaultPolicy = die_at_sends(number)
        run(simulation, policy=policy)
    assert finish(simulation) is Exit.UNAVAILABLE
    assert simulation.manifest.state is State.FAILED
    assert simulation.manifest.error is not None
    assert simulation.manifest.error.code == "budget_spent"
    simulation.check()
    simulation.check_account()
    records = simulation.records
    assert records.most_committed <= (TIGHT.nanodollars or 0)
    before, recorded = simulation.api.counts(), records.answered()
    run(simulation, work=raise_budget)
    assert simulation.runs[-1].code is Exit.OK
    assert simulation.course() == course
    simulation.check_usage()
    after = simulation.api.counts()
    assert recorded
    assert [after[call] for call in recorded] == [
        before[call] for call in recorded
    ]
