"""Writes a course into a user's folder, without losing any of the user's files.

Alongside the course's own files it writes the HTML pages, which are not artifacts of the job.
"""

import os
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

from worker.course.inventory import Inventory
from worker.course.site.seal import is_whole
from worker.errors import ConfigError, DataError
from worker.system.disk import on_disk

INDEX: Final = "index.html"
_MAX_NAMED: Final = 3
"""How many files a message lists."""

_File = tuple[str, bytes]
"""A file's path and content."""


class Exported(NamedTuple):
    """What was written."""

    paths: list[str]
    """The number of the course's own files."""
    page: str | None
    """The page to open in a browser; None if there is none yet."""


def export(inventory: Inventory, folder: Path) -> Exported:
    """Write a course into a folder; raise DataError if it is damaged.

    A folder with other files of the same names is first moved aside, as a whole, to `<folder>.1` or
    the next free number. A folder in use is never moved: instead, ConfigError is raised, and
    nothing is written.
    """
    course = _undamaged_files(inventory)
    site = _site(course, inventory)
    with on_disk(folder, partial(_unwritable, folder)):
        folder = Path(os.path.realpath(folder))
        files = course + site
        _move_aside(folder, files, inventory.store_url)
        for path, body in files:
            _write(folder / path, body)
    paths = [path for path, _ in course]
    page = None
    if site:
        page = INDEX
    return Exported(paths=paths, page=page)


def _site(course: list[_File], inventory: Inventory) -> list[_File]:
    """Build the HTML pages."""
    # Its libraries are loaded only if a course is written.
    from worker.course.site.build import build  # noqa: PLC0415

    site = build(
        dict(course), inventory.project, inventory.made(), inventory.origin
    )
    return list(site.items())


def _undamaged_files(inventory: Inventory) -> list[_File]:
    """Return all files of a course; raise DataError if some are damaged."""
    files: list[_File] = []
    damaged: list[str] = []
    for file, body in inventory.read(inventory.course()):
        if body is None:
            damaged.append(file.key)
        else:
            files.append((file.path, body))
    if damaged:
        count = len(damaged)
        raise DataError(
            f"{count} files are missing or damaged in the store: {_listed(damaged)}",
            code="damaged",
        )
    return files


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_MAX_NAMED])


def _unwritable(folder: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"cannot write to {folder}: {error.strerror} ({error.filename})"
    )


def _move_aside(folder: Path, files: list[_File], store_url: str) -> None:
    """Move a folder aside if it has other files of the same names."""
    differing = []
    for path, body in files:
        if _differs(folder / path, body):
            differing.append(path)
    if not differing:
        return
    reason = _in_use(folder, store_url)
    if reason is not None:
        raise ConfigError(
            f"{folder} has different files called {_listed(differing)}, and "
            f"cannot be moved aside: {reason}. Name another folder, or move "
            "these files"
        )
    folder.rename(_free_name(folder))


def _differs(file: Path, body: bytes) -> bool:
    if not file.exists():
        return False
    if not file.is_file():
        return True
    present = file.read_bytes()
    # Pages that no reader has changed are regenerated.
    return present != body and not is_whole(present)


def _in_use(folder: Path, store_url: str) -> str | None:
    """Return the reason why a folder must not be moved, or None."""
    if folder.is_mount():
        return "it is a mount point"
    # Unlike `Path.expanduser`, this does not raise if there is no home.
    home = os.path.expanduser("~")  # noqa: PTH111
    places = {
        "the current folder": Path.cwd(),
        "your home folder": Path(home),
    }
    store = urlsplit(store_url)
    if store.scheme == "file":
        path = unquote_to_bytes(store.path)
        places["the store"] = Path(os.fsdecode(path))
    for name, place in places.items():
        real = Path(os.path.realpath(place))
        if real == folder:
            return f"it is {name}"
        if real.is_relative_to(folder):
            return f"it contains {name}"
    return None


def _free_name(folder: Path) -> Path:
    number = 1
    while True:
        name = f"{folder.name}.{number}"
        free = folder.with_name(name)
        if not free.exists():
            return free
        number += 1


def _write(file: Path, body: bytes) -> None:
    if file.exists() and file.read_bytes() == body:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    # A short name: the file's own may be as long as the file system allows.
    temporary = file.with_name(f".fondation-{os.getpid()}")
    try:
        temporary.write_bytes(body)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
