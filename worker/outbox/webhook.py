"""The web app's webhook, over HTTP."""

import base64
import hashlib
import hmac
import math
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from worker.outbox.exchange import LIMIT_SECONDS, Exchange
from worker.outbox.port import UnreachableError, WebhookResponse
from worker.outbox.transport import Transport
from worker.settings.callback import CallbackSettings
from worker.system.runtime import Runtime

MAX_PAUSE_SECONDS: Final = 300.0
"""The longest pause that a receiver may ask for."""
_BACKSTOP: Final = httpx.Timeout(LIMIT_SECONDS).as_dict()
"""For an abandoned thread; the exchange has its own deadline."""
_EPOCH_SECONDS: Final = 1e9
"""Larger numbers are points in time, which some receivers send instead of a pause."""
_EPOCH_MILLISECONDS: Final = 1e12


class HttpWebhook:
    """Posts events to CALLBACK_URL, each on its own connection.

    Redirects are not followed: they would send the token elsewhere.
    """

    def __init__(
        self, settings: CallbackSettings, runtime: Runtime, version: str
    ) -> None:
        self._settings = settings
        self._runtime = runtime
        proxy = None
        if settings.proxy:
            proxy = settings.proxy.reveal()
        self._proxy = proxy
        urls = [settings.url, self._proxy or ""]
        uses_tls = any(url.lower().startswith("https:") for url in urls)
        context = None
        if uses_tls:
            context = httpx.create_ssl_context()
        self._context = context
        self._headers = {
            "Connection": "close",
            "Content-Type": "application/json",
            "User-Agent": f"fondation-worker/{version}",
            "X-Job-Token": settings.token.reveal(),
        }
        self._exchange: Exchange | None = None
        self._closed = False

    def post(
        self, body: bytes, idempotency_key: str, remaining: Callable[[], float]
    ) -> WebhookResponse:
        """Send an event; wait at most 15 seconds for the answer, while the run may send."""
        now = self._runtime.now()
        headers = self._headers | {"Idempotency-Key": idempotency_key}
        if self._settings.signing_key is not None:
            key = self._settings.signing_key.reveal()
            headers |= signature(
                key, idempotency_key, int(now.timestamp()), body
            )
        exchange = self._exchange = Exchange(self._runtime, remaining)
        # guard: sending: nothing is sent after closing
        if self._closed:
            raise UnreachableError("the webhook is closed")
        try:
            response = exchange.run(lambda: self._send(exchange, body, headers))
        except (httpx.InvalidURL, UnicodeError) as error:
            # The address may contain a secret, and httpx quotes it in its message.
            raise UnreachableError(type(error).__name__) from error
        return WebhookResponse(
            status_code=response.status_code,
            retry_after=_retry_after(response.headers, now),
            redirect=self._redirect(response.headers),
        )

    def close(self) -> None:
        self._closed = True
        # guard: sending: closing cuts the connection
        if self._exchange is not None:
            self._exchange.cut()

    def _send(
        self, exchange: Exchange, body: bytes, headers: dict[str, str]
    ) -> httpx.Response:
        # httpx's client prepares a redirect even if it must not follow it, and drops the answer
        # if it cannot. So the transport is used directly.
        url = httpx.URL(self._settings.url)
        request = httpx.Request(
            "POST",
            url,
            content=body,
            headers=headers,
            extensions={"timeout": _BACKSTOP},
        )
        if url.userinfo:
            credentials = httpx.BasicAuth(url.username, url.password)
            request = next(credentials.auth_flow(request))
        transport = Transport(exchange, self._context, self._proxy)
        with closing(transport):
            return transport.handle_request(request)

    def _redirect(self, headers: httpx.Headers) -> str | None:
        """Return a redirect's server, without path, query and user, which may be secret."""
        if "Location" not in headers:
            return None
        try:
            target = httpx.URL(self._settings.url).join(headers["Location"])
        except (httpx.InvalidURL, ValueError):
            return None
        port = ""
        if target.port:
            port = f":{target.port}"
        return f"{target.scheme}://{target.host}{port}"


def signature(
    key: str, message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """Return the headers of Standard Webhooks 1.0.0 for a body, under a key in base64.

    Source: https://github.com/standard-webhooks/standard-webhooks (spec/standard-webhooks.md).
    """
    head = f"{message_id}.{timestamp}."
    signed = head.encode() + body
    secret = base64.b64decode(key)
    digest = hmac.new(secret, signed, hashlib.sha256).digest()
    encoded = base64.b64encode(digest).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{encoded}",
    }


def _retry_after(headers: httpx.Headers, now: datetime) -> float | None:
    """Return the pause that the receiver asks for, if it can be understood; it is bounded."""
    for text in headers.get_list("Retry-After"):
        pause = _pause(text.strip(), now)
        if pause is not None and pause >= 0:
            # guard: answers: the pause that a receiver asks for is bounded
            return min(pause, MAX_PAUSE_SECONDS)
    return None


def _pause(text: str, now: datetime) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return _until(text, now)
    if not math.isfinite(seconds):
        return None
    if seconds < _EPOCH_SECONDS:
        return seconds
    moment = seconds
    if seconds >= _EPOCH_MILLISECONDS:
        moment = seconds / 1000
    return max(0.0, moment - now.timestamp())


def _until(date: str, now: datetime) -> float | None:
    try:
        pause = parsedate_to_datetime(date) - now
        return max(0.0, pause.total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
