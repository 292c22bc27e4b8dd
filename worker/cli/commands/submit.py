"""`submit`: starts a run of a job on the platform."""

import logging
from collections.abc import Mapping

from states.manifest import Identity
from states.repository_url import repository_fault, short_name
from worker.cli.options import SubmitOptions
from worker.cli.output import Output, warn
from worker.errors import ConfigError
from worker.job_request import DEFAULT_BRANCH
from worker.ownership.claim import check_identity
from worker.platform.environment import job_environment
from worker.platform.port import PlatformRun
from worker.services.deployment import Deployment, open_deployment, runs_view
from worker.services.follow import Follower, Outcome
from worker.services.start_run import reporting
from worker.services.view import View
from worker.system.runtime import Runtime, SystemRuntime

LOG = logging.getLogger(__name__)


def submit(options: SubmitOptions, environment: Mapping[str, str]) -> Output:
    """Check a job as a run would, start a run of it, and follow that with `--wait`."""
    runtime = SystemRuntime()
    deployment = open_deployment(options.definition, environment, runtime, warn)
    identity = Identity(
        job_id=options.job_id or new_job_id(options.repository, runtime),
        repository=options.repository,
        branch=options.branch or DEFAULT_BRANCH,
    )
    variables = job_environment(identity, environment)
    (faults,) = deployment.faults([variables])
    if faults:
        raise ConfigError("\n".join(faults))
    view: View | str | None = None
    if options.job_id or options.wait:
        view = runs_view(options.store, environment, deployment.definition)
    known: list[str] = []
    if options.job_id:
        known = _known_runs(deployment, view, identity)
    run = deployment.start(variables, known)
    document = {
        "jobId": identity.job_id,
        "runId": run.id,
        "definitionId": deployment.definition.id,
    }
    started = f"job {identity.job_id}: started platform run {run.id}"
    if not options.wait:
        return Output(document=document, lines=[started])
    outcome = _follow(deployment, view, run, identity.job_id, environment)
    ended = {"state": outcome.state, "exitCode": int(outcome.exit_code)}
    return Output(
        document=document | ended,
        lines=[started, outcome.message],
        exit_code=outcome.exit_code,
    )


def new_job_id(repository: str, runtime: Runtime) -> str:
    """Return the id of a new job; it does not name a repository that will be refused."""
    if repository_fault(repository, allow_http=True):
        return f"job-{runtime.token()}"
    return f"{short_name(repository)[:64]}-{runtime.token()}"


def _known_runs(
    deployment: Deployment, view: View | str | None, identity: Identity
) -> list[str]:
    """Return the ids of a job's runs; raise ConfigError if its id is another job's."""
    job_id = identity.job_id
    known = [run.id for run in deployment.runs() if run.job_id == job_id]
    manifest = view.newest(job_id) if isinstance(view, View) else None
    if manifest is not None:
        check_identity(manifest, identity)
    return known


def _follow(
    deployment: Deployment,
    view: View | str | None,
    run: PlatformRun,
    job_id: str,
    environment: Mapping[str, str],
) -> Outcome:
    readable = view if isinstance(view, View) else None
    follower = Follower(deployment.platform, readable, deployment.runtime)
    with reporting(environment, default_format="console", job_id=job_id) as reporter:
        LOG.info("started a run on the platform", extra={"run_id": run.id})
        if isinstance(view, str):
            LOG.warning(
                "following the platform's run only, without the stages",
                extra={"reason": view},
            )
        return follower.follow(job_id, run.id, reporter.transition)
