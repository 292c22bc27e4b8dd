"""A webhook receiver: accepts callbacks over HTTP, prints them, and misbehaves on demand.

To try out the worker, run it as a program: `python tests/support/receiver.py --port 8091`. It
needs only Python.
"""

import argparse
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A received request."""

    path: str
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The body, read as JSON."""
        document: dict[str, Any] = json.loads(self.body)
        return document


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The answer to a request; status 0 closes the connection without an answer."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Receiver:
    """The received callbacks, and the next answers."""

    url: str = ""
    deliveries: list[Delivery] = field(default_factory=list)
    reply: Callable[[Delivery], Reply] = lambda _delivery: Reply()
    show: Callable[[Delivery], None] = lambda _delivery: None

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The bodies of all deliveries, in order."""
        return [delivery.document for delivery in self.deliveries]

    @property
    def events(self) -> list[tuple[str, str]]:
        """Type and status of all deliveries."""
        return [
            (document["type"], document["status"])
            for document in self.documents
        ]


class _Server(ThreadingHTTPServer):
    def handle_error(
        self,
        request: Any,  # noqa: ANN401 - as inherited
        client_address: Any,  # noqa: ANN401
    ) -> None:
        """Ignore clients that have closed the connection."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def server(receiver: Receiver, host: str, port: int) -> ThreadingHTTPServer:
    """Return an HTTP server that gives every POST to a receiver."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(Reply())

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            body = self.rfile.read(length)
            if len(body) < length:  # the sender was killed
                self.close_connection = True
                return
            headers = {
                name.lower(): value for name, value in self.headers.items()
            }
            delivery = Delivery(path=self.path, headers=headers, body=body)
            reply = receiver.reply(delivery)
            receiver.deliveries.append(delivery)
            receiver.show(delivery)
            self._answer(reply)

        def _answer(self, reply: Reply) -> None:
            if reply.status == 0:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    return _Server((host, port), Handler)


@contextmanager
def receiving(
    reply: Callable[[Delivery], Reply] = lambda _delivery: Reply(),
    address: str = "127.0.0.1",
) -> Iterator[Receiver]:
    """Run a receiver on a free port of this machine."""
    receiver = Receiver(reply=reply)
    http = server(receiver, address, 0)
    receiver.url = (
        f"http://{address}:{http.server_address[1]}/api/webhook/job-callback"
    )
    thread = threading.Thread(
        target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield receiver
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def describe(delivery: Delivery) -> str:
    """Describe a callback in a line, without its token and its URLs."""
    document = delivery.document
    arguments = [
        f"{document.get('jobId')}",
        f"#{document.get('sequence')}",
        f"run {document.get('run')}",
        f"{document.get('step')}/{document.get('totalSteps')}",
        f"{document.get('type')}/{document.get('status')}:",
        f"{document.get('message')}",
    ]
    files = document.get("files") or []
    return " ".join(
        [
            *arguments,
            *(f"\n    {file['path']} {file['size']} bytes" for file in files),
        ]
    )


def _print(delivery: Delivery) -> None:
    sys.stdout.write(describe(delivery) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Print every callback."""
    parser = argparse.ArgumentParser(
        description="Print the callbacks of fondation-worker."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8091)
    arguments = parser.parse_args()
    http = server(Receiver(show=_print), arguments.host, arguments.port)
    sys.stdout.write(
        f"waiting for callbacks at http://{arguments.host}:{arguments.port}/\n"
    )
    sys.stdout.flush()
    http.serve_forever()


if __name__ == "__main__":
    main()
