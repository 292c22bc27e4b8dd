"""Serves the gateway with uvicorn, until a signal."""

import logging
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Final

import uvicorn

from worker.errors import ConfigError
from worker.gateway.app import Gateway
from worker.gateway.port import Backend
from worker.settings.reader import Secret

LOG = logging.getLogger(__name__)
DRAIN_SECONDS: Final = 3
"""How long open requests may take when the server shuts down."""


def serve(
    open_backend: Callable[[], Backend],
    token: Secret | None,
    address: tuple[str, int],
    *,
    allow_http: bool,
) -> signal.Signals | None:
    """Serve on an address until SIGTERM or SIGINT, and return the signal.

    Raises ConfigError if the address is not available. No job is started before the server
    listens, and none runs when this returns.
    """
    ended: list[signal.Signals] = []
    with _listener(address) as listener:
        server = uvicorn.Server(_config())

        def end(number: int, _: FrameType | None) -> None:
            ended.append(signal.Signals(number))
            server.should_exit = True

        # The server installs its own handlers, and calls these when it has ended.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        backend = open_backend()
        try:
            server.config.app = Gateway(
                backend, token, allow_http=allow_http
            ).app()
            LOG.info(
                "listening", extra={"url": _url(listener), "mode": backend.mode}
            )
            server.run(sockets=[listener])
        finally:
            backend.close()
    if ended:
        return ended[0]
    return None


def _config() -> uvicorn.Config:
    return uvicorn.Config(
        "",  # the application is set once the server listens
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def _listener(address: tuple[str, int]) -> socket.socket:
    host, port = address
    try:
        family, _, _, _, place = socket.getaddrinfo(
            host.strip("[]"),
            port,
            type=socket.SOCK_STREAM,
            flags=socket.AI_PASSIVE,
        )[0]
        return socket.create_server(place[:2], family=family, reuse_port=False)
    except (OSError, UnicodeError) as error:
        reason = "the host's name is not valid"
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
        raise ConfigError(
            f"cannot listen on {host}:{port}: {reason}; choose another --host or --port"
        ) from error


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if ":" in host:
        host = f"[{host}]"
    return f"http://{host}:{port}"
