"""The Messages API over HTTP: each request is sent exactly once.

The official SDK is not used: it repeats requests that the server has read, and accepts a truncated
stream as a whole answer. The tests use it against the stand-in for the API. Connections are not
kept: one that the server has closed meanwhile looks like a lost answer.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx

from states.codec import JsonObject
from worker import __version__
from worker.engines.claude.batch import Batch, read_batch
from worker.engines.claude.events import (
    MAX_MESSAGE,
    ApiMessage,
    EventStream,
    MessageReader,
    read_document,
    read_message,
)
from worker.engines.claude.failures import (
    AnswerLostError,
    Refusal,
    RejectedError,
    rejected,
)
from worker.settings.model import ModelSettings
from worker.system.runtime import Runtime

VERSION: Final = "2023-06-01"
"""The API's version: it has everything that this engine needs, and all endpoints support it."""
CONNECT_SECONDS: Final = 15.0
SILENCE_SECONDS: Final = 600.0
"""How long an endpoint may be silent; during an answer, it sends pings."""
ANSWER_SECONDS: Final = 3600.0
"""How long one answer may take."""
BRIEF_SECONDS: Final = 30.0
"""How long a request may take if it needs no model."""
BATCH_SECONDS: Final = 120.0
"""How long the API may be silent while it accepts or returns a batch."""
LISTED_BATCHES: Final = 100
_BATCHES: Final = "messages/batches"
_UNSENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_EVENTS: Final = "text/event-stream"
_OK: Final = 200

Body = Mapping[str, Any]


