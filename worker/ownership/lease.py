"""The lease of a run: how a run shows that it is alive, and knows when it must pause.

Every third of its lease, the owner writes `runs/<n>/heartbeat.json` and lists the checkpoints
newer than its own. Both requests count from *before* they are sent, and the lease runs from
the older of the two. The store dates the heartbeat later than that, and a new run waits until
the object's age exceeds the lease (states/takeover.py). So the owner knows first: whenever the
lease can have been taken over, `held` has been false for some time, however long an answer
took.

The owner's clock may stop without its knowledge, together with its machine (a hypervisor
pauses it). So the date of each heartbeat, and of each append, is compared with the date of the
previous heartbeat. If more than a lease lies between them by the store's clock, another run may
have taken the job over, and the owner pauses until it has looked at the log and then appended a
checkpoint. The append alone would prove nothing: if the job was collected meanwhile, its log has
a gap.

A store may date its answers (`Date`) and its objects (`Last-Modified`) by two clocks. If the
first is ahead, every object looks too old. The claim measures by how much
(worker/ownership/clocks.py), and the owner writes a lease that is longer by that much, and by
one second more: dates are whole seconds, so the clocks may be that much further apart. Until
that heartbeat is answered, new runs see only the claim: so the owner counts it as old as it
looks.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from states.manifest import Writer
from worker.errors import StoreFaultError
from worker.ownership.heartbeat import put_heartbeat
from worker.ownership.log import CheckpointLog, Ownership
from worker.store.port import Store
from worker.system.runtime import Mailbox, Runtime, ThreadFailed

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Superseded:
    """Another run owns the job."""

    run: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelRequested:
    """An operator has asked for the job to be canceled."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LeaseLost:
    """Another run may have taken the job over: pause."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LeaseRefreshed:
    """The store answers again; an appended checkpoint makes the lease hold again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreLost:
    """The store has failed for longer than this run tolerates."""

    error: StoreFaultError


LeaseEvent = (
    Superseded
    | CancelRequested
    | LeaseLost
    | LeaseRefreshed
    | StoreLost
    | ThreadFailed
)


