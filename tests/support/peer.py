"""The other end of a connection, played by a test: a receiver or proxy that misbehaves."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Play = Callable[["Peer", socket.socket], None]


@dataclass
class Peer:
    """Where it listens, and what it has received."""

    port: int
    connected: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    """What a play waits for, until the test sets it."""
    arriving: threading.Event = field(default_factory=threading.Event)
    """Set when the first byte has come, read or not."""
    received: bytearray = field(default_factory=bytearray)
    """What has come, over all connections."""
    hung_up: threading.Event = field(default_factory=threading.Event)
    """Set when a connection has ended."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    def take_all(self, connection: socket.socket) -> None:
        """Read until the other side hangs up."""
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


def silent(peer: Peer, connection: socket.socket) -> None:
    """Read, and never answer."""
    peer.take_all(connection)


def deaf(peer: Peer, connection: socket.socket) -> None:
    """Read nothing until the test lets it go on, and then all that is there."""
    connection.recv(1, socket.MSG_PEEK)
    peer.arriving.set()
    peer.go.wait(30)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_000_000)
    peer.take_all(connection)


def answering(*parts: bytes, pause: float = 0.0) -> Play:
    """Return a play that answers a request with some bytes, with pauses between."""

    def play(peer: Peer, connection: socket.socket) -> None:
        peer.take_request(connection)
        for part in parts:
            connection.sendall(part)
            if pause and peer.go.wait(pause):
                return

    return play


@contextmanager
def listening(
    play: Play, address: str = "127.0.0.1", port: int = 0
) -> Iterator[Peer]:
    """Listen, and play the same to every connection."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A small buffer is soon full if the peer does not read.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.bind((address, port))
        server.listen()
        peer = Peer(port=server.getsockname()[1])

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                peer.connected.set()
                play(peer, connection)
            peer.hung_up.set()

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(
                        target=serve, args=(connection,), daemon=True
                    ).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield peer
        finally:
            peer.go.set()
            server.shutdown(socket.SHUT_RDWR)


@contextmanager
def black_hole(address: str, port: int = 0) -> Iterator[int]:
    """Listen at an address where connecting takes for ever: its queue is full."""
    with socket.socket() as server:
        server.bind((address, port))
        server.listen(0)
        bound = server.getsockname()
        fill = [socket.socket() for _ in range(4)]
        for one in fill:
            one.setblocking(False)  # noqa: FBT003 - as the socket has it
            with suppress(BlockingIOError):
                one.connect(bound)
        try:
            yield bound[1]
        finally:
            for one in fill:
                one.close()
