"""`batch`: runs the jobs of a file, a few at a time, on the platform or on this machine."""

import signal
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

from states.exits import Exit
from states.manifest import Identity, Manifest
from states.stages import State
from states.takeover import exit_code
from worker.cli.commands.batch_file import BatchJob, read_entries
from worker.cli.options import BatchOptions
from worker.cli.output import Output, table, warn
from worker.errors import ConfigError, TemporaryError, UsageError, WorkerError
from worker.job_request import DEFAULT_BRANCH
from worker.ownership.claim import check_identity
from worker.platform.environment import job_environment
from worker.platform.port import PlatformRun
from worker.services.deployment import Deployment, open_deployment, runs_view
from worker.services.follow import Follower, Outcome, outcome
from worker.services.platform_runs import live_runs, runs_of
from worker.services.view import View, open_view
from worker.settings.settings import EnvironmentReader, read_settings
from worker.system import logs
from worker.system.process import Command, LineSplitter, Process
from worker.system.runtime import Runtime, SystemRuntime

STOP_SECONDS: Final = 30.0
"""How long a run on this machine may take to save its work when the batch is stopped."""
COMPLETED: Final = frozenset({State.COMPLETED, "succeeded"})
"""The states of a job with a course: the manifest's, and the platform's."""
_LOOK_SECONDS: Final = 0.1
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_NOT_BEGUN: Final = "not begun"


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """A job of the batch, and its outcome."""

    job: BatchJob
    outcome: Outcome
    run_id: str | None = None
    """Of the platform's last run."""

    @property
    def completed(self) -> bool:
        """Whether the job has its course."""
        return self.outcome.state in COMPLETED


Work = Callable[[BatchJob], Result]
"""Takes one job to its end, or to where an operator must act."""


def batch(options: BatchOptions, environment: Mapping[str, str]) -> Output:
    """Take all jobs of a file to their end; run again, it continues those that are not over."""
    if options.parallel < 1:
        raise UsageError("--parallel must be at least 1")
    allow_http = EnvironmentReader(environment).flag("ALLOW_HTTP_GIT")
    jobs = read_entries(Path(options.file), local=options.local, allow_http=allow_http)
    runtime = SystemRuntime()
    executor = runtime.executor(options.parallel)
    if options.local:
        local_runs = _LocalRuns(options.store, environment, runtime)
        return _answer(*local_runs.run_all(jobs, executor))
    platform_runs = _PlatformRuns(options, environment, runtime, jobs)
    return _answer(platform_runs.run_all(jobs, executor))


def _contained(work: Work) -> Work:
    """Turn an error about one job into its result, so that the others go on."""

    def contained(job: BatchJob) -> Result:
        try:
            return work(job)
        except WorkerError as error:
            failure = Outcome(state="unknown", exit_code=error.exit, message=str(error))
            return Result(job=job, outcome=failure)

    return contained


class _PlatformRuns:
    """Jobs that the platform runs."""

    def __init__(
        self,
        options: BatchOptions,
        environment: Mapping[str, str],
        runtime: Runtime,
        jobs: list[BatchJob],
    ) -> None:
        """Check all jobs as their runs would; raise ConfigError with every fault."""
        self._deployment = open_deployment(
            options.definition, environment, runtime, warn
        )
        definition = self._deployment.definition
        view = runs_view(options.store, environment, definition)
        self._follower = Follower(
            self._deployment.platform, view if isinstance(view, View) else None, runtime
        )
        self._variables = {
            job.job_id: job_environment(_identity(job), environment) for job in jobs
        }
        self._runs = self._deployment.runs()
        _refuse_faults(self._deployment, self._variables)

    def run_all(self, jobs: list[BatchJob], executor: Executor) -> list[Result]:
        """Follow the jobs with live runs first: a run is started only when one of them has ended."""
        alive = {run.job_id for run in live_runs(self._runs)}
        order = sorted(jobs, key=lambda job: job.job_id not in alive)
        results = {}
        for result in executor.map(_contained(self._run), order):
            results[result.job.job_id] = result
        return [results[job.job_id] for job in jobs]

    def _run(self, job: BatchJob) -> Result:
        """Follow the job's live run; without one, start and follow a new one unless the job is over."""
        manifest = self._follower.manifest(job.job_id)
        if manifest is not None:
            check_identity(manifest, _identity(job))
        runs = runs_of(self._runs, job.job_id, manifest)
        live = live_runs(runs)
        if live:
            run = live[-1]
        else:
            ended = _final_outcome(manifest, runs)
            if ended is not None:
                run_id = runs[-1].id if runs else None
                return Result(job=job, outcome=ended, run_id=run_id)
            known = [run.id for run in runs]
            run = self._deployment.start(self._variables[job.job_id], known)
        reached = self._follower.follow(job.job_id, run.id, lambda _: None)
        return Result(job=job, outcome=reached, run_id=run.id)


