"""`fetch` and `urls`: the files of a course, or what is finished of them."""

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from worker.cli import duration
from worker.cli.output import Output
from worker.course.export import export
from worker.errors import DataError, UsageError
from worker.services.files import signed_files
from worker.services.view import open_view
from worker.settings.settings import MAX_EXPIRY_SECONDS


def fetch(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Copy a course's files into a folder."""
    view = open_view(arguments.store, environment)
    manifest = view.manifest(arguments.job_id)
    folder = Path(arguments.folder)
    place = str(folder.absolute())
    paths = export(view.inventory(manifest), folder)
    if not paths:
        raise DataError(
            f"job {manifest.job_id} is {manifest.state}, and has no file of its course yet"
        )
    rest = (
        "" if manifest.next_stage is None else f" so far (the job is {manifest.state})"
    )
    document = {
        "jobId": manifest.job_id,
        "state": manifest.state,
        "folder": place,
        "files": paths,
    }
    return Output(document=document, lines=[f"{len(paths)} files{rest} in {folder}"])


def urls(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Sign fresh URLs of a course's files."""
    expires = duration.parse(arguments.expires, "--expires")
    if not 0 < expires <= MAX_EXPIRY_SECONDS:
        raise UsageError(
            f"--expires is {arguments.expires!r}: a signed URL lives 1s to 7d"
        )
    view = open_view(arguments.store, environment)
    links = signed_files(view, arguments.job_id, expires)
    lines = [f"{link['path']}\t{link['url']}" for link in links]
    return Output(document=links, lines=lines)
