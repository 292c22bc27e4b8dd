"""Serves the gateway with uvicorn, until it is told to end."""

import logging
import socket

import uvicorn

from worker.errors import ConfigError
from worker.gateway.app import Gateway
from worker.gateway.port import Backend
from worker.settings import Secret

LOG = logging.getLogger(__name__)
DRAIN_SECONDS = 3
"""So long requests that are under way may take when the server ends."""


def serve(backend: Backend, token: Secret | None, address: tuple[str, int], *, allow_http: bool) -> None:
    """Serve on an address until SIGTERM or SIGINT; raise ConfigError if it cannot be had."""
    gateway = Gateway(backend, token, allow_http=allow_http)
    config = uvicorn.Config(
        gateway.app(),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    with _listener(address) as listener:
        host, port = listener.getsockname()[:2]
        LOG.info("listening", extra={"url": f"http://{host}:{port}", "mode": backend.mode})
        uvicorn.Server(config).run(sockets=[listener])


def _listener(address: tuple[str, int]) -> socket.socket:
    host, port = address
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(found[4][:2], family=found[0], reuse_port=False)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another --host or --port"
        ) from error
