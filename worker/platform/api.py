"""Talks to Scaleway's API over HTTP: JSON both ways, every call bounded in time, and errors by what to do about them.

The official SDK was not used: it waits for ever and tries nothing again, an error page that
is not JSON ends it with a traceback, a run without an exit code looks as if it had ended
with 0, and it takes 170 ms to import. What it sends and reads is the measure all the same:
the tests drive the same stand-in of the API with it.

Something that was asked for twice may be done twice. So whether a call may be repeated when
there was no answer is for the caller to say; what certainly was not done (no connection,
too many requests) is always tried again.
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
"""So long one call may take."""
GIVE_UP_SECONDS: Final = 30.0
"""So long a call is tried again."""
ATTEMPTS: Final = 5
PAGE: Final = 100
"""Entries asked for at a time; the API may give fewer."""
MAX_MESSAGE: Final = 300
MIN_SECRET: Final = 4
"""Shorter values hide nothing, and would tear words apart."""

_TOO_MANY: Final = 429
_NOT_FOUND: Final = 404
_REFUSED: Final = {401, 403}
_PASSING_TYPES: Final = {"quotas_exceeded", "transient_state"}
"""Kinds of refusal (`type`) that time may lift; the API sends them with 403 and 409."""

Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiCall:
    """What to ask for; `path` below the region's own."""

    method: str
    path: str
    params: Mapping[str, str | int] | None = None
    body: Mapping[str, Any] | None = None
    repeatable: bool = True
    """Whether doing it twice is the same as doing it once."""


class NotThereError(Exception):
    """The platform does not know what was asked about."""


