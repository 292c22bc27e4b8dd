"""`batch`: runs the jobs of a file, a few at a time, on the platform or on this machine."""

from pathlib import Path
from typing import Final

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

_NOT_INHERITED: Final = (
    "UPDATE_FROM in the environment is ignored: an entry of a batch names its "
    "earlier job in `updateFrom`"
)


def batch(options: BatchOptions, environment: Environment) -> Output:
    """Run all jobs of a file to their end; run again, it resumes those that are not over."""
    if options.parallel < 1:
        raise UsageError("--parallel must be at least 1")
    allow_http = EnvironmentReader(environment).flag("ALLOW_HTTP_GIT")
    file = Path(options.file)
    jobs = read_entries(file, local=options.local, allow_http=allow_http)
    if environment.get("UPDATE_FROM"):
        warn([_NOT_INHERITED])
    runtime = SystemRuntime()
    executor = runtime.executor(options.parallel)
    if options.local:
        _check_settings(options, environment)
        view = open_view(options.store, environment)
        local = LocalBatch(view, environment, runtime)
        results, stopped = local.run_all(jobs, executor)
        return _answer(results, stopped)
    deployment = open_deployment(options.definition, environment, runtime, warn)
    store = open_runs_store(options.store, environment, deployment.definition)
    remote = PlatformBatch(deployment, store, environment, jobs)
    return _answer(remote.run_all(executor))


def _check_settings(options: BatchOptions, environment: Environment) -> None:
    """Raise ConfigError with every setting that the runs would refuse."""
    reader = EnvironmentReader(environment)
    read_settings(reader, options.store)
    reader.finish()


def _answer(results: list[Result], stopped: Exit | None = None) -> Output:
    code = Exit.OK
    completed = 0
    rows = [["JOB", "STATE", "EXIT", ""]]
    documents = []
    for result in results:
        rows.append(result.row)
        documents.append(result.document)
        if result.completed:
            completed += 1
        elif code is Exit.OK:
            code = result.exit_code
    lines = table(rows)
    lines.append(f"{completed} of {len(results)} completed")
    return Output(
        document={"jobs": documents},
        lines=lines,
        exit_code=stopped or code,
    )
