"""The sender of events, with a lease under a simulated clock."""

from collections.abc import Callable

import pytest

from tests.support.builders import completed
from tests.unit.ownership.test_lease import LEASE, LeaseHarness
from worker.outbox.port import UnreachableError, Webhook, WebhookResponse
from worker.outbox.sender import Delivery, Sender


class RecordingWebhook:
    """Records each attempt, and the function that returns how long a run may send."""

    def __init__(
        self, harness: LeaseHarness, answer: WebhookResponse | None = None
    ) -> None:
        """Answer each attempt with this; None makes every attempt fail."""
        self.remaining: Callable[[], float] = lambda: float("inf")
        self.attempts: list[float] = []
        self._lease_harness = harness
        self._answer = answer

    def post(
        self,
        body: bytes,  # noqa: ARG002
        idempotency_key: str,  # noqa: ARG002
        remaining: Callable[[], float],
    ) -> WebhookResponse:
        self.remaining = remaining
        self.attempts.append(self._lease_harness.scheduler.time)
        if self._answer is None:
            raise UnreachableError("no receiver is there")
        return self._answer

    def close(self) -> None: ...


@pytest.fixture
def harness() -> LeaseHarness:
    return LeaseHarness()


def send(harness: LeaseHarness, webhook: RecordingWebhook) -> Sender:
    """Send one event for a second, and return the sender."""

    def open_webhook() -> Webhook:
        return webhook

    sender = Sender(
        open_webhook, harness.lease, harness.runtime, harness.mailbox
    )
    [event] = completed().outbox.pending[-1:]
    sender.start()
    sender.send(
        Delivery(event=event, idempotency_key="key", write=lambda: b"{}")
    )
    harness.scheduler.at(1, sender.close)
    harness.scheduler.run()
    return sender


@pytest.mark.parametrize(
    ("time", "remaining"), [(2, LEASE - 2), (LEASE - 0.5, 0.5), (LEASE + 1, 0)]
)
def test_a_sender_may_send_for_as_long_as_the_lease_is_held(
    harness: LeaseHarness, time: float, remaining: float
) -> None:
    webhook = RecordingWebhook(harness)
    send(harness, webhook)
    harness.scheduler.time = time
    assert webhook.remaining() == remaining


def test_a_sender_may_not_send_under_a_released_or_suspended_lease(
    harness: LeaseHarness,
) -> None:
    webhook = RecordingWebhook(harness)
    send(harness, webhook)
    assert webhook.remaining() > 0
    harness.lease.suspend("the store's clock was set")
    assert webhook.remaining() == 0
    assert harness.lease.reassert(lambda: None)
    assert webhook.remaining() > 0
    harness.lease.revoke()
    assert webhook.remaining() == 0


def test_nothing_is_attempted_until_the_lease_is_held_again(
    harness: LeaseHarness,
) -> None:
    webhook = RecordingWebhook(harness, WebhookResponse(status_code=200))
    harness.lease.suspend("the store's clock was set")
    harness.scheduler.at(0.5, lambda: harness.lease.reassert(lambda: None))
    sender = send(harness, webhook)
    assert sender.trouble is None
    [at] = webhook.attempts
    assert at >= 0.5
