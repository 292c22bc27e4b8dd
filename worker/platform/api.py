"""Scaleway's API over HTTP, with JSON both ways.

Every request is bounded in time, and every error says what to do. The official SDK is not
used: it waits for ever and never retries, an error page that is not JSON ends it with a
traceback, it reports exit code 0 for a run without one, and its import takes 170 ms. The
tests use the SDK against the same stand-in of the API, to prove that both send and read the
same.

A repeated request may take effect twice. So the caller says whether a request without an
answer may be repeated. A request that certainly had no effect (no connection, too many
requests) is always retried.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, TypeVar

import httpx

from worker import __version__
from worker.errors import ConfigError, RefusedError, TemporaryError
from worker.platform.port import LostAnswerError
from worker.platform.settings import PlatformSettings
from worker.system.retry import Policy, Retrier
from worker.system.runtime import Runtime

CALL_SECONDS: Final = 15.0
"""How long one request may take."""
GIVE_UP_SECONDS: Final = 30.0
"""How long a request is retried."""
ATTEMPTS: Final = 5
PAGE: Final = 100
"""How many entries are requested at once; the API may return fewer."""
MAX_MESSAGE: Final = 300
MIN_SECRET: Final = 4
"""Shorter values are not hidden: they are not secrets, and may be parts of words."""

_TOO_MANY: Final = 429
_NOT_FOUND: Final = 404
_REFUSED: Final = {401, 403}
_PASSING_TYPES: Final = {"quotas_exceeded", "transient_state"}
"""Refusals (by `type`) that may pass; the API sends them with 403 and 409."""

Value = TypeVar("Value")
Json = Any
"""Any value of JSON."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiCall:
    """A request; `path` is relative to the region's."""

    method: str
    path: str
    params: Mapping[str, str | int] | None = None
    body: Mapping[str, Any] | None = None
    repeatable: bool = True
    """Whether repeating it has no further effect."""

    @property
    def name(self) -> str:
        """Its name in messages."""
        return f"{self.method} {self.path}"


class NotThereError(Exception):
    """The platform does not know the object of a request."""


