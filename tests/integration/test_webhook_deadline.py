"""A run that may no longer send sends nothing, in any phase of its exchange with the receiver."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.certificates import self_signed
from tests.support.posting import running_down
from tests.support.tcp_server import (
    Handler,
    TcpServer,
    answering,
    never_answering,
    reading_late,
    tcp_server,
    unconnectable,
)
from tests.support.waiting import until
from worker.outbox.port import UnreachableError, WebhookResponse
from worker.outbox.webhook import HttpWebhook
from worker.settings.callback import CallbackSettings
from worker.settings.reader import Secret
from worker.system.runtime import SystemRuntime

ROOT = Path(__file__).parents[2]
SLOW_NAMES = ROOT / "tests" / "support" / "slow_names"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
LARGE = b"x" * 8_000_000
"""More than the system buffers for a receiver that does not read."""
SOON = 0.6
PROMPT = 1.5
"""What happens at once takes less than this, in seconds, even on a busy machine."""


def webhook_at(
    url: str, proxy: str | None = None, runtime: SystemRuntime | None = None
) -> HttpWebhook:
    settings = CallbackSettings(
        url=url,
        token=Secret("the-token"),
        signing_key=None,
        proxy=Secret(proxy) if proxy else None,
    )
    return HttpWebhook(settings, runtime or SystemRuntime(), "1.2.3")


@dataclass
class PostingThread:
    """Posts an event in another thread."""

    webhook: HttpWebhook
    outcome: list[WebhookResponse | UnreachableError] = field(
        default_factory=list
    )
    thread: threading.Thread | None = None

    def start(self, body: bytes, seconds: float) -> None:
        self.thread = threading.Thread(
            target=self._post, args=(body, seconds), daemon=True
        )
        self.thread.start()

    def _post(self, body: bytes, seconds: float) -> None:
        try:
            self.outcome.append(
                self.webhook.post(body, "job-7", running_down(seconds))
            )
        except UnreachableError as error:
            self.outcome.append(error)

    def join(self, seconds: float) -> WebhookResponse | UnreachableError:
        assert self.thread is not None
        self.thread.join(seconds)
        assert self.outcome, "the exchange has not ended"
        return self.outcome[0]


def post(
    url: str,
    body: bytes = b"{}",
    *,
    seconds: float = SOON,
    proxy: str | None = None,
) -> WebhookResponse:
    with closing(webhook_at(url, proxy)) as webhook:
        return webhook.post(body, "job-7", running_down(seconds))


def resolving(
    url: str, *arguments: float, slow: Path | None = None
) -> tuple[float, str]:
    """Post in a process whose names resolve as `sitecustomize` says; return seconds and outcome."""
    completed = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.support.posting",
            url,
            *map(str, arguments),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(SLOW_NAMES),
            "SLOW_NAMES": str(slow or "/nonexistent"),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    took, _, outcome = completed.stdout.strip().partition(" ")
    return float(took), outcome


@pytest.mark.parametrize(
    "limits", [(0.3,), (15, 0.3)], ids=["the lease ends", "the run ends"]
)
def test_a_resolver_that_stalls_is_left_behind(
    limits: tuple[float, ...], tmp_path: Path
) -> None:
    (tmp_path / "slow").write_text("3")
    with tcp_server(never_answering) as server:
        took, outcome = resolving(
            f"http://localhost:{server.port}/", *limits, slow=tmp_path / "slow"
        )
    assert outcome.startswith("unreachable")
    assert took < 0.3 + PROMPT
    assert not server.connected.is_set(), (
        "a name that resolved too late was used"
    )


def test_a_dead_address_leaves_time_for_the_next_one() -> None:
    with (
        tcp_server(answering(OK)) as server,
        unconnectable("127.0.0.2", server.port),
    ):
        took, outcome = resolving(f"http://two.test:{server.port}/", 3)
    assert "status_code=200" in outcome
    assert took < 3


def test_addresses_that_are_all_dead_share_one_deadline() -> None:
    with unconnectable("127.0.0.2") as port, unconnectable("127.0.0.1", port):
        took, outcome = resolving(f"http://two.test:{port}/", 0.5)
    assert outcome.startswith("unreachable")
    assert took < 0.5 + PROMPT


def test_nothing_is_written_if_the_lease_ends_while_connecting() -> None:
    answers = iter([5.0, 0.0])
    with (
        tcp_server(never_answering) as server,
        closing(webhook_at(server.url)) as webhook,
    ):
        with pytest.raises(UnreachableError, match="may no longer send"):
            webhook.post(b"{}", "job-7", lambda: next(answers))
        assert server.hung_up.wait(5)
    assert server.received == b""


def test_a_lease_that_is_renewed_while_connecting_counts() -> None:
    answers = iter([0.2, 5.0])
    with (
        tcp_server(answering(OK, pause=0.0)) as server,
        closing(webhook_at(server.url)) as webhook,
    ):
        assert (
            webhook.post(b"{}", "job-7", lambda: next(answers)).status_code
            == 200
        )


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 1e-9])
def test_without_time_there_is_no_answer(seconds: float) -> None:
    with (
        tcp_server(never_answering) as server,
        closing(webhook_at(server.url)) as webhook,
        pytest.raises(UnreachableError),
    ):
        webhook.post(b"{}", "job-7", lambda: seconds)
    assert b"{}" not in server.received


@pytest.mark.parametrize(
    "size",
    [len(LARGE), 30_000],
    ids=["written in part", "written, but not sent"],
)
def test_a_receiver_that_reads_too_slowly_never_gets_the_rest(
    size: int,
) -> None:
    """Neither the program sends more, nor the system what it has buffered."""
    with tcp_server(reading_late) as server:
        began = time.monotonic()
        with pytest.raises(UnreachableError):
            post(server.url, b"x" * size)
        assert time.monotonic() - began < SOON + PROMPT
        server.released.set()
        assert server.hung_up.wait(5)
    assert len(server.received) < size


def test_data_written_by_a_frozen_process_is_not_sent_after_its_lease() -> None:
    with tcp_server(reading_late) as server:
        argv = [
            sys.executable,
            "-m",
            "tests.support.posting",
            server.url,
            "1",
            "3600",
            "30000",
        ]
        with subprocess.Popen(
            argv, cwd=ROOT, stdout=subprocess.DEVNULL
        ) as process:
            try:
                assert server.arriving.wait(20)
                process.send_signal(signal.SIGSTOP)
                # The lease ends while the process is stopped: only the kernel's timer runs.
                time.sleep(2)
                server.released.set()
                with pytest.raises(AssertionError, match="not true"):
                    until(lambda: len(server.received) > 30_000, seconds=4)
            finally:
                process.kill()


@pytest.mark.parametrize(
    "handle",
    [
        never_answering,
        answering(*(bytes([byte]) for byte in OK * 9), pause=0.1),
        answering(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 99, pause=0.1),
        answering(b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 99, pause=0.1),
    ],
    ids=["silent", "dripping", "informing", "endless headers"],
)
def test_an_answer_that_does_not_come_ends_with_the_deadline(
    handle: Handler,
) -> None:
    with tcp_server(handle) as server:
        began = time.monotonic()
        with pytest.raises(UnreachableError):
            post(server.url)
        assert time.monotonic() - began < SOON + PROMPT


class FastClockRuntime(SystemRuntime):
    """A runtime whose clock runs a hundred times as fast."""

    def monotonic(self) -> float:
        return super().monotonic() * 100


def test_an_exchange_has_a_limit_however_long_the_run_may_send() -> None:
    with (
        tcp_server(never_answering) as server,
        closing(webhook_at(server.url, runtime=FastClockRuntime())) as webhook,
    ):
        began = time.monotonic()
        with pytest.raises(UnreachableError):
            webhook.post(b"{}", "job-7", lambda: 3600.0)
        assert time.monotonic() - began < PROMPT


@dataclass
class Phase:
    """A phase of an exchange in which the receiver is stuck."""

    url: str
    reached: Callable[[], bool] = lambda: True
    body: bytes = b"{}"


def connecting() -> Iterator[Phase]:
    with unconnectable("127.0.0.3") as port:
        yield Phase(f"http://127.0.0.3:{port}/")


def shaking_hands() -> Iterator[Phase]:
    with tcp_server(never_answering) as server:
        yield Phase(
            f"https://127.0.0.1:{server.port}/", lambda: bool(server.received)
        )


def writing() -> Iterator[Phase]:
    with tcp_server(reading_late) as server:
        yield Phase(server.url, server.arriving.is_set, LARGE)
        server.released.set()
        assert server.hung_up.wait(5)
        assert len(server.received) < len(LARGE)


def sending() -> Iterator[Phase]:
    """The program has written everything, but the system has not sent all of it."""
    with tcp_server(reading_late) as server:
        yield Phase(server.url, server.arriving.is_set, b"x" * 30_000)
        server.released.set()
        assert server.hung_up.wait(5)
        assert len(server.received) < 30_000


def reading() -> Iterator[Phase]:
    with tcp_server(
        answering(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", pause=30)
    ) as server:
        yield Phase(server.url, lambda: bool(server.received))


@pytest.mark.parametrize(
    "in_phase", [connecting, shaking_hands, writing, sending, reading]
)
def test_closing_hangs_up_in_every_phase(
    in_phase: Callable[[], Iterator[Phase]],
) -> None:
    for phase in in_phase():
        posting = PostingThread(webhook_at(phase.url))
        posting.start(phase.body, 15)
        until(phase.reached, seconds=10)
        began = time.monotonic()
        posting.webhook.close()
        assert isinstance(posting.join(5), UnreachableError)
        assert time.monotonic() - began < PROMPT


def test_nothing_is_sent_after_closing() -> None:
    with tcp_server(answering(OK)) as server:
        webhook = webhook_at(server.url)
        assert webhook.post(b"first", "job-7", lambda: 5).status_code == 200
        webhook.close()
        with pytest.raises(UnreachableError):
            webhook.post(b"second", "job-8", lambda: 5)
    assert b"second" not in server.received


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    context, file = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return context


def over_tls(context: ssl.SSLContext, handle: Handler) -> Handler:
    def encrypted(server: TcpServer, connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            handle(server, wrapped)

    return encrypted


def test_an_event_goes_over_tls(tls: ssl.SSLContext) -> None:
    with tcp_server(over_tls(tls, answering(OK))) as server:
        assert (
            post(
                f"https://localhost:{server.port}/", b"event", seconds=5
            ).status_code
            == 200
        )
    assert server.received.endswith(b"event")


def tunnel(to: int) -> Handler:
    """Return a proxy that answers CONNECT and forwards to a port of this machine."""

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def handle(server: TcpServer, connection: socket.socket) -> None:
        server.take_request(connection)
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(("127.0.0.1", to)) as onwards:
            back = threading.Thread(target=copy, args=(onwards, connection))
            back.start()
            copy(connection, onwards)
            back.join()

    return handle


@pytest.mark.parametrize(
    "left", [[5.0, 5.0, 5.0], [5.0, 5.0, 0.0]], ids=["held", "lost"]
)
def test_the_lease_is_checked_again_when_a_proxy_has_connected(
    tls: ssl.SSLContext, left: list[float]
) -> None:
    remaining = iter(left)
    with (
        tcp_server(over_tls(tls, answering(OK))) as server,
        tcp_server(tunnel(server.port)) as proxy,
    ):
        webhook = webhook_at(
            f"https://localhost:{server.port}/",
            f"http://127.0.0.1:{proxy.port}",
        )
        if left[-1]:
            assert (
                webhook.post(
                    b"event", "job-7", lambda: next(remaining)
                ).status_code
                == 200
            )
        else:
            with pytest.raises(UnreachableError, match="may no longer send"):
                webhook.post(b"event", "job-7", lambda: next(remaining))
        assert server.hung_up.wait(5)
    assert (b"event" in server.received) == bool(left[-1])


@pytest.mark.usefixtures("tls")
def test_a_proxy_that_is_silent_ends_with_the_deadline() -> None:
    with tcp_server(never_answering) as proxy:
        began = time.monotonic()
        with pytest.raises(UnreachableError):
            post("https://localhost:9/", proxy=f"http://127.0.0.1:{proxy.port}")
        assert time.monotonic() - began < SOON + PROMPT
    assert proxy.received.startswith(b"CONNECT localhost:9 HTTP/1.1\r\n")


def test_an_event_goes_through_a_proxy_whose_password_it_gives() -> None:
    with tcp_server(answering(OK)) as proxy:
        answer = post(
            "http://app.test/hook",
            b"event",
            seconds=5,
            proxy=f"http://me:p%40ss@127.0.0.1:{proxy.port}",
        )
    assert answer.status_code == 200
    assert proxy.received.startswith(b"POST http://app.test/hook HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6cEBzcw==\r\n" in proxy.received
