"""Decides from a job's manifest, never from an exit code, what is left to do."""

import logging
from enum import StrEnum

from states.manifest import Manifest
from worker.errors import (
    DamagedCheckpointError,
    StoreError,
    UnknownFormatError,
    WorkerError,
)
from worker.services.view import View

LOG = logging.getLogger(__name__)


class Standing(StrEnum):
    """What is left to do for a job."""

    OVER = "over"
    """Nothing: it is over, and the final callback is acknowledged."""
    UNDELIVERED = "undelivered"
    """It is over, but the final callback is not acknowledged."""
    UNFINISHED = "unfinished"
    """It has not started, or is not over."""
    UNREADABLE = "unreadable"
    """Unknown: the store does not answer, or refuses to."""


def is_settled(manifest: Manifest) -> bool:
    """Whether a job is over and all its events are delivered."""
    return manifest.over and not manifest.outbox.pending


def read_standing(view: View, job_id: str) -> Standing:
    """Return what is left to do for a job.

    A job counts as unfinished if its manifest is damaged or of an unknown format, until a person
    acts.
    """
    try:
        manifest = view.newest(job_id)
    except (WorkerError, StoreError) as error:
        LOG.warning(
            "the job's manifest cannot be read",
            extra={"job_id": job_id, "reason": str(error)},
        )
        lasting = isinstance(
            error, (DamagedCheckpointError, UnknownFormatError)
        )
        if lasting:
            return Standing.UNFINISHED
        return Standing.UNREADABLE
    if manifest is None or not manifest.over:
        return Standing.UNFINISHED
    # guard: the gateway keeps a request until its webhook was told
    return Standing.OVER if is_settled(manifest) else Standing.UNDELIVERED
