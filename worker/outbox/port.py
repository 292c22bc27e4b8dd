"""The port to the receiver of callbacks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookResponse:
    """The receiver's answer."""

    status_code: int
    retry_after: float | None = None
    """The pause that it asked for, in seconds."""
    redirect: str | None = None
    """The server that it redirects to."""


class UnreachableError(Exception):
    """There was no answer; it is unknown whether the event has arrived."""


class Webhook(Protocol):
    """Receives events."""

    def post(
        self, body: bytes, idempotency_key: str, remaining: Callable[[], float]
    ) -> WebhookResponse:
        """Send an event and return the answer; raise UnreachableError if there is none.

        `remaining` returns for how many seconds this run may still send; 0 or less means not
        at all. It is called again right before the event is sent, because resolving and
        connecting take time. Its result limits the whole exchange.
        """

    def close(self) -> None:
        """Cut the open connection; nothing can be sent any more."""
