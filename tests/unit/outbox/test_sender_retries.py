"""When the sender tries again, and how it treats each answer."""

from itertools import pairwise

import pytest

from tests.unit.outbox.sending import ScriptedWebhook, answer, started_sender
from tests.unit.ownership.test_lease import LeaseHarness
from worker.outbox.sender import EventSettled, Sender
from worker.ownership.keep_alive import KeepAlive

END = 400.0


@pytest.fixture
def harness() -> LeaseHarness:
    harness = LeaseHarness()
    harness.runtime.jitter = lambda: 0.5  # type: ignore[method-assign]  # the same each time
    return harness


def send(
    harness: LeaseHarness,
    webhook: ScriptedWebhook,
    *,
    events: int = 1,
    until: float = END,
    finish_at: float = END,
) -> Sender:
    """Send events under a lease that is kept alive; close the sender at a time.

    From `finish_at` on, the run waits for the answers.
    """
    keep_alive = KeepAlive(
        harness.lease, harness.mailbox, harness.runtime, give_up_seconds=60
    )
    keep_alive.start(on_lost=lambda: None)
    sender = started_sender(harness, webhook, events)

    def stop() -> None:
        sender.close()
        keep_alive.stop()

    harness.scheduler.at(finish_at, lambda: sender.finish_within(100))
    harness.scheduler.at(until, stop)
    harness.scheduler.run()
    return sender


def test_pauses_double_from_half_a_second_to_half_a_minute(
    harness: LeaseHarness,
) -> None:
    webhook = ScriptedWebhook(harness)
    sender = send(harness, webhook)
    pauses = [after - before for before, after in pairwise(webhook.attempts)]
    doubled = [min(30.0, 0.5 * 2.0**number) for number in range(10)]
    assert pauses[:10] == pytest.approx([0.75 * pause for pause in doubled])
    assert sender.trouble == "no answer: no receiver is there"
    assert sender.answers == {}
    assert webhook.closed


def test_events_are_sent_in_order_and_their_answers_reported(
    harness: LeaseHarness,
) -> None:
    webhook = ScriptedWebhook(
        harness, None, answer(204), answer(410), answer(200)
    )
    sender = send(harness, webhook, events=3)
    assert webhook.keys == ["key-1", "key-1", "key-2", "key-3"]
    assert sender.answers == {1: 204, 2: 410, 3: 200}
    assert sender.trouble is None
    assert harness.news() == [
        EventSettled(sequence=number) for number in (1, 2, 3)
    ]
    assert webhook.closed == [END, END], (
        "closed once to hang up, and once at the thread's end"
    )


@pytest.mark.parametrize("status", [400, 404, 499])
def test_a_rejection_is_final(harness: LeaseHarness, status: int) -> None:
    webhook = ScriptedWebhook(harness, answer(status))
    assert send(harness, webhook).answers == {1: status}
    assert len(webhook.attempts) == 1


@pytest.mark.parametrize("status", [199, 301, 408, 429, 500, 503])
def test_after_any_other_answer_the_event_is_sent_again(
    harness: LeaseHarness, status: int
) -> None:
    webhook = ScriptedWebhook(harness, answer(status), answer(200))
    sender = send(harness, webhook)
    assert sender.answers == {1: 200}
    assert webhook.attempts == [0, pytest.approx(0.375)]


def test_an_attempt_is_repeated_at_once_only_after_a_heartbeat(
    harness: LeaseHarness,
) -> None:
    webhook = ScriptedWebhook(harness, answer(503), answer(200))
    assert send(harness, webhook, until=1).answers == {1: 200}
    assert harness.heartbeat()["number"] == 1  # type: ignore[index]  # it is a document


def test_the_reason_names_the_status_and_where_a_redirect_leads(
    harness: LeaseHarness,
) -> None:
    redirect = answer(308, redirect="https://example.org")
    sender = send(harness, ScriptedWebhook(harness, redirect), until=0.1)
    assert sender.trouble is not None
    assert "status 308, a redirect to https://example.org" in sender.trouble
    busy = LeaseHarness()
    assert send(
        busy, ScriptedWebhook(busy, answer(503)), until=0.1
    ).trouble == ("status 503")


def test_the_pause_that_a_receiver_asks_for_is_kept_also_at_the_end(
    harness: LeaseHarness,
) -> None:
    webhook = ScriptedWebhook(
        harness, answer(503, retry_after=40.0), answer(200)
    )
    send(harness, webhook, finish_at=5)
    assert webhook.attempts == [0, pytest.approx(40, abs=0.1)]


def test_at_the_end_an_event_is_tried_at_once_and_given_up_in_time(
    harness: LeaseHarness,
) -> None:
    webhook = ScriptedWebhook(harness)
    send(harness, webhook, events=2, finish_at=100.0)
    assert set(webhook.keys) == {"key-1"}, "no event overtakes another"
    before = [time for time in webhook.attempts if time < 100]
    after = [time for time in webhook.attempts if time >= 100]
    assert before[-1] < 99, "pauses are longer by then"
    assert after[0] == 100
    assert after[-1] > 150
    [ended] = webhook.closed[:1]
    assert after[-1] <= ended <= 200


def test_a_sender_that_was_closed_sends_nothing_more(
    harness: LeaseHarness,
) -> None:
    webhook = ScriptedWebhook(harness, None, answer(200))
    sender = send(harness, webhook, events=2, until=0.1)
    assert webhook.attempts == [0]
    assert sender.answers == {}
    assert webhook.closed == [0.1, 0.1], (
        "closed once to hang up, and once at the thread's end"
    )
    assert sender.trouble == "no answer: no receiver is there"


def test_a_sender_that_is_closed_while_it_posts_does_not_begin_the_next_event(
    harness: LeaseHarness,
) -> None:
    webhook = ScriptedWebhook(harness, answer(200), answer(200))
    webhook.seconds = 1.0
    sender = send(harness, webhook, events=2, until=0.5)
    assert sender.answers == {1: 200}
    assert webhook.late == 0
    assert webhook.closed == [0.5, 1.0]


def test_a_sender_that_is_closed_without_a_lease_ends(
    harness: LeaseHarness,
) -> None:
    webhook = ScriptedWebhook(harness, answer(200))
    harness.lease.suspend("the store's clock was set")
    send(harness, webhook, until=0.5)
    assert webhook.attempts == []
    assert webhook.closed == [0.5, 0.5]


def test_a_lease_that_comes_back_is_noticed_within_a_fifth_of_a_second(
    harness: LeaseHarness,
) -> None:
    webhook = ScriptedWebhook(harness, answer(200))
    harness.lease.suspend("the store's clock was set")
    harness.scheduler.at(0.5, lambda: harness.lease.reassert(lambda: None))
    send(harness, webhook)
    assert webhook.attempts == [pytest.approx(0.6, abs=0.01)]
