"""Runs that a test scripts one by one."""

from collections.abc import Callable

from tests.simulation.network import Fault
from tests.simulation.scheduler import Process
from tests.simulation.simulation import SimulatedRun, Simulation
from tests.support.world import FakeEngine
from worker.engines.port import EngineFailedError
from worker.run.inbox import Stop

CHAPTER = "chapters/chapter_2_thing_2.md"
NEVER = 10**6


def run(simulation: Simulation, **how: object) -> SimulatedRun:
    """Start a run, and simulate until nothing is running."""
    started = simulation.start(**how)  # type: ignore[arg-type]  # as `start` has them
    simulation.run()
    return started


def failing(
    error: Exception, *, at: str = CHAPTER, times: int = NEVER
) -> FakeEngine:
    """Return an engine that fails at an item, a given number of times."""
    left = times

    def before_item(path: str) -> None:
        nonlocal left
        if path == at and left:
            left -= 1
            raise error

    return FakeEngine(chapters=2, before_item=before_item)


def overloaded() -> EngineFailedError:
    """Return a temporary failure."""
    return EngineFailedError("529 overloaded", temporary=True)


def kill_before(name: str) -> Callable[[str, Process], Fault | None]:
    """Return a policy that kills a process before an operation with this prefix."""
    return lambda operation, _process: (
        Fault.DIE_BEFORE if operation.startswith(name) else None
    )


def stop_at(simulation: Simulation, path: str, stop: Stop) -> FakeEngine:
    """Return an engine that hangs at an item, and stops its run there."""

    def before_item(made: str) -> None:
        if made == path:
            simulation.runs[-1].job.inbox.mailbox.put(stop)
            simulation.scheduler.pause(NEVER)

    return FakeEngine(chapters=2, before_item=before_item)
