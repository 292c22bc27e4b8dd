"""The sender of events, with a lease under a simulated clock."""

import pytest

from tests.unit.outbox.sending import ScriptedWebhook, answer, started_sender
from tests.unit.ownership.test_lease import LEASE, LeaseHarness
from worker.outbox.sender import Sender


@pytest.fixture
def harness() -> LeaseHarness:
    return LeaseHarness()


def send(harness: LeaseHarness, webhook: ScriptedWebhook) -> Sender:
    """Send one event for a second, and return the sender."""
    sender = started_sender(harness, webhook)
    harness.scheduler.at(1, sender.close)
    harness.scheduler.run()
    return sender


@pytest.mark.parametrize(
    ("time", "remaining"), [(2, LEASE - 2), (LEASE - 0.5, 0.5), (LEASE + 1, 0)]
)
def test_a_sender_may_send_for_as_long_as_the_lease_is_held(
    harness: LeaseHarness, time: float, remaining: float
) -> None:
    webhook = ScriptedWebhook(harness)
    send(harness, webhook)
    harness.scheduler.time = time
    assert webhook.remaining() == remaining


def test_a_sender_may_not_send_under_a_released_or_suspended_lease(
    harness: LeaseHarness,
) -> None:
    webhook = ScriptedWebhook(harness)
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
    webhook = ScriptedWebhook(harness, answer(200))
    harness.lease.suspend("the store's clock was set")
    harness.scheduler.at(0.5, lambda: harness.lease.reassert(lambda: None))
    sender = send(harness, webhook)
    assert sender.trouble is None
    [at] = webhook.attempts
    assert at >= 0.5
