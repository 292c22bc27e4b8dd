"""The spool: requests of jobs that are not over, on disk, for a gateway that restarts.

Requests contain tokens, so only their owner can read them, they lie outside the store, and
they are removed as soon as their job is over. Each is written to a temporary file and
renamed; names sort in order of arrival.
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
    """The name of its file."""
    request: Request

    @property
    def job_id(self) -> str:
        return self.request.identity.job_id


_OPEN_LOCK: Final = os.O_CREAT | os.O_RDWR
_EXCLUSIVE: Final = fcntl.LOCK_EX | fcntl.LOCK_NB
_CREATE: Final = os.O_CREAT | os.O_EXCL | os.O_WRONLY


class Spool:
    """A folder of requests, for one gateway at a time."""

    def __init__(self, folder: Path, runtime: Runtime) -> None:
        """Create and lock the folder; raise ConfigError if that is impossible."""
        self._folder = folder
        self._runtime = runtime
        with on_disk(folder, partial(unusable_work_dir, folder)):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
            self._lock = os.open(folder / _LOCK, _OPEN_LOCK, 0o600)
        try:
            fcntl.flock(self._lock, _EXCLUSIVE)
        except OSError as error:
            os.close(self._lock)
            raise ConfigError(
                f"another gateway uses {folder}: stop it, or give this one a "
                "different WORK_DIR"
            ) from error

    def add(self, request: Request) -> Spooled:
        """Store a request durably, or raise TemporaryError."""
        stamp = self._runtime.now().strftime("%Y%m%dT%H%M%S.%f")
        token = self._runtime.token()
        spooled = Spooled(name=f"{stamp}-{token}.json", request=request)
        fresh = self._folder / f".{spooled.name}"
        try:
            descriptor = os.open(fresh, _CREATE, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(request.document, file)
                file.flush()
                os.fsync(descriptor)
            fresh.replace(self._folder / spooled.name)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise TemporaryError(
                f"the request cannot be stored in {self._folder} ({error.strerror}): "
                "make room there, and send it again"
            ) from error
        return spooled

    def remove(self, spooled: Spooled) -> None:
        """Remove a request; if that fails, its job is found to be over after a restart."""
        with suppress(OSError):
            (self._folder / spooled.name).unlink(missing_ok=True)

    def load(self) -> list[Spooled]:
        """Return the newest request of each job, oldest first."""
        newest: dict[str, Spooled] = {}
        for path in sorted(self._folder.iterdir()):
            if path.name == _LOCK:
                continue
            if path.name.startswith("."):
                # It is incomplete, so it was never accepted.
                path.unlink()
                continue
            spooled = _read(path)
            if spooled is None:
                continue
            older = newest.pop(spooled.job_id, None)
            if older is not None:
                self.remove(older)
            newest[spooled.job_id] = spooled
        return list(newest.values())

    def close(self) -> None:
        """Release the folder for another gateway."""
        with suppress(OSError):
            os.close(self._lock)


def _read(path: Path) -> Spooled | None:
    try:
        request = read_request(json.loads(path.read_bytes()), allow_http=True)
    except (OSError, ValueError, FaultyRequestError) as error:
        reason = type(error).__name__
        if isinstance(error, FaultyRequestError):
            reason = str(error)
        LOG.error(
            "a request in the spool cannot be read: remove it",
            extra={"path": str(path), "reason": reason},
        )
        return None
    return Spooled(name=path.name, request=request)