def _final_outcome(
    manifest: Manifest | None, runs: list[PlatformRun]
) -> Outcome | None:
    """Return the outcome of a job with nothing left to do or to deliver.

    Without a readable manifest, its last run decides.
    """
    if manifest is None:
        succeeded = bool(runs) and runs[-1].state == "succeeded"
        return outcome(None, runs[-1]) if succeeded else None
    if not manifest.over or manifest.outbox.pending:
        return None
    return _outcome_of(manifest)


def _outcome_of(manifest: Manifest) -> Outcome:
    """Return the outcome of a job that is over."""
    message = manifest.error.message if manifest.error else ""
    code = exit_code(manifest)
    return Outcome(state=manifest.state, exit_code=code, message=message)


def _refuse_faults(
    deployment: Deployment, variables: Mapping[str, Mapping[str, str]]
) -> None:
    faults = deployment.faults(variables.values())
    lines: list[str] = []
    for job_id, job_faults in zip(variables, faults, strict=True):
        lines.extend(f"{job_id}: {fault}" for fault in job_faults)
    if lines:
        raise ConfigError("\n".join(lines))


class _LocalRuns:
    """Jobs that processes of this program run on this machine."""

    def __init__(
        self, store: str | None, environment: Mapping[str, str], runtime: Runtime
    ) -> None:
        reader = EnvironmentReader(environment)
        read_settings(reader, store)
        reader.finish()
        self._view = open_view(store, environment)
        self._environment = {
            **environment,
            "LOG_FORMAT": "console",
            "STORE_URL": self._view.settings.store_url,
        }
        self._runtime = runtime
        self._stopping = runtime.flag()
        self._folder = Path.cwd()

    def run_all(
        self, jobs: list[BatchJob], executor: Executor
    ) -> tuple[list[Result], Exit | None]:
        """Return the results, and the exit code if a signal has stopped the batch.

        At SIGINT or SIGTERM the running jobs save their work, and no other is begun.
        """
        futures: dict[str, Future[Result]] = {}
        handlers = {number: signal.signal(number, _stop) for number in _STOP_SIGNALS}
        try:
            for job in jobs:
                futures[job.job_id] = executor.submit(_contained(self._run), job)
            return [futures[job.job_id].result() for job in jobs], None
        except _StopError as stop:
            self._stopping.set()
            executor.shutdown(cancel_futures=True)
            results = [self._stopped(job, futures.get(job.job_id)) for job in jobs]
            return results, stop.exit_code
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _stopped(self, job: BatchJob, future: "Future[Result] | None") -> Result:
        """Return the result of a job in a batch that was stopped."""
        if future is None or future.cancelled():
            return _contained(self._passed_over)(job)
        return future.result()

    def _passed_over(self, job: BatchJob) -> Result:
        """Return the result of a job that was not begun before the stop."""
        manifest = self._view.newest(job.job_id)
        if manifest is not None and manifest.over:
            return Result(job=job, outcome=_outcome_of(manifest))
        state = str(manifest.state) if manifest else _NOT_BEGUN
        waiting = Outcome(
            state=state,
            exit_code=Exit.TEMPORARY,
            message="the batch was stopped before its turn: run it again",
        )
        return Result(job=job, outcome=waiting)

    def _run(self, job: BatchJob) -> Result:
        if self._stopping.is_set():
            return self._passed_over(job)
        last_line = _LastLine(job.job_id)
        code = self._run_to_end(job, last_line)
        if code == Exit.OK:
            self._view.store.persevere()  # the store has served a whole job
        manifest = self._view.newest(job.job_id)
        ended = Outcome(
            state=str(manifest.state) if manifest else _NOT_BEGUN,
            exit_code=Exit(code) if code in set(Exit) else Exit.TEMPORARY,
            message=last_line.text.removeprefix("fondation-worker: "),
        )
        return Result(job=job, outcome=ended)

    def _run_to_end(self, job: BatchJob, last_line: "_LastLine") -> int:
        """Run a job in a process, or stop that as SIGTERM does; return the exit code."""
        program = (sys.executable, "-m", "worker", *_run_arguments(job))
        command = Command(argv=program, env=self._environment, cwd=self._folder)
        output = LineSplitter(lambda _, line: last_line.show(line))
        try:
            process = Process(command, self._runtime, output.take)
        except (OSError, RuntimeError) as error:  # no process or thread left
            raise TemporaryError(
                f"a process cannot be started ({error}): run this again later"
            ) from error
        while (code := process.wait(_LOOK_SECONDS)) is None:
            if self._stopping.is_set():
                process.stop(STOP_SECONDS)
        return code


