"""The sender of events, with a lease under a clock that does what it is told."""

from collections.abc import Callable

import pytest

from tests.support.builders import completed
from tests.unit.ownership.test_lease import LEASE, Scene
from worker.outbox.port import UnreachableError, Webhook, WebhookResponse
from worker.outbox.sender import Delivery, Sender


class Asking:
    """A webhook that remembers whom to ask for how long a run may speak, and never gets through."""

    def __init__(self) -> None:
        self.remaining: Callable[[], float] = lambda: float("inf")

    def post(
        self,
        body: bytes,  # noqa: ARG002
        idempotency_key: str,  # noqa: ARG002
        remaining: Callable[[], float],
    ) -> WebhookResponse:
        self.remaining = remaining
        raise UnreachableError("no receiver is there")

    def close(self) -> None: ...


@pytest.fixture
def scene() -> Scene:
    return Scene()


def sending(scene: Scene) -> Asking:
    """Return the webhook of a run that has begun to send an event."""
    webhook = Asking()

    def open_webhook() -> Webhook:
        return webhook

    sender = Sender(open_webhook, scene.lease, scene.runtime, scene.mailbox)
    [event] = completed().outbox.pending[-1:]
    sender.start()
    sender.send(
        Delivery(event=event, idempotency_key="key", write=lambda: b"{}")
    )
    scene.scheduler.at(1, sender.close)
    scene.scheduler.run()
    return webhook


@pytest.mark.parametrize(
    ("time", "remaining"), [(2, LEASE - 2), (LEASE - 0.5, 0.5), (LEASE + 1, 0)]
)
def test_a_sender_may_send_for_as_long_as_the_lease_is_held(
    scene: Scene, time: float, remaining: float
) -> None:
    webhook = sending(scene)
    scene.scheduler.time = time
    assert webhook.remaining() == remaining


def test_a_sender_may_not_send_under_a_released_or_suspended_lease(
    scene: Scene,
) -> None:
    webhook = sending(scene)
    assert webhook.remaining() > 0
    scene.lease.suspend("the store's clock was set")
    assert webhook.remaining() == 0
    assert scene.lease.reassert(lambda: None)
    assert webhook.remaining() > 0
    scene.lease.revoke()
    assert webhook.remaining() == 0


def test_nothing_is_attempted_until_the_lease_is_held_again(
    scene: Scene,
) -> None:
    posted: list[float] = []

    class Answering(Asking):
        def post(
            self,
            body: bytes,  # noqa: ARG002
            idempotency_key: str,  # noqa: ARG002
            remaining: Callable[[], float],
        ) -> WebhookResponse:
            self.remaining = remaining
            posted.append(scene.scheduler.time)
            return WebhookResponse(status_code=200)

    sender = Sender(Answering, scene.lease, scene.runtime, scene.mailbox)
    [event] = completed().outbox.pending[-1:]
    scene.lease.suspend("the store's clock was set")
    sender.start()
    sender.send(
        Delivery(event=event, idempotency_key="key", write=lambda: b"{}")
    )
    scene.scheduler.at(0.5, lambda: scene.lease.reassert(lambda: None))
    scene.scheduler.at(2, sender.close)
    scene.scheduler.run()
    assert sender.trouble is None
    [at] = posted
    assert at >= 0.5
