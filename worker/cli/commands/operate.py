"""`resume` and `cancel`: an operator's requests to a job."""

from collections.abc import Callable
from dataclasses import replace

from states.decisions import rejected_end
from states.exits import Exit
from states.manifest import Manifest
from states.stages import Stage, State
from states.usage import Budget
from worker.cli.options import JobOptions, ResumeOptions
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
from worker.services.platform_resume import PlatformResume, resume_on_platform
from worker.services.start_run import do_run, reporting
from worker.services.view import View, open_view
from worker.settings.model import budget_in_tokens, budget_in_usd
from worker.system.environment import Environment
from worker.system.runtime import SystemRuntime


def resume(options: ResumeOptions, environment: Environment) -> Output:
    """Resume a job that is interrupted, failed or crashed, or redo it from a stage onwards."""
    if options.redeliver:
        return _redeliver(options, environment)
    if options.on == "scaleway":
        return _resume_on_platform(options, environment)
    return _resume_here(options, environment)


def _redeliver(options: ResumeOptions, environment: Environment) -> Output:
    """Send a job's rejected final callback again."""
    has_budget = options.budget_usd or options.budget_tokens
    others = (options.stage, options.takeover, has_budget)
    if any(others) or options.on != "local":
        raise UsageError(
            "--redeliver excludes --from, --takeover, --budget-… and --on "
            "scaleway: it only resends a callback, from this machine"
        )
    view = open_view(options.store, environment)
    if view.settings.callback is None:
        raise ConfigError(
            "CALLBACK_URL and CALLBACK_TOKEN are missing: set them to the "
            "webhook that --redeliver should send the callback to"
        )
    before = view.manifest(options.job_id)
    code = _do(view, environment, options.job_id, Run.redeliver)
    after = view.manifest(options.job_id)
    outcome = _redelivery_outcome(before, after)
    line = f"job {after.job_id} is {after.state}: {outcome}"
    return Output(document=_document(after, code), lines=[line], exit_code=code)


def _redelivery_outcome(before: Manifest, after: Manifest) -> str:
    if after.outbox.pending:
        return "its final callback is pending: run `resume` to deliver it"
    if after.run == before.run:
        return "its final callback was not rejected, and nothing was sent"
    if rejected_end(after) is not None:
        status = after.outbox.rejected[-1].status_code
        return f"its final callback was rejected again, with status {status}"
    return "its final callback was sent again, and acknowledged"


def _resume_here(options: ResumeOptions, environment: Environment) -> Output:
    view = open_view(options.store, environment)
    request = _request(options, view)
    code = _do(
        view, environment, options.job_id, lambda job: job.resume(request)
    )
    after = view.manifest(options.job_id)
    state = f"job {after.job_id} is {after.state}"
    return Output(
        document=_document(after, code),
        lines=[state, *_pending_callbacks(after)],
        exit_code=code,
    )


def _resume_on_platform(
    options: ResumeOptions, environment: Environment
) -> Output:
    runtime = SystemRuntime()
    deployment = open_deployment(options.definition, environment, runtime, warn)
    definition = deployment.definition
    view = operators_view(options.store, environment, definition)
    request = _request(options, view)
    resumed = resume_on_platform(
        deployment, view, options.job_id, request, environment
    )
    manifest = resumed.manifest
    run_id = None
    if resumed.run:
        run_id = resumed.run.id
    document = {
        "jobId": manifest.job_id,
        "state": manifest.state,
        "run": manifest.run,
        "runId": run_id,
        "definitionId": definition.id,
    }
    return Output(document=document, lines=[_resumed(resumed)])


def _resumed(resumed: PlatformResume) -> str:
    manifest = resumed.manifest
    run = resumed.run
    if run is None:
        return f"job {manifest.job_id} is {manifest.state}: nothing was started"
    return f"job {manifest.job_id}: started platform run {run.id}"


def _request(options: ResumeOptions, view: View) -> OperatorRequest:
    manifest = view.manifest(options.job_id)
    stage = None
    if options.stage:
        stage = Stage(options.stage)
    return OperatorRequest(
        stage=stage,
        takeover=options.takeover,
        budget=_budget(options, view, manifest),
    )


