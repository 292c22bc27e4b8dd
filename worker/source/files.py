"""The files of a folder: the regular ones, in an order that depends on nothing but their names."""

import errno
import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

LOG = logging.getLogger(__name__)

CHUNK: Final = 1 << 20
"""How much of a file is in memory at a time, in bytes."""
UNUSABLE: Final = {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL}
"""What a file system answers to a name that it cannot give to any file."""

_SETTINGS_OF_GIT: Final = {".gitmodules", ".gitattributes", ".gitignore", ".gitkeep"}
_MAX_PATH_BYTES: Final = 3072
"""A longer path may leave no room for the folder that it is put in: Linux takes 4096 in all."""
_MAX_DEPTH: Final = 200
"""Folders nested deeper than this are too much for the programs that walk through them."""
_NAMED: Final = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class FileEntry:
    """A regular file; `name` is relative to the folder, and has surrogates for what is not UTF-8."""

    name: str
    size: int
    executable: bool


def regular_files(
    root: Path, leaves_out: Callable[[str], bool] = lambda _: False
) -> list[FileEntry]:
    """Return the regular files below a folder, sorted by the bytes of their names.

    Symlinks and `.git` are no part of it, nor is what `leaves_out` says: it is asked with the path
    of each file, and of each folder with a slash at its end.
    Raises OSError, which names the file, where a folder cannot be read.
    """
    found, folders = list[FileEntry](), [""]
    while folders:
        folder = folders.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                name = folder + entry.name
                is_folder = entry.is_dir(follow_symlinks=False)
                if entry.name == ".git" or not (
                    is_folder or entry.is_file(follow_symlinks=False)
                ):
                    continue
                if leaves_out(f"{name}/" if is_folder else name):
                    continue
                if is_folder:
                    folders.append(f"{name}/")
                else:
                    found.append(_entry(name, entry.stat()))
    return sorted(found, key=lambda entry: os.fsencode(entry.name))


def _entry(name: str, state: os.stat_result) -> FileEntry:
    return FileEntry(
        name=name, size=state.st_size, executable=bool(state.st_mode & 0o100)
    )


def has_content(names: Iterable[str]) -> bool:
    """Tell whether any file is there for its own sake, rather than for git's."""
    return any(name.rpartition("/")[2] not in _SETTINGS_OF_GIT for name in names)


def is_too_long(name: str) -> bool:
    """Tell whether a path is longer, or nested deeper, than can be relied on everywhere."""
    # guard: paths that are too long for any folder are left out
    return len(os.fsencode(name)) > _MAX_PATH_BYTES or name.count("/") > _MAX_DEPTH


def tell_left_out(names: Collection[str], why: str) -> None:
    """Log which files of a repository are not read, and why; nothing if there are none."""
    if names:
        extra = {"reason": why, "files": len(names), "first": list(names)[:_NAMED]}
        LOG.warning("left out", extra=extra)


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file's content, piece by piece."""
    while chunk := file.read(CHUNK):
        yield chunk
