"""`resume` and `cancel`: an operator's word to a job."""

from argparse import Namespace
from collections.abc import Callable, Mapping

from states.decisions import rejected_end
from states.exits import Exit
from states.manifest import Manifest
from states.stages import Stage, State
from worker.claim import Operator
from worker.commands.platform import optional_platform
from worker.commands.reading import View, open_view
from worker.commands.remote import cancel_unbegun, resume_on_platform, see_to_cancel
from worker.commands.running import do, reporting
from worker.errors import ConfigError, NoInputError, UsageError
from worker.job import Job
from worker.output import Output
from worker.platform.settings import PlatformSettings
from worker.report import Reporter


def resume(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Go on with a job that is interrupted, failed or crashed; or do it anew from a stage on."""
    if arguments.redeliver:
        return _redeliver(arguments, environment)
    return resume_on_platform(arguments, environment) if arguments.on == "scaleway" else _here(arguments, environment)


def _redeliver(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Send a job's rejected final callback again."""
    if arguments.stage or arguments.takeover or arguments.on != "local":
        raise UsageError("--redeliver goes alone: it sends a callback again, from here, and redoes nothing")
    view = open_view(arguments, environment)
    if view.settings.callback is None:
        raise ConfigError("CALLBACK_URL and CALLBACK_TOKEN are missing: --redeliver sends a callback there")
    before = view.manifest(arguments.job_id)
    with reporting(environment, default_format="console", job_id=arguments.job_id) as reporter:
        code = _done(view, environment, reporter, arguments.job_id, Job.redeliver)
    after = view.manifest(arguments.job_id)
    return Output(
        document={"jobId": after.job_id, "state": after.state, "run": after.run, "exitCode": int(code)},
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


def _here(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    view = open_view(arguments, environment)
    view.manifest(arguments.job_id)
    word = Operator(stage=Stage(arguments.stage) if arguments.stage else None, takeover=arguments.takeover)
    with reporting(environment, default_format="console", job_id=arguments.job_id) as reporter:
        code = _done(view, environment, reporter, arguments.job_id, lambda job: job.resume(word))
    after = view.manifest(arguments.job_id)
    return Output(
        document={"jobId": after.job_id, "state": after.state, "run": after.run, "exitCode": int(code)},
        lines=[f"job {after.job_id} is {after.state}", *_undelivered(after)],
        exit_code=code,
    )


def cancel(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Cancel a job at once if nobody runs it; else ask the run to stop, and see to it that the platform's does."""
    view = open_view(arguments, environment)
    platform = optional_platform(arguments, environment)
    before = _begun(view, platform, arguments.job_id)
    with reporting(environment, default_format="console", job_id=arguments.job_id) as reporter:

        def ask() -> Exit:
            return _done(view, environment, reporter, arguments.job_id, lambda job: job.cancel())

        code = ask()
        if platform is not None:
            code = see_to_cancel(platform, view, before, ask) or code
    after = view.manifest(arguments.job_id)
    return Output(
        document={"jobId": after.job_id, "state": after.state, "cancelRequested": after.cancel_requested},
        lines=[_said(before, after), *_undelivered(after)],
        exit_code=code,
    )


def _done(
    view: View, environment: Mapping[str, str], reporter: Reporter, job_id: str, work: Callable[[Job], Exit]
) -> Exit:
    """Do a run of a job; what the store refuses after that, as it has let that through, is tried again."""
    code = do(view.settings, environment, reporter, job_id, work)
    view.store.persevere()
    return code


def _begun(view: View, platform: PlatformSettings | None, job_id: str) -> Manifest:
    """Return the manifest of a job, which is begun by the wish to cancel it where only the platform knows it."""
    try:
        return view.manifest(job_id)
    except NoInputError as error:
        if error.code != "no_such_job" or platform is None or not cancel_unbegun(platform, view, job_id):
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
    return [f"{count} callbacks are pending: set CALLBACK_URL and CALLBACK_TOKEN and run it again to deliver them"]
