"""An owner's signs of life as the store shows them: its heartbeat, its silence, and how true the store's ages are."""

import json
from dataclasses import dataclass
from typing import Final

from states.keys import heartbeat_key
from states.manifest import Manifest
from worker.errors import MissingError, StoreUnavailableError
from worker.ownership.log import CheckpointLog
from worker.store.port import Store
from worker.system.runtime import Runtime

_MEDIA_TYPE: Final = "application/json"
_LOOKS: Final = 3
"""How many times a heartbeat is read that cannot be, or makes no sense."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heartbeat:
    """The newest heartbeat of the run that owns a job."""

    lease_seconds: int
    age: int | None = None
    """In seconds by the store's clock; None if there is no heartbeat."""
    number: int | None = None
    """Different from one heartbeat to the next; None where it is not known."""


def read_heartbeat(store: Store, manifest: Manifest) -> Heartbeat:
    """Read the heartbeat of the run that owns a job.

    One wrong answer makes no run look dead: a heartbeat is missing only if no listing shows it
    either, and one that makes no sense is read again.
    """
    key, lease = (
        heartbeat_key(manifest.job_id, manifest.run),
        manifest.owner.lease_seconds,
    )
    age: int | None = None
    for _ in range(_LOOKS):
        try:
            age, body = store.head(key).age, store.get(key)
            document = json.loads(body)
            return Heartbeat(
                lease_seconds=int(document["leaseSeconds"]),
                age=age,
                number=document.get("number"),
            )
        except MissingError:
            if not list(store.entries(key, limit=1)):
                return Heartbeat(lease_seconds=lease)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    if age is None:
        raise StoreUnavailableError(
            f"{store.uri(key)} is listed, and cannot be read: try again"
        )
    return Heartbeat(lease_seconds=lease, age=age)


def put_heartbeat(
    store: Store, manifest: Manifest, number: int, *, skew: int = 0
) -> float | None:
    """Write the heartbeat of the run that owns a job; return the store's time as it answers, where it says it.

    `skew`: by how many seconds the store's objects look too old.
    """
    # guard: clocks: the lease is written as so much longer as objects look too old
    lease = manifest.owner.lease_seconds + skew
    body = json.dumps(
        {"run": manifest.run, "leaseSeconds": lease, "number": number}
    ).encode("ascii")
    return store.put(heartbeat_key(manifest.job_id, manifest.run), body, _MEDIA_TYPE)


def measure_skew(
    store: Store, manifest: Manifest, runtime: Runtime
) -> tuple[float, float]:
    """Return by how many seconds the store's objects look too old, at least and at most, by a heartbeat.

    That is how far the clock by which the store dates its answers (`Date`) is ahead of the
    one by which it dates its objects (`Last-Modified`). A store may also take its time
    between the two, but no longer than the writing took.
    """
    sent = runtime.monotonic()
    dated = put_heartbeat(store, manifest, 0)
    took = runtime.monotonic() - sent
    if dated is None:
        return 0.0, 0.0
    try:
        ahead = (
            dated - store.head(heartbeat_key(manifest.job_id, manifest.run)).modified
        )
    except MissingError as error:
        raise StoreUnavailableError(
            "the heartbeat that was just written cannot be read: try again"
        ) from error
    # guard: clocks: slow answers are not taken for a difference
    return ahead - took, ahead


def read_silence(
    store: Store, log: CheckpointLog, manifest: Manifest
) -> tuple[int, int]:
    """Return for how long the owner has not been heard of, and its lease, in seconds by the store's clock."""
    heartbeat = read_heartbeat(store, manifest)
    return _silence(log, manifest, heartbeat), heartbeat.lease_seconds


class OwnerWatch:
    """Watches a job's owner, by the store's clock and by one's own (states/takeover.py says why either is enough)."""

    def __init__(self, store: Store, log: CheckpointLog, runtime: Runtime) -> None:
        """Prepare; nothing is read yet."""
        self._store = store
        self._log = log
        self._runtime = runtime
        self._sign: object = None
        self._since = 0.0
        self.is_alive = False
        """Whether a sign of life has come since the vigil began."""

    def silence(self, manifest: Manifest) -> tuple[int, int]:
        """Return for how long the owner of the newest manifest has not been heard of, and its lease, in seconds."""
        asked = self._runtime.monotonic()
        heartbeat = read_heartbeat(self._store, manifest)
        # guard: clocks: a heartbeat is another sign of life than the one before
        sign = (manifest.run, manifest.sequence, heartbeat.number)
        unknown = (
            heartbeat.age is not None and heartbeat.number is None
        )  # written by an earlier version
        # guard: clocks: a heartbeat without a number proves nothing by not changing
        if sign != self._sign or unknown:
            self.is_alive = self._sign is not None
            self._sign, self._since = sign, self._runtime.monotonic()
        watched = max(0, int(asked - self._since))
        # guard: clocks: a newcomer goes by its own, too
        return max(
            watched, _silence(self._log, manifest, heartbeat)
        ), heartbeat.lease_seconds


def _silence(log: CheckpointLog, manifest: Manifest, heartbeat: Heartbeat) -> int:
    age = log.age(manifest.sequence)
    return age if heartbeat.age is None else min(age, heartbeat.age)
