"""A webhook with scripted answers, and senders to it, under a simulated clock."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.support.builders import completed
from tests.unit.ownership.test_lease import LeaseHarness
from worker.outbox.port import UnreachableError, Webhook, WebhookResponse
from worker.outbox.sender import Delivery, Sender


class ScriptedWebhook:
    """Gives the answers in turn; None, or none left, makes an attempt fail."""

    def __init__(
        self, harness: LeaseHarness, *answers: WebhookResponse | None
    ) -> None:
        self.attempts: list[float] = []
        self.keys: list[str] = []
        self.closed: list[float] = []
        self.late = 0
        """The number of attempts after it was closed."""
        self.seconds = 0.0
        """How long each answer takes."""
        self.remaining: Callable[[], float] = lambda: float("inf")
        """Returns how long the sender of the last attempt may send."""
        self._lease_harness = harness
        self._answers: Iterator[WebhookResponse | None] = iter(answers)

    def post(
        self,
        body: bytes,  # noqa: ARG002
        idempotency_key: str,
        remaining: Callable[[], float],
    ) -> WebhookResponse:
        if self.closed:
            self.late += 1
            raise UnreachableError("the webhook is closed")
        self.remaining = remaining
        self.attempts.append(self._lease_harness.scheduler.time)
        self.keys.append(idempotency_key)
        self._lease_harness.scheduler.pause(self.seconds)
        answer = next(self._answers, None)
        if answer is None:
            raise UnreachableError("no receiver is there")
        return answer

    def close(self) -> None:
        self.closed.append(self._lease_harness.scheduler.time)


def answer(status: int, **fields: object) -> WebhookResponse:
    return WebhookResponse(status_code=status, **fields)  # type: ignore[arg-type]  # its fields


def started_sender(
    harness: LeaseHarness, webhook: ScriptedWebhook, events: int = 1
) -> Sender:
    """Start a sender that has events to send, with the keys `key-1`, `key-2` …"""

    def open_webhook() -> Webhook:
        return webhook

    sender = Sender(
        open_webhook, harness.lease, harness.runtime, harness.mailbox
    )
    [event] = completed().outbox.pending[-1:]
    sender.start()
    for number in range(1, events + 1):
        sent = replace(event, sequence=number)
        key = f"key-{number}"
        sender.send(
            Delivery(event=sent, idempotency_key=key, write=lambda: b"{}")
        )
    return sender
