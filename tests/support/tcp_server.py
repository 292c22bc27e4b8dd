"""A TCP server whose handler a test provides: a receiver or proxy that misbehaves."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Handler = Callable[["TcpServer", socket.socket], None]


@dataclass
class TcpServer:
    """A listening server, and what it has received."""

    port: int
    connected: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    """A test sets it to let waiting handlers continue."""
    arriving: threading.Event = field(default_factory=threading.Event)
    """Set when the first byte has arrived, read or not."""
    received: bytearray = field(default_factory=bytearray)
    """The bytes received over all connections."""
    hung_up: threading.Event = field(default_factory=threading.Event)
    """Set when a client has closed its connection."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def take_all(self, connection: socket.socket) -> None:
        """Read until the client hangs up."""
        with suppress(OSError):
            while data := connection.recv(65536):
                self.received += data

    def take_request(self, connection: socket.socket) -> None:
        """Read one request with its body."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += _more(connection)
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [
            line
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        ]
        length = int(lengths[0].partition(b":")[2]) if lengths else 0
        while len(body) < length:
            body += _more(connection)
        self.received += head + b"\r\n\r\n" + body


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("hung up in the middle of a request")
    return data


def never_answering(server: TcpServer, connection: socket.socket) -> None:
    """Read everything, and never answer."""
    server.take_all(connection)


def reading_late(server: TcpServer, connection: socket.socket) -> None:
    """Read nothing until the test releases it, then everything that has arrived."""
    connection.recv(1, socket.MSG_PEEK)
    server.arriving.set()
    server.released.wait(30)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_000_000)
    server.take_all(connection)


def answering(*parts: bytes, pause: float = 0.0) -> Handler:
    """Return a handler that answers a request in parts, with pauses between them."""

    def handle(server: TcpServer, connection: socket.socket) -> None:
        server.take_request(connection)
        for part in parts:
            connection.sendall(part)
            if pause and server.released.wait(pause):
                return

    return handle


@contextmanager
def tcp_server(
    handle: Handler, address: str = "127.0.0.1", port: int = 0
) -> Iterator[TcpServer]:
    """Listen, and pass every connection to `handle`."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A small buffer fills up soon if the server does not read.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind((address, port))
        listener.listen()
        server = TcpServer(port=listener.getsockname()[1])

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                server.connected.set()
                handle(server, connection)
            server.hung_up.set()

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(
                        target=serve, args=(connection,), daemon=True
                    ).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield server
        finally:
            server.released.set()
            listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def unconnectable(address: str, port: int = 0) -> Iterator[int]:
    """Listen at an address where connecting hangs, because its queue is full."""
    with socket.socket() as listener:
        listener.bind((address, port))
        listener.listen(0)
        bound = listener.getsockname()
        clients = [socket.socket() for _ in range(4)]
        for client in clients:
            client.setblocking(False)  # noqa: FBT003 - as the socket has it
            with suppress(BlockingIOError):
                client.connect(bound)
        try:
            yield bound[1]
        finally:
            for client in clients:
                client.close()
