"""A run's folders on this machine, created and removed with the run."""

import fcntl
import os
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from worker.errors import ConfigError
from worker.system.disk import on_disk, unusable_work_dir
from worker.system.files import create_file, read_file, write_file

_LOCK: Final = ".lock"
_UNFINISHED: Final = "~"
"""The prefix of a folder that is being created; no job id begins with it."""
# guard: a folder that another run has removed as abandoned is made again
_TRIES: Final = 10
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_EXCLUSIVE: Final = fcntl.LOCK_EX | fcntl.LOCK_NB


class RunFolder:
    """The folder of one run: `source`, `course`, and `scratch` for everything else.

    It is locked while its process lives, so that the next run of the job can recognise and remove
    what a killed run left behind. It gets its final name once it is locked and complete. Until
    then, another run of the job may remove it; then it is created again.
    """

    def __init__(self, base: Path, job_id: str, token: str) -> None:
        """Make the folder below `base`; raise ConfigError or DiskError."""
        self.path: Final = base / f"{job_id}.{token}"
        self.source: Final = self.path / "source"
        """The repository's files."""
        self.course: Final = self.path / "course"
        """The course's files."""
        self.scratch: Final = self.path / "scratch"
        """Temporary files."""
        with on_disk(base, partial(unusable_work_dir, base)):
            base.mkdir(parents=True, exist_ok=True)
            _remove_stale(base, job_id)
            subfolders = (self.source, self.course, self.scratch)
            self._lock = _make_locked(self.path, subfolders)

    def read(self, path: str) -> bytes:
        file = self.course / path
        with on_disk(self.course):
            return file.read_bytes()

    def write(self, path: str, body: bytes) -> None:
        """Write a file of the course, unless it has that content already."""
        # pathlib alone takes as long for this as the kernel.
        file = f"{self.course}/{path}"
        with on_disk(self.course):
            try:
                create_file(file, body)
            except FileNotFoundError:
                Path(file).parent.mkdir()
                create_file(file, body)
            except FileExistsError:
                self._replace(file, body)

    def _replace(self, file: str, body: bytes) -> None:
        if _holds(file, body):
            return
        fresh = self.scratch / "item"
        write_file(str(fresh), body)
        fresh.replace(file)

    def discard(self, path: str) -> None:
        file = self.course / path
        with on_disk(self.course):
            file.unlink(missing_ok=True)

    def empty_source(self) -> Path:
        """Empty the folder of the repository's files, and return it."""
        folder = self.source
        with on_disk(folder):
            shutil.rmtree(folder)
            folder.mkdir(mode=0o700)
        return folder

    def remove(self) -> None:
        _remove(self.path)
        os.close(self._lock)


def _holds(file: str, body: bytes) -> bool:
    """Whether a file, and not a link to one, has this content."""
    status = os.lstat(file)
    if not stat.S_ISREG(status.st_mode) or status.st_size != len(body):
        return False
    return read_file(file) == body


def make_private(folder: Path) -> None:
    """Make a folder in a place that all users share.

    Raises ConfigError unless only this user can write to it.
    """
    with on_disk(folder, partial(unusable_work_dir, folder)):
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        status = folder.lstat()
        mode = status.st_mode
        is_ours = stat.S_ISDIR(mode) and status.st_uid == os.getuid()
        # guard: a shared folder is used only if it is this user's alone
        if not is_ours or mode & _OTHERS_WRITE:
            raise ConfigError(
                f"{folder} is not a folder that only this user can write to: remove it, "
                "or set WORK_DIR to a folder of your own"
            )
        folder.chmod(0o700)


def _make_locked(path: Path, subfolders: Sequence[Path]) -> int:
    """Make a folder with subfolders, and return its lock."""
    for number in range(1, _TRIES):
        # Another run may be removing it.
        with suppress(FileNotFoundError, BlockingIOError):
            return _try_to_make(path, subfolders, number)
    return _try_to_make(path, subfolders, _TRIES)


def _try_to_make(path: Path, subfolders: Sequence[Path], number: int) -> int:
    # guard: a run's folder is locked before it is seen
    fresh = path.with_name(f"{_UNFINISHED}{path.name}-{number}")
    fresh.mkdir(mode=0o700)
    lock = os.open(fresh / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, _EXCLUSIVE)
        for subfolder in subfolders:
            folder = fresh / subfolder.relative_to(path)
            folder.mkdir(mode=0o700)
        fresh.rename(path)
    except BaseException:
        os.close(lock)
        raise
    return lock


def _remove_stale(base: Path, job_id: str) -> None:
    """Remove the folders of killed runs of a job."""
    # guard: what a kill leaves of a folder in the making is removed
    for name in (job_id, f"{_UNFINISHED}{job_id}"):
        for folder in base.glob(f"{name}.*"):
            # guard: the folders of job `a.b` are not those of job `a`
            if folder.name.rpartition(".")[0] == name:
                _remove_unlocked(folder)


def _remove_unlocked(folder: Path) -> None:
    if folder.name.startswith(_UNFINISHED):
        with suppress(OSError):
            # The folder may have no lock yet.
            folder.rmdir()
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR)
    except OSError:
        # It is not a run's folder, or another run is removing it.
        return
    with suppress(OSError):
        fcntl.flock(lock, _EXCLUSIVE)
        _remove(folder)
    os.close(lock)


def _remove(folder: Path) -> None:
    """Remove a run's folder, its lock last: after a kill, the next run can still find the rest."""
    with suppress(OSError):
        for entry in folder.iterdir():
            if entry.name != _LOCK:
                shutil.rmtree(entry, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
