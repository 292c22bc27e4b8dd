"""The platform's part of `resume`, `cancel` and `status`."""

from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import Any, Final

from states import decisions
from states.exits import Exit
from states.manifest import EngineRef, Manifest, Writer
from states.stages import Stage, State
from worker import __version__
from worker.cli.output import Output
from worker.errors import BusyError, TemporaryError, WorkerError
from worker.ownership.claim import Claimant, Newcomer, OperatorRequest
from worker.ownership.heartbeat import read_heartbeat, read_silence
from worker.ownership.log import CheckpointLog, OvertakenError, Ownership
from worker.platform.environment import job_environment
from worker.platform.port import Platform, PlatformRun
from worker.platform.settings import PlatformSettings
from worker.platform.sweep_decision import described
from worker.run.inbox import Inbox
from worker.services.deployment import (
    QUICK_SECONDS,
    Deployment,
    connect,
    find_definition,
    open_deployment,
    operators_view,
    runs_of,
    warn,
)
from worker.services.unstarted import engine_by, expected, wish_to_cancel
from worker.services.view import View
from worker.system.runtime import Runtime, SystemRuntime, iso

LOOK_SECONDS: Final = 1.0
STOP_SECONDS: Final = 300.0
"""So long is waited for a run that the platform was asked to stop: how long it takes is not documented."""


