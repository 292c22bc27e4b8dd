"""`batch`: brings many repositories to their end, a few at a time, on the platform or on this machine."""

import signal
import sys
from argparse import Namespace
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
from worker.cli.output import Output, table, warn
from worker.errors import ConfigError, TemporaryError, UsageError, WorkerError
from worker.job_request import DEFAULT_BRANCH
from worker.ownership.claim import check_identity
from worker.ownership.log import CheckpointLog
from worker.platform.environment import job_environment
from worker.platform.port import PlatformRun
from worker.services.deployment import Deployment, open_deployment, runs_view
from worker.services.follow import Follower, Outcome, outcome
from worker.services.platform_runs import runs_of
from worker.services.view import View, open_view
from worker.settings.settings import EnvironmentReader, read_settings
from worker.system import logs
from worker.system.process import Command, LineSplitter, Process
from worker.system.runtime import Runtime, SystemRuntime

PATIENCE_SECONDS: Final = 30.0
"""So long a run on this machine may take to save what is finished, when the batch is stopped."""
_LOOK_SECONDS: Final = 0.1
_STOPPING: Final = (signal.SIGINT, signal.SIGTERM)
_NOT_BEGUN: Final = "not begun"
COMPLETED: Final = frozenset({State.COMPLETED, "succeeded"})
"""What a job's state is when its course is there: by its manifest, or by the word of the platform.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What has become of a job."""

    entry: BatchJob
    state: str
    exit_code: Exit
    said: str = ""
    """Why, if it is not completed."""
    run_id: str | None = None
    """Of the platform's last run."""

    @property
    def completed(self) -> bool:
        """Whether its course is there."""
        return self.state in COMPLETED


Bring = Callable[[BatchJob], Result]
"""Brings one job to its end, or to where somebody has to do something about it."""


