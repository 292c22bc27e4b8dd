"""The jobs of a batch, run on this machine by processes of this program."""

import signal
import sys
from concurrent.futures import Executor, Future
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from states.exits import Exit
from worker.cli.commands.batch_file import BatchJob
from worker.cli.commands.batch_result import Result, contained, ended
from worker.errors import TemporaryError
from worker.services.follow import Outcome
from worker.services.view import View
from worker.system import logs
from worker.system.environment import Environment
from worker.system.process import Command, LineSplitter, Process
from worker.system.runtime import Runtime

STOP_SECONDS: Final = 30.0
"""How long a run may take to save its work when the batch is stopped."""
_LOOK_SECONDS: Final = 0.1
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_NOT_BEGUN: Final = "not begun"


class LocalBatch:
    """Runs jobs as child processes."""

    def __init__(
        self, view: View, environment: Environment, runtime: Runtime
    ) -> None:
        self._view = view
        self._environment = {
            **environment,
            "LOG_FORMAT": "console",
            "STORE_URL": view.settings.store_url,
        }
        self._runtime = runtime
        self._stopping = runtime.flag()
        self._folder = Path.cwd()

    def run_all(
        self, jobs: list[BatchJob], executor: Executor
    ) -> tuple[list[Result], Exit | None]:
        """Run all jobs to their end; also return an exit code, if a signal stopped them.

        On SIGINT or SIGTERM the running jobs save their work, and no further job is started.
        """
        futures: dict[str, Future[Result]] = {}
        handlers = {
            number: signal.signal(number, _stop) for number in _STOP_SIGNALS
        }
        work = contained(self._run)
        try:
            for job in jobs:
                futures[job.job_id] = executor.submit(work, job)
            return [futures[job.job_id].result() for job in jobs], None
        except _StopError as stop:
            self._stopping.set()
            executor.shutdown(cancel_futures=True)
            results = []
            for job in jobs:
                result = self._stopped(job, futures.get(job.job_id))
                results.append(result)
            return results, stop.exit_code
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _stopped(
        self, job: BatchJob, future: "Future[Result] | None"
    ) -> Result:
        """Return the result of a job in a batch that was stopped."""
        if future is None or future.cancelled():
            passed_over = contained(self._passed_over)
            return passed_over(job)
        return future.result()

    def _passed_over(self, job: BatchJob) -> Result:
        """Return the result of a job that was not started before the stop."""
        manifest = self._view.newest(job.job_id)
        if manifest is not None and manifest.over:
            return Result(job=job, outcome=ended(manifest))
        state = _NOT_BEGUN
        if manifest is not None:
            state = str(manifest.state)
        waiting = Outcome(
            state=state,
            exit_code=Exit.TEMPORARY,
            message="the batch was stopped before its turn: run it again",
        )
        return Result(job=job, outcome=waiting)

    def _run(self, job: BatchJob) -> Result:
        if self._stopping.is_set():
            return self._passed_over(job)
        printed = _Printed(job.job_id)
        code = self._run_to_end(job, printed)
        if code == Exit.OK:
            self._view.store.persevere()  # the store has already served the job
        manifest = self._view.newest(job.job_id)
        exit_code = Exit.TEMPORARY
        if code in set(Exit):
            exit_code = Exit(code)
        state = _NOT_BEGUN
        if manifest is not None:
            state = str(manifest.state)
        reached = Outcome(
            state=state,
            exit_code=exit_code,
            message=printed.last_line.removeprefix("fondation-worker: "),
        )
        return Result(job=job, outcome=reached)

    def _run_to_end(self, job: BatchJob, printed: "_Printed") -> int:
        """Run a job in a process, which a stop ends as SIGTERM does; return its exit code."""
        command = Command(
            argv=(sys.executable, "-m", "worker", *_run_arguments(job)),
            env=self._environment,
            cwd=self._folder,
        )
        output = LineSplitter(printed.show)
        try:
            process = Process(command, self._runtime, output.take)
        except (OSError, RuntimeError) as error:
            # The system has no process or thread left.
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
    if job.update_from:
        arguments += ["--update", job.update_from]
    return [*arguments, "--out", f"{job.job_id}-course"]


class _Printed:
    """Passes a run's output on, and keeps its last line."""

    def __init__(self, job_id: str) -> None:
        self._job_id = job_id
        self.last_line = ""

    def show(self, _: object, line: str) -> None:
        if line:
            self.last_line = line
        text = logs.printable(line)
        sys.stderr.write(f"[{self._job_id}] {text}\n")


class _StopError(KeyboardInterrupt):
    """A signal to stop."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code: Final = Exit(128 + number)


def _stop(number: int, _: FrameType | None) -> NoReturn:
    """Stop once: stopping takes a limited time, and further signals are ignored."""
    for stop_signal in _STOP_SIGNALS:
        signal.signal(stop_signal, _ignore)
    raise _StopError(number)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    pass
