"""Where a job stands for the gateway: read from its manifest, never guessed from an exit code."""

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
    """Nothing: it has ended, and its webhook knows."""
    UNDELIVERED = "undelivered"
    """It has ended, and its webhook does not know yet."""
    UNFINISHED = "unfinished"
    """It has not begun, or has not ended."""
    UNREADABLE = "unreadable"
    """Nobody can tell now: the store gives no answer, or refuses to."""


def is_settled(manifest: Manifest) -> bool:
    """Tell whether a job is over and nothing is left to be said of it."""
    return manifest.over and not manifest.outbox.pending


def read_standing(view: View, job_id: str) -> Standing:
    """Read where a job stands.

    A manifest that is damaged, or of an unknown format, stays so until a person has seen to
    it: its job is unfinished.
    """
    try:
        manifest = view.newest(job_id)
    except (WorkerError, StoreError) as error:
        LOG.warning(
            "the job's manifest cannot be read",
            extra={"job_id": job_id, "reason": str(error)},
        )
        lasting = isinstance(error, (DamagedCheckpointError, UnknownFormatError))
        return Standing.UNFINISHED if lasting else Standing.UNREADABLE
    if manifest is None or not manifest.over:
        return Standing.UNFINISHED
    # guard: the gateway keeps a request until its webhook knows
    return Standing.OVER if is_settled(manifest) else Standing.UNDELIVERED
