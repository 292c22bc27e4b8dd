"""Writes a course into a folder of the user's, in a way that loses nothing that was there."""

import os
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from worker.course.inventory import CourseFile, Inventory
from worker.errors import ConfigError, DataError
from worker.system.disk import on_disk


def export(inventory: Inventory, folder: Path) -> list[str]:
    """Write the files of a course into a folder, and return their paths; raise DataError for damaged ones.

    A folder that has other files under these names is first moved aside, whole: to
    `<folder>.1`, or the next number. One that is in use is never moved: then nothing is
    written, and ConfigError raised.
    """
    found = list(inventory.read(inventory.course()))
    if damaged := [holding.key for holding, body in found if body is None]:
        raise DataError(
            f"{len(damaged)} files are missing or damaged in the store: {', '.join(damaged[:3])}",
            code="damaged",
        )
    whole = [(holding, body) for holding, body in found if body is not None]
    with on_disk(
        folder,
        lambda error: ConfigError(
            f"cannot write to {folder}: {error.strerror} ({error.filename})"
        ),
    ):
        folder = Path(os.path.realpath(folder))
        if differing := [
            holding.path
            for holding, body in whole
            if _differs(folder / holding.path, body)
        ]:
            if why := _in_use(folder, inventory.store_url):
                raise ConfigError(
                    f"{folder} has other files called {', '.join(differing[:3])}, and is not moved aside: {why}. "
                    "Name another folder, or move these files"
                )
            folder.rename(_free_name(folder))
        for holding, body in whole:
            _write(folder, holding, body)
    return [holding.path for holding, _ in whole]


def _differs(file: Path, body: bytes) -> bool:
    return file.exists() and (not file.is_file() or file.read_bytes() != body)


def _in_use(folder: Path, store_url: str) -> str | None:
    """Say why a folder must stay where it is, or return None."""
    if folder.is_mount():
        return "it is a mount point"
    home = os.path.expanduser("~")  # noqa: PTH111 - Path's raises where there is no home
    places = {"the current folder": Path.cwd(), "your home folder": Path(home)}
    store = urlsplit(store_url)
    if store.scheme == "file":
        places["the store"] = Path(os.fsdecode(unquote_to_bytes(store.path)))
    for name, place in places.items():
        real = Path(os.path.realpath(place))
        if real.is_relative_to(folder):
            return f"it is {name}" if real == folder else f"it holds {name}"
    return None


def _free_name(folder: Path) -> Path:
    number = 1
    while (aside := folder.with_name(f"{folder.name}.{number}")).exists():
        number += 1
    return aside


def _write(folder: Path, holding: CourseFile, body: bytes) -> None:
    file = folder / holding.path
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(
        f".fondation-{os.getpid()}"
    )  # short: the file's own name may be as long as names can be
    try:
        fresh.write_bytes(body)
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
