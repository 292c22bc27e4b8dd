"""Writes a course into a folder of the user's, in a way that loses nothing that was there."""

import os
from pathlib import Path

from worker.errors import ConfigError, NoInputError
from worker.inventory import Holding, Inventory


def export(inventory: Inventory, folder: Path) -> list[str]:
    """Write the files of a course into a folder, and return their paths; raise NoInputError for damaged ones.

    A folder that has other files under these names is first moved aside, whole: to `<folder>.1`, or the next number.
    """
    found = list(inventory.read(inventory.course()))
    if damaged := [holding.key for holding, body in found if body is None]:
        raise NoInputError(
            f"{len(damaged)} files are missing or damaged in the store: {', '.join(damaged[:3])}", code="damaged"
        )
    whole = [(holding, body) for holding, body in found if body is not None]
    try:
        if any(_differs(folder / holding.path, body) for holding, body in whole):
            folder.rename(_free_name(folder))
        for holding, body in whole:
            _write(folder, holding, body)
    except OSError as error:
        raise ConfigError(f"cannot write to {folder}: {error.strerror} ({error.filename})") from error
    return [holding.path for holding, _ in whole]


def _differs(file: Path, body: bytes) -> bool:
    return file.exists() and (not file.is_file() or file.read_bytes() != body)


def _free_name(folder: Path) -> Path:
    number = 1
    while (aside := folder.with_name(f"{folder.name}.{number}")).exists():
        number += 1
    return aside


def _write(folder: Path, holding: Holding, body: bytes) -> None:
    file = folder / holding.path
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.write_bytes(body)
    fresh.replace(file)
