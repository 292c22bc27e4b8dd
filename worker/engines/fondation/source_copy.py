"""The CLI's copy of the repository: Claude may change files that later stages need unchanged."""

import hashlib
import logging
import os
import shutil
from pathlib import Path
from typing import Final

from worker.errors import DiskError

LOG = logging.getLogger(__name__)

_LEFT_OUT: Final = shutil.ignore_patterns(".claude", ".mcp.json")
"""A repository's Claude settings may contain commands that Claude would run."""


class SourceCopy:
    """A copy of a folder, made on first use, and made again after a change."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fingerprint: str | None = None

    def prepare(self, source: Path) -> None:
        """Make the copy, unless it exists unchanged."""
        if self._fingerprint is not None:
            if _fingerprint(self.path) == self._fingerprint:
                return
            LOG.warning(
                "the CLI changed files of the repository, restoring them"
            )
        shutil.rmtree(self.path, ignore_errors=True)
        try:
            shutil.copytree(source, self.path, symlinks=True, ignore=_LEFT_OUT)
        except shutil.Error as error:
            # Its argument lists all errors, as (source, destination, text).
            [_, destination, text], *_ = error.args[0]
            raise DiskError(
                f"{destination}: cannot be written or read ({text}): "
                "make room, then run this again"
            ) from error
        self._fingerprint = _fingerprint(self.path)


def _fingerprint(tree: Path) -> str:
    """Return a digest that changes with every file: a program cannot set a file's ctime."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(tree):
        folders.sort()
        for name in sorted((*folders, *files)):
            # pathlib is slow on a hundred thousand files.
            path = os.path.join(folder, name)  # noqa: PTH118
            status = os.lstat(path)
            traits = (path, status.st_mode, status.st_size, status.st_ctime_ns)
            digest.update(os.fsencode(repr(traits)))
    return digest.hexdigest()
