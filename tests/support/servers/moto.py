"""An S3 server in Python; it believes any key and signature."""

import sys
from pathlib import Path
from typing import Final

from tests.support.servers.process import Daemon, answers, free_port
from tests.support.servers.server import S3Server

_SERVE: Final = "import sys; sys.setswitchinterval(60); from moto.server import main; main()"
"""Moto's check for a key and its write are two steps: no other thread may run in between."""


class Moto:
    """Moto's server, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._daemon: Daemon | None = None

    def start(self) -> S3Server:
        port, log = free_port(), self._folder / "moto.log"
        self._daemon = Daemon(
            [sys.executable, "-c", _SERVE, "-H", "127.0.0.1", "-p", str(port)],
            log,
        )
        url = f"http://127.0.0.1:{port}"
        self._daemon.wait_until(lambda: answers(f"{url}/moto-api/"))
        return S3Server(name="moto", endpoint_url=url, log=str(log))

    def stop(self) -> None:
        if self._daemon:
            self._daemon.stop()
