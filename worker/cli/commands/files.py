"""`fetch` and `urls`: the finished files of a course."""

from pathlib import Path

from worker.cli import duration
from worker.cli.options import FetchOptions, UrlsOptions
from worker.cli.output import Output, counted
from worker.course.export import export
from worker.errors import DataError, UsageError
from worker.services.files import signed_files
from worker.services.view import open_view
from worker.settings.settings import MAX_EXPIRY_SECONDS
from worker.system.environment import Environment


def fetch(options: FetchOptions, environment: Environment) -> Output:
    """Copy the files of a course into a folder."""
    if not options.folder:
        raise UsageError("DIR is empty: give a folder, or . for this one")
    view = open_view(options.store, environment)
    manifest = view.manifest(options.job_id)
    folder = Path(options.folder)
    absolute = str(folder.absolute())
    exported = export(view.inventory(manifest), folder)
    if not exported.paths:
        raise DataError(
            f"job {manifest.job_id} is {manifest.state} and has no finished file yet: "
            "fetch it again later"
        )
    so_far = ""
    if manifest.next_stage is not None:
        so_far = f" so far (the job is {manifest.state})"
    document = {
        "jobId": manifest.job_id,
        "state": manifest.state,
        "folder": absolute,
        "files": exported.paths,
    }
    files = counted(len(exported.paths), "file")
    lines = [f"{files}{so_far} in {folder}"]
    if exported.page is not None:
        lines.append(f"open {folder / exported.page} in a browser")
    return Output(document=document, lines=lines)


def urls(options: UrlsOptions, environment: Environment) -> Output:
    """Sign fresh URLs of the files of a course."""
    expires = duration.parse(options.expires, "--expires")
    if not 0 < expires <= MAX_EXPIRY_SECONDS:
        raise UsageError(
            f"--expires is {options.expires!r}: a signed URL is valid for 1s to 7d"
        )
    view = open_view(options.store, environment)
    files = signed_files(view, options.job_id, expires)
    lines = []
    for file in files:
        line = "{path}\t{url}".format_map(file)
        lines.append(line)
    return Output(document=files, lines=lines)
