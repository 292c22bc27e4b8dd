"""Requests of jobs that are not over, on disk: a gateway that died takes them up again when it is started.

They hold tokens, so only their owner can read them, they lie outside the store, and they go
as soon as their job is over. Each is written to a temporary file and renamed; the names
sort in the order in which the requests came.
"""

import fcntl
import json
import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from worker.errors import ConfigError, TemporaryError
from worker.gateway.request import FaultyRequestError, Request, read_request
from worker.system.disk import on_disk, unusable_work_dir
from worker.system.runtime import Runtime

LOG = logging.getLogger(__name__)
_LOCK: Final = ".lock"


@dataclass(frozen=True, kw_only=True, slots=True)
class Spooled:
    """A request in the spool."""

    name: str
    """Of its file."""
    request: Request

    @property
    def job_id(self) -> str:
        """The job that it is for."""
        return self.request.identity.job_id


class Spool:
    """A folder of requests, for one gateway at a time."""

    def __init__(self, folder: Path, runtime: Runtime) -> None:
        """Make the folder and lock it; raise ConfigError."""
        self._folder = folder
        self._runtime = runtime
        with on_disk(folder, partial(unusable_work_dir, folder)):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
            self._lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise ConfigError(
                f"another gateway has its requests in {folder}: end it, or give this one another WORK_DIR"
            ) from error

    def add(self, request: Request) -> Spooled:
        """Write a request down, to stay; raise TemporaryError if it cannot be."""
        stamp = self._runtime.now().strftime("%Y%m%dT%H%M%S.%f")
        spooled = Spooled(name=f"{stamp}-{self._runtime.token()}.json", request=request)
        fresh = self._folder / f".{spooled.name}"
        try:
            descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(request.document, file)
                file.flush()
                os.fsync(descriptor)
            fresh.replace(self._folder / spooled.name)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise TemporaryError(
                f"the request cannot be kept in {self._folder} ({error.strerror}): make room there, and send it again"
            ) from error
        return spooled

    def remove(self, spooled: Spooled) -> None:
        """Forget a request; one that cannot be removed is taken up once more, and found to be over."""
        with suppress(OSError):
            (self._folder / spooled.name).unlink(missing_ok=True)

    def load(self) -> list[Spooled]:
        """Return what an earlier gateway left, oldest first.

        Of one job's only the newest, which was to replace it.
        """
        newest: dict[str, Spooled] = {}
        for path in sorted(self._folder.iterdir()):
            if path.name == _LOCK:
                continue
            if path.name.startswith("."):  # it is not whole, and was never accepted
                path.unlink()
            elif spooled := _read(path):
                if older := newest.pop(spooled.job_id, None):
                    self.remove(older)
                newest[spooled.job_id] = spooled
        return list(newest.values())

    def close(self) -> None:
        """Let another gateway have it."""
        with suppress(OSError):
            os.close(self._lock)


def _read(path: Path) -> Spooled | None:
    try:
        request = read_request(json.loads(path.read_bytes()), allow_http=True)
    except (OSError, ValueError, FaultyRequestError) as error:
        reason = (
            str(error)
            if isinstance(error, FaultyRequestError)
            else type(error).__name__
        )
        LOG.error(
            "a request in the spool cannot be read: remove it",
            extra={"path": str(path), "reason": reason},
        )
        return None
    return Spooled(name=path.name, request=request)
