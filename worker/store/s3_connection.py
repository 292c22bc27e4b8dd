"""Connections to an S3 server, whose answers must keep coming.

The SDK's session finds proxies and certificates, and urllib3's pools keep connections. What a
request to S3 usually is, one block of bytes there and one back, is sent and read here: the
general way through http.client takes five times as long. Streamed bodies go that way.

The SDK only limits how long a server may be silent. A server that sends a byte now and then could
keep a request, and the run that waits for it, for any time.
"""

import io
import socket
from collections.abc import Mapping
from typing import IO, Any, Final

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from botocore.httpsession import URLLib3Session
from urllib3.util import Retry

from worker.store.http_answer import HttpAnswer, read_answer
from worker.system.runtime import SystemRuntime

SLOWEST_BYTES: Final = 4096
"""How many bytes of an answer must come in a second, on average."""
_PIECE_BYTES: Final = 64 * 1024
_monotonic: Final = SystemRuntime().monotonic
_NEVER: Final = Retry(False)  # noqa: FBT003 - it has no name for it


class Session(URLLib3Session):
    """The SDK's session, with these connections."""

    # What the SDK's `send` calls for each request.
    _pool_classes_by_scheme: dict[str, type]
    _proxy_config: Any
    _verify: Any
    _get_connection_manager: Any
    _get_request_target: Any
    _setup_ssl_cert: Any

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - the SDK's own
        super().__init__(**options)
        self._pool_classes_by_scheme.update(http=_Pool, https=_TlsPool)
        self._pools: dict[str, tuple[Any, str]] = {}

    def exchange(
        self,
        origin: str,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | IO[bytes],
        *,
        is_streamed: bool,
    ) -> Any:  # noqa: ANN401 - HttpAnswer, or urllib3's own
        """Send a request, and return its answer; raise urllib3's HTTPError.

        `origin` is scheme, host and port, `target` path and query. A streamed answer is
        urllib3's, and its body has yet to be read.
        """
        pool, prefix = self._pools.get(origin) or self._pool(origin)
        return pool.urlopen(
            method,
            prefix + target,
            body or None,
            headers,
            retries=_NEVER,
            redirect=False,
            assert_same_host=False,
            preload_content=not is_streamed,
            decode_content=False,
            enforce_content_length=False,
        )

    def _pool(self, origin: str) -> tuple[Any, str]:
        """Return the pool of connections to a server, and what targets begin with there."""
        proxy = self._proxy_config.proxy_url_for(origin)
        manager = self._get_connection_manager(origin, proxy)
        pool = manager.connection_from_url(origin)
        self._setup_ssl_cert(pool, origin, self._verify)
        prefix = ""
        if self._get_request_target(origin, proxy) == origin:
            prefix = origin
        self._pools[origin] = (pool, prefix)
        return pool, prefix


class _Exchanging:
    """A connection that sends a request in one piece, if it and its answer are in memory."""

    sock: Any
    timeout: Any
    _method_of_block: str | None = None
    """The method of the request that was sent in one piece, until it is answered."""

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.sock = _Socket(self.sock)

    def request(
        self,
        method: str,
        url: str,
        body: Any = None,  # noqa: ANN401 - as inherited
        headers: Any = None,  # noqa: ANN401 - as inherited
        *,
        preload_content: bool = True,
        **options: Any,  # noqa: ANN401 - as inherited
    ) -> None:
        block = body or b""
        if not preload_content or not isinstance(block, bytes):
            super().request(  # type: ignore[misc]
                method,
                url,
                body,
                headers,
                preload_content=preload_content,
                **options,
            )
            return
        self._method_of_block = method
        if self.sock is None:
            self.connect()
        self.sock.settimeout(self.timeout)
        self.sock.sendall(_head(method, url, headers) + block)

    def getresponse(self) -> Any:  # noqa: ANN401 - HttpAnswer, or urllib3's own
        method = self._method_of_block
        if method is None:
            return super().getresponse()  # type: ignore[misc]
        self._method_of_block = None
        connected = self.sock
        connected.settimeout(self.timeout)
        pace = _Pace(connected)

        def read() -> bytes:
            pace.limit()
            piece: bytes = connected.recv(_PIECE_BYTES)
            pace.note(len(piece))
            return piece

        answer: HttpAnswer = read_answer(read, method)
        if answer.is_last:
            self.close()
        return answer

    def close(self) -> None:
        self._method_of_block = None
        super().close()  # type: ignore[misc]


def _head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """Return a request's first line and headers."""
    fields = "\n".join([f"{name}: {headers[name]}" for name in headers])
    text = f"{method} {target} HTTP/1.1\n{fields}\n"
    if text.count("\n") > 1 + len(headers) or "\r" in text:
        raise ValueError("a header of a request contains a line break")
    return text.replace("\n", "\r\n").encode("latin-1") + b"\r\n"


class _Connection(_Exchanging, AWSHTTPConnection):  # type: ignore[misc]
    pass


class _TlsConnection(_Exchanging, AWSHTTPSConnection):  # type: ignore[misc]
    pass


class _Pool(AWSHTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(AWSHTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Socket:
    """A connected socket; each file that is made of it reads one answer."""

    def __init__(self, connected: socket.socket) -> None:
        self._connected = connected

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of a socket
        return getattr(self._connected, name)

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
        """Note how many bytes have come."""
        self._end += size / SLOWEST_BYTES


class _Answer(io.RawIOBase):
    """Reads an answer; raises TimeoutError as soon as it is too slow."""

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
