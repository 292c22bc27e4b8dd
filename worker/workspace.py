"""A run's folders on this machine: scratch space, made anew for every run and removed with it."""

import fcntl
import os
import shutil
from pathlib import Path
from typing import Final

from worker.engines.port import Workspace
from worker.errors import ConfigError

_LOCK: Final = ".lock"


class RunFolder:
    """The folder of one run: `source`, `course`, and `scratch` for everything else.

    It is locked while its process lives, so that the next run of the job can tell what a killed one left behind,
    and remove it.
    """

    def __init__(self, base: Path, job_id: str, token: str) -> None:
        """Make the folder below `base`, or raise ConfigError."""
        self.path: Final = base / f"{job_id}.{token}"
        try:
            base.mkdir(parents=True, exist_ok=True)
            _remove_stale(base, job_id)
            for folder in (self.path, self.source, self.course, self.scratch):
                folder.mkdir(mode=0o700)
            self._lock = os.open(self.path / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        except OSError as error:
            raise ConfigError(
                f"WORK_DIR {base}: cannot be written to ({error.strerror}): name a folder that can"
            ) from error

    @property
    def source(self) -> Path:
        """Where the repository's files are."""
        return self.path / "source"

    @property
    def course(self) -> Path:
        """Where the course's files are."""
        return self.path / "course"

    @property
    def scratch(self) -> Path:
        """For whatever else needs a place."""
        return self.path / "scratch"

    @property
    def workspace(self) -> Workspace:
        """What an engine sees of it."""
        return Workspace(source=self.source, output=self.course)

    def write(self, path: str, body: bytes) -> None:
        """Write a file of the course, unless it is there already with that content."""
        file = self.course / path
        if file.is_file() and not file.is_symlink() and file.read_bytes() == body:
            return
        fresh = self.scratch / "item"
        fresh.write_bytes(body)
        try:
            fresh.replace(file)
        except FileNotFoundError:
            file.parent.mkdir()
            fresh.replace(file)

    def discard(self, path: str) -> None:
        """Remove a file of the course."""
        (self.course / path).unlink(missing_ok=True)

    def empty_source(self) -> Path:
        """Return the folder for the repository's files, emptied."""
        shutil.rmtree(self.source)
        self.source.mkdir(mode=0o700)
        return self.source

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _remove_stale(base: Path, job_id: str) -> None:
    for folder in base.glob(f"{job_id}.*"):
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue
        finally:
            os.close(lock)
