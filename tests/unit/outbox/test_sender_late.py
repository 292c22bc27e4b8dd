"""Events that arrive late: the receiver was slow, and this machine may have been suspended."""

import pytest

from states.keys import heartbeat_key
from tests.support.world import IDENTITY
from tests.unit.outbox.sending import ScriptedWebhook, answer, started_sender
from tests.unit.ownership.test_lease import LeaseHarness
from worker.errors import MissingError, StoreRefusedError


@pytest.fixture
def harness() -> LeaseHarness:
    return LeaseHarness()


def deliver(harness: LeaseHarness, seconds: float) -> ScriptedWebhook:
    """Deliver two events at once to a receiver that takes this long for each."""
    webhook = ScriptedWebhook(harness, answer(200), answer(200))
    webhook.seconds = seconds
    sender = started_sender(harness, webhook, events=2)
    harness.scheduler.at(10, sender.close)
    harness.scheduler.run()
    return webhook


def test_a_late_event_is_sent_under_a_confirmed_lease(
    harness: LeaseHarness,
) -> None:
    assert deliver(harness, 4).keys == ["key-1", "key-2"]
    assert harness.heartbeat()["number"] == 1  # type: ignore[index]  # it is a document


def test_a_late_event_is_not_sent_without_a_confirmed_lease(
    harness: LeaseHarness,
) -> None:
    harness.store.error = StoreRefusedError("403")
    assert deliver(harness, 4).keys == ["key-1"]


@pytest.mark.parametrize("seconds", [1, 3])
def test_prompt_events_cost_no_request(
    harness: LeaseHarness, seconds: float
) -> None:
    assert deliver(harness, seconds).keys == ["key-1", "key-2"]
    with pytest.raises(MissingError):
        harness.store.get(heartbeat_key(IDENTITY.job_id, 1))
