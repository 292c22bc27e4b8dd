"""Connections to an S3 server whose answers must keep coming.

urllib3's pools keep the connections; the SDK finds proxies and certificates, and waits for the
server's consent before it sends a file.

urllib3 only limits how long a server may be silent. A server that sends a byte now and then could
hold up a request, and the run that waits for it, indefinitely.
"""

import io
import socket
import ssl
from collections.abc import Mapping
from typing import IO, Any, Final, NamedTuple

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from botocore.httpsession import ProxyConfiguration, get_cert_path
from urllib3 import (
    BaseHTTPResponse,
    PoolManager,
    Retry,
    Timeout,
    proxy_from_url,
)
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import SSLError
from urllib3.util.ssl_ import create_urllib3_context

from worker.system.runtime import SystemRuntime

SLOWEST_BYTES: Final = 4096
"""How many bytes of an answer must arrive per second, on average."""
_BLOCK_BYTES: Final = 64 * 1024
_monotonic: Final = SystemRuntime().monotonic
_NEVER: Final = Retry(total=False, redirect=False)
_SOCKET_OPTIONS: Final = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
]


class _Way(NamedTuple):
    """How requests get to a server."""

    pool: HTTPConnectionPool
    prefix: str
    """The beginning of each target: a proxy must be told the server, too."""


class Connections:
    """Sends requests; threads share it."""

    def __init__(
        self,
        *,
        certificates: str | None,
        proxies: Mapping[str, str],
        timeout: tuple[float, float],
        most: int,
    ) -> None:
        """Prepare; this connects to nothing.

        `certificates` is a file of trusted certificates, `proxies` maps a scheme to its proxy,
        `timeout` limits connecting and each silence, in seconds, and `most` is how many connections
        to one server are kept.
        """
        connect, read = timeout
        self._proxies = ProxyConfiguration(proxies=proxies)
        self._options: dict[str, Any] = {
            "maxsize": most,
            "timeout": Timeout(connect=connect, read=read),
            "socket_options": _SOCKET_OPTIONS,
        }
        self._certificates = certificates or get_cert_path(verify=True)
        self._ways: dict[str, _Way] = {}

    def exchange(
        self,
        origin: str,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | IO[bytes],
        *,
        is_streamed: bool,
    ) -> BaseHTTPResponse:
        """Send a request, and return its answer; raise urllib3's HTTPError.

        `origin` is scheme, host and port, `target` path and query. The body of a streamed
        answer has yet to be read.
        """
        way = self._ways.get(origin)
        if way is None:
            way = self._way(origin)
            self._ways[origin] = way
        return way.pool.urlopen(
            method,
            way.prefix + target,
            body or None,
            headers,
            retries=_NEVER,
            redirect=False,
            assert_same_host=False,
            preload_content=not is_streamed,
            decode_content=False,
            enforce_content_length=False,
        )

    def _way(self, origin: str) -> _Way:
        proxy = self._proxies.proxy_url_for(origin)
        manager = self._manager(origin, proxy)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        prefix = ""
        # Through a tunnel, requests go to the server itself.
        if proxy and origin.startswith("http:"):
            prefix = origin
        return _Way(manager.connection_from_url(origin), prefix)

    def _manager(self, origin: str, proxy: str | None) -> PoolManager:
        context = None
        if "https:" in f"{origin} {proxy}":
            context = _trusting(self._certificates)
        if not proxy:
            return PoolManager(ssl_context=context, **self._options)
        return proxy_from_url(
            proxy,
            proxy_headers=self._proxies.proxy_headers_for(proxy),
            proxy_ssl_context=context,
            ssl_context=context,
            **self._options,
        )


def _trusting(certificates: str | None) -> ssl.SSLContext:
    """Read the certificates, once: that takes longer than a connection."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    try:
        context.load_verify_locations(certificates)
    except OSError as error:
        raise SSLError(error) from error
    return context


class _Kept:
    """A connection whose answers must keep coming."""

    sock: Any

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.sock = _Socket(self.sock)


class _Connection(_Kept, AWSHTTPConnection):  # type: ignore[misc]
    pass


class _TlsConnection(_Kept, AWSHTTPSConnection):  # type: ignore[misc]
    pass


class _Pool(AWSHTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(AWSHTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Socket:
    """A connected socket; each file made from it reads one answer."""

    def __init__(self, connected: socket.socket) -> None:
        self._connected = connected

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of a socket
        return getattr(self._connected, name)

    def sendall(self, data: bytes) -> None:
        """Send bytes in blocks: the timeout applies to each block, not to all of them."""
        view = memoryview(data)
        for start in range(0, len(view), _BLOCK_BYTES):
            end = start + _BLOCK_BYTES
            self._connected.sendall(view[start:end])

    def makefile(
        self, _mode: str, buffering: int = io.DEFAULT_BUFFER_SIZE
    ) -> io.RawIOBase | io.BufferedReader:
        answer = _Answer(self._connected)
        if buffering == 0:
            return answer
        return io.BufferedReader(answer, buffering)


class _Pace:
    """How long a socket may take for one answer."""

    def __init__(self, connected: socket.socket) -> None:
        self._connected = connected
        self._silence = connected.gettimeout() or 0.0
        self._end = _monotonic() + self._silence

    def limit(self) -> None:
        """Limit the next read; raise TimeoutError if the answer is too slow."""
        left = self._end - _monotonic()
        # guard: a store's answer has to keep coming
        if left <= 0:
            raise TimeoutError("the answer is too slow")
        self._connected.settimeout(min(left, self._silence))

    def note(self, size: int) -> None:
        """Record how many bytes have arrived."""
        self._end += size / SLOWEST_BYTES


class _Answer(io.RawIOBase):
    """Reads an answer; raises TimeoutError as soon as the answer is too slow."""

    def __init__(self, connected: socket.socket) -> None:
        self._file = connected.makefile("rb", buffering=0)
        self._pace = _Pace(connected)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - as inherited
        self._pace.limit()
        size = self._file.readinto(buffer)
        self._pace.note(size or 0)
        return size

    def close(self) -> None:
        self._file.close()
        super().close()
