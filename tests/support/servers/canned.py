"""A server that gives every request the same answer, byte for byte, and remembers the requests."""

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.client import parse_headers
from typing import cast

from tests.support.servers.server import S3Server


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    line: str
    headers: Message
    body: bytes


@dataclass(kw_only=True)
class CannedServer:
    """The answers of the server, and the requests that it received."""

    answer: bytes
    first: list[bytes]
    """The answers to the first requests, before `answer`."""
    piece_bytes: int | None = None
    """The size of the pieces that it sends; None: the whole answer."""
    pause_seconds: float = 0.0
    """The pause after each piece."""
    requests: list[ReceivedRequest] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    """Set when the server stops."""
    server: S3Server


def answer(
    status: str,
    body: bytes = b"",
    *,
    length: int | None = None,
    headers: str = "",
) -> bytes:
    """Return an HTTP answer; `length` overrides its Content-Length."""
    announced = len(body) if length is None else length
    return (
        f"HTTP/1.1 {status}\r\nContent-Length: {announced}\r\n"
        f"Connection: close\r\n{headers}\r\n".encode()
        + body
    )


def fault(status: str, code: str, *more: str) -> bytes:
    """Return an error as S3 has it; `more` are further elements of its body."""
    body = (
        f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>it "
        f"is so</Message>{''.join(more)}</Error>"
    )
    return answer(
        status, body.encode(), headers="Date: Mon, 23 Nov 2026 12:00:00 GMT\r\n"
    )


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        canned = cast("_Server", self.server).canned
        line = self.rfile.readline().decode().strip()
        if not line:
            return
        headers = parse_headers(self.rfile)
        if headers["Expect"]:
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        canned.requests.append(
            ReceivedRequest(
                line,
                headers,
                self.rfile.read(int(headers["Content-Length"] or 0)),
            )
        )
        reply = canned.first.pop(0) if canned.first else canned.answer
        size = canned.piece_bytes or len(reply)
        # The client may hang up during the answer.
        with suppress(ConnectionError):
            for start in range(0, len(reply), size):
                self.wfile.write(reply[start : start + size])
                canned.over.wait(canned.pause_seconds)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    canned: CannedServer


@contextmanager
def serving(
    reply: bytes,
    tls: ssl.SSLContext | None = None,
    *,
    first: tuple[bytes, ...] = (),
    piece_bytes: int | None = None,
    pause_seconds: float = 0.0,
) -> Iterator[CannedServer]:
    """Run the server; over TLS it is called `localhost`."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        port = server.server_address[1]
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
        server.canned = CannedServer(
            answer=reply,
            first=list(first),
            piece_bytes=piece_bytes,
            pause_seconds=pause_seconds,
            server=S3Server(name="canned", endpoint_url=url, log=""),
        )
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        thread.start()
        try:
            yield server.canned
        finally:
            server.canned.over.set()
            server.shutdown()
            thread.join()
