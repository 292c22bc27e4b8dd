"""The CLI's copy of the repository: Claude may write, and later stages need it unchanged."""

import hashlib
import logging
import os
import shutil
from pathlib import Path
from typing import Final

from worker.errors import DiskError

LOG = logging.getLogger(__name__)

_LEFT_OUT: Final = shutil.ignore_patterns(".claude", ".mcp.json")
"""Claude's own settings may name commands, which it then runs; a repository is data."""


class Tree:
    """A copy of a folder, made when it is first needed, and made again if it was changed."""

    def __init__(self, path: Path) -> None:
        """Have the copy at a path."""
        self.path = path
        self._fingerprint: str | None = None

    def prepare(self, source: Path) -> None:
        """See that the copy is there, and as it was."""
        if self._fingerprint is not None:
            if _fingerprint(self.path) == self._fingerprint:
                return
            LOG.warning(
                "the CLI has changed files of the repository: they are put back"
            )
        shutil.rmtree(self.path, ignore_errors=True)
        try:
            shutil.copytree(source, self.path, symlinks=True, ignore=_LEFT_OUT)
        except (
            shutil.Error
        ) as error:  # which holds all errors, as (from, to, text)
            [_, place, said], *_ = error.args[0]
            raise DiskError(
                f"{place}: cannot be written or read ({said}): make room, then run this again"
            ) from error
        self._fingerprint = _fingerprint(self.path)


def _fingerprint(tree: Path) -> str:
    """Return something that changes with whatever is done to a file; its ctime cannot be set."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(tree):
        folders.sort()
        for name in sorted((*folders, *files)):
            path = os.path.join(folder, name)  # noqa: PTH118 - of a hundred thousand files, pathlib takes its time
            status = os.lstat(path)
            what = (path, status.st_mode, status.st_size, status.st_ctime_ns)
            digest.update(os.fsencode(repr(what)))
    return digest.hexdigest()
