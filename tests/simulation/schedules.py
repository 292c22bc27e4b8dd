"""Random worlds: several concurrent runs of one job, operators, and every kind of fault."""

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from states.manifest import MAX_INLINE
from tests.simulation import disturbances as all_of
from tests.simulation.disturbances import (
    Disturbance,
    GarbageCollection,
    LaggingLists,
    UnreliableReceiver,
)
from tests.simulation.operators import start_on_platform
from tests.simulation.simulation import Simulation

MAX_RUNS: Final = 20
_FOLLOWING: Final = 4
"""One job in this many updates an earlier job's course."""
_LISTING: Final = 3
"""One job in this many lists the artifacts of its stages in separate objects."""
DISTURBANCES: Final[tuple[type[Disturbance], ...]] = (
    all_of.LostAnswers,
    all_of.Deaths,
    all_of.LateRequests,
    all_of.DoubledRequests,
    all_of.Conflicts,
    all_of.BadReads,
    all_of.BriefRefusals,
    all_of.RefusalPeriod,
    all_of.Partition,
    all_of.StoreOutage,
    all_of.ListingOutage,
    all_of.StuckRequest,
    all_of.SlowConnections,
    all_of.LaggingLists,
    all_of.UnreliableReceiver,
    all_of.ReceiverOutage,
    all_of.Freeze,
    all_of.Kill,
    all_of.Signal,
    all_of.MachineClockChange,
    all_of.ConcurrentSweeps,
    all_of.MachineSuspension,
    all_of.StoreClockChange,
    all_of.StoreClockSkew,
)
"""What may happen to a job that no operator touches."""
OPERATORS: Final[tuple[type[Disturbance], ...]] = (
    all_of.Cancel,
    all_of.Redo,
    all_of.TakeOver,
    all_of.ResumeElsewhere,
    all_of.CancelRequest,
    all_of.GarbageCollection,
)


@dataclass
class Schedule:
    """A world, and the disturbances that were drawn for it."""

    simulation: Simulation
    drawn: list[Disturbance]

    def __str__(self) -> str:
        runs = (
            f"{run.process.name}: {run.code!r} {run.error or ''}"
            for run in self.simulation.runs
        )
        return "\n".join(
            [*map(repr, self.drawn), *runs, *self.simulation.refused]
        )


def draw(
    seed: int,
    work_dir: Path,
    kinds: tuple[type[Disturbance], ...],
    *,
    operators: bool,
) -> Schedule:
    """Draw a world from a seed: its runs and its disturbances."""
    chance = Random(seed)  # noqa: S311 - a seed
    chapters = chance.choice([2, 2, 2, 3, 6])
    max_inline = 1 if seed % _LISTING == 1 else MAX_INLINE
    simulation = Simulation(
        seed, work_dir, chapters=chapters, max_inline=max_inline
    )
    if seed % _FOLLOWING == 0:
        simulation.follow()
    pace = _draw_conditions(simulation, chance)
    span = 1.0 + (3 + 3 * chapters) * pace / 2 + 30 * simulation.latency
    drawn = _draw_disturbances(chance, span, kinds)
    if operators:
        number = chance.choice([1, 1, 2, 3])
        chosen = chance.choices(OPERATORS, k=number)
        drawn += [kind.draw(chance, span) for kind in chosen]
    drawn = _without_hidden_tombstones(drawn)
    for disturbance in drawn:
        disturbance.inject(simulation, chance)
    _draw_starts(simulation, chance, span)
    return Schedule(simulation, drawn)


def _draw_conditions(simulation: Simulation, chance: Random) -> float:
    """Draw latency, limits and pace; return the longest time for an item in seconds."""
    simulation.latency = chance.choice([0.01, 0.05, 0.3, 0.3, 1.0, 5.0])
    simulation.changes = {
        "lease": chance.choice([3, 3, 3, 10]),
        "store_give_up": chance.choice([5, 60]),
        "callback_give_up": chance.choice([5, 60]),
    }
    pace = chance.choice([0.0, 0.3, 1.0, 3.0])
    simulation.pace = lambda _path: simulation.scheduler.pause(
        pace * chance.random()
    )
    return pace


def _draw_disturbances(
    chance: Random, span: float, kinds: tuple[type[Disturbance], ...]
) -> list[Disturbance]:
    few = chance.choices(kinds, k=3)
    number = chance.choice([0, 1, 2, 3, 5])
    chosen = chance.choices(few, k=number)
    drawn = [kind.draw(chance, span) for kind in chosen]
    receiver = UnreliableReceiver.draw(chance, span)
    if chance.choice([0, 1]):
        drawn.append(receiver)
    return drawn


def _without_hidden_tombstones(drawn: list[Disturbance]) -> list[Disturbance]:
    """Leave out `gc` if listings lag.

    Only the newest checkpoint shows a collected job: a listing that misses it shows no job.
    """
    if not any(isinstance(disturbance, LaggingLists) for disturbance in drawn):
        return drawn
    return [
        disturbance
        for disturbance in drawn
        if not isinstance(disturbance, GarbageCollection)
    ]


def _draw_starts(simulation: Simulation, chance: Random, span: float) -> None:
    """Start the first run at once, and one to three others later."""
    latest = chance.choice([0.0, span, span, 2 * span])
    others = chance.choice([1, 1, 2, 3])
    for limit in (0.0, *[latest] * others):
        simulation.scheduler.at(
            chance.random() * limit, lambda: start_on_platform(simulation)
        )


def play(schedule: Schedule) -> Simulation:
    """Start runs until the job is over and all its events are sent."""
    simulation = schedule.simulation
    simulation.run()
    while not _is_settled(simulation):
        assert len(simulation.runs) < MAX_RUNS, "the job never ends"
        simulation.remove_faults()
        start_on_platform(simulation)
        simulation.run()
    return simulation


def _is_settled(simulation: Simulation) -> bool:
    manifest = simulation.newest()
    return (
        manifest is not None and manifest.over and not manifest.outbox.pending
    )
