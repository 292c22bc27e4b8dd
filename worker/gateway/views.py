"""What is said of a job, wherever its runs are."""

from dataclasses import replace
from typing import Any, Final

from states.exits import MEANING, Exit
from states.manifest import Identity, Manifest
from worker.cli.commands.files import signed_files
from worker.errors import DataError
from worker.gateway.port import UnknownJobError
from worker.ownership.log import CheckpointLog
from worker.services.view import View
from worker.settings.settings import MAX_EXPIRY_SECONDS
from worker.wiring import open_retrying_store

STORE_SECONDS: Final = 10.0
"""So long a request waits for a store that does not answer."""


def hasty(view: View) -> View:
    """Return a view that gives up early: somebody waits for its answer."""
    settings = replace(
        view.settings, store_give_up=min(view.settings.store_give_up, STORE_SECONDS)
    )
    return replace(
        view, settings=settings, store=open_retrying_store(settings, view.runtime)
    )


def read_manifest(view: View, job_id: str) -> Manifest | None:
    """Return a job's newest manifest, or None if it has none."""
    newest = CheckpointLog(view.store, job_id, view.runtime).newest()
    return newest.manifest if newest else None


def course_files(
    view: View, manifest: Manifest | None, *, known: bool
) -> list[dict[str, Any]]:
    """Return the files of a course; none of a job that is only `known` to wait."""
    if manifest is None:
        if not known:
            raise UnknownJobError
        return []
    try:
        return signed_files(view, manifest.job_id, MAX_EXPIRY_SECONDS)
    except DataError as error:  # it was collected
        raise UnknownJobError from error


def pending(identity: Identity, refused: Exit | None = None) -> dict[str, Any]:
    """Return what is said of a job that has not begun, or whose run was `refused`, in the shape of `status --json`."""
    return {
        "jobId": identity.job_id,
        "state": "pending",
        "run": 0,
        "sequence": 0,
        "updatedAt": None,
        "repository": identity.repository,
        "branch": identity.branch,
        "commit": None,
        "engine": None,
        "step": 1,
        "stages": [],
        "runs": [],
        "error": None if refused is None else _error(refused),
        "cancelRequested": False,
        "pendingCallbacks": [],
        "callbackTrouble": None,
        "rejectedCallbacks": [],
        "collected": False,
    }


def _error(code: Exit) -> dict[str, Any]:
    return {
        "message": f"{MEANING[code]}; the gateway's log says what",
        "code": "config",
        "exitCode": int(code),
        "retryable": True,
        "stage": None,
        "at": None,
    }
