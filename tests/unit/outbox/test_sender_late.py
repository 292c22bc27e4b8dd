"""Events that arrive late: the receiver was slow, and this machine may have been suspended."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from states.keys import heartbeat_key
from tests.support.builders import completed
from tests.support.world import IDENTITY
from tests.unit.ownership.test_lease import LeaseHarness
from worker.errors import MissingError, StoreRefusedError
from worker.outbox.port import Webhook, WebhookResponse
from worker.outbox.sender import Delivery, Sender


class SlowWebhook:
    """A webhook that takes every event, after some seconds."""

    def __init__(self, harness: LeaseHarness, seconds: float) -> None:
        self.keys: list[str] = []
        self._lease_harness = harness
        self._seconds = seconds

    def post(
        self,
        body: bytes,  # noqa: ARG002
        idempotency_key: str,
        remaining: Callable[[], float],  # noqa: ARG002
    ) -> WebhookResponse:
        self.keys.append(idempotency_key)
        self._lease_harness.scheduler.pause(self._seconds)
        return WebhookResponse(status_code=200)

    def close(self) -> None: ...


@pytest.fixture
def harness() -> LeaseHarness:
    return LeaseHarness()


def deliver(harness: LeaseHarness, seconds: float) -> SlowWebhook:
    """Deliver two events at once to a receiver that takes this long for each."""
    webhook = SlowWebhook(harness, seconds)

    def open_webhook() -> Webhook:
        return webhook

    sender = Sender(
        open_webhook, harness.lease, harness.runtime, harness.mailbox
    )
    [event] = completed().outbox.pending[-1:]
    sender.start()
    for number, key in enumerate(("first", "second")):
        sent = replace(event, sequence=event.sequence + number)
        sender.send(
            Delivery(event=sent, idempotency_key=key, write=lambda: b"{}")
        )
    harness.scheduler.at(10, sender.close)
    harness.scheduler.run()
    return webhook


def test_a_late_event_is_sent_under_a_confirmed_lease(
    harness: LeaseHarness,
) -> None:
    assert deliver(harness, 4).keys == ["first", "second"]
    assert harness.heartbeat()["number"] == 1  # type: ignore[index]  # it is a document


def test_a_late_event_is_not_sent_without_a_confirmed_lease(
    harness: LeaseHarness,
) -> None:
    harness.store.error = StoreRefusedError("403")
    assert deliver(harness, 4).keys == ["first"]


@pytest.mark.parametrize("seconds", [1, 3])
def test_prompt_events_cost_no_request(
    harness: LeaseHarness, seconds: float
) -> None:
    assert deliver(harness, seconds).keys == ["first", "second"]
    with pytest.raises(MissingError):
        harness.store.get(heartbeat_key(IDENTITY.job_id, 1))
