"""An owner's heartbeats in the store, and the time since its last sign of life."""

import json
from dataclasses import dataclass
from typing import Final

from states.keys import heartbeat_key
from states.manifest import Manifest
from worker.errors import MissingError, StoreUnavailableError
from worker.ownership.log import CheckpointLog
from worker.store.port import LOOKS, Store
from worker.system.runtime import Runtime

_MEDIA_TYPE: Final = "application/json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Heartbeat:
    """The newest heartbeat of the run that owns a job."""

    lease_seconds: int
    age: int | None = None
    """In seconds by the store's clock; None if there is no heartbeat."""
    number: int | None = None
    """Different in each heartbeat; None if it is unknown."""

    @property
    def is_unnumbered(self) -> bool:
        """Whether an earlier version of the program wrote it, without a number."""
        return self.age is not None and self.number is None


def read_heartbeat(store: Store, manifest: Manifest) -> Heartbeat:
    """Read the heartbeat of the run that owns a job.

    One wrong answer does not make a run look dead: a heartbeat counts as missing only if a listing
    does not show it either, and a malformed one is read again.
    """
    key = heartbeat_key(manifest.job_id, manifest.run)
    lease = manifest.owner.lease_seconds
    age: int | None = None
    for _ in range(LOOKS):
        try:
            age = store.head(key).age
            return _parse(store.get(key), age)
        except MissingError:
            if not list(store.entries(key, limit=1)):
                return Heartbeat(lease_seconds=lease)
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RecursionError,
        ):
            continue
    if age is None:
        raise StoreUnavailableError(
            f"{store.uri(key)} is listed but cannot be read: try again"
        )
    return Heartbeat(lease_seconds=lease, age=age)


def _parse(body: bytes, age: int) -> Heartbeat:
    document = json.loads(body)
    lease = int(document["leaseSeconds"])
    return Heartbeat(
        lease_seconds=lease, age=age, number=document.get("number")
    )


def put_heartbeat(
    store: Store, manifest: Manifest, number: int, *, skew: int = 0
) -> float | None:
    """Write the owner's heartbeat; return the store's time in the answer, if any.

    `skew`: by how many seconds the store's objects look too old.
    """
    # guard: clocks: the recorded lease is longer by how much too old objects look
    lease = manifest.owner.lease_seconds + skew
    document = {"run": manifest.run, "leaseSeconds": lease, "number": number}
    body = json.dumps(document).encode("ascii")
    return store.put(
        heartbeat_key(manifest.job_id, manifest.run), body, _MEDIA_TYPE
    )


def read_silence(
    store: Store, log: CheckpointLog, manifest: Manifest
) -> tuple[int, int]:
    """Return how long the owner has been silent by the store's clock, and its lease."""
    heartbeat = read_heartbeat(store, manifest)
    return _silence(log, manifest, heartbeat), heartbeat.lease_seconds


class OwnerWatch:
    """Watches a job's owner, by the store's clock and by this process's.

    states/takeover.py explains why either is enough.
    """

    def __init__(
        self, store: Store, log: CheckpointLog, runtime: Runtime
    ) -> None:
        self._store = store
        self._log = log
        self._runtime = runtime
        self._sign: object = None
        self._since = 0.0
        self.is_alive = False
        """Whether a sign of life has been seen since the watch began."""

    def silence(self, manifest: Manifest) -> tuple[int, int]:
        """Return how long the owner of the newest manifest has been silent, and its lease."""
        asked = self._runtime.monotonic()
        heartbeat = read_heartbeat(self._store, manifest)
        # guard: clocks: a heartbeat is another sign of life than the one before
        sign = (manifest.run, manifest.sequence, heartbeat.number)
        # guard: clocks: a heartbeat without a number proves nothing by not changing
        if sign != self._sign or heartbeat.is_unnumbered:
            self.is_alive = self._sign is not None
            self._sign = sign
            self._since = self._runtime.monotonic()
        watched = max(0, int(asked - self._since))
        # guard: clocks: a new run uses its own, too
        silent = max(watched, _silence(self._log, manifest, heartbeat))
        return silent, heartbeat.lease_seconds


def _silence(
    log: CheckpointLog, manifest: Manifest, heartbeat: Heartbeat
) -> int:
    age = log.age(manifest.sequence)
    if heartbeat.age is None:
        return age
    return min(age, heartbeat.age)
