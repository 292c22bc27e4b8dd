"""`submit`: starts a run of a job on the platform."""

import logging

from states.manifest import Identity
from states.repository_url import repository_fault, short_name
from worker.cli.options import SubmitOptions
from worker.cli.output import Output, warn
from worker.errors import ConfigError
from worker.job_request import DEFAULT_BRANCH
from worker.ownership.preconditions import check_identity
from worker.platform.environment import job_environment
from worker.platform.port import PlatformRun
from worker.run.progress import Reporter
from worker.services.deployment import (
    Deployment,
    RunsStore,
    open_deployment,
    open_runs_store,
)
from worker.services.follow import Follower, Outcome
from worker.services.start_run import reporting
from worker.settings.reader import EnvironmentReader
from worker.settings.settings import LogSettings, read_log
from worker.system.environment import Environment
from worker.system.runtime import Runtime, SystemRuntime

LOG = logging.getLogger(__name__)


def submit(options: SubmitOptions, environment: Environment) -> Output:
    """Check a job as a run would, start a run and, with `--wait`, follow it."""
    log = _read_log(environment)
    runtime = SystemRuntime()
    deployment = open_deployment(options.definition, environment, runtime, warn)
    identity = _identity(options, runtime)
    job_id = identity.job_id
    update = {"UPDATE_FROM": options.update or ""}
    variables = job_environment(identity, environment, update)
    faults = deployment.faults(variables)
    if faults:
        raise ConfigError("\n".join(faults))
    store = RunsStore()
    if options.job_id or options.wait:
        definition = deployment.definition
        store = open_runs_store(options.store, environment, definition)
    known = []
    if options.job_id:
        known = _known_runs(deployment, store, identity)
    run = deployment.start(variables, known)
    started = _started(job_id, deployment, run)
    if not options.wait:
        return started
    with reporting(log, default_format="console", job_id=job_id) as reporter:
        outcome = _follow(deployment, store, job_id, run, reporter)
    return _ended(started, outcome)


def _started(job_id: str, deployment: Deployment, run: PlatformRun) -> Output:
    document = {
        "jobId": job_id,
        "runId": run.id,
        "definitionId": deployment.definition.id,
    }
    line = f"job {job_id}: started platform run {run.id}"
    return Output(document=document, lines=[line])


def _ended(started: Output, outcome: Outcome) -> Output:
    code = outcome.exit_code
    ended = {"state": outcome.state, "exitCode": int(code)}
    return Output(
        document=started.document | ended,
        lines=[*started.lines, outcome.message],
        exit_code=code,
    )


def _read_log(environment: Environment) -> LogSettings:
    """Read the log settings; raise ConfigError before anything is started."""
    reader = EnvironmentReader(environment)
    log = read_log(reader)
    reader.finish()
    return log


def _identity(options: SubmitOptions, runtime: Runtime) -> Identity:
    repository = options.repository
    return Identity(
        job_id=options.job_id or _new_job_id(repository, runtime),
        repository=repository,
        branch=options.branch or DEFAULT_BRANCH,
    )


def _new_job_id(repository: str, runtime: Runtime) -> str:
    """Return the id of a new job; an invalid repository is not part of it."""
    refused = repository_fault(repository, allow_http=True)
    name = "job"
    if not refused:
        name = short_name(repository)[:64]
    return f"{name}-{runtime.token()}"


def _known_runs(
    deployment: Deployment, store: RunsStore, identity: Identity
) -> list[str]:
    """Return the ids of a job's runs; raise ConfigError if its id is another job's."""
    job_id = identity.job_id
    known = [run.id for run in deployment.runs() if run.job_id == job_id]
    if store.view is not None:
        manifest = store.view.newest(job_id)
        if manifest is not None:
            check_identity(manifest, identity)
    return known


def _follow(
    deployment: Deployment,
    store: RunsStore,
    job_id: str,
    run: PlatformRun,
    reporter: Reporter,
) -> Outcome:
    LOG.info("started a run on the platform", extra={"run_id": run.id})
    if store.obstacle is not None:
        LOG.warning(
            "following the platform's run only, without the stages",
            extra={"reason": store.obstacle},
        )
    follower = Follower(deployment.platform, store.view, deployment.runtime)
    return follower.follow(job_id, run.id, reporter.transition)