def _budget(
    options: ResumeOptions, view: View, manifest: Manifest
) -> Budget | None:
    """Return the job's new limit; an option that is not given keeps its part of the limit."""
    if options.budget_usd is None and options.budget_tokens is None:
        return None
    if manifest.engine.model is None:
        raise UsageError(
            f"job {manifest.job_id} has engine {manifest.engine.name!r}, which "
            "has no budget: leave out --budget-usd and --budget-tokens"
        )
    budget = manifest.budget
    if budget is None:
        usage = manifest.usage
        budget = view.settings.engine.model.budget
        if usage:
            budget = usage.budget
    if options.budget_usd is not None:
        limit = _limit("--budget-usd", options.budget_usd, budget_in_usd)
        budget = replace(budget, nanodollars=limit)
    if options.budget_tokens is not None:
        limit = _limit(
            "--budget-tokens", options.budget_tokens, budget_in_tokens
        )
        budget = replace(budget, tokens=limit)
    return budget


def _limit(
    name: str, text: str, parse: Callable[[str], int | None]
) -> int | None:
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(f"{name} is {text!r}: {error}") from error


def cancel(options: JobOptions, environment: Environment) -> Output:
    """Cancel a job at once if it has no live run; else ask its run to stop.

    A run of the platform that does not obey is stopped.
    """
    view = open_view(options.store, environment)
    platform = optional_platform(options.definition, environment)
    before = _begin_canceled_if_unstarted(view, platform, options.job_id)
    code = _cancel(view, environment, platform, before)
    after = view.manifest(options.job_id)
    document = {
        "jobId": after.job_id,
        "state": after.state,
        "cancelRequested": after.cancel_requested,
    }
    lines = [_cancel_outcome(before, after), *_pending_callbacks(after)]
    return Output(document=document, lines=lines, exit_code=code)


def _begin_canceled_if_unstarted(
    view: View, platform: PlatformSettings | None, job_id: str
) -> Manifest:
    """Return a job's manifest; a job that only the platform knows is recorded as canceled."""
    try:
        return view.manifest(job_id)
    except DataError as error:
        if error.code != "no_such_job" or platform is None:
            raise
        if not cancel_unstarted(platform, view, job_id):
            raise
        return view.manifest(job_id)


def _cancel(
    view: View,
    environment: Environment,
    platform: PlatformSettings | None,
    before: Manifest,
) -> Exit:
    job_id = before.job_id
    log = view.settings.log
    with reporting(log, default_format="console", job_id=job_id) as reporter:

        def request() -> Exit:
            return _do_reporting(
                view, environment, reporter, job_id, Run.cancel
            )

        code = request()
        if platform is None:
            return code
        enforced = PlatformCancel(platform, view, warn).enforce(before, request)
        return enforced or code


def _cancel_outcome(before: Manifest, after: Manifest) -> str:
    if before.over:
        return f"job {before.job_id} was {before.state} already"
    if after.state is State.CANCELED:
        return f"job {after.job_id} is canceled"
    interval = max(1, after.owner.lease_seconds // 3)
    return (
        f"job {after.job_id}: run {after.run} was asked to cancel it, and will "
        f"notice within {interval}s"
    )


def _do(
    view: View,
    environment: Environment,
    job_id: str,
    work: Callable[[Run], Exit],
) -> Exit:
    log = view.settings.log
    with reporting(log, default_format="console", job_id=job_id) as reporter:
        return _do_reporting(view, environment, reporter, job_id, work)


def _do_reporting(
    view: View,
    environment: Environment,
    reporter: Reporter,
    job_id: str,
    work: Callable[[Run], Exit],
) -> Exit:
    """Run a job, and report its outcome.

    The store has served the run by then, so refused reads are retried.
    """
    code = do_run(view.settings, environment, reporter, job_id, work)
    # guard: what a store refuses after an operator's request is retried
    view.store.persevere()
    return code


def _document(manifest: Manifest, code: Exit) -> dict[str, object]:
    return {
        "jobId": manifest.job_id,
        "state": manifest.state,
        "run": manifest.run,
        "exitCode": int(code),
    }


def _pending_callbacks(manifest: Manifest) -> list[str]:
    count = len(manifest.outbox.pending)
    if count == 0:
        return []
    pending = "1 callback is"
    if count != 1:
        pending = f"{count} callbacks are"
    advice = (
        "set CALLBACK_URL and CALLBACK_TOKEN, and run this again to deliver"
    )
    return [f"{pending} pending: {advice}"]
