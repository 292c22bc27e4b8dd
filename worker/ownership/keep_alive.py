"""Keeps a lease alive: sends its requests in time, and acts when it has expired.

A request may hang for longer than a lease. So it is repeated, in another thread and on another
connection, if there is no answer after a ninth of the lease. The latest answered attempt counts.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from worker.errors import (
    StoreError,
    StoreFaultError,
    StoreRefusedError,
    StoreUnavailableError,
    WorkerError,
)
from worker.ownership.lease import Lease, LeaseEvent, LeaseRefreshed, StoreLost
from worker.system.runtime import Mailbox, Runtime

LOG = logging.getLogger(__name__)

BEATS: Final = 3
"""How many heartbeats are due within a lease."""
TRIES: Final = 3
"""How many times an unanswered request is tried before the next request is due."""
_MAX_UNDER_WAY: Final = 4
"""How many attempts at the same request may be in flight at once."""
_SHORTEST_WAIT: Final = 0.01


@dataclass(eq=False, kw_only=True, slots=True)
class _Request:
    """A request that the lease repeats."""

    name: str
    send: Callable[[], None]
    due: float
    answered: float = float("-inf")
    """When the latest answered attempt was sent."""
    under_way: int = 0
    failures: set[type[Exception]] = field(default_factory=set)
    """Kinds of failure since the last success."""

    @property
    def may_be_tried(self) -> bool:
        # guard: the lease: stuck requests do not add up
        return self.under_way < _MAX_UNDER_WAY


class KeepAlive:
    """Keeps one lease alive, from a thread of its own.

    That thread never waits for the store: each try is another thread, which leaves its
    outcome in a mailbox.
    """

    def __init__(
        self,
        lease: Lease,
        inbox: Mailbox[LeaseEvent],
        runtime: Runtime,
        *,
        give_up_seconds: float,
    ) -> None:
        """After `give_up_seconds` without an answer, the store counts as lost."""
        self._lease = lease
        self._inbox = inbox
        self._runtime = runtime
        self._give_up = give_up_seconds
        self._interval = lease.seconds / BEATS
        self._repeat_after = self._interval / TRIES
        # The claim counts as a heartbeat and as a look at the log.
        due = lease.refreshed + self._interval
        # guard: the lease: a look for newer checkpoints
        look = _Request(name="look", send=lease.look, due=due)
        heartbeat = _Request(name="heartbeat", send=lease.beat, due=due)
        self._look = look
        self._requests = (heartbeat, look)
        self._outcomes: Mailbox[Callable[[], None]] = runtime.mailbox()
        self._stopped = runtime.flag()
        self._on_lost: Callable[[], None] = lambda: None
        self._losses = 0
        """How many losses of the lease have been handled."""
        self._lapsed_at = lease.lapsed_at
        self._lost_since: float | None = None

    def start(self, *, on_lost: Callable[[], None]) -> None:
        """Start the thread.

        The thread calls `on_lost` when the lease has expired; `on_lost` must not block.
        """
        self._on_lost = on_lost
        self._runtime.spawn("keep-alive", self._run, self._inbox.put)

    def stop(self) -> None:
        """End the thread at its next step."""
        self._outcomes.put(self._stopped.set)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._judge()
            now = self._runtime.monotonic()
            for request in self._requests:
                if request.may_be_tried and request.due <= now:
                    self._try(request)
            conclude = self._outcomes.get(self._wait())
            if conclude is not None:
                conclude()

    def _wait(self) -> float:
        """Return the time until the next step."""
        now = self._runtime.monotonic()
        lost_since = self._lost_since
        if lost_since is None:
            steps = [now + self._lease.remaining]
        else:
            steps = [lost_since + self._give_up, now + self._interval]
        for request in self._requests:
            if request.may_be_tried:
                steps.append(request.due)
        next_step = min(steps)
        wait = next_step - self._runtime.monotonic()
        return max(_SHORTEST_WAIT, wait)

    def _judge(self) -> None:
        """React if the lease is lost, or the store does not answer for too long."""
        self._judge_lease()
        self._judge_store()

    def _judge_lease(self) -> None:
        lease = self._lease
        ran_out = lease.remaining <= 0 and not lease.suspended
        if lease.lapsed_at > self._lapsed_at:
            self._lapsed_at = lease.lapsed_at
            self._look.due = self._runtime.monotonic()
        if ran_out or lease.losses > self._losses:
            self._on_lost()
            lease.suspend("it was not refreshed in time")
            self._losses = lease.losses

    def _judge_store(self) -> None:
        now = self._runtime.monotonic()
        lost_since = self._lost_since
        if not self._lease.suspended:
            self._lost_since = None
        elif lost_since is None:
            self._lost_since = now
        elif now - lost_since > self._give_up:
            error = self._store_error()
            self._inbox.put(StoreLost(error=error))
            self._stopped.set()

    def _store_error(self) -> StoreFaultError:
        failures: set[type[Exception]] = set()
        for request in self._requests:
            failures |= request.failures
        period = f"for {self._give_up:g} seconds"
        if failures == {StoreRefusedError}:
            return StoreRefusedError(
                f"the store has refused to keep the run's lease {period}"
            )
        return StoreUnavailableError(
            f"the store has not answered quickly enough to hold the lease {period}"
        )

    def _try(self, request: _Request) -> None:
        sent = self._runtime.monotonic()
        request.under_way += 1
        # guard: the lease: a stuck request is tried again
        request.due = sent + self._repeat_after

        def send() -> None:
            failure: Exception | None = None
            try:
                request.send()
            # guard: the lease: one odd answer does not end its thread
            except Exception as error:  # noqa: BLE001
                failure = error
            self._outcomes.put(lambda: self._conclude(request, sent, failure))

        self._runtime.spawn(request.name, send, self._inbox.put)

    def _conclude(
        self, request: _Request, sent: float, failure: Exception | None
    ) -> None:
        request.under_way -= 1
        if failure is None:
            self._succeeded(request, sent)
        elif sent > request.answered:
            self._failed(request, failure)

    def _succeeded(self, request: _Request, sent: float) -> None:
        request.failures.clear()
        request.answered = max(request.answered, sent)
        request.due = max(request.due, sent + self._interval)
        self._judge()
        lease = self._lease
        if lease.suspended and lease.remaining > 0:
            self._inbox.put(LeaseRefreshed())

    def _failed(self, request: _Request, failure: Exception) -> None:
        kind = type(failure)
        if kind not in request.failures:
            _warn(request, failure)
        request.failures.add(kind)
        share = 0.5 + self._runtime.jitter() / 2
        pause = self._repeat_after * share
        again = self._runtime.monotonic() + pause
        request.due = min(request.due, again)


def _warn(request: _Request, failure: Exception) -> None:
    """Log a failure, with its traceback unless it is an error of the store."""
    reason = f"{type(failure).__name__}: {failure}"
    expected = isinstance(failure, WorkerError | StoreError)
    unexpected = None
    if not expected:
        unexpected = failure
    LOG.warning(
        "could not refresh the lease, retrying",
        extra={"request": request.name, "reason": reason},
        exc_info=unexpected,
    )
