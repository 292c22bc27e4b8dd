"""Connections to an S3 server whose answers must keep coming.

The SDK only limits how long a server may be silent. A server that sends a byte now and then could
keep a request, and the run that waits for it, for any time.
"""

import io
import socket
from collections.abc import Callable
from typing import Any, Final

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from botocore.httpsession import URLLib3Session

from worker.system.runtime import SystemRuntime

SLOWEST_BYTES: Final = 4096
"""How many bytes of an answer must come in a second, on average."""


class Session(URLLib3Session):
    """The SDK's session, with these connections."""

    _pool_classes_by_scheme: dict[str, type]

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - the SDK's own
        super().__init__(**options)
        self._pool_classes_by_scheme.update(http=_Pool, https=_TlsPool)


class _Connection(AWSHTTPConnection):
    def connect(self) -> None:
        super().connect()
        self.sock = _Socket(self.sock)


class _TlsConnection(AWSHTTPSConnection):
    def connect(self) -> None:
        super().connect()
        self.sock = _Socket(self.sock)


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
        answer = _Answer(self._connected, SystemRuntime().monotonic)
        if buffering == 0:
            return answer
        return io.BufferedReader(answer, buffering)


class _Answer(io.RawIOBase):
    """Reads an answer; raises TimeoutError as soon as it is too slow."""

    def __init__(
        self, connected: socket.socket, monotonic: Callable[[], float]
    ) -> None:
        self._connected = connected
        self._file = connected.makefile("rb", buffering=0)
        self._monotonic = monotonic
        self._silence = connected.gettimeout() or 0.0
        self._end = monotonic() + self._silence

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - as inherited
        left = self._end - self._monotonic()
        # guard: a store's answer has to keep coming
        if left <= 0:
            raise TimeoutError("the answer is too slow")
        self._connected.settimeout(min(left, self._silence))
        size = self._file.readinto(buffer)
        self._end += (size or 0) / SLOWEST_BYTES
        return size

    def close(self) -> None:
        self._file.close()
        super().close()
