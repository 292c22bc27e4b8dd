"""Operators and the gateway, each in its own process, running the worker's code."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Final, cast

from states.exits import Exit
from states.stages import Stage
from tests.simulation.scheduler import START, Process, SimRuntime
from tests.simulation.simulation import SimulatedRun, Simulation
from tests.support.world import IDENTITY, JOB
from worker.cli.commands.gc import collect
from worker.cli.commands.sweep import Sweep
from worker.cli.output import warn
from worker.errors import StoreError, WorkerError
from worker.ownership.claim import OperatorRequest
from worker.platform.environment import job_environment
from worker.platform.port import (
    JobDefinition,
    Platform,
    PlatformRun,
    SecretReference,
)
from worker.run.run import Run
from worker.services.cancel_request import request_cancel
from worker.services.deployment import Deployment
from worker.services.platform_resume import claim_and_release
from worker.services.view import View
from worker.settings.reader import EnvironmentReader
from worker.settings.settings import Settings, read_settings
from worker.store.retrying import RetryingStore
from worker.system.retry import Retrier

DEFINITION: Final = JobDefinition(
    id="definition-1",
    name="fondation-worker",
    project_id="project-1",
    image="worker",
    cpu=1000,
    memory=1024,
    disk=1024,
    timeout=None,
    retries=0,
    environment={
        "STORE_URL": "file:///store",
        "CALLBACK_URL": "https://app.example.org/hook",
        "CALLBACK_TOKEN": "token",
    },
)
GIVE_UP_SECONDS: Final = 10.0
"""How long a command retries a store that does not respond."""

Command = Callable[[View], object]


def cancel(job: Run) -> Exit:
    """Cancel, as the command does."""
    return job.cancel()


def take_over(job: Run) -> Exit:
    """Resume without waiting for the owner."""
    return job.resume(OperatorRequest(takeover=True))


def redo(job: Run) -> Exit:
    """Redo a stage and all later ones."""
    return job.resume(OperatorRequest(stage=Stage.GENERATE_CHAPTERS))


def resume_elsewhere(simulation: Simulation, request: OperatorRequest) -> None:
    """Claim and release the job, and start a run of it on the platform, as `resume --on` does."""

    def command(view: View) -> None:
        claim_and_release(view, JOB, request)
        start_on_platform(simulation)

    operate(simulation, "resume", command)


def collect_all(simulation: Simulation) -> None:
    """Collect finished jobs, as `gc` does."""
    operate(simulation, "gc", lambda view: collect(view, 0, dry_run=False))


def request_to_cancel(simulation: Simulation) -> None:
    """Store a request to cancel like the gateway, and carry it out like its child process."""

    def command(view: View) -> None:
        if request_cancel(view, JOB, None, "static"):
            simulation.start(work=cancel)
        else:
            simulation.refused.append("gateway: unknown job")

    operate(simulation, "gateway", command)


def sweep(simulation: Simulation) -> None:
    """Start runs for jobs that need one."""

    def command(view: View) -> None:
        deployment = Deployment(
            platform=cast("Platform", SimPlatform(simulation)),
            definition=DEFINITION,
            runtime=view.runtime,
            warn=warn,
        )
        look = Sweep(
            view, deployment, max_attempts=50, max_parallel=20, dry_run=False
        )
        look.results()

    operate(simulation, "sweep", command)


def operate(simulation: Simulation, name: str, command: Command) -> None:
    """Run a command in its own process; its failure does not fail the simulation."""
    simulation.commands += 1
    process = Process(name=f"{name} {simulation.commands}")
    runtime = SimRuntime(simulation.scheduler, process)
    store = RetryingStore(
        simulation.store_of(process),
        Retrier(runtime, runtime.flag()),
        GIVE_UP_SECONDS,
        monotonic=runtime.monotonic,
    )
    view = View(settings=settings(), store=store, runtime=runtime)

    def body() -> None:
        try:
            command(view)
        except (WorkerError, StoreError) as error:
            simulation.refused.append(f"{name}: {error!r}")

    simulation.scheduler.spawn(process, name, body)


@cache
def settings() -> Settings:
    """Return an operator's settings."""
    return read_settings(
        EnvironmentReader({"STORE_URL": "file:///store", "LEASE_SECONDS": "3"})
    )


def start_on_platform(simulation: Simulation) -> SimulatedRun:
    """Start a run that the platform knows."""
    return simulation.start(platform_run=f"run-{len(simulation.runs) + 1}")


class SimPlatform:
    """A platform for sweeps: it starts the simulation's runs, and retries none."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def secrets(self, _definition_id: str) -> list[SecretReference]:
        return []

    def runs(self, definition_id: str) -> list[PlatformRun]:
        return [
            _known(run, number, definition_id)
            for number, run in enumerate(self._simulation.runs, 1)
        ]

    def start(
        self, definition_id: str, environment: Mapping[str, str]
    ) -> PlatformRun:
        assert environment["JOB_ID"] == JOB
        return _known(
            start_on_platform(self._simulation),
            len(self._simulation.runs),
            definition_id,
        )


def _known(run: SimulatedRun, number: int, definition_id: str) -> PlatformRun:
    over = run.code is not None or run.process.dead
    return PlatformRun(
        id=f"run-{number}",
        definition_id=definition_id,
        state=("succeeded" if run.code is Exit.OK else "failed")
        if over
        else "running",
        reason=None,
        exit_code=run.code,
        attempts=1,
        created_at=START + timedelta(seconds=run.began_at),
        environment=job_environment(IDENTITY, DEFINITION.environment),
    )
