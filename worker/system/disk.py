"""The local disk: which errors are temporary, and what the user can do.

If the disk cannot be used at the moment, the job, the git host and the engine are not at
fault. So every use of the disk by a run is wrapped in `on_disk`.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from worker.errors import ConfigError, DiskError

NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT}
NO_DESCRIPTORS: Final = {errno.EMFILE, errno.ENFILE}
PASSING: Final = (
    NO_ROOM | NO_DESCRIPTORS | {errno.EIO, errno.ESTALE, errno.ETIMEDOUT}
)
"""Errors that are not the configuration's fault; a read-only disk (EROFS) may be."""

_LITTLE_BYTES: Final = 64 * 1024


@contextmanager
def on_disk(
    place: Path | str, otherwise: Callable[[OSError], Exception] | None = None
) -> Iterator[None]:
    """Translate the errors of the disk that holds a file or folder into DiskError.

    With `otherwise`, only errors that may pass become a DiskError; the others are translated
    by `otherwise`.
    """
    try:
        yield
    except OSError as error:
        if otherwise is None:
            raise disk_error(error, place) from error
        raise_if_passing(error, place)
        raise otherwise(error) from error


def raise_if_passing(error: OSError, place: Path | str) -> None:
    """Raise DiskError for an error that is not about the file itself."""
    # guard: a temporary error is not the configuration's fault
    if error.errno in PASSING:
        raise disk_error(error, place) from error


def disk_error(error: OSError, place: Path | str) -> DiskError:
    """Return the error for a user: what happened, where, and what to do."""
    advice = "check that disk"
    if error.errno in NO_ROOM:
        advice = "make room there"
    elif error.errno in NO_DESCRIPTORS:
        advice = "raise the limit of open files (`ulimit -n`)"
    return DiskError(
        f"{place}: cannot be written or read ({error.strerror}): {advice}, then run this again"
    )


def unusable_work_dir(folder: Path, error: OSError) -> ConfigError:
    """Return the error for a WORK_DIR that was never usable."""
    return ConfigError(
        f"WORK_DIR {folder}: cannot be written to ({error.strerror}): use another folder"
    )


def full_disk(folder: Path) -> DiskError | None:
    """Return the error for a disk that is nearly full, or None.

    Use it for failures that do not name their cause: on a full disk, the disk is the cause.
    """
    try:
        state = os.statvfs(folder)
    except OSError:
        return None
    free_bytes = state.f_bavail * state.f_frsize
    # Some file systems do not count their blocks or files.
    no_bytes = state.f_blocks > 0 and free_bytes < _LITTLE_BYTES
    no_files = state.f_files > 0 and state.f_favail == 0
    if not no_bytes and not no_files:
        return None
    reason = os.strerror(errno.ENOSPC)
    no_room = OSError(errno.ENOSPC, reason)
    return disk_error(no_room, folder)