class _RetryLaterError(Exception):
    """It was not done, and may be tried again.

    `retry_after` in seconds, where the API asked for a pause.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class _UnansweredError(Exception):
    """It may have been done, or not."""


class Api:
    """Serverless Jobs (v1alpha2) in one region."""

    def __init__(
        self,
        settings: PlatformSettings,
        runtime: Runtime,
        give_up_seconds: float = GIVE_UP_SECONDS,
    ) -> None:
        """Prepare; nothing is sent yet."""
        self._settings = settings
        self._runtime = runtime
        self._retrier = Retrier(runtime, runtime.flag())
        self._give_up = give_up_seconds
        self._seconds = min(CALL_SECONDS, give_up_seconds)
        self._root = (
            f"{settings.api_url}/serverless-jobs/v1alpha2/regions/{settings.region}"
        )
        # Redirects are not followed: they would carry the key elsewhere. Calls are few and
        # far between, so that no connection is kept, which somebody would have to close.
        self._client = httpx.Client(
            proxy=settings.proxy.reveal() if settings.proxy else None,
            trust_env=False,  # the settings have read it
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
        """Return what `read` makes of the answer.

        Raise NotThereError, LostAnswerError, or any of the port's errors.
        """
        tried = (
            (_RetryLaterError, _UnansweredError)
            if call.repeatable
            else (_RetryLaterError,)
        )
        policy = Policy(
            on=tried,
            give_up_seconds=self._give_up,
            attempts=ATTEMPTS,
            first=0.5,
            longest=8.0,
        )
        try:
            return self._retrier.call(lambda: self._once(call, read), policy)
        except (_RetryLaterError, _UnansweredError) as error:
            maybe_done = isinstance(error, _UnansweredError) and not call.repeatable
            kind = LostAnswerError if maybe_done else TemporaryError
            what = f"{self._settings.api_url} did not do it ({call.method} {call.path}): {error}"
            raise kind(
                f"the platform at {what}; run this again later",
                code="platform_unavailable",
            ) from error

    def all(
        self,
        path: str,
        key: str,
        params: Mapping[str, str],
        read: Callable[[Any], Value],
    ) -> list[Value]:
        """Return all entries of a listing, page by page, oldest first."""
        found: dict[str, Value] = {}

        def page_of(document: Any) -> tuple[dict[str, Value], int]:  # noqa: ANN401 - any value of JSON
            entries = {entry["id"]: read(entry) for entry in document[key]}
            return entries, int(document.get("total_count") or 0)

        for page in count(1):
            asked: dict[str, str | int] = {
                **params,
                "order_by": "created_at_asc",
                "page": page,
                "page_size": PAGE,
            }
            entries, total = self.call(
                ApiCall(method="GET", path=path, params=asked), page_of
            )
            fresh = entries.keys() - found.keys()
            found |= entries
            if not fresh or len(found) >= total > 0:
                break
        return list(found.values())

    def _once(self, call: ApiCall, read: Callable[[Any], Value]) -> Value:
        status, headers, content = self._exchange(call)
        if status == _TOO_MANY:
            raise _RetryLaterError(
                "too many requests (HTTP 429)", _seconds(headers.get("Retry-After", ""))
            )
        if status >= 500:  # noqa: PLR2004 - HTTP's own number
            raise _UnansweredError(f"HTTP {status}")
        document = _parsed(content)
        if status >= 300:  # noqa: PLR2004 - HTTP's own number
            raise self._refusal(call, status, document)
        if document is None:
            raise _UnansweredError("its answer is not JSON")
        try:
            return read(document)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise _UnansweredError(
                f"its answer is not understood ({type(error).__name__}: {error})"
            ) from error

    def _exchange(self, call: ApiCall) -> tuple[int, httpx.Headers, bytes]:
        deadline = self._runtime.monotonic() + self._seconds
        try:
            with self._client.stream(
                call.method,
                f"{self._root}/{call.path}",
                params=call.params,
                json=call.body,
            ) as response:
                content = b""
                for chunk in response.iter_bytes():
                    content += chunk
                    if self._runtime.monotonic() > deadline:
                        raise httpx.ReadTimeout("the answer takes too long")
                return response.status_code, response.headers, content
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise _RetryLaterError(f"no connection ({error})") from error
        except httpx.HTTPError as error:
            raise _UnansweredError(f"no answer ({type(error).__name__})") from error

    def _refusal(self, call: ApiCall, status: int, document: Any) -> Exception:  # noqa: ANN401 - any value of JSON
        """Return the error that an answer stands for.

        One that is not JSON comes from elsewhere (`document` None).
        """
        fields = document if isinstance(document, dict) else {}
        reason = f"HTTP {status}, {self._reason(call, fields)}"
        if fields.get("type") in _PASSING_TYPES:
            return TemporaryError(
                f"the platform cannot do it now: {reason}", code="platform_busy"
            )
        if status in _REFUSED:
            return RefusedError(
                f"the platform refuses the key: {reason}; check SCW_SECRET_KEY and SCW_DEFAULT_PROJECT_ID, "
                "and that the key may use Serverless Jobs"
            )
        if status == _NOT_FOUND and fields:
            return NotThereError(reason)
        if not fields:
            return ConfigError(
                f"what answers at {self._settings.api_url} is not the API: {reason}; check SCW_API_URL"
            )
        return ConfigError(
            f"the platform does not take this ({call.method} {call.path}): {reason}",
            code="platform",
        )

    def _reason(self, call: ApiCall, fields: Mapping[str, Any]) -> str:
        """Return what the API says of a refusal: a line, without anything secret that was sent."""
        details = [one for one in fields.get("details") or [] if isinstance(one, dict)]
        words = [
            f"{one.get('argument_name')}: {one.get('help_message') or one.get('reason')}"
            for one in details
        ]
        text = " ".join(
            "; ".join([str(fields.get("message") or "no reason given"), *words]).split()
        )
        sent = (call.body or {}).get("environment_variables") or {}
        for value in (*sent.values(), self._settings.secret_key.reveal()):
            text = text.replace(value, "***") if len(value) >= MIN_SECRET else text
        return text[:MAX_MESSAGE]


def _parsed(content: bytes) -> Any:  # noqa: ANN401 - any value of JSON
    """Return what an answer says, or None if it is not JSON."""
    try:
        return json.loads(content) if content else {}
    except ValueError:
        return None


def _seconds(text: str) -> float | None:
    return float(text) if text.isdecimal() else None
