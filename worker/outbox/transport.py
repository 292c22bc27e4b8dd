"""httpx transport for one exchange, directly or through a proxy."""

import socket
import ssl
from collections.abc import Iterable
from typing import Any, Final

import httpcore
import httpx

from worker.outbox.exchange import Exchange
from worker.outbox.port import UnreachableError

_BEFORE_A_REQUEST: Final = "http11.send_request_headers.started"
_FAILURES: Final = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
)


class Transport(httpx.BaseTransport):
    """Sends the request of an exchange."""

    def __init__(
        self,
        exchange: Exchange,
        context: ssl.SSLContext | None,
        proxy: str | None,
    ) -> None:
        """Prepare; this does not connect."""
        self._exchange = exchange
        self._pool = _pool(_Connector(exchange), context, proxy)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer's status and headers; its body is not read."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        carried = httpcore.Request(
            method=request.method,
            url=url,
            headers=request.headers.raw,
            content=request.stream,
            extensions={**request.extensions, "trace": self._trace},
        )
        try:
            answer = self._pool.handle_request(carried)
        except _FAILURES as error:
            raise UnreachableError(_reason(error)) from error
        return httpx.Response(
            answer.status, headers=answer.headers, stream=httpx.ByteStream(b"")
        )

    def close(self) -> None:
        self._pool.close()

    def _trace(self, event: str, _info: dict[str, Any]) -> None:
        # guard: sending: the webhook asks once it is connected
        if event == _BEFORE_A_REQUEST:
            self._exchange.ask()


class _Connector(httpcore.SyncBackend):
    """Connects within the exchange's time, which all addresses of a host share."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def connect_tcp(
        self,
        host: str,
        port: int,
        # The exchange sets the limit instead.
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = _resolve(host, port)
        failure: httpcore.NetworkError | httpcore.TimeoutException | None = None
        for number, address in enumerate(addresses):
            share = self._exchange.share(len(addresses) - number)
            try:
                stream = super().connect_tcp(
                    address, port, share, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return self._held(stream)
        raise failure or httpcore.ConnectError("the host has no address")

    def _held(self, stream: httpcore.NetworkStream) -> httpcore.NetworkStream:
        try:
            self._exchange.hold(stream.get_extra_info("socket"))
        except BaseException:
            stream.close()
            raise
        return stream


def _reason(error: Exception) -> str:
    """Describe a failure in the system's words; other messages may contain a secret."""
    kind = type(error).__name__
    # httpcore raises again `from None`: the system's error is no longer the cause.
    failure = error.__context__
    if isinstance(failure, OSError):
        return f"{kind}: {failure}"
    return kind


def _resolve(host: str, port: int) -> list[str]:
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(
            "the host's name cannot be resolved"
        ) from error
    addresses = []
    for *_, place in entries:
        address = str(place[0])
        addresses.append(address)
    return list(dict.fromkeys(addresses))


def _pool(
    connector: _Connector, context: ssl.SSLContext | None, proxy: str | None
) -> httpcore.ConnectionPool:
    if proxy is None:
        return httpcore.ConnectionPool(
            ssl_context=context, network_backend=connector
        )
    parsed = httpx.Proxy(proxy)
    url = parsed.url
    proxy_context = None
    if url.scheme == "https":
        proxy_context = context
    return httpcore.HTTPProxy(
        proxy_url=httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=b"/"
        ),
        proxy_auth=parsed.raw_auth,
        ssl_context=context,
        proxy_ssl_context=proxy_context,
        network_backend=connector,
    )
