"""Serves the gateway with uvicorn, until it is told to end."""

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
from worker.settings.settings import Secret

LOG = logging.getLogger(__name__)
DRAIN_SECONDS: Final = 3
"""So long requests that are under way may take when the server ends."""


def serve(
    open_backend: Callable[[], Backend],
    token: Secret | None,
    address: tuple[str, int],
    *,
    allow_http: bool,
) -> signal.Signals | None:
    """Serve on an address until SIGTERM or SIGINT, and return which; raise ConfigError if it cannot be had.

    No job is begun before the address is ours, and none goes on when this returns.
    """
    ended: list[signal.Signals] = []
    with _listener(address) as listener:
        server = uvicorn.Server(_config())

        def end(number: int, _: FrameType | None) -> None:
            ended.append(signal.Signals(number))
            server.should_exit = True

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(
                number, end
            )  # the server puts its own in their place, and calls them when it has ended
        backend = open_backend()
        try:
            server.config.app = Gateway(backend, token, allow_http=allow_http).app()
            LOG.info("listening", extra={"url": _url(listener), "mode": backend.mode})
            server.run(sockets=[listener])
        finally:
            backend.close()
    return ended[0] if ended else None


def _config() -> uvicorn.Config:
    return uvicorn.Config(
        "",  # the application comes when the address is ours
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
        found = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(found[4][:2], family=found[0], reuse_port=False)
    except (OSError, UnicodeError) as error:
        reason = (
            error.strerror if isinstance(error, OSError) else "it is no name of a host"
        )
        raise ConfigError(
            f"cannot listen on {host}:{port}: {reason}; choose another --host or --port"
        ) from error


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
