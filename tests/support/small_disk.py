"""A small disk that only the command started with it sees: a tmpfs in its own namespace."""

import functools
import subprocess
from pathlib import Path
from typing import Final

import pytest

_MOUNT: Final = 'mount -t tmpfs -o "$1" tmpfs "$2" && shift 2 && exec "$@"'


def small_disk(folder: Path, kib: int) -> tuple[str, ...]:
    """Return a command prefix that makes a folder with this much room for the command."""
    if not _can_mount():
        pytest.skip(
            "NOT TESTED: unshare --map-root-user cannot mount a file system here"
        )
    folder.mkdir(exist_ok=True)
    return _prefix(f"size={kib}k", folder)


def _prefix(options: str, folder: Path) -> tuple[str, ...]:
    return (
        "unshare",
        "--mount",
        "--map-root-user",
        "sh",
        "-c",
        _MOUNT,
        "small-disk",
        options,
        str(folder),
    )


@functools.cache
def _can_mount() -> bool:
    tried = subprocess.run(
        [*_prefix("size=64k", Path("/mnt")), "true"],
        check=False,
        capture_output=True,
    )
    return tried.returncode == 0
