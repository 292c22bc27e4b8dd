"""The files of a job's course, wherever it runs."""

from typing import Final

from states.codec import JsonObject
from states.manifest import Manifest
from worker.errors import DataError
from worker.gateway.port import UnknownJobError
from worker.services.files import signed_files
from worker.services.view import View
from worker.settings.settings import MAX_EXPIRY_SECONDS

STORE_SECONDS: Final = 10.0
"""How long a request waits for an unresponsive store."""


def course_files(
    view: View, manifest: Manifest | None, *, known: bool
) -> list[JsonObject]:
    """Return the files of a course; raise UnknownJobError if the job was collected.

    A job without a checkpoint has no files if it is `known`, else it raises too.
    """
    if manifest is None:
        if not known:
            raise UnknownJobError
        return []
    try:
        return signed_files(view, manifest.job_id, MAX_EXPIRY_SECONDS)
    except DataError as error:  # it was collected
        raise UnknownJobError from error
