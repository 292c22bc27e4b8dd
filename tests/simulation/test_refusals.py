"""A run whose store refuses requests or answers wrongly after the claim, for a time or for good."""

from collections.abc import Callable

import pytest

from states.exits import Exit
from states.keys import checkpoint_key
from states.stages import State
from tests.simulation.network import Fault, FaultPolicy
from tests.simulation.scheduler import Process
from tests.simulation.scripted_runs import kill_before, run
from tests.simulation.simulation import Simulation
from tests.support.world import JOB
from worker.errors import (
    DamagedCheckpointError,
    StoreConfigError,
    StoreFaultError,
    StoreRefusedError,
    UnknownFormatError,
)
from worker.outbox.port import WebhookResponse

FAULTS = [
    StoreRefusedError,
    StoreConfigError,
    DamagedCheckpointError,
    UnknownFormatError,
]
OPERATIONS = [
    f"create {JOB}/checkpoints",
    f"put {JOB}/artifacts/generate-chapters",
    f"get {JOB}/artifacts/order",
    f"list {JOB}/artifacts/generate-chapters",
]


def claimed(simulation: Simulation, policy: FaultPolicy) -> FaultPolicy:
    """Apply a policy once the second run has claimed the job."""
    return lambda name, process: (
        policy(name, process) if simulation.manifest.run > 1 else None
    )


def refusing(
    operation: str, fault: Callable[[str], StoreFaultError], *, times: int
) -> FaultPolicy:
    """Return a policy that refuses an operation a given number of times."""
    left = times

    def policy(name: str, _: Process) -> Fault | None:
        nonlocal left
        if name.startswith(operation) and left:
            left -= 1
            raise fault("so it says")
        return None

    return policy


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_temporary_refusal_does_not_fail_the_job(
    simulation: Simulation, operation: str, fault: type[StoreFaultError]
) -> None:
    run(simulation, policy=kill_before(f"put {JOB}/artifacts/review-chapters"))
    policy = claimed(simulation, refusing(operation, fault, times=3))
    assert run(simulation, policy=policy).code is Exit.OK
    simulation.check()


@pytest.mark.parametrize(
    ("fault", "code"),
    [(StoreRefusedError, Exit.REFUSED), (StoreConfigError, Exit.TEMPORARY)],
)
def test_a_refusal_that_lasts_ends_the_run_and_leaves_the_job_as_it_was(
    simulation: Simulation, fault: type[StoreFaultError], code: Exit
) -> None:
    policy = refusing(
        f"put {JOB}/artifacts/generate-chapters", fault, times=10**6
    )
    assert run(simulation, policy=policy).code is code
    assert simulation.manifest.state is State.GENERATING_CHAPTERS
    assert not simulation.finals()
    assert run(simulation).code is Exit.OK
    simulation.check()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refusal_before_the_claim_is_reported_at_once_and_nothing_is_changed(
    simulation: Simulation, fault: type[StoreFaultError]
) -> None:
    refused = run(simulation, policy=refusing(f"list {JOB}/", fault, times=1))
    assert refused.code is fault.exit
    assert list(simulation.store.entries("")) == []
    assert simulation.scheduler.time < 1


def test_a_finished_job_is_not_interrupted_by_faults_of_its_callbacks(
    simulation: Simulation,
) -> None:
    def reading(name: str, _: Process) -> Fault | None:
        if (
            name == f"get {checkpoint_key(JOB, sequence)}"
            and simulation.manifest.run > 1
        ):
            raise ZeroDivisionError
        return None

    simulation.receiver.answer = lambda _: WebhookResponse(status_code=503)
    assert run(simulation).code is Exit.TEMPORARY
    simulation.receiver.answer = lambda _: WebhookResponse(status_code=200)
    sequence = simulation.manifest.outbox.pending[-1].sequence
    again = run(simulation, policy=reading)
    assert again.code is Exit.SOFTWARE
    assert simulation.manifest.state == State.COMPLETED
    assert simulation.manifest.released
    assert run(simulation).code is Exit.OK
    simulation.check()
