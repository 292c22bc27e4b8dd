"""Concurrent runs of one job that make paid calls, in random schedules.

`FONDATION_SCHEDULES=2000 pytest tests/simulation/test_paid_rivals.py -rP` plays as many without
operators and as many with them. A failing schedule names its seed, and `FONDATION_SEED=<seed>`
plays it alone.
"""

import os
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Self

import pytest

from states.exits import Exit
from states.manifest import Manifest
from states.stages import State
from states.usage import Budget
from tests.simulation import disturbances
from tests.simulation.disturbances import (
    Disturbance,
    RandomFaults,
    StuckRequest,
)
from tests.simulation.network import Fault
from tests.simulation.operators import start_on_platform
from tests.simulation.paid_world import ENOUGH, PaidSimulation
from tests.simulation.scheduler import Process
from tests.simulation.schedules import DISTURBANCES, MAX_RUNS
from tests.simulation.scripted_runs import run
from tests.simulation.simulation import Simulation
from tests.support.world import JOB
from worker.ownership.claim import OperatorRequest
from worker.run.run import Run

CHUNKS = 4
SCHEDULES = int(os.environ.get("FONDATION_SCHEDULES", "60")) // CHUNKS
SEED = os.environ.get("FONDATION_SEED")
TIGHT = Budget(nanodollars=30_000_000)
"""The highest possible cost of two calls, plus the cost of a course."""
IN_CALLS = ("api", f"create {JOB}/calls")
OPERATORS: tuple[type[Disturbance], ...] = (
    disturbances.TakeOver,
    disturbances.TakeOver,
    disturbances.Cancel,
    disturbances.Redo,
    disturbances.ResumeElsewhere,
)


class ApiFaults(RandomFaults):
    """Requests to the API that are refused, lost, or not answered."""

    @classmethod
    def draw(cls, chance: Random, _span: float) -> Self:
        return cls(
            chance.choice([0.05, 0.2, 0.5]),
            chance.choice([(Fault.FAILED,), (Fault.LOST, Fault.FAILED)]),
            ("api",),
        )


class DeathsInCalls(RandomFaults):
    """Processes that die during their calls."""

    @classmethod
    def draw(cls, chance: Random, _span: float) -> Self:
        return cls(
            chance.choice([0.03, 0.1]),
            (Fault.DIE_BEFORE, Fault.DIE_AFTER),
            IN_CALLS,
        )


@dataclass(frozen=True)
class FreezesInCalls:
    """Processes that freeze during their calls, for longer than a lease or shorter."""

    rate: float
    seconds: float

    @classmethod
    def draw(cls, chance: Random, _span: float) -> Self:
        return cls(chance.choice([0.03, 0.1]), chance.choice([4.0, 15.0]))

    def inject(self, simulation: Simulation, chance: Random) -> None:
        def policy(name: str, process: Process) -> None:
            if name.startswith(IN_CALLS) and chance.random() < self.rate:
                until = self.seconds * chance.random()
                process.freeze(simulation.scheduler.time + until)

        simulation.conditions.policies.append(policy)


class StuckCall(StuckRequest):
    """One request to the API hangs."""

    OPERATIONS = ("api send", "api create", "api")


KINDS: tuple[type[Disturbance], ...] = (
    *DISTURBANCES,
    *3 * (ApiFaults, DeathsInCalls, FreezesInCalls, StuckCall),
)


@dataclass
class PaidSchedule:
    """A world with a model, and the disturbances that were drawn."""

    simulation: PaidSimulation
    drawn: list[Disturbance]

    def __str__(self) -> str:
        runs = (
            f"{run.process.name}: {run.code!r} {run.error or ''}"
            for run in self.simulation.runs
        )
        refused = self.simulation.refused
        return "\n".join([*map(repr, self.drawn), *runs, *refused])


def draw(seed: int, work_dir: Path, *, operators: bool) -> PaidSchedule:
    """Draw a world from a seed."""
    chance = Random(seed)  # noqa: S311 - a seed
    simulation = PaidSimulation(seed, work_dir, chapters=chance.choice([2, 4]))
    draw_conditions(simulation, chance)
    span = 5.0 + 4 * simulation.api.answer_seconds + 60 * simulation.latency
    few = chance.choices(KINDS, k=3)
    kinds = chance.choices(few, k=chance.choice([1, 2, 3, 5]))
    if operators:
        kinds += chance.choices(OPERATORS, k=chance.choice([1, 2]))
    drawn = [kind.draw(chance, span) for kind in kinds]
    for disturbance in drawn:
        disturbance.inject(simulation, chance)
    latest = chance.choice([0.0, span, 2 * span])
    for limit in (0.0, *[latest] * chance.choice([1, 2, 3])):
        simulation.scheduler.at(
            chance.random() * limit, lambda: start_on_platform(simulation)
        )
    return PaidSchedule(simulation, drawn)