class MessagesApi:
    """One endpoint of the Messages API; thread-safe."""

    def __init__(
        self,
        settings: ModelSettings,
        runtime: Runtime,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Prepare; this sends nothing. `transport` replaces the network."""
        self._runtime = runtime
        self.address = _address(settings.endpoint)
        """The endpoint, without any password."""
        self.silence_seconds = SILENCE_SECONDS
        self._client = httpx.Client(
            base_url=f"{settings.endpoint}/v1/",
            transport=transport or _network(settings),
            # The settings have read the environment.
            trust_env=False,
            headers=_headers(settings),
        )

    def send(
        self, body: Body, started: Callable[[], None]
    ) -> tuple[ApiMessage, str | None]:
        """Send a message once; return the model's answer and the request's id.

        `started` is called when the answer begins. Raises RejectedError or AnswerLostError.
        """
        request = {**body, "stream": True}
        timeout = httpx.Timeout(self.silence_seconds, connect=CONNECT_SECONDS)
        with self._exchange("messages", request, timeout) as response:
            request_id = response.headers.get("request-id")
            kind = response.headers.get("content-type", "")
            if not kind.startswith(_EVENTS):
                return read_message(self._content(response)), request_id
            return self._read(response, started), request_id

    def count(self, body: Body) -> int | None:
        """Return how many tokens a prompt has, or None if the endpoint does not count.

        The count is free, and an estimate.
        """
        fields = {name: body[name] for name in body if name != "max_tokens"}
        timeout = httpx.Timeout(BRIEF_SECONDS)
        try:
            with self._exchange(
                "messages/count_tokens", fields, timeout
            ) as response:
                document = read_document(self._content(response))
        except (RejectedError, AnswerLostError):
            return None
        tokens = document.get("input_tokens")
        return tokens if isinstance(tokens, int) and tokens > 0 else None

    def check(self, model: str) -> None:
        """Ask for a model's description, which is free; raise RejectedError or AnswerLostError."""
        timeout = httpx.Timeout(BRIEF_SECONDS)
        path = f"models/{quote(model, safe='')}"
        with self._exchange(path, None, timeout) as response:
            self._content(response)

    def create_batch(self, requests: Sequence[Body]) -> Batch:
        """Create a batch; raise RejectedError or AnswerLostError."""
        timeout = httpx.Timeout(BATCH_SECONDS)
        body = {"requests": list(requests)}
        with self._exchange(_BATCHES, body, timeout) as response:
            return read_batch(read_document(self._content(response)))

    def batch(self, batch_id: str) -> Batch:
        """Return the current state of a batch; raise RejectedError or AnswerLostError."""
        name = quote(batch_id, safe="")
        document = self._get(f"{_BATCHES}/{name}")
        return read_batch(document)

    def batches(self) -> list[Batch]:
        """Return the newest batches, newest first; raise RejectedError or AnswerLostError."""
        document = self._get(f"{_BATCHES}?limit={LISTED_BATCHES}")
        data = document.get("data")
        if not isinstance(data, list):
            raise AnswerLostError("the list of batches is not a list")
        batches = []
        for entry in data:
            batch = read_batch(entry)
            batches.append(batch)
        return batches

    def results(self, batch_id: str) -> dict[str, JsonObject]:
        """Return the results of a batch that has ended, by call name."""
        timeout = httpx.Timeout(BATCH_SECONDS)
        path = f"{_BATCHES}/{quote(batch_id, safe='')}/results"
        with self._exchange(path, None, timeout) as response:
            lines = self._content(response).splitlines()
        results = {}
        for line in lines:
            entry = read_document(line)
            result = entry.get("result")
            if isinstance(result, dict):
                results[str(entry.get("custom_id"))] = result
        return results

    def _get(self, path: str) -> JsonObject:
        timeout = httpx.Timeout(BRIEF_SECONDS)
        with self._exchange(path, None, timeout) as response:
            return read_document(self._content(response))

    def _read(
        self, response: httpx.Response, started: Callable[[], None]
    ) -> ApiMessage:
        deadline = self._runtime.monotonic() + ANSWER_SECONDS
        stream, reader = EventStream(), MessageReader()
        for chunk in response.iter_bytes():
            for data in stream.feed(chunk):
                reader.take(data)
                started()
            if reader.complete:
                break
            if self._runtime.monotonic() > deadline:
                raise AnswerLostError("the answer took too long")
        return reader.message()

    def _content(self, response: httpx.Response) -> bytes:
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > MAX_MESSAGE:
                raise AnswerLostError("the answer is too long")
        return bytes(content)

    @contextmanager
    def _exchange(
        self, path: str, body: Body | None, timeout: httpx.Timeout
    ) -> Iterator[httpx.Response]:
        """Send a request, and yield the response if it succeeds."""
        method = "GET"
        content = None
        if body is not None:
            method = "POST"
            content = encode_body(body)
        request = self._client.stream(
            method, path, content=content, timeout=timeout
        )
        try:
            with request as response:
                if response.status_code != _OK:
                    raise rejected(
                        response.status_code,
                        response.headers,
                        self._content(response),
                    )
                yield response
        except _UNSENT as error:
            raise RejectedError(
                Refusal(reason=f"no connection ({_reason(error)})")
            ) from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise AnswerLostError(
                f"no complete answer ({_reason(error)})"
            ) from error


def encode_body(body: Body) -> bytes:
    """Return a request body as bytes."""
    # Escaped, because a repository may contain text that UTF-8 cannot encode.
    return json.dumps(body).encode()


def _network(settings: ModelSettings) -> httpx.HTTPTransport:
    proxy = None
    if settings.proxy:
        proxy = settings.proxy.reveal()
    return httpx.HTTPTransport(
        proxy=proxy,
        trust_env=False,
        verify=httpx.create_ssl_context(),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
    )


def _address(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    place = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{place}{parts.path}"


def _headers(settings: ModelSettings) -> dict[str, str]:
    headers = {
        "Accept": f"{_EVENTS}, application/json",
        "Content-Type": "application/json",
        "User-Agent": f"fondation-worker/{__version__}",
        "anthropic-version": VERSION,
    }
    if settings.key is not None:
        headers["x-api-key"] = settings.key.reveal()
    elif settings.token is not None:
        headers["Authorization"] = f"Bearer {settings.token.reveal()}"
    return headers


def _reason(error: Exception) -> str:
    """Describe a failure by its kind: its message may quote an address that contains a password."""
    return type(error).__name__
