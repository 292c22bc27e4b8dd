"""The lease of a run: how it shows that it lives, learns of its successor, and knows when it must stand still.

Every third of its lease the owner writes `runs/<n>/heartbeat.json`, and lists the
checkpoints newer than its own. Each of the two counts from *before* it was sent, and the
lease holds for its time after the older one. The store dates the heartbeat after that, and
a newcomer waits until the object's age exceeds the lease (states/takeover.py). So the owner
knows first: when a lease can have been taken over, `held` has been false for some time,
however long an answer took.

A request may get stuck for longer than a lease. So each is tried anew, in a thread and on a
connection of its own, when it has no answer after a ninth of the lease; of all tries the
latest that is answered counts.

The owner's clock may stand still without its knowledge, together with its machine (a
hypervisor pauses it). So each heartbeat's date is compared with that of the one before: if
the store says that more than a lease lies between them, the job can have been taken over,
and the owner stands still until it has appended a checkpoint.

A store may date its answers (`Date`) and its objects (`Last-Modified`) by two clocks. Where
the first is ahead, every object looks too old. The claim measures by how much
(worker/ownership/claim.py), and the owner writes its lease as so much longer. Until that
heartbeat is answered, newcomers see the claim alone: so the owner takes it to be as old as
it looks.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from states.manifest import Writer
from worker.errors import (
    StoreError,
    StoreFaultError,
    StoreRefusedError,
    StoreUnavailableError,
    WorkerError,
)
from worker.ownership.heartbeat import put_heartbeat
from worker.ownership.log import CheckpointLog, Ownership
from worker.store.port import Store
from worker.system.runtime import Mailbox, Runtime, ThreadFailed

LOG = logging.getLogger(__name__)

BEATS: Final = 3
"""How many heartbeats are due within a lease."""
TRIES: Final = 3
"""How many times a request is tried by when the next one is due, if none is answered."""
_UNDER_WAY: Final = 4
"""How many tries of the same request may be under way at once."""
_SHORTEST_WAIT: Final = 0.01


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


LeaseNews = (
    Superseded | CancelRequested | LeaseLost | LeaseRefreshed | StoreLost | ThreadFailed
)


class Lease:
    """The lease of one run on one job."""

    def __init__(
        self,
        open_store: Callable[[], Store],
        owned: Ownership,
        runtime: Runtime,
        mailbox: Mailbox[LeaseNews],
    ) -> None:
        """Hold a job that has just been claimed.

        `open_store` opens the store on connections of its own; it must not retry by itself,
        and is called when it is first needed.
        """
        self._open_store = open_store
        self._owned = owned
        self._runtime = runtime
        self._mailbox = mailbox
        self.seconds: Final = owned.manifest.owner.lease_seconds
        self._lock = threading.Lock()
        self._number = 0
        self._refreshed = owned.since
        self._looked = owned.since
        self._dated = (owned.since, owned.dated)
        """When the latest heartbeat that was answered had been sent, and the store's time in that answer."""
        self._suspended = False
        self._revoked = False
        self.losses = 0
        """How many times it has run out."""

    @property
    def held(self) -> bool:
        """Whether nobody else can own the job at this moment: ask before every side effect."""
        # guard: the lease: an append after a silence
        return not self._revoked and not self._suspended and self.remaining > 0

    @property
    def remaining(self) -> float:
        """Seconds until the lease can have been taken over."""
        # guard: the lease: without a heartbeat it runs out
        # guard: the lease: without a look it runs out
        return (
            min(self._refreshed, self._looked)
            + self.seconds
            - self._runtime.monotonic()
        )

    @property
    def refreshed(self) -> float:
        """When the latest heartbeat that was answered had been sent, by the Runtime's monotonic clock."""
        return self._refreshed

    @property
    def suspended(self) -> bool:
        """Whether it has run out, and was not reasserted since."""
        return self._suspended

    def revoke(self) -> None:
        """Give the lease up for good."""
        self._revoked = True

    def beat(self) -> None:
        """Send a heartbeat."""
        with self._lock:
            self._number += 1
            number = self._number
        sent = self._runtime.monotonic()
        dated = put_heartbeat(
            self._store, self._owned.manifest, number, skew=self._owned.skew
        )
        lapsed = self._lapsed(sent, dated)
        if self.remaining <= 0:
            self.suspend("it was not refreshed in time")
        elif lapsed:
            self.suspend("this machine's clock has stood still, or the store's was set")
        with self._lock:
            # guard: the lease: counted from before a heartbeat is sent
            # guard: the lease: of several answers the one to the latest heartbeat counts
            self._refreshed = max(self._refreshed, sent)

    def look(self) -> None:
        """Look for checkpoints newer than this run's newest, and report what they mean."""
        sent = self._runtime.monotonic()
        for sequence in list(self._log.sequences(after=self._owned.manifest.sequence)):
            manifest = self._log.present(sequence).manifest
            if not self._owned.is_own(manifest):
                self._revoked = True
                self._mailbox.put(Superseded(run=manifest.run))
                return
            if manifest.writer is Writer.OPERATOR and manifest.cancel_requested:
                self._mailbox.put(CancelRequested())
        if self.remaining <= 0:
            self.suspend("newer checkpoints could not be looked for in time")
        with self._lock:
            self._looked = max(self._looked, sent)

    def confirm(self) -> bool:
        """Tell whether it is held, by a heartbeat of this moment."""
        try:
            # guard: clocks: a lease is confirmed by a heartbeat
            self.beat()
        except Exception as error:  # noqa: BLE001 - whatever the store answers: what it did not confirm is not held
            LOG.debug(
                "the lease could not be confirmed",
                extra={"reason": f"{type(error).__name__}: {error}"},
            )
            return False
        return self.held

    def suspend(self, reason: str) -> None:
        """Stand still: it can have been taken over."""
        with self._lock:
            news = not self._suspended
            self._suspended = True
            self.losses += 1
        if news:
            LOG.warning(
                "the lease has run out, standing still",
                extra={"lease_seconds": self.seconds, "reason": reason},
            )
            self._mailbox.put(LeaseLost())

    def reassert(self, append: Callable[[], None]) -> bool:
        """Append a checkpoint.

        Hold the lease again, and return True, if it has not run out once more by then.
        """
        losses = self.losses
        append()
        with self._lock:
            # guard: the lease: an append that comes before it is lost once more does not bring it back
            self._suspended = self.losses > losses or self.remaining <= 0
            return not self._suspended

    @cached_property
    def _store(self) -> Store:
        return self._open_store()

    @cached_property
    def _log(self) -> CheckpointLog:
        return CheckpointLog(self._store, self._owned.log.job_id, self._runtime)

    def _lapsed(self, sent: float, dated: float | None) -> bool:
        """Tell whether more than a lease has passed between two heartbeats, by the clock that newcomers go by."""
        with self._lock:
            last_sent, last_dated = self._dated
            if dated is None or sent < last_sent:
                return False
            self._dated = (sent, dated)
            # A store whose clock was set back does not tell how much time has passed: that
            # may be as much.
            # guard: clocks: a store's clock that was set back tells nothing
            # guard: clocks: the store's dates of two heartbeats are compared
            return last_dated is not None and abs(dated - last_dated) > self.seconds


