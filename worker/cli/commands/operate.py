"""`resume` and `cancel`: an operator's word to a job."""

from argparse import Namespace
from collections.abc import Callable, Mapping

from states.decisions import rejected_end
from states.exits import Exit
from states.manifest import Manifest
from states.stages import Stage, State
from worker.cli.output import Output, warn
from worker.errors import ConfigError, DataError, UsageError
from worker.ownership.claim import OperatorRequest
from worker.platform.settings import PlatformSettings
from worker.run.progress import Reporter
from worker.run.run import Run
from worker.services.deployment import (
    open_deployment,
    operators_view,
    optional_platform,
)
from worker.services.platform_cancel import PlatformCancel, cancel_unstarted
from worker.services.platform_resume import resume_on_platform
from worker.services.start_run import do, reporting
from worker.services.view import View, open_view
from worker.system.runtime import SystemRuntime


def resume(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Go on with a job that is interrupted, failed or crashed; or do it anew from a stage on."""
    if arguments.redeliver:
        return _redeliver(arguments, environment)
    return (
        _on_platform(arguments, environment)
        if arguments.on == "scaleway"
        else _here(arguments, environment)
    )


def _redeliver(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Send a job's rejected final callback again."""
    if arguments.stage or arguments.takeover or arguments.on != "local":
        raise UsageError(
            "--redeliver goes alone: it sends a callback again, from here, and redoes nothing"
        )
    view = open_view(arguments.store, environment)
    if view.settings.callback is None:
        raise ConfigError(
            "CALLBACK_URL and CALLBACK_TOKEN are missing: --redeliver sends a callback there"
        )
    before = view.manifest(arguments.job_id)
    with reporting(
        environment, default_format="console", job_id=arguments.job_id
    ) as reporter:
        code = _done(view, environment, reporter, arguments.job_id, Run.redeliver)
    after = view.manifest(arguments.job_id)
    return Output(
        document={
            "jobId": after.job_id,
            "state": after.state,
            "run": after.run,
            "exitCode": int(code),
        },
        lines=[f"job {after.job_id} is {after.state}: {_told_again(before, after)}"],
        exit_code=code,
    )


def _told_again(before: Manifest, after: Manifest) -> str:
    if after.outbox.pending:
        return "its final callback is pending: run `resume` to deliver it"
    if after.run == before.run:
        return "its final callback was not rejected, and nothing was sent"
    if rejected_end(after) is not None:
        return f"its final callback was rejected again, with status {after.outbox.rejected[-1].status_code}"
    return "its final callback was sent again, and acknowledged"


def _on_platform(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    deployment = open_deployment(
        arguments.definition, environment, SystemRuntime(), warn
    )
    definition = deployment.definition
    view = operators_view(arguments.store, environment, definition)
    request = OperatorRequest(
        stage=Stage(arguments.stage) if arguments.stage else None,
        takeover=arguments.takeover,
    )
    resumed = resume_on_platform(
        deployment, view, arguments.job_id, request, environment
    )
    manifest, run = resumed.manifest, resumed.run
    if run is None:
        line = f"job {manifest.job_id} is {manifest.state}: nothing was started"
    else:
        line = f"job {manifest.job_id}: started platform run {run.id}"
    document = {
        "jobId": manifest.job_id,
        "state": manifest.state,
        "run": manifest.run,
        "runId": run.id if run else None,
        "definitionId": definition.id,
    }
    return Output(document=document, lines=[line])


def _here(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    view = open_view(arguments.store, environment)
    view.manifest(arguments.job_id)
    word = OperatorRequest(
        stage=Stage(arguments.stage) if arguments.stage else None,
        takeover=arguments.takeover,
    )
    with reporting(
        environment, default_format="console", job_id=arguments.job_id
    ) as reporter:
        code = _done(
            view, environment, reporter, arguments.job_id, lambda job: job.resume(word)
        )
    after = view.manifest(arguments.job_id)
    return Output(
        document={
            "jobId": after.job_id,
            "state": after.state,
            "run": after.run,
            "exitCode": int(code),
        },
        lines=[f"job {after.job_id} is {after.state}", *_undelivered(after)],
        exit_code=code,
    )


def cancel(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Cancel a job at once if nobody runs it.

    Else ask the run to stop, and see to it that the platform's does.
    """
    view = open_view(arguments.store, environment)
    platform = optional_platform(arguments.definition, environment)
    before = _begun(view, platform, arguments.job_id)
    with reporting(
        environment, default_format="console", job_id=arguments.job_id
    ) as reporter:

        def ask() -> Exit:
            return _done(
                view, environment, reporter, arguments.job_id, lambda job: job.cancel()
            )

        code = ask()
        if platform is not None:
            code = PlatformCancel(platform, view, warn).enforce(before, ask) or code
    after = view.manifest(arguments.job_id)
    return Output(
        document={
            "jobId": after.job_id,
            "state": after.state,
            "cancelRequested": after.cancel_requested,
        },
        lines=[_said(before, after), *_undelivered(after)],
        exit_code=code,
    )


def _done(
    view: View,
    environment: Mapping[str, str],
    reporter: Reporter,
    job_id: str,
    work: Callable[[Run], Exit],
) -> Exit:
    """Do a run of a job.

    What the store refuses after that, as it has let that through, is tried again.
    """
    code = do(view.settings, environment, reporter, job_id, work)
    # guard: what a store refuses after an operator's word was done is tried again
    view.store.persevere()
    return code


def _begun(view: View, platform: PlatformSettings | None, job_id: str) -> Manifest:
    """Return the manifest of a job, which is begun by the wish to cancel it where only the platform knows it."""
    try:
        return view.manifest(job_id)
    except DataError as error:
        if (
            error.code != "no_such_job"
            or platform is None
            or not cancel_unstarted(platform, view, job_id)
        ):
            raise
        return view.manifest(job_id)


def _said(before: Manifest, after: Manifest) -> str:
    if before.over:
        return f"job {before.job_id} was {before.state} already"
    if after.state is State.CANCELED:
        return f"job {after.job_id} is canceled"
    third = max(1, after.owner.lease_seconds // 3)
    return f"job {after.job_id}: run {after.run} was asked to cancel it, and looks within {third}s"


def _undelivered(manifest: Manifest) -> list[str]:
    count = len(manifest.outbox.pending)
    if not count:
        return []
    return [
        f"{count} callbacks are pending: set CALLBACK_URL and CALLBACK_TOKEN and run it again to deliver them"
    ]
