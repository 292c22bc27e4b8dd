"""The HTTP server that stands in for an API or a git host, in the tests' own process."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class QuietHandler(BaseHTTPRequestHandler):
    """Logs nothing, and expects clients to hang up at any time: tests kill them."""

    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def log_message(self, *_: object) -> None: ...


class HttpServer:
    """Serves within `with`, each connection in its own thread.

    Handlers reach it as `self.api`.
    """

    def __init__(
        self,
        handler: type[QuietHandler],
        *,
        address: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.closing = threading.Event()
        """Set when the server stops; handlers that delay an answer wait for it."""
        self._server = _Server(
            (address, port), type("Handler", (handler,), {"api": self})
        )
        self.origin = f"http://{address}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        ).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(
        self,
        request: Any,  # noqa: ANN401 - as inherited
        client_address: Any,  # noqa: ANN401 - as inherited
    ) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)