@dataclass(eq=False, kw_only=True, slots=True)
class _Request:
    """What a lease asks of its store again and again."""

    name: str
    send: Callable[[], None]
    due: float
    answered: float = float("-inf")
    """When the latest try that was answered had been sent."""
    under_way: int = 0
    failures: set[type[Exception]] = field(default_factory=set)
    """Of the tries since the last one that was answered as it should be."""


class KeepAlive:
    """Keeps a lease: sees that its requests are sent in time, and judges when it has run out.

    Its own thread never waits for the store: each try is a thread of its own, which leaves
    in the keep_alive's mailbox what there is to do when it has ended.
    """

    def __init__(
        self,
        lease: Lease,
        mailbox: Mailbox[LeaseNews],
        runtime: Runtime,
        *,
        give_up_seconds: float,
    ) -> None:
        """Prepare; `give_up_seconds` is how long the store may stay silent."""
        self._lease = lease
        self._mailbox = mailbox
        self._runtime = runtime
        self._give_up = give_up_seconds
        self._interval = lease.seconds / BEATS
        self._patience = self._interval / TRIES
        # The claim was a sign of life, and a look at the log.
        due = lease.refreshed + self._interval
        # guard: the lease: a look for newer checkpoints
        self._requests = [
            _Request(name="heartbeat", send=lease.beat, due=due),
            _Request(name="look", send=lease.look, due=due),
        ]
        self._ended: Mailbox[Callable[[], None]] = runtime.mailbox()
        self._stopped = runtime.flag()
        self._on_lost: Callable[[], None] = lambda: None
        self._losses = 0
        """How many losses of the lease have been acted upon."""
        self._lost_since: float | None = None

    def start(self, *, on_lost: Callable[[], None]) -> None:
        """Begin.

        `on_lost` is called from the keep_alive's thread when the lease has run out, and
        must not wait.
        """
        self._on_lost = on_lost
        self._runtime.spawn("keep_alive", self._beat, self._mailbox.put)

    def stop(self) -> None:
        """End the thread at its next step."""
        self._ended.put(self._stopped.set)

    def _beat(self) -> None:
        while not self._stopped.is_set():
            self._judge()
            now = self._runtime.monotonic()
            for request in self._requests:
                # guard: the lease: stuck requests do not add up
                if request.due <= now and request.under_way < _UNDER_WAY:
                    self._try(request)
            conclude = self._ended.get(
                max(_SHORTEST_WAIT, self._next() - self._runtime.monotonic())
            )
            if conclude is not None:
                conclude()

    def _next(self) -> float:
        """Return when there is something to do, even if no try ends before."""
        now = self._runtime.monotonic()
        lost = self._lost_since
        ends = (
            now + self._lease.remaining
            if lost is None
            else min(lost + self._give_up, now + self._interval)
        )
        return min(
            [
                ends,
                *(
                    request.due
                    for request in self._requests
                    if request.under_way < _UNDER_WAY
                ),
            ]
        )

    def _judge(self) -> None:
        ran_out = self._lease.remaining <= 0 and not self._lease.suspended
        if ran_out or self._lease.losses > self._losses:
            self._on_lost()
            self._lease.suspend("it was not refreshed in time")
            self._losses = self._lease.losses
        now = self._runtime.monotonic()
        if not self._lease.suspended:
            self._lost_since = None
        elif self._lost_since is None:
            self._lost_since = now
        elif now - self._lost_since > self._give_up:
            self._mailbox.put(StoreLost(error=self._lost()))
            self._stopped.set()

    def _lost(self) -> StoreFaultError:
        if set().union(*(request.failures for request in self._requests)) == {
            StoreRefusedError
        }:
            return StoreRefusedError(
                f"the store has refused to keep the run's lease for {self._give_up:g} seconds"
            )
        reason = f"the store has not answered quickly enough to hold the lease for {self._give_up:g} seconds"
        return StoreUnavailableError(reason)

    def _try(self, request: _Request) -> None:
        sent = self._runtime.monotonic()
        request.under_way += 1
        # guard: the lease: a stuck request is tried again
        request.due = sent + self._patience

        def send() -> None:
            failure: Exception | None = None
            try:
                request.send()
            # guard: the lease: one odd answer does not end its thread
            except Exception as error:  # noqa: BLE001 - an edge: no odd answer ends the keep_alive
                failure = error
            self._ended.put(lambda: self._conclude(request, sent, failure))

        self._runtime.spawn(request.name, send, self._mailbox.put)

    def _conclude(
        self, request: _Request, sent: float, failure: Exception | None
    ) -> None:
        request.under_way -= 1
        if failure is None:
            request.failures.clear()
            request.answered = max(request.answered, sent)
            request.due = max(request.due, sent + self._interval)
            self._judge()
            if self._lease.suspended and self._lease.remaining > 0:
                self._mailbox.put(LeaseRefreshed())
        elif sent > request.answered:
            self._note(request, failure)
            pause = self._patience * (0.5 + self._runtime.jitter() / 2)
            request.due = min(request.due, self._runtime.monotonic() + pause)

    def _note(self, request: _Request, error: Exception) -> None:
        """Remember a failure and log it: of each kind the first, with its traceback if it is none of a store's."""
        if type(error) not in request.failures:
            fields = {
                "request": request.name,
                "reason": f"{type(error).__name__}: {error}",
            }
            expected = isinstance(error, WorkerError | StoreError)
            LOG.warning(
                "the lease is not refreshed, trying again",
                extra=fields,
                exc_info=None if expected else error,
            )
        request.failures.add(type(error))
