"""`run`: turns a repository into a course, in job mode (for a platform) or in local mode."""

from pathlib import Path
from typing import Final, NamedTuple

from states.exits import FATES, Exit, Fate
from states.manifest import Identity, Manifest
from states.repository_url import folder_name, without_credentials
from states.stages import Stage, State
from worker.cli.options import RunOptions
from worker.cli.output import Output, counted
from worker.course.export import INDEX, export
from worker.errors import ConfigError, UsageError
from worker.job_request import (
    Field,
    check_trust,
    derived_job_id,
    expanded,
    fault_lines,
    field_fault,
    is_folder,
    read_job,
    read_update_from,
)
from worker.services.start_run import do_run, reporting
from worker.services.update import earlier_job_of_new, update_lines
from worker.services.view import View, open_view_with, store_settings
from worker.settings.reader import EnvironmentReader
from worker.settings.settings import GIT_CERTIFICATES, Settings
from worker.source.git_program import Git
from worker.source.port import Revision
from worker.system.environment import Environment
from worker.system.runtime import SystemRuntime, iso
from worker.wiring import engine_parts, open_source, work_dir

_OPTION_NAMES: Final = {
    Field.BRANCH: "--branch",
    Field.JOB_ID: "--job-id",
    Field.UPDATE_FROM: "--update",
}


def run(options: RunOptions, environment: Environment) -> Output:
    """Run the job that the environment describes, or a job for REPO."""
    if options.repository is None:
        return _run_in_job_mode(options, environment)
    return _run_locally(options.repository, options, environment)


def _run_in_job_mode(options: RunOptions, environment: Environment) -> Output:
    _refuse_local_options(options)
    reader = EnvironmentReader(environment)
    settings, identity = read_job(reader, options.store)
    update_from = read_update_from(reader)
    reader.finish()
    job_id = identity.job_id
    with reporting(
        settings.log, default_format="json", job_id=job_id
    ) as reporter:
        code = do_run(
            settings,
            environment,
            reporter,
            job_id,
            lambda job: job.run(identity, update_from=update_from),
        )
    return Output(exit_code=code)


def _refuse_local_options(options: RunOptions) -> None:
    values = {
        "--branch": options.branch,
        "--job-id": options.job_id,
        "--engine": options.engine,
        "--out": options.out,
        "--update": options.update,
    }
    for name, value in values.items():
        if value is not None:
            raise UsageError(
                f"{name} requires REPO; without it, everything comes from the environment"
            )


class _LocalJob(NamedTuple):
    """A job in local mode."""

    identity: Identity
    commit: str
    out: Path
    update_from: str | None
    asked_at: str
    """ISO 8601, in UTC."""


def _run_locally(
    repository: str, options: RunOptions, environment: Environment
) -> Output:
    asked = _asked(repository, options, environment)
    settings = store_settings(options.store, asked)
    local = _local_job(repository, options, settings, environment)
    job_id = local.identity.job_id
    with reporting(
        settings.log, default_format="console", job_id=job_id
    ) as reporter:
        code = do_run(
            settings,
            environment,
            reporter,
            job_id,
            lambda job: job.run(local.identity, update_from=local.update_from),
            local.commit,
        )
    if code is not Exit.OK:
        advice = next_step(job_id, code)
        line = f"job {job_id} ended with {int(code)}: {advice}"
        return Output(lines=[line], exit_code=code)
    return _deliver(open_view_with(settings), local)


def _asked(
    repository: str, options: RunOptions, environment: Environment
) -> Environment:
    """Return the environment that a local job's settings are read from."""
    asked = dict(environment)
    if options.engine is not None:
        asked["ENGINE"] = options.engine
    if is_folder(repository):
        for name in GIT_CERTIFICATES:
            asked.pop(name, None)
    return asked


def next_step(job_id: str, code: Exit) -> str:
    """Return advice about a job whose run has ended with a code other than 0."""
    if code is Exit.REPLACED:
        return (
            f"`status {job_id}` shows the run that replaced it; "
            "when that has ended, run the same command again"
        )
    if FATES[code] is Fate.RESUMABLE:
        return "run the same command again to continue"
    return f"`status {job_id}` shows why; fix that, then continue with `resume {job_id}`"