def resume_on_platform(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Claim a job by an operator's word, release it, and start a run that goes on with it."""
    deployment = open_deployment(arguments, environment, SystemRuntime())
    view = operators_view(arguments, environment, deployment.definition)
    manifest = view.manifest(arguments.job_id)
    word = OperatorRequest(
        stage=Stage(arguments.stage) if arguments.stage else None,
        takeover=arguments.takeover,
    )
    if word.stage is None and (manifest.collected or manifest.state is State.COMPLETED):
        return _resumed(deployment, manifest, None)
    runs = runs_of(deployment.runs(), manifest.job_id, manifest)
    if not word.takeover and (live := [run for run in runs if run.live]):
        raise BusyError(
            f"job {manifest.job_id} is not dead: {described(live[-1])}; wait for it, cancel the job, "
            "or take it over with `resume --takeover`"
        )
    variables = job_environment(
        manifest.identity, runs[-1].environment if runs else {}, environment
    )
    warn(
        f"the run may be refused: {fault}"
        for fault in deployment.faults([variables])[0]
    )
    claim_and_release(view, manifest.job_id, word)
    run = _start(deployment, variables, runs)
    return _resumed(deployment, view.manifest(manifest.job_id), run)


def _resumed(
    deployment: Deployment, manifest: Manifest, run: PlatformRun | None
) -> Output:
    document = {
        "jobId": manifest.job_id,
        "state": manifest.state,
        "run": manifest.run,
        "runId": run.id if run else None,
        "definitionId": deployment.definition.id,
    }
    said = (
        f"started platform run {run.id}"
        if run
        else f"is {manifest.state}: nothing was started"
    )
    return Output(document=document, lines=[f"job {manifest.job_id}: {said}"])


def claim_and_release(view: View, job_id: str, word: OperatorRequest) -> None:
    """Apply an operator's word to a job, and leave it to whoever comes next."""
    who = Newcomer(
        version=__version__, lease_seconds=view.settings.lease, announces=False
    )
    log = CheckpointLog(view.store, job_id, view.runtime, view.store.attempt)
    claimant = Claimant(view.store, log, Inbox(view.runtime), view.runtime, who)

    def same_engine(manifest: Manifest | None) -> EngineRef:
        assert manifest is not None  # noqa: S101 - a job without a checkpoint is not claimed by an operator
        return manifest.engine

    owned = claimant.resume(same_engine, word)
    if isinstance(owned, Ownership):
        now = iso(view.runtime.now())
        owned.append(lambda base: decisions.release(base, Exit.OK, at=now))


def _start(
    deployment: Deployment, variables: Mapping[str, str], runs: list[PlatformRun]
) -> PlatformRun:
    try:
        return deployment.start(variables, [run.id for run in runs])
    except WorkerError as error:
        job_id = variables["JOB_ID"]
        said = f"job {job_id} was released, and can be resumed, but starting a run failed: {error}"
        raise type(error)(said, code=error.code) from error


def platform_runs(
    settings: PlatformSettings, runtime: Runtime, manifest: Manifest
) -> list[PlatformRun]:
    """Return what the platform knows of a job's runs, oldest first, its manifest's and the definition's."""
    platform = connect(settings, runtime, QUICK_SECONDS)
    definition = find_definition(platform, settings)
    found = runs_of(
        platform.runs(definition.id) if definition else [], manifest.job_id, manifest
    )
    known = {run.id for run in found}
    others = {run.platform_run for run in manifest.runs if run.platform_run} - known
    asked = [platform.run(run_id) for run_id in sorted(others)]
    return sorted(
        [*found, *(run for run in asked if run)], key=lambda run: run.created_at
    )


def run_document(run: PlatformRun) -> dict[str, Any]:
    """Return a run for machines: without its environment, which holds tokens."""
    return {
        "id": run.id,
        "state": run.state,
        "reason": run.reason,
        "exitCode": run.exit_code,
        "attempts": run.attempts,
    }


def cancel_unbegun(settings: PlatformSettings, view: View, job_id: str) -> bool:
    """Begin a job that only the platform knows with a wish to cancel it, and stop its runs; False if there is none.

    The wish comes first, so that no sweep starts the job anew, and a run that begins
    meanwhile finds it.
    """
    platform = connect(settings, view.runtime)
    definition = find_definition(platform, settings)
    here = view.store.url.rstrip("/")
    if (
        definition is None
        or definition.environment.get("STORE_URL", here).rstrip("/") != here
    ):
        return False
    runs = runs_of(platform.runs(definition.id), job_id, None)
    identity = expected(job_id, runs)
    if identity is None:
        return False
    wish = wish_to_cancel(view, identity, engine_by(definition))
    try:
        CheckpointLog(view.store, job_id, view.runtime).append(
            None, wish, Writer.OPERATOR
        )
    except OvertakenError:  # it has begun
        return True
    for run in runs:
        if run.live:
            platform.stop(run.id)
    return True


def see_to_cancel(
    settings: PlatformSettings, view: View, before: Manifest, ask: Callable[[], Exit]
) -> Exit | None:
    """Wait for the platform's run of a job to obey an operator's `cancel`, stop it if it does not, and `ask` again.

    `before` is the manifest of before the first `ask`. Returns the second answer, or None
    where it was not asked again. Takes up to twice the owner's lease, and then what the
    platform takes to stop a run. Raises TemporaryError if that does not end.
    """
    manifest, silent = view.manifest(before.job_id), before.owner.platform_run
    if manifest.over:
        if (
            silent
            and not before.over
            and not before.released
            and manifest.run != before.run
        ):
            _stop_silent(settings, view.runtime, silent)
        return None
    run_id = manifest.owner.platform_run
    if run_id is None:
        return None
    lease = read_heartbeat(view.store, manifest).lease_seconds
    _await_rest(view, manifest.job_id, 2 * lease)
    if not view.manifest(manifest.job_id).over:
        platform = connect(settings, view.runtime)
        platform.stop(run_id)
        _await_end(platform, view.runtime, run_id)
        _await_rest(view, manifest.job_id, 2 * lease)
    return ask()


def _stop_silent(settings: PlatformSettings, runtime: Runtime, run_id: str) -> None:
    """Stop a run that was silent for longer than its lease, and that the job was canceled without."""
    try:
        connect(settings, runtime).stop(run_id)
    except WorkerError as error:
        warn(
            [
                f"platform run {run_id} may still be there, and could not be stopped: {error}"
            ]
        )


def _await_rest(view: View, job_id: str, seconds: float) -> None:
    """Wait until nobody works on a job, at most so long."""
    deadline, pause = view.runtime.monotonic() + seconds, view.runtime.flag()
    while view.runtime.monotonic() < deadline:
        manifest = view.manifest(job_id)
        silent, lease = read_silence(
            view.store, CheckpointLog(view.store, job_id, view.runtime), manifest
        )
        if manifest.over or manifest.released or silent > lease:
            return
        pause.wait(LOOK_SECONDS)


def _await_end(platform: Platform, runtime: Runtime, run_id: str) -> None:
    deadline, pause = runtime.monotonic() + STOP_SECONDS, runtime.flag()
    while (run := platform.run(run_id)) is not None and run.live:
        if runtime.monotonic() >= deadline:
            raise TemporaryError(
                f"{described(run)}, although it was told to stop: run this again later"
            )
        pause.wait(LOOK_SECONDS)
