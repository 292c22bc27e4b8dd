"""Writes a course into a user's folder, without losing any of the user's files."""

import os
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from worker.course.inventory import CourseFile, Inventory
from worker.errors import ConfigError, DataError
from worker.system.disk import on_disk

_MAX_NAMED: Final = 3
"""How many files a message names."""


def export(inventory: Inventory, folder: Path) -> list[str]:
    """Write a course into a folder, and return the files' paths; raise DataError if damaged.

    A folder with other files under these names is first moved aside, as a whole, to
    `<folder>.1` or the next number. A folder in use is never moved: then nothing is written,
    and ConfigError is raised.
    """
    files = _whole_files(inventory)
    with on_disk(folder, partial(_unwritable, folder)):
        folder = Path(os.path.realpath(folder))
        _move_aside(folder, files, inventory.store_url)
        for file, body in files:
            _write(folder, file, body)
    return [file.path for file, _ in files]


def _whole_files(inventory: Inventory) -> list[tuple[CourseFile, bytes]]:
    """Return all files of a course with their contents; raise DataError if some are damaged."""
    files: list[tuple[CourseFile, bytes]] = []
    damaged: list[str] = []
    for file, body in inventory.read(inventory.course()):
        if body is None:
            damaged.append(file.key)
        else:
            files.append((file, body))
    if damaged:
        raise DataError(
            f"{len(damaged)} files are missing or damaged in the store: "
            f"{', '.join(damaged[:_MAX_NAMED])}",
            code="damaged",
        )
    return files


def _unwritable(folder: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"cannot write to {folder}: {error.strerror} ({error.filename})"
    )


def _move_aside(
    folder: Path, files: list[tuple[CourseFile, bytes]], store_url: str
) -> None:
    """Move a folder aside that has other files under the names of these."""
    differing = [f.path for f, body in files if _differs(folder / f.path, body)]
    if not differing:
        return
    reason = _in_use(folder, store_url)
    if reason is not None:
        raise ConfigError(
            f"{folder} has other files called {', '.join(differing[:_MAX_NAMED])}, "
            f"and is not moved aside: {reason}. Name another folder, or move these files"
        )
    folder.rename(_free_name(folder))


def _differs(file: Path, body: bytes) -> bool:
    if not file.exists():
        return False
    return not file.is_file() or file.read_bytes() != body


def _in_use(folder: Path, store_url: str) -> str | None:
    """Say why a folder must not be moved, or return None."""
    if folder.is_mount():
        return "it is a mount point"
    home = os.path.expanduser("~")  # noqa: PTH111 - Path's raises where there is no home
    places = {"the current folder": Path.cwd(), "your home folder": Path(home)}
    store = urlsplit(store_url)
    if store.scheme == "file":
        places["the store"] = Path(os.fsdecode(unquote_to_bytes(store.path)))
    for name, place in places.items():
        real = Path(os.path.realpath(place))
        if real == folder:
            return f"it is {name}"
        if real.is_relative_to(folder):
            return f"it contains {name}"
    return None


def _free_name(folder: Path) -> Path:
    number = 1
    while (folder.parent / f"{folder.name}.{number}").exists():
        number += 1
    return folder.with_name(f"{folder.name}.{number}")


def _write(folder: Path, course_file: CourseFile, body: bytes) -> None:
    file = folder / course_file.path
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    # A short name: the file's own may be as long as the file system allows.
    fresh = file.with_name(f".fondation-{os.getpid()}")
    try:
        fresh.write_bytes(body)
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
