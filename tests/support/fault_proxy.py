"""A proxy in front of an S3 server that injects the faults of networks and busy servers."""

import http.client
import random
import socket
import struct
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

SLOW_DOWN = (
    b"<Error><Code>SlowDown</Code>"
    b"<Message>Please reduce your request rate.</Message></Error>"
)
HOP = {"connection", "keep-alive", "transfer-encoding", "expect"}


class ProxyFault(StrEnum):
    """What the proxy may do to a request."""

    ERROR = "a 500 without an effect"
    SLOW_DOWN = "a 503 SlowDown without an effect"
    LOST = "an effect, and a dropped answer"
    ERROR_AFTER = "an effect, and a 500"
    RESET = "a reset before the request is read"
    SILENCE = "an effect and an answer after a long silence"


STORM = (
    *3
    * (
        ProxyFault.ERROR,
        ProxyFault.SLOW_DOWN,
        ProxyFault.LOST,
        ProxyFault.ERROR_AFTER,
        ProxyFault.RESET,
    ),
    ProxyFault.SILENCE,
)
"""Silences are rarer than the other faults because each takes seconds."""


class Refusal(StrEnum):
    """What the proxy may answer instead of the store, without forwarding the request."""

    DENIED = "a 403"
    UNKNOWN_KEY = "a 401"
    NO_BUCKET = "a 404"
    MALFORMED = "a 400"
    SKEWED = "a 403 for the clock"
    PRECONDITION = "a 412"
    NOT_IMPLEMENTED = "a 501"
    REDIRECT = "a 301 to https"
    LOGIN = "a 302 to a login page"
    PAGE = "a web page with 200"
    JSON = "JSON with 200"
    EMPTY = "nothing with 200"
    GARBLED = "half a listing with 200"


def _error(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>as a test asks</Message></Error>".encode()


_PAGE = b"<!doctype html><html><head><title>Sign in</title></head><br></html>"
_HTML = {"Content-Type": "text/html"}
_XML = {"Content-Type": "application/xml"}
_ANSWERS: dict[Refusal, tuple[int, dict[str, str], bytes]] = {
    Refusal.DENIED: (403, _XML, _error("AccessDenied")),
    Refusal.UNKNOWN_KEY: (401, _XML, _error("InvalidAccessKeyId")),
    Refusal.NO_BUCKET: (404, _XML, _error("NoSuchBucket")),
    Refusal.MALFORMED: (400, _XML, _error("InvalidRequest")),
    Refusal.SKEWED: (403, _XML, _error("RequestTimeTooSkewed")),
    Refusal.PRECONDITION: (412, _XML, _error("PreconditionFailed")),
    Refusal.NOT_IMPLEMENTED: (501, _XML, _error("NotImplemented")),
    Refusal.REDIRECT: (301, {**_HTML, "Location": "https://127.0.0.1/"}, _PAGE),
    Refusal.LOGIN: (302, {"Location": "https://login.example.org/"}, b""),
    Refusal.PAGE: (200, _HTML, _PAGE),
    Refusal.JSON: (200, {"Content-Type": "application/json"}, b'{"ok": true}'),
    Refusal.EMPTY: (200, {}, b""),
    Refusal.GARBLED: (200, _XML, b"<ListBucketResult><IsTruncated>fal"),
}

Injection = ProxyFault | Refusal | None


@dataclass
class Proxy:
    """The proxy; `policy` chooses the fault of each request by its method and path."""

    upstream: str
    policy: Callable[[str, str], Injection] = lambda _method, _path: None
    silence_seconds: float = 10.0
    url: str = ""
    requests: Counter[str] = field(default_factory=Counter)
    """Counts by method."""
    faults: Counter[ProxyFault | Refusal] = field(default_factory=Counter)
    broken: threading.Event = field(default_factory=threading.Event)
    """While it is set, every connection is reset."""


def at_random(
    seed: int,
    rate: float,
    kinds: tuple[ProxyFault | Refusal, ...] = tuple(ProxyFault),
) -> Callable[[str, str], Injection]:
    """Return a policy that injects a fault into a share of all requests."""
    chance, lock = random.Random(seed), threading.Lock()  # noqa: S311 - a seed

    def policy(_method: str, _path: str) -> Injection:
        with lock:
            return chance.choice(kinds) if chance.random() < rate else None

    return policy


@contextmanager
def proxying(upstream: str) -> Iterator[Proxy]:
    """Run a proxy in front of a server, on a free port."""
    proxy = Proxy(upstream=upstream)
    server = _Server(proxy)
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, proxy: Proxy) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing about clients that hang up, as killed or timed-out clients do."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def handle_any(self) -> None:
        proxy = self.server.proxy
        proxy.requests[self.command] += 1
        fault = (
            ProxyFault.RESET
            if proxy.broken.is_set()
            else proxy.policy(self.command, self.path)
        )
        if fault is not None:
            proxy.faults[fault] += 1
        if fault is ProxyFault.RESET:
            self._reset()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if fault is ProxyFault.ERROR:
            self._answer(500, {}, b"")
        elif isinstance(fault, Refusal):
            self._answer(*_ANSWERS[fault])
        elif fault is ProxyFault.SLOW_DOWN:
            self._answer(503, {"Content-Type": "application/xml"}, SLOW_DOWN)
        else:
            self._forward(body, fault)

    # The names that http.server expects.
    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_any  # noqa: N815

    def _forward(self, body: bytes, fault: ProxyFault | None) -> None:
        if fault is ProxyFault.SILENCE:
            self.server.proxy.broken.wait(self.server.proxy.silence_seconds)
        status, headers, answer = self._ask(body)
        if fault is ProxyFault.LOST:
            self._reset()
        elif fault is ProxyFault.ERROR_AFTER:
            self._answer(500, {}, b"")
        else:
            self._answer(status, headers, answer)

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(
            urlsplit(self.server.proxy.upstream).netloc, timeout=60
        )
        try:
            headers = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in HOP
            }
            connection.request(
                self.command, self.path, body=body, headers=headers
            )
            response = connection.getresponse()
            content = response.read()
            return response.status, dict(response.getheaders()), content
        finally:
            connection.close()

    def _answer(
        self, status: int, headers: dict[str, str], body: bytes
    ) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in HOP | {"content-length"}:
                self.send_header(name, value)
        length = (
            headers.get("Content-Length", "0")
            if self.command == "HEAD"
            else str(len(body))
        )
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.connection.close()

    def log_message(self, *_: object) -> None: ...

    def finish(self) -> None:
        if self.connection.fileno() != -1:
            super().finish()
