"""The web app's webhook, over HTTP."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from worker.callbacks.port import Answer, UnreachableError
from worker.runtime import Runtime
from worker.settings import CallbackSettings

TIMEOUT_SECONDS: Final = 15.0


class HttpWebhook:
    """Posts events to CALLBACK_URL. Redirects are not followed: they would carry the token elsewhere."""

    def __init__(self, settings: CallbackSettings, runtime: Runtime, version: str) -> None:
        """Prepare; `version` is the worker's own."""
        self._settings = settings
        self._runtime = runtime
        self._client = httpx.Client(
            follow_redirects=False,
            headers={
                "Content-Type": "application/json",
                "User-Agent": f"fondation-worker/{version}",
                "X-Job-Token": settings.token.reveal(),
            },
        )

    def post(self, body: bytes, idempotency_key: str, remaining: Callable[[], float]) -> Answer:
        """Send an event, and wait for the answer until this run may not speak any more, at most 15 seconds."""
        timeout = min(remaining(), TIMEOUT_SECONDS)
        if timeout <= 0:
            raise UnreachableError("this run may not speak any more")
        now = self._runtime.now()
        headers = {"Idempotency-Key": idempotency_key}
        if self._settings.signing_key is not None:
            key = self._settings.signing_key.reveal()
            headers |= signature(key, idempotency_key, int(now.timestamp()), body)
        try:
            response = self._client.post(self._settings.url, content=body, headers=headers, timeout=timeout)
        except (httpx.HTTPError, RuntimeError) as error:  # RuntimeError: closed, from another thread
            # The address may hold a secret, and httpx puts it into some of its messages.
            raise UnreachableError(type(error).__name__) from error
        return Answer(status_code=response.status_code, retry_after=_retry_after(response, now))

    def close(self) -> None:
        """Hang up."""
        self._client.close()


def signature(key: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of Standard Webhooks 1.0.0 for a body, under a key in base64.

    Source: https://github.com/standard-webhooks/standard-webhooks (spec/standard-webhooks.md).
    """
    signed = b".".join([message_id.encode(), str(timestamp).encode(), body])
    digest = hmac.new(base64.b64decode(key), signed, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _retry_after(response: httpx.Response, now: datetime) -> float | None:
    text = response.headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    with suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    return None