class Lease:
    """The lease of one run on one job."""

    def __init__(
        self,
        open_store: Callable[[], Store],
        owned: Ownership,
        runtime: Runtime,
        inbox: Mailbox[LeaseEvent],
    ) -> None:
        """Hold a job that has just been claimed.

        `open_store` is called when the store is first needed. It returns a store that does
        not retry by itself, on connections of its own.
        """
        self._open_store = open_store
        self._owned = owned
        self._runtime = runtime
        self._inbox = inbox
        self.seconds: Final = owned.manifest.owner.lease_seconds
        self._lock = threading.Lock()
        self._number = 0
        self._refreshed = owned.since
        self._looked = owned.since
        self._dated = (owned.since, owned.dated)
        """When the latest answered heartbeat was sent, and the store's time in the answer."""
        self.lapsed_at = float("-inf")
        """When the store's dates last showed that it may have expired; older looks do not count."""
        self._suspended = False
        self._revoked = False
        self.losses = 0
        """How many times it has expired."""

    @property
    def held(self) -> bool:
        """Whether no other run can own the job now: ask before every side effect."""
        # guard: the lease: an append after a silence
        return not self._revoked and not self._suspended and self.remaining > 0

    @property
    def remaining(self) -> float:
        """Seconds until another run may take the job over."""
        # guard: the lease: without a heartbeat it runs out
        # guard: the lease: without a look it runs out
        oldest = min(self._refreshed, self._looked)
        return oldest + self.seconds - self._runtime.monotonic()

    @property
    def refreshed(self) -> float:
        """When the latest answered heartbeat was sent, by the Runtime's monotonic clock."""
        return self._refreshed

    @property
    def suspended(self) -> bool:
        """Whether it has expired and has not been reasserted since."""
        return self._suspended

    def revoke(self) -> None:
        """Give the lease up for good."""
        self._revoked = True

    def beat(self) -> None:
        with self._lock:
            self._number += 1
            number = self._number
        sent = self._runtime.monotonic()
        manifest = self._owned.manifest
        skew = self._owned.skew
        dated = put_heartbeat(self._store, manifest, number, skew=skew)
        lapsed = self._lapsed(sent, dated)
        if lapsed:
            self._lapse()
        elif self.remaining <= 0:
            self.suspend("it was not refreshed in time")
        with self._lock:
            # guard: the lease: counted from before a heartbeat is sent
            # guard: the lease: of several answers the one to the latest heartbeat counts
            self._refreshed = max(self._refreshed, sent)

    def look(self) -> None:
        """Look for checkpoints newer than this run's newest, and report them."""
        sent = self._runtime.monotonic()
        newer = list(self._log.sequences(after=self._owned.manifest.sequence))
        for sequence in newer:
            manifest = self._log.present(sequence).manifest
            if not self._owned.is_own(manifest):
                self._revoked = True
                self._inbox.put(Superseded(run=manifest.run))
                return
            if manifest.writer is Writer.OPERATOR and manifest.cancel_requested:
                self._inbox.put(CancelRequested())
        if self.remaining <= 0:
            self.suspend("could not look for newer checkpoints in time")
        with self._lock:
            # guard: clocks: after a lapse the log is looked at again
            if sent >= self.lapsed_at:
                self._looked = max(self._looked, sent)

    def note_append(self, dated: float | None) -> None:
        """Pause if the store dates an append more than a lease after the latest heartbeat.

        By then, the job may have been finished and collected by others, and the append may
        have succeeded only because the log has a gap.
        """
        with self._lock:
            _, last_dated = self._dated
        # guard: clocks: the date of an append is compared with that of the heartbeat before
        if self._is_apart(dated, last_dated):
            self._lapse()

    def confirm(self) -> bool:
        """Whether the lease is held, by a heartbeat sent now."""
        try:
            # guard: clocks: a lease is confirmed by a heartbeat
            self.beat()
        # After any failure, the lease counts as not confirmed.
        except Exception as error:  # noqa: BLE001
            reason = f"{type(error).__name__}: {error}"
            LOG.debug("could not confirm the lease", extra={"reason": reason})
            return False
        return self.held

    def suspend(self, reason: str) -> None:
        """Pause the run: another run may have taken the job over."""
        with self._lock:
            already_suspended = self._suspended
            self._suspended = True
            self.losses += 1
        if not already_suspended:
            LOG.warning(
                "the lease has expired, suspending side effects",
                extra={"lease_seconds": self.seconds, "reason": reason},
            )
            self._inbox.put(LeaseLost())

    def reassert(self, append: Callable[[], None]) -> bool:
        """Append a checkpoint, which makes the lease hold again.

        Return False if it has expired again in the meantime.
        """
        losses = self.losses
        append()
        with self._lock:
            # guard: the lease: an append from before its next loss does not bring it back
            self._suspended = self.losses > losses or self.remaining <= 0
            return not self._suspended

    @cached_property
    def _store(self) -> Store:
        return self._open_store()

    @cached_property
    def _log(self) -> CheckpointLog:
        return CheckpointLog(self._store, self._owned.log.job_id, self._runtime)

    def _lapsed(self, sent: float, dated: float | None) -> bool:
        """Whether the store's clock shows more than a lease between two heartbeats."""
        with self._lock:
            last_sent, last_dated = self._dated
            if dated is None or sent < last_sent:
                return False
            self._dated = (sent, dated)
        # guard: clocks: the store's dates of two heartbeats are compared
        return self._is_apart(dated, last_dated)

    def _is_apart(self, dated: float | None, last_dated: float | None) -> bool:
        """Whether more than a lease lies between two of the store's dates.

        A store's clock that was set back does not show how much time has passed: it may be
        more than a lease.
        """
        if dated is None or last_dated is None:
            return False
        # guard: clocks: a store's clock that was set back proves nothing
        return abs(dated - last_dated) > self.seconds

    def _lapse(self) -> None:
        """Pause until the log has been listed again: this machine may have been paused."""
        self.suspend(
            "this machine's clock has stopped, or the store's clock was changed"
        )
        with self._lock:
            self.lapsed_at = self._runtime.monotonic()
            self._looked = float("-inf")
