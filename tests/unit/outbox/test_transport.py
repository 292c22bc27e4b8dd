"""How an exchange connects, and the message if it fails."""

import socket
from contextlib import closing

import httpcore
import httpx
import pytest

from tests.support.tcp_server import (
    TcpServer,
    answering,
    never_answering,
    tcp_server,
)
from worker.outbox.exchange import Exchange
from worker.outbox.port import UnreachableError
from worker.outbox.transport import Transport
from worker.system.runtime import SystemRuntime


class RecordingExchange(Exchange):
    """Records how many addresses share the remaining time."""

    def __init__(self) -> None:
        super().__init__(SystemRuntime(), lambda: 10.0)
        self.attempts: list[int] = []

    def share(self, attempts: int) -> float:
        self.attempts.append(attempts)
        return super().share(attempts)


class CutWhileConnecting(Exchange):
    """An exchange that is cut off between its last check of the time and its connection."""

    def share(self, attempts: int) -> float:
        seconds = super().share(attempts)
        self.cut()
        return seconds


@pytest.fixture
def two_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 9))
        for address in ("127.0.0.2", "127.0.0.1", "127.0.0.2")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: entries)


def answer_and_wait(server: TcpServer, connection: socket.socket) -> None:
    """Answer, and wait until the client hangs up."""
    server.take_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    server.take_all(connection)


def send(exchange: Exchange, url: str) -> httpx.Response:
    with closing(Transport(exchange, None, None)) as transport:
        request = httpx.Request("POST", url)
        return exchange.run(lambda: transport.handle_request(request))


@pytest.mark.usefixtures("two_addresses")
def test_the_time_is_shared_by_the_addresses_that_are_left() -> None:
    exchange = RecordingExchange()
    with pytest.raises(UnreachableError):
        send(exchange, "http://two.test:9/")
    assert exchange.attempts == [2, 1]


def test_a_failure_is_reported_in_the_systems_words() -> None:
    with pytest.raises(
        UnreachableError, match=r"^ConnectError: \[Errno 111\] "
    ) as raised:
        send(RecordingExchange(), "http://127.0.0.1:9/")
    assert isinstance(raised.value.__cause__, httpcore.ConnectError)


def test_a_failure_of_another_kind_is_reported_by_name_only() -> None:
    with (
        tcp_server(answering(b"secret\r\n\r\n")) as server,
        pytest.raises(UnreachableError) as raised,
    ):
        send(RecordingExchange(), server.url)
    assert str(raised.value) == "RemoteProtocolError"


def test_a_connection_that_comes_too_late_is_closed() -> None:
    exchange = CutWhileConnecting(SystemRuntime(), lambda: 10.0)
    with (
        tcp_server(never_answering) as server,
        closing(Transport(exchange, None, None)) as transport,
    ):
        request = httpx.Request("POST", server.url)
        with pytest.raises(UnreachableError, match="the deadline has passed"):
            transport.handle_request(request)
        assert server.hung_up.wait(5)
    assert server.received == b""


def test_closing_the_transport_closes_its_connection() -> None:
    exchange = RecordingExchange()
    with tcp_server(answer_and_wait) as server:
        transport = Transport(exchange, None, None)
        request = httpx.Request("POST", server.url)
        answer = exchange.run(lambda: transport.handle_request(request))
        assert answer.status_code == 200
        assert not server.hung_up.is_set()
        transport.close()
        assert server.hung_up.wait(5)
