"""`batch`: runs the jobs of a file, a few at a time, on the platform or on this machine."""

from pathlib import Path

from states.exits import Exit
from worker.cli.commands.batch_file import read_entries
from worker.cli.commands.batch_local import LocalBatch
from worker.cli.commands.batch_platform import PlatformBatch
from worker.cli.commands.batch_result import Result
from worker.cli.options import BatchOptions
from worker.cli.output import Output, table, warn
from worker.errors import UsageError
from worker.services.deployment import open_deployment, open_runs_store
from worker.services.view import open_view
from worker.settings.reader import EnvironmentReader
from worker.settings.settings import read_settings
from worker.system.environment import Environment
from worker.system.runtime import SystemRuntime


def batch(options: BatchOptions, environment: Environment) -> Output:
    """Take all jobs of a file to their end; run again, it continues those that are not over."""
    if options.parallel < 1:
        raise UsageError("--parallel must be at least 1")
    allow_http = EnvironmentReader(environment).flag("ALLOW_HTTP_GIT")
    file = Path(options.file)
    jobs = read_entries(file, local=options.local, allow_http=allow_http)
    runtime = SystemRuntime()
    executor = runtime.executor(options.parallel)
    if options.local:
        _check_settings(options, environment)
        view = open_view(options.store, environment)
        local = LocalBatch(view, environment, runtime)
        return _answer(*local.run_all(jobs, executor))
    deployment = open_deployment(options.definition, environment, runtime, warn)
    store = open_runs_store(options.store, environment, deployment.definition)
    remote = PlatformBatch(deployment, store, environment, jobs)
    return _answer(remote.run_all(executor))


def _check_settings(options: BatchOptions, environment: Environment) -> None:
    """Raise ConfigError with every fault that the runs would refuse."""
    reader = EnvironmentReader(environment)
    read_settings(reader, options.store)
    reader.finish()


def _answer(results: list[Result], stopped: Exit | None = None) -> Output:
    failed = [result for result in results if not result.completed]
    code = failed[0].exit_code if failed else Exit.OK
    heading = ["JOB", "STATE", "EXIT", ""]
    rows = [heading, *(result.row for result in results)]
    completed = len(results) - len(failed)
    return Output(
        document={"jobs": [result.document for result in results]},
        lines=[*table(rows), f"{completed} of {len(results)} completed"],
        exit_code=stopped or code,
    )
