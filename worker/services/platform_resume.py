"""`resume --on scaleway`: claims a job for an operator, releases it, and starts a run."""

from dataclasses import dataclass, replace
from typing import Final

from states import decisions
from states.exits import Exit
from states.manifest import EngineRef, Manifest
from states.stages import State
from worker.errors import BusyError, WorkerError
from worker.ownership.claim import Claimant, OperatorRequest
from worker.ownership.log import CheckpointLog, Ownership
from worker.platform.environment import job_environment
from worker.platform.port import PlatformRun
from worker.platform.sweep_decision import described
from worker.services.deployment import Deployment
from worker.services.platform_runs import live_runs, runs_of
from worker.services.view import View
from worker.system.environment import Environment
from worker.system.runtime import iso

_MODEL: Final = "ANTHROPIC_MODEL"
_LANGUAGE: Final = "COURSE_LANGUAGE"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformResume:
    """The result of `resume --on scaleway`."""

    manifest: Manifest
    run: PlatformRun | None
    """None if the job was already completed, so nothing was started."""


def resume_on_platform(
    deployment: Deployment,
    view: View,
    job_id: str,
    request: OperatorRequest,
    environment: Environment,
) -> PlatformResume:
    """Apply an operator's request to a job, and start a run that resumes it.

    Raises BusyError if the job has a live run and the request is no takeover.
    """
    manifest = view.manifest(job_id)
    completed = manifest.collected or manifest.state is State.COMPLETED
    if completed and request.stage is None:
        return PlatformResume(manifest=manifest, run=None)
    runs = runs_of(deployment.runs(), job_id, manifest)
    live = live_runs(runs)
    if live and not request.takeover:
        raise BusyError(
            f"job {job_id} is still alive: {described(live[-1])}; wait for it, "
            "cancel the job, or take it over with `resume --takeover`"
        )
    last_environment = runs[-1].environment if runs else {}
    variables = job_environment(
        manifest.identity, last_environment, environment
    )
    faults = deployment.faults(variables)
    deployment.warn(f"the run may be refused: {fault}" for fault in faults)
    claim_and_release(view, job_id, request, deployment.definition.environment)
    _warn_of_model(deployment, manifest, request, environment)
    run = _start(deployment, variables, runs)
    return PlatformResume(manifest=view.manifest(job_id), run=run)


def claim_and_release(
    view: View,
    job_id: str,
    request: OperatorRequest,
    settings: Environment | None = None,
) -> None:
    """Apply an operator's request to a job, and leave the job to its next run.

    Its engine will have the model and the language that `settings` name: they are refused
    (ConfigError) unless the request redoes a stage.
    """
    log = CheckpointLog(view.store, job_id, view.runtime, view.store.attempt)
    claimant = Claimant(
        store=view.store,
        log=log,
        runtime=view.runtime,
        wait=view.runtime.flag().wait,
        lease_seconds=view.settings.limits.lease_seconds,
        announces=False,
        platform_run=None,
        allow_unfenced=False,
    )

    def next_engine(manifest: Manifest | None) -> EngineRef:
        assert manifest is not None  # noqa: S101 - an operator claims no job without a checkpoint
        return _next_engine(manifest.engine, settings or {})

    owned = claimant.resume(next_engine, request)
    if isinstance(owned, Ownership):
        now = iso(view.runtime.now())
        owned.append(lambda base: decisions.release(base, Exit.OK, at=now))


def _next_engine(engine: EngineRef, settings: Environment) -> EngineRef:
    """Return a job's engine as its next run will open it."""
    if engine.model is None:
        return engine
    # guard: a model in the definition is pinned by the request that redoes a stage
    return replace(
        engine,
        model=settings.get(_MODEL) or engine.model,
        language=settings.get(_LANGUAGE) or engine.language,
    )


def _warn_of_model(
    deployment: Deployment,
    manifest: Manifest,
    request: OperatorRequest,
    environment: Environment,
) -> None:
    """Warn of a model or language that is set here and does not reach the run."""
    engine = manifest.engine
    if request.stage is None or engine.model is None:
        return
    coming = _next_engine(engine, deployment.definition.environment)
    for name, value in ((_MODEL, coming.model), (_LANGUAGE, coming.language)):
        here = environment.get(name) or value
        if here != value:
            warning = (
                f"{name} is {here!r} here, and the run will have {value!r}: the job "
                "definition sets it; change it there with `deploy`"
            )
            deployment.warn([warning])


def _start(
    deployment: Deployment,
    variables: Environment,
    runs: list[PlatformRun],
) -> PlatformRun:
    try:
        return deployment.start(variables, [run.id for run in runs])
    except WorkerError as error:
        message = (
            f"job {variables['JOB_ID']} was released and can be resumed, "
            f"but starting a run failed: {error}"
        )
        raise type(error)(message, code=error.code) from error
