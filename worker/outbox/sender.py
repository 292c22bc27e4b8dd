"""Delivers the outbox: in order, in the background, each event until the receiver has answered it.

An event is sent only after the checkpoint that holds it was appended, and only while the
lease is held. What it was answered is kept here until an append marks it in the manifest; a
run that dies in between leaves it to the next run, which sends it again under the same key.
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
"""For so long after an append a run may tell what that says without another word of the store."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventSettled:
    """The receiver has answered an event."""

    sequence: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """An event, and how to write its body: URLs are signed at each sending, so that none is stale."""

    event: CallbackEvent
    idempotency_key: str
    write: Callable[[], bytes]


class _TryAgainError(Exception):
    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Sender:
    """One run's deliveries."""

    def __init__(
        self,
        webhook: Callable[[], Webhook],
        lease: Lease,
        runtime: Runtime,
        inbox: Mailbox[EventSettled | ThreadFailed],
    ) -> None:
        """Prepare.

        The webhook is opened in the sender's own thread, and what is settled is reported to
        `inbox`.
        """
        self._open = webhook
        self._lease = lease
        self._runtime = runtime
        self._inbox = inbox
        self._letters: Mailbox[tuple[float, Delivery] | None] = runtime.mailbox()
        """With the time at which each was given."""
        self._closed = runtime.flag()
        self._retrier = Retrier(runtime, runtime.flag())
        self._not_before = 0.0
        self._fresh_until = 0.0
        self._webhook: Webhook | None = None
        self.answers: dict[int, int] = {}
        """What the receiver answered, by the events' sequences."""
        self.trouble: str | None = None
        """Why the event that is due was not taken yet."""

    def start(self) -> None:
        """Begin to deliver."""
        self._runtime.spawn("sender", self._work, self._inbox.put)

    def send(self, delivery: Delivery) -> None:
        """Deliver an event after those that were given before."""
        self._letters.put((self._runtime.monotonic(), delivery))

    def finish_within(self, seconds: float) -> None:
        """Try at once what waits, and give up so many seconds from now."""
        self._retrier.finish_within(seconds)

    def close(self) -> None:
        """Send nothing more, and hang up in the middle of a word: the next run may speak from now on."""
        self._closed.set()
        self._retrier.finish_within(0)
        self._letters.put(None)
        if self._webhook is not None:
            self._webhook.close()

    def _work(self) -> None:
        with closing(self._open()) as webhook:
            self._webhook = webhook
            while (given := self._letters.get()) is not None:
                since, delivery = given
                self._fresh_until = since + _FRESH_SECONDS
                if self._closed.is_set() or not self._deliver(webhook, delivery):
                    return

    def _deliver(self, webhook: Webhook, delivery: Delivery) -> bool:
        policy = Policy(
            on=(_TryAgainError,), give_up_seconds=float("inf"), first=0.5, longest=30.0
        )
        try:
            answer = self._retrier.call(
                lambda: self._attempt(webhook, delivery),
                policy,
                on_retry=self._complain,
            )
        except _TryAgainError as error:
            LOG.warning(
                "gave up on a callback",
                extra={"sequence": delivery.event.sequence, "reason": str(error)},
            )
            return False
        if not acknowledged(answer.status_code):
            fields = {
                "sequence": delivery.event.sequence,
                "status_code": answer.status_code,
            }
            LOG.error(
                "the webhook rejected a callback; it is not sent again", extra=fields
            )
        self.answers[delivery.event.sequence] = answer.status_code
        self._inbox.put(EventSettled(sequence=delivery.event.sequence))
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
            answer = webhook.post(body, delivery.idempotency_key, self._may_speak)
        except UnreachableError as error:
            raise self._trouble(f"no answer: {error}") from error
        if acknowledged(answer.status_code) or answer.status_code in _REJECTIONS:
            self.trouble = None
            return answer
        self._not_before = self._runtime.monotonic() + (answer.retry_after or 0.0)
        raise self._trouble(_described(answer), answer.retry_after)

    def _check_lease(self) -> None:
        """Come late to an event, or repeat it, only under a lease that is confirmed now.

        This machine may have stood still meanwhile, and its clock with it.
        """
        # guard: speaking: an attempt is repeated only under a confirmed lease
        if self._runtime.monotonic() > self._fresh_until and not self._lease.confirm():
            raise _TryAgainError("the lease could not be confirmed")
        self._fresh_until = float("-inf")

    def _trouble(self, reason: str, retry_after: float | None = None) -> _TryAgainError:
        if not self._closed.is_set():
            self.trouble = reason
        return _TryAgainError(reason, retry_after)

    def _may_speak(self) -> float:
        """Return for how many seconds this run may still speak: its successor may from then on."""
        # guard: speaking: the lease is asked for when the receiver is reached
        # guard: the lease: the sender's time ends with it
        return self._lease.remaining if self._lease.held else 0.0

    def _pause(self) -> None:
        """Wait as long as the receiver asked for, also when hurried."""
        self._closed.wait(max(0.0, self._not_before - self._runtime.monotonic()))

    def _complain(self, reason: str) -> None:
        LOG.warning("a callback was not taken, trying again", extra={"reason": reason})


def _described(answer: WebhookResponse) -> str:
    if answer.redirect is None:
        return f"status {answer.status_code}"
    return (
        f"status {answer.status_code}, a redirect to {answer.redirect}, which is not followed: "
        "set CALLBACK_URL to the address that it leads to"
    )