class _RetryLaterError(Exception):
    """The request had no effect, and may be retried.

    `retry_after` is the pause that the API asked for, in seconds.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class _UnansweredError(Exception):
    """The request may or may not have taken effect."""


class Api:
    """Serverless Jobs (v1alpha2) in one region."""

    def __init__(
        self,
        settings: PlatformSettings,
        runtime: Runtime,
        give_up_seconds: float = GIVE_UP_SECONDS,
    ) -> None:
        """Prepare the client; this sends no request."""
        self._settings = settings
        self._runtime = runtime
        self._retrier = Retrier(runtime, runtime.flag())
        self._give_up = give_up_seconds
        self._seconds = min(CALL_SECONDS, give_up_seconds)
        self._root = f"{settings.api_url}/serverless-jobs/v1alpha2/regions/{settings.region}"
        # Redirects are not followed: they would carry the key elsewhere. Requests are rare,
        # so no connection is kept that would have to be closed.
        proxy = None
        if settings.proxy:
            proxy = settings.proxy.reveal()
        self._client = httpx.Client(
            proxy=proxy,
            # The settings have read the environment.
            trust_env=False,
            verify=httpx.create_ssl_context(),
            timeout=self._seconds,
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={
                "Accept": "application/json",
                "User-Agent": f"fondation-worker/{__version__}",
                "X-Auth-Token": settings.secret_key.reveal(),
            },
        )

    def call(self, call: ApiCall, read: Callable[[Any], Value]) -> Value:
        """Return the answer as parsed by `read`.

        Raises NotThereError, LostAnswerError, or one of the port's errors.
        """
        retried: tuple[type[Exception], ...] = (_RetryLaterError,)
        if call.repeatable:
            retried = (_RetryLaterError, _UnansweredError)
        policy = Policy(
            on=retried,
            give_up_seconds=self._give_up,
            attempts=ATTEMPTS,
            first=0.5,
            longest=8.0,
        )
        try:
            return self._retrier.call(lambda: self._once(call, read), policy)
        except (_RetryLaterError, _UnansweredError) as error:
            api_url = self._settings.api_url
            message = (
                f"the request {call.name} to the platform at {api_url} failed: {error}; "
                "run this again later"
            )
            if isinstance(error, _UnansweredError) and not call.repeatable:
                raise LostAnswerError(message) from error
            raise TemporaryError(
                message, code="platform_unavailable"
            ) from error

    def all(
        self,
        path: str,
        key: str,
        params: Mapping[str, str],
        read: Callable[[Any], Value],
    ) -> list[Value]:
        """Return all entries of a listing, page by page, oldest first."""
        all_entries: dict[str, Value] = {}

        def page_of(document: Json) -> tuple[dict[str, Value], int]:
            entries = {}
            for entry in document[key]:
                entry_id = entry["id"]
                entries[entry_id] = read(entry)
            total = document.get("total_count") or 0
            return entries, int(total)

        for page in count(1):
            page_params: dict[str, str | int] = {
                **params,
                "order_by": "created_at_asc",
                "page": page,
                "page_size": PAGE,
            }
            call = ApiCall(method="GET", path=path, params=page_params)
            entries, total = self.call(call, page_of)
            new_ids = entries.keys() - all_entries.keys()
            all_entries |= entries
            if not new_ids or len(all_entries) >= total > 0:
                break
        return list(all_entries.values())

    def _once(self, call: ApiCall, read: Callable[[Any], Value]) -> Value:
        status, headers, content = self._exchange(call)
        if status == _TOO_MANY:
            retry_after = _seconds(headers.get("Retry-After", ""))
            raise _RetryLaterError("too many requests (HTTP 429)", retry_after)
        if status >= 500:  # noqa: PLR2004 - HTTP's own number
            raise _UnansweredError(f"HTTP {status}")
        document = _parsed(content)
        if status >= 300:  # noqa: PLR2004 - HTTP's own number
            raise self._refusal(call, status, document)
        if document is None:
            raise _UnansweredError("its answer is not JSON")
        try:
            return read(document)
        except (
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            IndexError,
        ) as error:
            fault = f"{type(error).__name__}: {error}"
            raise _UnansweredError(
                f"its answer is malformed ({fault})"
            ) from error

    def _exchange(self, call: ApiCall) -> tuple[int, httpx.Headers, bytes]:
        deadline = self._runtime.monotonic() + self._seconds
        url = f"{self._root}/{call.path}"
        request = self._client.stream(
            call.method, url, params=call.params, json=call.body
        )
        try:
            with request as response:
                content = b""
                for chunk in response.iter_bytes():
                    content += chunk
                    if self._runtime.monotonic() > deadline:
                        raise httpx.ReadTimeout("the answer took too long")
                return response.status_code, response.headers, content
        except (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.ProxyError,
        ) as error:
            raise _RetryLaterError(f"no connection ({error})") from error
        except httpx.HTTPError as error:
            raise _UnansweredError(
                f"no answer ({type(error).__name__})"
            ) from error

    def _refusal(self, call: ApiCall, status: int, document: Json) -> Exception:
        """Return the error for a refusal.

        `document` is None for an answer that is not JSON: the API did not send it.
        """
        fields: dict[str, Any] = {}
        if isinstance(document, dict):
            fields = document
        reason = self._reason(call, fields)
        reason = f"HTTP {status}, {reason}"
        if fields.get("type") in _PASSING_TYPES:
            return TemporaryError(
                f"the platform cannot do it now: {reason}", code="platform_busy"
            )
        if status in _REFUSED:
            return RefusedError(
                f"the platform refuses the key: {reason}; check SCW_SECRET_KEY and "
                "SCW_DEFAULT_PROJECT_ID, and that the key may use Serverless Jobs"
            )
        if status == _NOT_FOUND and fields:
            return NotThereError(reason)
        if not fields:
            return ConfigError(
                f"the server at {self._settings.api_url} is not Scaleway's API: {reason}; "
                "check SCW_API_URL"
            )
        return ConfigError(
            f"the platform rejects {call.name}: {reason}",
            code="platform",
        )

    def _reason(self, call: ApiCall, fields: Mapping[str, Any]) -> str:
        """Return the reason of a refusal: one line, without the secrets of the request."""
        message = fields.get("message") or "no reason given"
        reasons = [str(message)]
        for detail in fields.get("details") or []:
            if isinstance(detail, dict):
                argument = detail.get("argument_name")
                explanation = detail.get("help_message")
                if not explanation:
                    explanation = detail.get("reason")
                reasons.append(f"{argument}: {explanation}")
        words = "; ".join(reasons).split()
        line = " ".join(words)
        for secret in self._secrets(call):
            if len(secret) >= MIN_SECRET:
                line = line.replace(secret, "***")
        return line[:MAX_MESSAGE]

    def _secrets(self, call: ApiCall) -> list[str]:
        """Return the values of a request that must not be shown."""
        body = call.body or {}
        variables = body.get("environment_variables") or {}
        key = self._settings.secret_key.reveal()
        return [*variables.values(), key]


def _parsed(content: bytes) -> Json:
    """Return the parsed answer, or None if it is not JSON."""
    try:
        return json.loads(content) if content else {}
    except ValueError:
        return None


def _seconds(text: str) -> float | None:
    if not text.isdecimal():
        return None
    return float(text)
