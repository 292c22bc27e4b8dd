"""The jobs of a batch that the platform runs."""

from concurrent.futures import Executor

from states.manifest import Identity, Manifest
from worker.cli.commands.batch_file import BatchJob
from worker.cli.commands.batch_result import Result, contained, ended
from worker.errors import ConfigError
from worker.job_request import DEFAULT_BRANCH
from worker.ownership.preconditions import check_identity
from worker.platform.environment import job_environment
from worker.platform.port import PlatformRun
from worker.services.deployment import Deployment, RunsStore
from worker.services.follow import Follower, Outcome, outcome
from worker.services.platform_runs import live_runs, runs_of
from worker.system.environment import Environment


class PlatformBatch:
    """Runs jobs on the platform."""

    def __init__(
        self,
        deployment: Deployment,
        store: RunsStore,
        environment: Environment,
        jobs: list[BatchJob],
    ) -> None:
        """Check all jobs as their runs would; raise ConfigError with every fault."""
        self._deployment = deployment
        self._jobs = jobs
        platform = deployment.platform
        self._follower = Follower(platform, store.view, deployment.runtime)
        self._variables = {
            job.job_id: _variables(job, environment) for job in jobs
        }
        self._runs = deployment.runs()
        self._refuse_faults()

    def run_all(self, executor: Executor) -> list[Result]:
        """Run all jobs to their end.

        Jobs with live runs come first; further jobs start only as these end.
        """
        alive = {run.job_id for run in live_runs(self._runs)}
        order = sorted(self._jobs, key=lambda job: job.job_id not in alive)
        results = {}
        for result in executor.map(contained(self._run), order):
            results[result.job.job_id] = result
        return [results[job.job_id] for job in self._jobs]

    def _refuse_faults(self) -> None:
        faults = self._deployment.faults_of_each(self._variables.values())
        lines: list[str] = []
        for job_id, job_faults in zip(self._variables, faults, strict=True):
            for fault in job_faults:
                line = f"{job_id}: {fault}"
                lines.append(line)
        if lines:
            raise ConfigError("\n".join(lines))

    def _run(self, job: BatchJob) -> Result:
        """Follow the job's live run; without one, start a new one unless the job is over."""
        job_id = job.job_id
        manifest = self._follower.manifest(job_id)
        if manifest is not None:
            check_identity(manifest, _identity(job))
        runs = runs_of(self._runs, job_id, manifest)
        live = live_runs(runs)
        if live:
            return self._follow(job, live[-1])
        known = [run.id for run in runs]
        final = _final_outcome(manifest, runs)
        if final is not None:
            last_id = None
            if known:
                last_id = known[-1]
            return Result(job=job, outcome=final, run_id=last_id)
        variables = self._variables[job_id]
        run = self._deployment.start(variables, known)
        return self._follow(job, run)

    def _follow(self, job: BatchJob, run: PlatformRun) -> Result:
        reached = self._follower.follow(job.job_id, run.id, lambda _: None)
        return Result(job=job, outcome=reached, run_id=run.id)


def _variables(job: BatchJob, environment: Environment) -> dict[str, str]:
    own = {**environment, "UPDATE_FROM": job.update_from or ""}
    return job_environment(_identity(job), own)


def _identity(job: BatchJob) -> Identity:
    branch = job.branch or DEFAULT_BRANCH
    return Identity(job_id=job.job_id, repository=job.repository, branch=branch)


def _final_outcome(
    manifest: Manifest | None, runs: list[PlatformRun]
) -> Outcome | None:
    """Return the outcome of a job with nothing left to do or to deliver.

    Without a readable manifest, its last run determines the outcome.
    """
    if manifest is not None:
        unfinished = not manifest.over or manifest.outbox.pending
        if unfinished:
            return None
        return ended(manifest)
    if not runs:
        return None
    last = runs[-1]
    if last.state == "succeeded":
        return outcome(None, last)
    return None