def batch(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Bring all jobs of a file to their end; run again, it goes on with those that are not over."""
    if arguments.parallel < 1:
        raise UsageError("--parallel must be at least 1")
    reader = EnvironmentReader(environment)
    allow_http = reader.flag("ALLOW_HTTP_GIT")
    entries = read_entries(
        Path(arguments.file), local=arguments.local, allow_http=allow_http
    )
    runtime = SystemRuntime()
    executor = runtime.executor(arguments.parallel)
    if arguments.local:
        return _said(
            *_LocalRuns(arguments, environment, runtime).bring_all(entries, executor)
        )
    return _said(
        _PlatformRuns(arguments, environment, runtime, entries).bring_all(
            entries, executor
        )
    )


def _caught(bring: Bring) -> Bring:
    """Let one job's failure be its own."""

    def brought(entry: BatchJob) -> Result:
        try:
            return bring(entry)
        except WorkerError as error:
            return Result(
                entry=entry, state="unknown", exit_code=error.exit, said=str(error)
            )

    return brought


class _PlatformRuns:
    """Jobs that the platform runs."""

    def __init__(
        self,
        arguments: Namespace,
        environment: Mapping[str, str],
        runtime: Runtime,
        entries: list[BatchJob],
    ) -> None:
        """Check all jobs as their runs would.

        Raise ConfigError with all that is wrong, before any is started.
        """
        self._deployment = open_deployment(
            arguments.definition, environment, runtime, warn
        )
        view = runs_view(arguments.store, environment, self._deployment.definition)
        self._view = view if isinstance(view, View) else None
        self._follower = Follower(self._deployment.platform, self._view, runtime)
        self._variables = {
            entry.job_id: job_environment(_identity(entry), environment)
            for entry in entries
        }
        self._runs = self._deployment.runs()
        _refuse_faults(self._deployment, self._variables)

    def bring_all(self, entries: list[BatchJob], executor: Executor) -> list[Result]:
        """Bring all jobs to their end, first those that are alive: no run is started before one of them has ended."""
        alive = {run.job_id for run in self._runs if run.live}
        order = sorted(entries, key=lambda entry: entry.job_id not in alive)
        results = {
            result.entry.job_id: result
            for result in executor.map(_caught(self._bring), order)
        }
        return [results[entry.job_id] for entry in entries]

    def _bring(self, entry: BatchJob) -> Result:
        """Follow the job's live run, or start one if it is not over, and follow that."""
        manifest = self._follower.manifest(entry.job_id)
        if manifest is not None:
            check_identity(manifest, _identity(entry))
        runs = runs_of(self._runs, entry.job_id, manifest)
        live = [run for run in runs if run.live]
        if not live and (found := _end(manifest, runs)) is not None:
            return _result(entry, found, runs[-1].id if runs else None)
        run = (
            live[-1]
            if live
            else self._deployment.start(
                self._variables[entry.job_id], [one.id for one in runs]
            )
        )
        return _result(
            entry, self._follower.follow(entry.job_id, run.id, lambda _: None), run.id
        )


def _end(manifest: Manifest | None, runs: list[PlatformRun]) -> Outcome | None:
    """Return how a job has ended, if nothing is left to do or to deliver.

    Where its manifest cannot be read, its last run's word is taken.
    """
    if manifest is not None and manifest.over:
        return None if manifest.outbox.pending else _outcome_of(manifest)
    if manifest is None and runs and runs[-1].state == "succeeded":
        return outcome(None, runs[-1])
    return None


def _outcome_of(manifest: Manifest) -> Outcome:
    """Return how a job that is over has ended."""
    said = manifest.error.message if manifest.error else ""
    return Outcome(state=manifest.state, exit_code=exit_code(manifest), said=said)


def _refuse_faults(
    deployment: Deployment, variables: Mapping[str, Mapping[str, str]]
) -> None:
    faults = zip(variables, deployment.faults(variables.values()), strict=True)
    if said := [f"{job_id}: {fault}" for job_id, found in faults for fault in found]:
        raise ConfigError("\n".join(said))


class _LocalRuns:
    """Jobs that processes of this program run on this machine."""

    def __init__(
        self, arguments: Namespace, environment: Mapping[str, str], runtime: Runtime
    ) -> None:
        reader = EnvironmentReader(environment)
        read_settings(reader, arguments.store)
        reader.finish()
        self._view = open_view(arguments.store, environment)
        self._environment = {
            **environment,
            "LOG_FORMAT": "console",
            "STORE_URL": self._view.settings.store_url,
        }
        self._runtime = runtime
        self._stopping = runtime.flag()
        self._folder = Path.cwd()

    def bring_all(
        self, entries: list[BatchJob], executor: Executor
    ) -> tuple[list[Result], Exit | None]:
        """Bring all jobs to their end; return what has become of each, and the exit code if this was stopped.

        On SIGINT or SIGTERM those that are at it save themselves, and no other is begun.
        """
        brought: dict[str, Future[Result]] = {}
        before = {number: signal.signal(number, _stop) for number in _STOPPING}
        try:
            for entry in entries:
                brought[entry.job_id] = executor.submit(_caught(self._bring), entry)
            return [brought[entry.job_id].result() for entry in entries], None
        except _StopError as stop:
            self._stopping.set()
            executor.shutdown(cancel_futures=True)
            return [
                self._result_of(entry, brought.get(entry.job_id)) for entry in entries
            ], stop.exit_code
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _result_of(self, entry: BatchJob, brought: "Future[Result] | None") -> Result:
        """Return what has become of a job in a batch that was stopped."""
        if brought is None or brought.cancelled():
            return _caught(self._passed_over)(entry)
        return brought.result()

    def _passed_over(self, entry: BatchJob) -> Result:
        """Return where a job stands whose turn did not come."""
        manifest = self._manifest(entry)
        if manifest is not None and manifest.over:
            return _result(entry, _outcome_of(manifest))
        state = str(manifest.state) if manifest else _NOT_BEGUN
        return _result(
            entry,
            Outcome(
                state=state,
                exit_code=Exit.TEMPORARY,
                said="its turn did not come: run it again",
            ),
        )

    def _manifest(self, entry: BatchJob) -> Manifest | None:
        newest = CheckpointLog(self._view.store, entry.job_id, self._runtime).newest()
        return newest.manifest if newest else None

    def _bring(self, entry: BatchJob) -> Result:
        if self._stopping.is_set():
            return self._passed_over(entry)
        branch = ("--branch", entry.branch) if entry.branch else ()
        argv = (
            "run",
            entry.repository,
            "--job-id",
            entry.job_id,
            *branch,
            "--out",
            f"{entry.job_id}-course",
        )
        program = (sys.executable, "-m", "worker", *argv)
        command = Command(argv=program, env=self._environment, cwd=self._folder)
        last: list[str] = [""]

        def show(_: object, line: str) -> None:
            last[0] = line or last[0]
            sys.stderr.write(f"[{entry.job_id}] {logs.printable(line)}\n")

        try:
            process = Process(command, self._runtime, LineSplitter(show).take)
        except (OSError, RuntimeError) as error:  # no process, or no thread, can be had
            raise TemporaryError(
                f"a process cannot be started ({error}): run it again later"
            ) from error
        while (code := process.wait(_LOOK_SECONDS)) is None:
            if self._stopping.is_set():
                process.stop(PATIENCE_SECONDS)
        if code == Exit.OK:
            self._view.store.persevere()  # it has let a whole job through
        manifest = self._manifest(entry)
        state = str(manifest.state) if manifest else _NOT_BEGUN
        known = Exit(code) if code in set(Exit) else Exit.TEMPORARY
        return _result(
            entry,
            Outcome(
                state=state,
                exit_code=known,
                said=last[0].removeprefix("fondation-worker: "),
            ),
        )


class _StopError(KeyboardInterrupt):
    """A signal to stop has come."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code: Final = Exit(128 + number)


def _stop(number: int, _: FrameType | None) -> NoReturn:
    """Stop once: more signals make no difference, since what is stopping does so in bounded time."""
    for each in _STOPPING:
        signal.signal(each, lambda *_: None)
    raise _StopError(number)


def _identity(entry: BatchJob) -> Identity:
    return Identity(
        job_id=entry.job_id,
        repository=entry.repository,
        branch=entry.branch or DEFAULT_BRANCH,
    )


def _result(entry: BatchJob, found: Outcome, run_id: str | None = None) -> Result:
    said = "" if found.state in COMPLETED else found.said
    return Result(
        entry=entry,
        state=found.state,
        exit_code=found.exit_code,
        said=said,
        run_id=run_id,
    )


def _said(results: list[Result], stopped: Exit | None = None) -> Output:
    failed = [result for result in results if not result.completed]
    documents: list[dict[str, Any]] = [
        {
            "jobId": result.entry.job_id,
            "repository": result.entry.repository,
            "branch": result.entry.branch,
            "state": result.state,
            "exitCode": int(result.exit_code),
            "runId": result.run_id,
        }
        for result in results
    ]
    rows = [["JOB", "STATE", "EXIT", ""]]
    rows += [
        [one.entry.job_id, one.state, str(int(one.exit_code)), one.said]
        for one in results
    ]
    summary = f"{len(results) - len(failed)} of {len(results)} completed"
    code = stopped or (failed[0].exit_code if failed else Exit.OK)
    return Output(
        document={"jobs": documents}, lines=[*table(rows), summary], exit_code=code
    )
