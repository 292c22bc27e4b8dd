"""The port to the receiver of callbacks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookResponse:
    """What the receiver answered."""

    status_code: int
    retry_after: float | None = None
    """The pause that it asked for, in seconds."""
    redirect: str | None = None
    """The server that it redirects to."""


class UnreachableError(Exception):
    """There was no answer; whether the event has arrived cannot be told."""


class Webhook(Protocol):
    """Takes events."""

    def post(
        self, body: bytes, idempotency_key: str, remaining: Callable[[], float]
    ) -> WebhookResponse:
        """Send an event and return the answer; raise UnreachableError if there is none.

        `remaining` tells for how many seconds this run may still speak, 0 or less meaning
        not at all. It is asked again immediately before the event is written: resolving and
        connecting take time. The whole exchange ends by the deadline that follows from it.
        """

    def close(self) -> None:
        """Hang up, whatever is under way in another thread; nothing can be sent any more."""
