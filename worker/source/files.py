"""The regular files of a folder, in an order that depends on their names only."""

import errno
import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

LOG = logging.getLogger(__name__)

CHUNK: Final = 1 << 20
"""How much of a file is read into memory at once, in bytes."""
UNUSABLE: Final = {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL}
"""Errors of a file system that cannot store a file of this name."""

_GIT_FILES: Final = {".gitmodules", ".gitattributes", ".gitignore", ".gitkeep"}
_MAX_PATH_BYTES: Final = 3072
"""Linux allows 4096 bytes; the rest is for the folder that the files are copied to."""
_MAX_DEPTH: Final = 200
"""Programs that walk a folder may fail if it is nested deeper."""
_MAX_NAMED: Final = 5


class FileEntry(NamedTuple):
    """A regular file; `name` is relative to the folder, with surrogates for bytes beyond UTF-8."""

    name: str
    size: int
    executable: bool


def regular_files(
    root: Path, leaves_out: Callable[[str], bool] = lambda _: False
) -> list[FileEntry]:
    """Return the regular files below a folder, sorted by the bytes of their names.

    Symlinks, `.git` and what `leaves_out` rejects are skipped. `leaves_out` is called with the
    path of each file, and with that of each folder, which ends in a slash.
    Raises OSError, with the name of the file, if a folder cannot be read.
    """
    files = list[FileEntry]()
    folders = [""]
    while folders:
        folder = folders.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                if entry.name == ".git":
                    continue
                name = folder + entry.name
                if entry.is_dir(follow_symlinks=False):
                    subfolder = f"{name}/"
                    if not leaves_out(subfolder):
                        folders.append(subfolder)
                elif _is_file(entry) and not leaves_out(name):
                    files.append(_file_entry(name, entry))
    files.sort(key=lambda file: os.fsencode(file.name))
    return files


def _is_file(entry: "os.DirEntry[str]") -> bool:
    return entry.is_file(follow_symlinks=False)


def _file_entry(name: str, entry: "os.DirEntry[str]") -> FileEntry:
    status = entry.stat()
    return FileEntry(
        name=name,
        size=status.st_size,
        executable=bool(status.st_mode & 0o100),
    )


def has_content(names: Iterable[str]) -> bool:
    """Whether there is any file except git's own, such as `.gitignore`."""
    for name in names:
        file_name = name.rpartition("/")[2]
        if file_name not in _GIT_FILES:
            return True
    return False


def is_too_long(name: str) -> bool:
    """Whether a path is too long, or nested too deep, to be used everywhere."""
    length = len(os.fsencode(name))
    depth = name.count("/")
    # guard: paths that are too long for any folder are left out
    return length > _MAX_PATH_BYTES or depth > _MAX_DEPTH


def log_left_out(names: Collection[str], reason: str) -> None:
    """Log which files of a repository are left out, and why; log nothing if there are none."""
    if not names:
        return
    extra = {
        "reason": reason,
        "files": len(names),
        "first": list(names)[:_MAX_NAMED],
    }
    LOG.warning("left out", extra=extra)


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file's content, piece by piece."""
    while chunk := file.read(CHUNK):
        yield chunk
