"""The sender of events, with a lease under a simulated clock."""

from collections.abc import Callable

import pytest

from tests.support.builders import completed
from tests.unit.ownership.test_lease import LEASE, Scene
from worker.outbox.port import UnreachableError, Webhook, WebhookResponse
from worker.outbox.sender import Delivery, Sender


class Asking:
    """A webhook that notes each attempt, and how to ask for how long a run may send."""

    def __init__(
        self, scene: Scene, answer: WebhookResponse | None = None
    ) -> None:
        """Give this answer to each attempt; without one, never get through."""
        self.remaining: Callable[[], float] = lambda: float("inf")
        self.attempts: list[float] = []
        self._scene = scene
        self._answer = answer

    def post(
        self,
        body: bytes,  # noqa: ARG002
        idempotency_key: str,  # noqa: ARG002
        remaining: Callable[[], float],
    ) -> WebhookResponse:
        self.remaining = remaining
        self.attempts.append(self._scene.scheduler.time)
        if self._answer is None:
            raise UnreachableError("no receiver is there")
        return self._answer

    def close(self) -> None: ...


@pytest.fixture
def scene() -> Scene:
    return Scene()


def send(scene: Scene, webhook: Asking) -> Sender:
    """Return the sender of a run that has sent an event, or tried to for a second."""

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
    return sender


@pytest.mark.parametrize(
    ("time", "remaining"), [(2, LEASE - 2), (LEASE - 0.5, 0.5), (LEASE + 1, 0)]
)
def test_a_sender_may_send_for_as_long_as_the_lease_is_held(
    scene: Scene, time: float, remaining: float
) -> None:
    webhook = Asking(scene)
    send(scene, webhook)
    scene.scheduler.time = time
    assert webhook.remaining() == remaining


def test_a_sender_may_not_send_under_a_released_or_suspended_lease(
    scene: Scene,
) -> None:
    webhook = Asking(scene)
    send(scene, webhook)
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
    webhook = Asking(scene, WebhookResponse(status_code=200))
    scene.lease.suspend("the store's clock was set")
    scene.scheduler.at(0.5, lambda: scene.lease.reassert(lambda: None))
    sender = send(scene, webhook)
    assert sender.trouble is None
    [at] = webhook.attempts
    assert at >= 0.5
