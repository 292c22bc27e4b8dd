"""Reads the CLI's output: regular files of a limited size, never through a link."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from states.course_paths import is_course_path
from states.stages import INFO, STAGES, Stage
from worker.course.formats import MAX_ITEM_BYTES
from worker.system.disk import on_disk
from worker.system.files import read_most


class RejectedFileError(Exception):
    """A file is rejected; the message says why."""


def read_item(output: Path, path: str) -> bytes:
    """Return the content of a file below the output folder, or raise RejectedFileError."""
    with on_disk(output, _unreadable):
        descriptor = _open(output, path)
        try:
            body = _content(descriptor)
        finally:
            os.close(descriptor)
    if not body.strip():
        raise RejectedFileError("it is empty")
    return body


def _content(descriptor: int) -> bytes:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise RejectedFileError("it is not a regular file")
    size = status.st_size
    if size > MAX_ITEM_BYTES:
        raise RejectedFileError(f"it is larger than {MAX_ITEM_BYTES} bytes")
    # What is written meanwhile counts when the file is closed.
    return read_most(descriptor, size)


def _unreadable(error: OSError) -> RejectedFileError:
    return RejectedFileError(f"it cannot be read: {error.strerror}")


_FOLDER_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
"""O_NONBLOCK: opening a pipe, which is then rejected, does not block."""


def stage_of(path: str) -> Stage | None:
    """Return the stage that writes files of this path, or None."""
    if not is_course_path(path):
        return None
    outermost, _, _ = path.partition("/")
    for info in STAGES:
        if outermost in {info.file, info.folder}:
            return info.stage
    return None


def paths_of(output: Path, stage: Stage) -> Iterator[str]:
    """Yield the paths of all files that may belong to a stage."""
    info = INFO[stage]
    if info.folder is None:
        # The CLI's stages write a file or a folder.
        assert info.file is not None  # noqa: S101
        if os.path.lexists(output / info.file):
            yield info.file
        return
    for name in _names(output / info.folder):
        path = f"{info.folder}/{name}"
        if is_course_path(path):
            yield path


def _names(folder: Path) -> list[str]:
    try:
        descriptor = os.open(folder, _FOLDER_FLAGS)
    except OSError:
        return []
    try:
        # pathlib cannot list an open folder.
        return sorted(os.listdir(descriptor))  # noqa: PTH208
    finally:
        os.close(descriptor)


def _open(output: Path, path: str) -> int:
    folder, _, name = path.rpartition("/")
    # pathlib takes as long for this as the kernel.
    descriptor = os.open(f"{output}/{folder}", _FOLDER_FLAGS)
    try:
        return os.open(name, _FILE_FLAGS, dir_fd=descriptor)
    finally:
        os.close(descriptor)
