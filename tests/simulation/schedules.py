"""Random worlds: several runs of one job at once, operators among them, and everything that can go wrong."""

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

from states.exits import Exit
from states.stages import Stage
from tests.simulation.scheduler import Process
from tests.simulation.simulation import Run, Simulation
from tests.simulation.wire import Fault, Judge
from worker.callbacks.port import Answer
from worker.claim import Operator
from worker.desk import Stop
from worker.job import Job

HOUR = 3600.0
MAX_RUNS = 12


def play(seed: int, work_dir: Path, *, operators: bool) -> Simulation:
    """Play a schedule to its end: the job is over, and everybody who had to be told was told."""
    simulation, chance = Simulation(seed, work_dir), random.Random(seed)  # noqa: S311 - a seed
    judge, latency = _trouble(chance), chance.choice([0.01, 0.3, 2.0, 6.0])
    simulation.receiver.answer = _moody(chance)
    for _ in range(chance.choice([2, 2, 3])):
        offset = chance.choice([0.0, -2 * HOUR, 5 * HOUR])
        _later(simulation, chance, partial(simulation.start, judge, clock_offset=offset, latency=latency))
    for _ in range(chance.choice([0, 1, 3])):
        _later(simulation, chance, partial(chance.choice([_freeze, _stop]), simulation, chance))
    if operators:
        for _ in range(chance.choice([1, 2])):
            word = chance.choice([_cancel, _take_over, _redo])
            _later(simulation, chance, partial(simulation.start, judge, work=word, latency=latency))
    simulation.run()
    while not _is_settled(simulation):
        assert len(simulation.runs) < MAX_RUNS, describe(simulation)
        simulation.start()
        simulation.run()
    return simulation


def describe(simulation: Simulation) -> str:
    """Return how each run has ended."""
    return "; ".join(f"{run.process.name}: {run.code!r} {run.error or ''}" for run in simulation.runs)


def _later(simulation: Simulation, chance: random.Random, action: Callable[[], object]) -> None:
    simulation.scheduler.at(chance.choice([0.0, 0.0, chance.random() * 5, chance.random() * 20]), action)


def _trouble(chance: random.Random) -> Judge:
    rate = chance.choice([0.0, 0.01, 0.05, 0.2])
    deadly = chance.choice([0.0, 0.3])

    def judge(_name: str, _process: Process) -> Fault | None:
        if chance.random() >= rate:
            return None
        kinds = list(Fault) if chance.random() < deadly else [Fault.LOST, Fault.FAILED]
        return chance.choice(kinds)

    return judge


def _moody(chance: random.Random) -> Callable[[dict[str, object]], Answer]:
    rate = chance.choice([0.0, 0.3])

    def answer(_: dict[str, object]) -> Answer:
        return Answer(status_code=chance.choice([500, 503, 429]) if chance.random() < rate else 200)

    return answer


def _freeze(simulation: Simulation, chance: random.Random) -> None:
    if simulation.runs:
        run: Run = chance.choice(simulation.runs)
        run.process.freeze(simulation.scheduler.time + chance.random() * 12)


def _stop(simulation: Simulation, chance: random.Random) -> None:
    if simulation.runs:
        stop = chance.choice(
            [Stop(exit_code=Exit.SIGTERM, reason="SIGTERM"), Stop(exit_code=Exit.TEMPORARY, reason="late")]
        )
        chance.choice(simulation.runs).job.desk.mailbox.put(stop)


def _cancel(job: Job) -> Exit:
    return job.cancel()


def _take_over(job: Job) -> Exit:
    return job.resume(Operator(takeover=True))


def _redo(job: Job) -> Exit:
    return job.resume(Operator(stage=Stage.GENERATE_CHAPTERS))


def _is_settled(simulation: Simulation) -> bool:
    manifest = simulation.newest()
    return manifest is not None and manifest.over and not manifest.outbox.pending