def _local_job(
    repository: str,
    options: RunOptions,
    settings: Settings,
    environment: Environment,
) -> _LocalJob:
    url = repository_url(repository, settings)
    reader = EnvironmentReader(environment)
    check_trust(reader, url)
    reader.finish()
    _refuse_faults(options, url)
    out = Path(options.out or f"{folder_name(url)}-course")
    _check_out(out)
    revision = _resolve(url, options.branch, settings, environment)
    job_id = options.job_id
    if job_id is None:
        job_id = derived_job_id(
            url, revision.branch, revision.commit, *engine_parts(settings)
        )
    identity = Identity(job_id=job_id, repository=url, branch=revision.branch)
    update_from = None
    if options.update is not None:
        view = open_view_with(settings)
        update_from = earlier_job_of_new(view, identity, options.update)
    return _LocalJob(
        identity=identity,
        commit=revision.commit,
        out=out,
        update_from=update_from,
        asked_at=iso(SystemRuntime().now()),
    )


def _check_out(out: Path) -> None:
    """Refuse a path where no folder can be created, before any work is done."""
    absolute = out.absolute()  # fails if the current folder is gone
    for path in (absolute, *absolute.parents):
        if path.exists() and not path.is_dir():
            raise UsageError(
                f"--out is {out}, but {path} is a file: give a folder"
            )


def _resolve(
    url: str,
    branch: str | None,
    settings: Settings,
    environment: Environment,
) -> Revision:
    runtime = SystemRuntime()
    git = Git(work_dir(settings), runtime, runtime.flag(), environment)
    requested = Identity(job_id="", repository=url, branch=branch or "")
    return open_source(settings, requested, git).resolve()


def _refuse_faults(options: RunOptions, url: str) -> None:
    if options.branch is not None and url.startswith("file:"):
        raise UsageError(
            "--branch requires a URL: for a folder, its HEAD or its files are "
            "used"
        )
    request: dict[Field, str] = {}
    if options.branch is not None:
        request[Field.BRANCH] = options.branch
    if options.job_id is not None:
        request[Field.JOB_ID] = options.job_id
    if options.update:
        request[Field.UPDATE_FROM] = options.update
    faults = fault_lines(request, _OPTION_NAMES)
    if faults:
        raise UsageError("\n".join(faults))


def repository_url(text: str, settings: Settings) -> str:
    """Return the URL of a repository, which may also be given as a folder."""
    if not text:
        raise UsageError(
            "REPO is empty: give a URL, owner/name on GitHub, or a folder"
        )
    if is_folder(text):
        return expanded(Path(text)).absolute().resolve().as_uri()
    allow_http = settings.allow_http_git
    fault = field_fault(Field.REPOSITORY, text, allow_http=allow_http)
    if fault is not None:
        shown = without_credentials(text)
        raise UsageError(
            f"REPO is {shown!r}, which is neither a folder nor a valid repository URL ({fault})"
        )
    return text


def _deliver(view: View, local: _LocalJob) -> Output:
    """Write the course of a completed job to its folder."""
    job_id = local.identity.job_id
    # guard: what a store refuses after a completed run is retried
    view.store.persevere()  # the store has already served the job
    manifest = view.newest(job_id)
    if manifest is None:
        raise ConfigError(
            f"job {job_id} has just ended, but its checkpoints are gone: find "
            "out which process deletes them"
        )
    if manifest.state is State.CANCELED:
        return Output(lines=[_canceled(manifest)])
    exported = export(view.inventory(manifest), local.out)
    folder = local.out
    paths = exported.paths
    reviewed = [path for path in paths if path.startswith("reviewed-chapters/")]
    files = counted(len(paths), "file")
    chapters = counted(len(reviewed), "chapter")
    lines = [
        *update_lines(view, manifest),
        *_made_before(manifest, local.asked_at),
        f"course  {folder}/ ({files}, {chapters})",
        f"open    {folder / INDEX} in a browser",
        f"job     {job_id} in {view.store.url}",
    ]
    return Output(lines=lines)


def _made_before(manifest: Manifest, asked_at: str) -> list[str]:
    """Say since when the course has been complete, if this run had nothing to do."""
    if manifest.written_at >= asked_at:
        return []
    job_id = manifest.job_id
    engine = manifest.engine
    when = manifest.written_at[:16].replace("T", " ")
    made = f"made    {when} UTC by version {engine.version} of engine {engine.name}"
    return [f"{made}: `resume {job_id} --from {Stage.EXTRACT}` makes it again"]


def _canceled(manifest: Manifest) -> str:
    job_id = manifest.job_id
    return (
        f"job {job_id} is canceled, and no course was written: "
        f"`resume {job_id}` continues it, `fetch {job_id} DIR` copies the "
        "finished files"
    )