def draw_conditions(simulation: PaidSimulation, chance: Random) -> None:
    simulation.latency = chance.choice([0.01, 0.05, 0.3, 1.0])
    simulation.changes = {
        "lease": chance.choice([3, 3, 10]),
        "store_give_up": chance.choice([5, 60]),
    }
    simulation.budget = chance.choice([ENOUGH, ENOUGH, TIGHT])
    simulation.concurrency = chance.choice([1, 2, 4])
    simulation.api.answer_seconds = chance.choice([0.2, 2.0, 15.0])
    simulation.api.batches.seconds = chance.choice([0.0, 10.0, 100.0])
    share = chance.choice([0.0, 0.5, 1.0])
    simulation.batch = lambda: chance.random() < share


def play(simulation: PaidSimulation) -> None:
    """Start runs until the job is over and all events were sent."""
    simulation.run()
    while not is_settled(simulation.newest()):
        assert len(simulation.runs) < MAX_RUNS, "the job never ends"
        simulation.remove_faults()
        start_on_platform(simulation)
        simulation.run()


def is_settled(manifest: Manifest | None) -> bool:
    return (
        manifest is not None and manifest.over and not manifest.outbox.pending
    )


def raise_budget(job: Run) -> Exit:
    return job.resume(OperatorRequest(budget=ENOUGH))


def complete(simulation: PaidSimulation) -> None:
    """Raise a spent budget, as an operator does."""
    manifest = simulation.manifest
    if manifest.state is not State.FAILED:
        return
    assert simulation.budget is TIGHT
    assert manifest.error is not None
    assert manifest.error.code == "budget_spent"
    simulation.remove_faults()
    simulation.budget = ENOUGH
    assert run(simulation, work=raise_budget).code is Exit.OK
    simulation.check_log()


def check(simulation: PaidSimulation, *, operators: bool) -> None:
    """Assert what must hold at the end."""
    if operators:
        simulation.check_log()
        simulation.check_deliveries()
    else:
        simulation.check()
    simulation.check_conduct()
    simulation.check_account()
    complete(simulation)
    simulation.check_account()
    if operators and simulation.manifest.state is State.CANCELED:
        return
    assert simulation.manifest.state is State.COMPLETED
    expected = course(simulation.chapters, simulation.work_dir)
    assert simulation.course() == expected


@cache
def course(chapters: int, work_dir: Path) -> dict[str, bytes]:
    """Return the course of an undisturbed job."""
    undisturbed = PaidSimulation(0, work_dir, chapters=chapters)
    undisturbed.start()
    undisturbed.run()
    return undisturbed.course()


def play_all(chunk: int, work_dir: Path, *, operators: bool) -> None:
    """Play schedules, and check the outcome of each; a failure names its seed."""
    began = time.monotonic()
    runs = paid = twice = unknown = 0
    seeds = range(chunk * SCHEDULES, (chunk + 1) * SCHEDULES)
    chosen = [int(SEED)] if SEED else [*seeds]
    for seed in chosen:
        schedule = draw(seed, work_dir, operators=operators)
        simulation = schedule.simulation
        try:
            play(simulation)
            check(simulation, operators=operators)
        except Exception as error:
            error.add_note(f"FONDATION_SEED={seed}:\n{schedule}")
            raise
        runs += len(simulation.runs)
        paid += len(simulation.api.paid)
        twice += len(simulation.api.paid) - len(simulation.api.counts())
        unknown += len(simulation.records.lost())
    print(  # noqa: T201 - shown with `-rP`
        f"{len(chosen)} schedules, {runs} runs, {paid} calls paid, {twice} of them twice, "
        f"{unknown} unknown, {time.monotonic() - began:.0f} s"
    )


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_competing_runs_under_faults_pay_no_recorded_answer_again_and_keep_the_budget(
    chunk: int, work_dir: Path
) -> None:
    play_all(chunk, work_dir, operators=False)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_competing_runs_and_operators_keep_one_account(
    chunk: int, work_dir: Path
) -> None:
    play_all(chunk, work_dir, operators=True)
