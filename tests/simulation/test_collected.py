"""Processes that wake up after `gc` has collected their job: its log has a gap."""

import pytest

from states.exits import Exit
from states.keys import checkpoint_key
from tests.simulation.network import Fault
from tests.simulation.operators import collect_all, take_over
from tests.simulation.scheduler import Process
from tests.simulation.simulation import SimulatedRun, Simulation
from tests.support.world import JOB

STOPPED_SECONDS = 60.0
COLLECTED_AFTER = 50.0


def stop_before(simulation: Simulation, sequence: int) -> SimulatedRun:
    """Suspend the machine of a run just before it creates a checkpoint.

    Another run completes the job, and `gc` collects it. Then the first run wakes up.
    """
    scheduler = simulation.scheduler
    stopped_at: list[float] = []

    def policy(operation: str, process: Process) -> Fault | None:
        due = operation == f"create {checkpoint_key(JOB, sequence)}"
        if not due or process is not stopped.process or stopped_at:
            return None
        now = scheduler.time
        stopped_at.append(now)
        scheduler.stop_machine(process, STOPPED_SECONDS)
        scheduler.at(now + 1, simulation.start)
        scheduler.at(now + COLLECTED_AFTER, lambda: collect_all(simulation))
        return Fault.FAILED

    stopped = simulation.start(policy)
    simulation.run()
    assert simulation.manifest.collected
    assert (stopped.process, sequence) in simulation.observer.filled
    woken_at = stopped_at[0] + STOPPED_SECONDS
    assert simulation.posts_since(stopped, woken_at) == []
    return stopped


@pytest.mark.parametrize("sequence", range(2, 12))
def test_a_run_that_appends_to_the_gap_of_a_collected_log_sends_nothing(
    simulation: Simulation, sequence: int
) -> None:
    woken = stop_before(simulation, sequence)
    assert woken.code is Exit.REPLACED
    simulation.check_deliveries()
    simulation.check_conduct()


def test_a_claim_in_the_gap_of_a_collected_log_does_not_count(
    simulation: Simulation,
) -> None:
    woken = stop_before(simulation, 1)
    assert woken.code is Exit.OK, "the run must end as the job did"
    simulation.check_deliveries()
    simulation.check_conduct()


@pytest.mark.parametrize("sequence", [1, 6])
def test_objects_that_fill_the_gap_are_collected_by_the_next_command(
    simulation: Simulation, sequence: int
) -> None:
    stop_before(simulation, sequence)
    collect_all(simulation)
    simulation.run()
    assert simulation.manifest.collected
    assert len(list(simulation.store.entries(""))) == 1


@pytest.mark.parametrize("lease", [10, 30])
def test_a_job_is_collected_once_the_lease_of_a_replaced_run_has_expired(
    simulation: Simulation, lease: int
) -> None:
    """A frozen run cannot know that it was replaced: only its lease keeps it silent."""
    simulation.changes = {"lease": lease}
    simulation.observer.lawful_seconds = lease
    scheduler = simulation.scheduler
    collected: list[bool] = []

    def collect_now() -> None:
        collect_all(simulation)
        scheduler.at(
            scheduler.time + 0.5,
            lambda: collected.append(simulation.manifest.collected),
        )

    frozen = simulation.start()
    scheduler.at(0.2, lambda: frozen.process.freeze(lease - 1.0))
    scheduler.at(1, lambda: simulation.start(work=take_over))
    scheduler.at(lease - 3.0, collect_now)
    scheduler.at(2.0 * lease, collect_now)
    simulation.run()
    assert collected == [False, True]
    simulation.check_deliveries()
    simulation.check_conduct()
