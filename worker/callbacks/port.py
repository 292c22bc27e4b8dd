"""The port to the receiver of callbacks."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the receiver answered; `retry_after` in seconds, where it asked for a pause."""

    status_code: int
    retry_after: float | None = None


class UnreachableError(Exception):
    """There was no answer; whether the event has arrived cannot be told."""


class Webhook(Protocol):
    """Takes events."""

    def post(self, body: bytes, idempotency_key: str, timeout_seconds: float) -> Answer:
        """Send an event and return the answer; raise UnreachableError if none came in time."""

    def close(self) -> None:
        """Hang up."""
