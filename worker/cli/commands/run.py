"""`run`: a repository becomes a course.

For a platform (everything from the environment), or for a person.
"""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from states.exits import FATES, Exit, Fate
from states.manifest import Identity, Manifest
from states.repository_url import folder_name, without_credentials
from states.stages import State
from worker.cli.output import Output
from worker.course.export import export
from worker.course.inventory import Inventory
from worker.errors import ConfigError, UsageError
from worker.job_request import (
    Field,
    check_trust,
    derived_job_id,
    expanded,
    fault_lines,
    field_fault,
    read_job,
)
from worker.ownership.log import CheckpointLog
from worker.run.run import TRANSFERS
from worker.services.start_run import do, reporting
from worker.services.view import store_settings
from worker.settings.settings import EnvironmentReader, Settings
from worker.source.git_program import Git
from worker.system.runtime import SystemRuntime
from worker.wiring import engine_name, open_retrying_store, open_source, work_dir

_OPTIONS: Final = {Field.BRANCH: "--branch", Field.JOB_ID: "--job-id"}


def run(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Do what the environment describes, or what the command line does if it names a repository."""
    if arguments.repository is None:
        return _run_job(arguments, environment)
    return _run_here(arguments, environment)


def _run_job(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    for option in ("branch", "job_id", "engine", "out"):
        if getattr(arguments, option) is not None:
            name = option.replace("_", "-")
            raise UsageError(
                f"--{name} goes with REPO; without it, everything comes from the environment"
            )
    reader = EnvironmentReader(environment)
    settings, identity = read_job(reader, arguments.store)
    reader.finish()
    with reporting(
        environment, default_format="json", job_id=identity.job_id
    ) as reporter:
        code = do(
            settings,
            environment,
            reporter,
            identity.job_id,
            lambda job: job.run(identity),
        )
    return Output(exit_code=code)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Local:
    """A job that a person asks for."""

    identity: Identity
    commit: str
    out: Path


def _run_here(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    settings = store_settings(arguments.store, environment)
    if arguments.engine is not None:
        settings = replace(
            settings, engine=replace(settings.engine, name=arguments.engine)
        )
    local = _local_job(arguments, settings, environment)
    job_id = local.identity.job_id
    with reporting(environment, default_format="console", job_id=job_id) as reporter:
        code = do(
            settings,
            environment,
            reporter,
            job_id,
            lambda job: job.run(local.identity),
            local.commit,
        )
    if code is not Exit.OK:
        return Output(
            lines=[f"job {job_id} ended with {int(code)}: {next_step(job_id, code)}"],
            exit_code=code,
        )
    return _delivered(settings, local)


def next_step(job_id: str, code: Exit) -> str:
    """Say what to do about a job whose run has ended with a code other than 0."""
    if code is Exit.REPLACED:
        return f"`status {job_id}` shows the run that replaced it; once that has ended, run the same command again"
    if FATES[code] is Fate.RESUMABLE:
        return "run the same command again to go on"
    return (
        f"`status {job_id}` says why; when that is put right, `resume {job_id}` goes on"
    )


def _local_job(
    arguments: Namespace, settings: Settings, environment: Mapping[str, str]
) -> _Local:
    repository = _repository(arguments.repository, settings)
    reader = EnvironmentReader(environment)
    check_trust(reader, repository)
    reader.finish()
    branch = arguments.branch
    if branch is not None and repository.startswith("file:"):
        raise UsageError(
            "--branch goes with a URL: of a folder, its HEAD is taken, or what lies there"
        )
    _refuse_faults(branch, arguments.job_id)
    runtime = SystemRuntime()
    git = Git(work_dir(settings), runtime, runtime.flag(), environment)
    asked = Identity(job_id="", repository=repository, branch=branch or "")
    revision = open_source(settings, asked, git).resolve()
    out = Path(arguments.out or f"{folder_name(repository)}-course")
    engine = engine_name(settings, None)
    job_id = arguments.job_id or derived_job_id(
        repository, revision.branch, revision.commit, engine
    )
    identity = Identity(job_id=job_id, repository=repository, branch=revision.branch)
    out.absolute()  # where the current folder is gone, this fails now rather than when the course is made
    return _Local(identity=identity, commit=revision.commit, out=out)


def _refuse_faults(branch: str | None, job_id: str | None) -> None:
    options = {Field.BRANCH: branch, Field.JOB_ID: job_id}
    given = {field: value for field, value in options.items() if value is not None}
    faults = fault_lines(given, _OPTIONS)
    if faults:
        raise UsageError("\n".join(faults))


def _repository(text: str, settings: Settings) -> str:
    """Return the URL of what may also be a folder."""
    path = Path(text)
    if not text:
        raise UsageError("REPO is empty: give a URL, owner/name on GitHub, or a folder")
    if path.is_dir() or text.startswith((".", "/", "~")):
        return expanded(path).absolute().resolve().as_uri()
    allow_http = settings.allow_http_git
    fault = field_fault(Field.REPOSITORY, text, allow_http=allow_http)
    if fault is not None:
        raise UsageError(
            f"REPO is {without_credentials(text)!r}, which is no folder here, and as a URL: {fault}"
        )
    return text


def _delivered(settings: Settings, local: _Local) -> Output:
    runtime = SystemRuntime()
    store = open_retrying_store(settings, runtime)
    # guard: what a store refuses after a course was made is tried again
    store.persevere()  # it has let the whole job through
    newest = CheckpointLog(store, local.identity.job_id, runtime).newest()
    if newest is None:
        raise ConfigError(
            f"job {local.identity.job_id} has just ended, and its checkpoints are gone"
        )
    if newest.manifest.state is State.CANCELED:
        return Output(lines=[_canceled(newest.manifest)])
    paths = export(
        Inventory(store, runtime.executor(TRANSFERS), newest.manifest), local.out
    )
    chapters = sorted(
        (path for path in paths if path.startswith("reviewed-chapters/")), key=_number
    )
    lines = [
        f"course  {local.out}/ ({len(paths)} files, {len(chapters)} chapters; begin with {local.out / chapters[0]})",
        f"job     {local.identity.job_id} in {store.url}",
    ]
    return Output(lines=lines)


def _canceled(manifest: Manifest) -> str:
    job_id = manifest.job_id
    what_now = (
        f"`resume {job_id}` goes on with it, `fetch {job_id} DIR` gets what is finished"
    )
    return f"job {job_id} is canceled, and no course was written: {what_now}"


def _number(path: str) -> int:
    """Return which chapter a file is: in the order of names, the tenth would come before the second."""
    return int(path.split("_")[1])
