"""Delivers the outbox in the background: in order, each event until the receiver answers.

An event is sent only after its checkpoint was appended, and only while the lease is held. The
sender keeps the answer until an append records it in the manifest. If the run dies in between, the
next run sends the event again under the same key.
"""

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from states.decisions import acknowledged
from states.manifest import CallbackEvent
from worker.outbox.port import UnreachableError, Webhook, WebhookResponse
from worker.ownership.lease import Lease
from worker.system.retry import Policy, Retrier
from worker.system.runtime import Mailbox, Runtime, ThreadFailed

LOG = logging.getLogger(__name__)

# guard: answers: a redirect is no rejection
_REJECTIONS: Final = frozenset(range(400, 500)) - {408, 429}
_STANDSTILL_SECONDS: Final = 0.2
_FRESH_SECONDS: Final = 3.0
"""How long after an append its event may be sent without confirming the lease."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventSettled:
    """The receiver has answered an event."""

    sequence: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """An event and its body, which is written for each attempt, with new URLs."""

    event: CallbackEvent
    idempotency_key: str
    write: Callable[[], bytes]


class _TryAgainError(Exception):
    """An attempt has failed, and the event is sent again."""


_RETRIES: Final = Policy(
    on=(_TryAgainError,),
    give_up_seconds=float("inf"),
    first=0.5,
    longest=30.0,
)


class Sender:
    """Delivers the events of one run."""

    def __init__(
        self,
        webhook: Callable[[], Webhook],
        lease: Lease,
        runtime: Runtime,
        inbox: Mailbox[EventSettled | ThreadFailed],
    ) -> None:
        """Prepare; the sender's own thread opens the webhook, and reports answers to `inbox`."""
        self._open = webhook
        self._lease = lease
        self._runtime = runtime
        self._inbox = inbox
        self._deliveries: Mailbox[tuple[float, Delivery] | None] = (
            runtime.mailbox()
        )
        """Deliveries, with the time at which each was queued."""
        self._closed = runtime.flag()
        self._retrier = Retrier(runtime, runtime.flag())
        self._not_before = 0.0
        self._fresh_until = 0.0
        self._webhook: Webhook | None = None
        self.answers: dict[int, int] = {}
        """The receiver's status codes, by the events' sequences."""
        self.trouble: str | None = None
        """Why the next event could not be delivered yet."""

    def start(self) -> None:
        self._runtime.spawn("sender", self._work, self._inbox.put)

    def send(self, delivery: Delivery) -> None:
        self._deliveries.put((self._runtime.monotonic(), delivery))

    def finish_within(self, seconds: float) -> None:
        """Retry at once, and give up after `seconds`."""
        self._retrier.finish_within(seconds)

    def close(self) -> None:
        """Send nothing more, and cut the open connection: the next run may send from now on."""
        self._closed.set()
        self._retrier.finish_within(0)
        self._deliveries.put(None)
        if self._webhook is not None:
            self._webhook.close()

    def _work(self) -> None:
        with closing(self._open()) as webhook:
            self._webhook = webhook
            while True:
                queued = self._deliveries.get()
                if queued is None or self._closed.is_set():
                    return
                queued_at, delivery = queued
                self._fresh_until = queued_at + _FRESH_SECONDS
                if not self._deliver(webhook, delivery):
                    return

    def _deliver(self, webhook: Webhook, delivery: Delivery) -> bool:
        sequence = delivery.event.sequence
        try:
            answer = self._retrier.call(
                lambda: self._attempt(webhook, delivery),
                _RETRIES,
                on_retry=self._log_retry,
            )
        except _TryAgainError as error:
            fields = {"sequence": sequence, "reason": str(error)}
            LOG.warning("gave up on a callback", extra=fields)
            return False
        status = answer.status_code
        if not acknowledged(status):
            LOG.error(
                "the webhook rejected a callback; it is not sent again",
                extra={"sequence": sequence, "status_code": status},
            )
        self.answers[sequence] = status
        self._inbox.put(EventSettled(sequence=sequence))
        return True

    def _attempt(self, webhook: Webhook, delivery: Delivery) -> WebhookResponse:
        self._pause()
        body = delivery.write()
        # guard: the lease check before callbacks
        while not self._lease.held:
            if self._closed.wait(_STANDSTILL_SECONDS):
                raise _TryAgainError("the run has ended")
        self._check_lease()
        try:
            answer = webhook.post(
                body, delivery.idempotency_key, self._sending_seconds
            )
        except UnreachableError as error:
            raise self._trouble(f"no answer: {error}") from error
        status = answer.status_code
        if acknowledged(status) or status in _REJECTIONS:
            self.trouble = None
            return answer
        pause = answer.retry_after or 0.0
        self._not_before = self._runtime.monotonic() + pause
        raise self._trouble(_described(answer))

    def _check_lease(self) -> None:
        """Confirm the lease before a late event, or before a second attempt.

        This machine, and its clock, may have been paused meanwhile.
        """
        # guard: sending: an attempt is repeated only under a confirmed lease
        if (
            self._runtime.monotonic() > self._fresh_until
            and not self._lease.confirm()
        ):
            raise _TryAgainError("the lease could not be confirmed")
        self._fresh_until = float("-inf")

    def _trouble(self, reason: str) -> _TryAgainError:
        if not self._closed.is_set():
            self.trouble = reason
        return _TryAgainError(reason)

    def _sending_seconds(self) -> float:
        """Return how many seconds this run may still send; after that, its successor may."""
        # guard: sending: the lease is asked for when the receiver is reached
        # guard: the lease: the sender's time ends with it
        return self._lease.remaining if self._lease.held else 0.0

    def _pause(self) -> None:
        """Wait as long as the receiver has asked for."""
        seconds = self._not_before - self._runtime.monotonic()
        self._closed.wait(max(0.0, seconds))

    def _log_retry(self, reason: str) -> None:
        LOG.warning("a callback failed, retrying", extra={"reason": reason})


def _described(answer: WebhookResponse) -> str:
    if answer.redirect is None:
        return f"status {answer.status_code}"
    return (
        f"status {answer.status_code}, a redirect to {answer.redirect}, which is not "
        "followed: set CALLBACK_URL to that address"
    )
