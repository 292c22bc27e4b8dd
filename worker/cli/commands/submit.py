"""`submit`: starts a run of a job on the platform."""

import logging
from argparse import Namespace
from collections.abc import Mapping

from states.manifest import Identity
from states.repository_url import repository_fault, short_name
from worker.cli.output import Output, warn
from worker.errors import ConfigError
from worker.job_request import DEFAULT_BRANCH
from worker.ownership.claim import check_identity
from worker.ownership.log import CheckpointLog
from worker.platform.environment import job_environment
from worker.platform.port import PlatformRun
from worker.services.deployment import Deployment, open_deployment, runs_view
from worker.services.follow import Follower
from worker.services.start_run import reporting
from worker.services.view import View
from worker.system.runtime import Runtime, SystemRuntime

LOG = logging.getLogger(__name__)


def submit(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Check a job as a run would, start a run of it, and follow it if that is asked for."""
    runtime = SystemRuntime()
    deployment = open_deployment(arguments.definition, environment, runtime, warn)
    identity = Identity(
        job_id=arguments.job_id or new_job_id(arguments.repository, runtime),
        repository=arguments.repository,
        branch=arguments.branch or DEFAULT_BRANCH,
    )
    variables = job_environment(identity, environment)
    if faults := deployment.faults([variables])[0]:
        raise ConfigError("\n".join(faults))
    view = (
        runs_view(arguments.store, environment, deployment.definition)
        if arguments.job_id or arguments.wait
        else None
    )
    known: list[str] = []
    if arguments.job_id:
        known = [run.id for run in deployment.runs() if run.job_id == identity.job_id]
        if isinstance(view, View):
            _check_known(view, identity)
    run = deployment.start(variables, known)
    document = {
        "jobId": identity.job_id,
        "runId": run.id,
        "definitionId": deployment.definition.id,
    }
    if arguments.wait:
        return _followed(deployment, view, run, document, environment)
    return Output(document=document, lines=[_started(identity.job_id, run)])


def new_job_id(repository: str, runtime: Runtime) -> str:
    """Return a name for a new job; of a repository that is refused anyway, it says nothing."""
    name = (
        "job"
        if repository_fault(repository, allow_http=True)
        else short_name(repository)
    )
    return f"{name[:64]}-{runtime.token()}"


def _check_known(view: View, identity: Identity) -> None:
    newest = CheckpointLog(view.store, identity.job_id, view.runtime).newest()
    if newest is not None:
        check_identity(newest.manifest, identity)


def _started(job_id: str, run: PlatformRun) -> str:
    return f"job {job_id}: started platform run {run.id}"


def _followed(
    deployment: Deployment,
    view: View | str | None,
    run: PlatformRun,
    document: Mapping[str, str],
    environment: Mapping[str, str],
) -> Output:
    job_id = document["jobId"]
    follower = Follower(
        deployment.platform,
        view if isinstance(view, View) else None,
        deployment.runtime,
    )
    with reporting(environment, default_format="console", job_id=job_id) as reporter:
        LOG.info("started a run on the platform", extra={"run_id": run.id})
        if isinstance(view, str):
            LOG.warning(
                "following the platform's run only, without the stages",
                extra={"reason": view},
            )
        found = follower.follow(job_id, run.id, reporter.transition)
    told = {**document, "state": found.state, "exitCode": int(found.exit_code)}
    return Output(
        document=told,
        lines=[_started(job_id, run), found.said],
        exit_code=found.exit_code,
    )