def _run_arguments(job: BatchJob) -> list[str]:
    arguments = ["run", job.repository, "--job-id", job.job_id]
    if job.branch:
        arguments += ["--branch", job.branch]
    return [*arguments, "--out", f"{job.job_id}-course"]


class _LastLine:
    """Shows the lines of a job's run, and keeps the last one."""

    def __init__(self, job_id: str) -> None:
        self._job_id = job_id
        self.text = ""

    def show(self, line: str) -> None:
        self.text = line or self.text
        sys.stderr.write(f"[{self._job_id}] {logs.printable(line)}\n")


class _StopError(KeyboardInterrupt):
    """A signal to stop."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code: Final = Exit(128 + number)


def _stop(number: int, _: FrameType | None) -> NoReturn:
    """Stop once: the stop ends in bounded time, and further signals change nothing."""
    for stop_signal in _STOP_SIGNALS:
        signal.signal(stop_signal, lambda *_: None)
    raise _StopError(number)


def _identity(job: BatchJob) -> Identity:
    return Identity(
        job_id=job.job_id,
        repository=job.repository,
        branch=job.branch or DEFAULT_BRANCH,
    )


def _answer(results: list[Result], stopped: Exit | None = None) -> Output:
    failed = [result for result in results if not result.completed]
    code = failed[0].outcome.exit_code if failed else Exit.OK
    rows = [["JOB", "STATE", "EXIT", ""]]
    rows += [_row(result) for result in results]
    completed = len(results) - len(failed)
    summary = f"{completed} of {len(results)} completed"
    return Output(
        document={"jobs": [_document(result) for result in results]},
        lines=[*table(rows), summary],
        exit_code=stopped or code,
    )


def _document(result: Result) -> dict[str, Any]:
    return {
        "jobId": result.job.job_id,
        "repository": result.job.repository,
        "branch": result.job.branch,
        "state": result.outcome.state,
        "exitCode": int(result.outcome.exit_code),
        "runId": result.run_id,
    }


def _row(result: Result) -> list[str]:
    reached = result.outcome
    message = "" if result.completed else reached.message
    return [result.job.job_id, reached.state, str(int(reached.exit_code)), message]
