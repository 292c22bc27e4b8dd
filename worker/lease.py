"""The lease of a run: how it shows that it lives, learns of its successor, and knows when it must stand still.

The owner refreshes `runs/<n>/heartbeat.json` every third of its lease, and lists the checkpoints newer than its own at
the same time. It counts from *before* it sends the refresh; the store dates the object after that; a newcomer waits
until the object's age exceeds the lease (states/takeover.py). So the owner knows first: when a lease can have been
taken over, `held` has been false for some time, whatever the clocks say and however long an answer took.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from states.keys import heartbeat_key
from states.manifest import Manifest, Writer
from worker.checkpoint import CheckpointLog, Ownership
from worker.errors import (
    MissingError,
    StoreError,
    StoreFaultError,
    StoreRefusedError,
    StoreUnavailableError,
    WorkerError,
)
from worker.runtime import Mailbox, Runtime, ThreadFailed
from worker.store.port import Store

LOG = logging.getLogger(__name__)
_RETRY_SECONDS: Final = 0.3
_MEDIA_TYPE: Final = "application/json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Superseded:
    """Another run owns the job."""

    run: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelRequested:
    """An operator asks for the job's end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LeaseLost:
    """The lease may have been taken over: stand still."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LeaseRefreshed:
    """The store answered again; the lease holds once a checkpoint could be appended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreLost:
    """The store has not answered, or has refused, for as long as this run is willing to wait."""

    error: StoreFaultError


LeaseNews = Superseded | CancelRequested | LeaseLost | LeaseRefreshed | StoreLost | ThreadFailed


def read_lease(store: Store, manifest: Manifest) -> tuple[int | None, int]:
    """Return the age of the owner's heartbeat (None if there is none) and its lease, both in seconds."""
    key = heartbeat_key(manifest.job_id, manifest.run)
    try:
        age, body = store.head(key).age, store.get(key)
    except MissingError:
        return None, manifest.owner.lease_seconds
    try:
        return age, int(json.loads(body)["leaseSeconds"])
    except (ValueError, KeyError, TypeError):
        return age, manifest.owner.lease_seconds


class Lease:
    """The lease of one run on one job."""

    def __init__(self, store: Store, owned: Ownership, runtime: Runtime, mailbox: Mailbox[LeaseNews]) -> None:
        """Hold a job that has just been claimed; `store` must not retry by itself."""
        self._store = store
        self._owned = owned
        self._log = CheckpointLog(store, owned.log.job_id, runtime)
        self._runtime = runtime
        self._mailbox = mailbox
        self._run = owned.manifest.run
        self._seconds = owned.manifest.owner.lease_seconds
        self._refreshed = owned.since
        self._suspended = False
        self._revoked = False

    @property
    def held(self) -> bool:
        """Whether nobody else can own the job at this moment: ask before every side effect."""
        return not self._revoked and not self._suspended and self.remaining > 0

    @property
    def remaining(self) -> float:
        """Seconds until the lease can have been taken over."""
        return self._refreshed + self._seconds - self._runtime.monotonic()

    def revoke(self) -> None:
        """Give the lease up for good."""
        self._revoked = True

    @property
    def suspended(self) -> bool:
        """Whether it has run out, and was not reasserted since."""
        return self._suspended

    def reassert(self) -> bool:
        """Hold the lease again after a refresh and an append have both succeeded, if they were quick enough."""
        self._suspended = self.remaining <= 0
        return not self._suspended

    def refresh(self) -> None:
        """Send a heartbeat."""
        sent = self._runtime.monotonic()
        body = json.dumps({"run": self._run, "leaseSeconds": self._seconds}).encode("ascii")
        self._store.put(heartbeat_key(self._log.job_id, self._run), body, _MEDIA_TYPE)
        if self.remaining <= 0:
            self.suspend()
        self._refreshed = sent

    def look(self) -> None:
        """Look for checkpoints newer than this run's newest, and report what they mean."""
        for sequence in list(self._log.sequences(after=self._owned.manifest.sequence)):
            manifest = self._log.present(sequence).manifest
            if not self._owned.is_own(manifest):
                self._revoked = True
                self._mailbox.put(Superseded(run=manifest.run))
                return
            if manifest.writer is Writer.OPERATOR and manifest.cancel_requested:
                self._mailbox.put(CancelRequested())

    def suspend(self) -> None:
        """Stand still: the lease has run out."""
        if not self._suspended:
            self._suspended = True
            LOG.warning("the lease has run out, standing still", extra={"lease_seconds": self._seconds})
            self._mailbox.put(LeaseLost())

    def beat(self) -> None:
        """Refresh and look once; after a silence, report that the store is back."""
        self.refresh()
        self.look()
        if self._suspended:
            self._mailbox.put(LeaseRefreshed())


class Heart:
    """The two threads of a lease: one that beats, and one that judges, since a beat may hang."""

    def __init__(self, lease: Lease, mailbox: Mailbox[LeaseNews], runtime: Runtime, *, give_up_seconds: float) -> None:
        """Prepare; `give_up_seconds` is how long the store may stay silent."""
        self._lease = lease
        self._mailbox = mailbox
        self._runtime = runtime
        self._give_up = give_up_seconds
        self._stopped = runtime.flag()
        self._failures: set[type[Exception]] = set()
        """What has gone wrong since the last beat that succeeded."""

    def start(self, *, interval: float, on_lost: Callable[[], None]) -> None:
        """Beat every `interval` seconds; `on_lost` is called from the judging thread, before anything else."""
        self._runtime.spawn("heart", lambda: self._beat(interval), self._mailbox.put)
        self._runtime.spawn("judge", lambda: self._judge(interval, on_lost), self._mailbox.put)

    def stop(self) -> None:
        """End both threads at their next step."""
        self._stopped.set()

    def _beat(self, interval: float) -> None:
        wait = 0.0
        while not self._stopped.wait(wait):
            try:
                self._lease.beat()
            except Exception as error:  # noqa: BLE001 - an edge: no odd answer ends it
                self._note(error)
                wait = _RETRY_SECONDS
            else:
                self._failures.clear()
                wait = interval

    def _note(self, error: Exception) -> None:
        """Remember a failure and log it, the first time with its traceback if it is none of a store's."""
        expected = isinstance(error, WorkerError | StoreError)
        if type(error) not in self._failures:
            reason = f"{type(error).__name__}: {error}"
            LOG.warning("no heartbeat, trying again", extra={"reason": reason}, exc_info=None if expected else error)
        self._failures.add(type(error))

    def _judge(self, interval: float, on_lost: Callable[[], None]) -> None:
        lost_since: float | None = None
        wait = self._lease.remaining
        while not self._stopped.wait(max(wait, _RETRY_SECONDS)):
            wait = self._lease.remaining
            if wait <= 0:
                on_lost()
                self._lease.suspend()
                wait = interval
            if not self._lease.suspended:
                lost_since = None
            elif lost_since is None:
                lost_since = self._runtime.monotonic()
            elif self._runtime.monotonic() - lost_since > self._give_up:
                self._mailbox.put(StoreLost(error=self._lost()))
                return

    def _lost(self) -> StoreFaultError:
        if self._failures == {StoreRefusedError}:
            return StoreRefusedError(f"the store has refused the run's heartbeat for {self._give_up:g} seconds")
        reason = f"the store has not answered quickly enough to hold the lease for {self._give_up:g} seconds"
        return StoreUnavailableError(reason)
