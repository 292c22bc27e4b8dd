"""The stack of docker-compose.yml in a separate folder, and jobs that run as on a platform."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from states.keys import artifact_name
from states.manifest import Manifest
from tests.containers.docker import ROOT, Docker, DockerResult
from tests.support.servers.process import free_port
from tests.support.servers.server import S3Server
from tests.support.user import course_files
from tests.support.waiting import until
from worker.ownership.log import CheckpointLog
from worker.store.port import ObjectEntry
from worker.store.s3 import S3Store
from worker.system.runtime import SystemRuntime

HOST: Final = "host.docker.internal"
MOUNTED: Final = (
    "docker-compose.yml",
    "tests/compose",
    "tests/support/receiver.py",
)
"""The project's files that a stack needs once its images are built."""
BUCKET: Final = "courses"


class Stack:
    """A stack with its own ports and name; nothing runs until it is requested."""

    def __init__(
        self, docker: Docker, folder: Path, **environment: str
    ) -> None:
        for name in MOUNTED:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(
                ROOT / name, target
            )
        self.docker = docker
        self.folder = folder
        self.project = (
            f"fondation-worker-test-{folder.name.replace('_', '-').lower()}"
        )
        self.ports = {
            name: free_port()
            for name in (
                "MINIO_PORT",
                "CONSOLE_PORT",
                "GATEWAY_PORT",
                "RECEIVER_PORT",
            )
        }
        ports = {name: str(port) for name, port in self.ports.items()}
        self._environment = {
            "COMPOSE_PROJECT_NAME": self.project,
            "LEASE_SECONDS": "3",
            **ports,
            **environment,
        }

    def try_(self, *argv: str) -> DockerResult:
        """Run `docker compose …` to its end, whatever its exit code."""
        return self.docker.try_(
            "compose",
            "--progress",
            "quiet",
            *argv,
            cwd=self.folder,
            **self._environment,
        )

    def __call__(self, *argv: str) -> str:
        """Run `docker compose …`, which must succeed, and return what it prints."""
        return self.docker(
            "compose",
            "--progress",
            "quiet",
            *argv,
            cwd=self.folder,
            **self._environment,
        )

    def start(self, *argv: str) -> subprocess.Popen[str]:
        """Run `docker compose …` in the background."""
        return subprocess.Popen(
            ["docker", "compose", "--progress", "quiet", *argv],
            cwd=self.folder,
            env={**self.docker.engine.environment, **self._environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def down(self) -> None:
        """Remove the stack, volumes included."""
        self.try_("down", "--volumes", "--remove-orphans", "--timeout", "1")

    @property
    def store(self) -> S3Store:
        """The store, as this machine reaches it."""
        user, password = "fondation", "on-loopback-only"
        endpoint = f"http://localhost:{self.ports['MINIO_PORT']}"
        server = S3Server(
            name="minio",
            endpoint_url=endpoint,
            log="",
            access_key=user,
            secret_key=password,
        )
        return S3Store(BUCKET, "", server.access)

    def port(self, name: str) -> str:
        """Return the URL of a published port."""
        return f"http://localhost:{self.ports[name]}"

    def course(self, name: str) -> list[str]:
        """Return the paths of a course's own files on this machine."""
        return sorted(course_files(self.folder / "courses" / name))


def stored(store: S3Store, job_id: str) -> dict[str, ObjectEntry]:
    """Return the stored items of a job, by path."""
    entries = (
        (artifact_name(entry.key), entry)
        for entry in store.entries(f"{job_id}/artifacts/")
    )
    return {name.path: entry for name, entry in entries if name is not None}


def newest(store: S3Store, job_id: str) -> Manifest | None:
    """Return a job's newest manifest, if it has begun."""
    checkpoint = CheckpointLog(store, job_id, SystemRuntime()).newest()
    return checkpoint.manifest if checkpoint else None


@dataclass(kw_only=True)
class Job:
    """A job as a platform runs it: from the image and an environment alone."""

    docker: Docker
    stack: Stack
    image: str
    environment: Mapping[str, str]
    name: str
    options: tuple[str, ...] = ()
    """More options of `docker run`."""
    seen: dict[str, ObjectEntry] = field(default_factory=dict)
    """The items that were stored when `chapters` last looked."""

    @property
    def command(self) -> tuple[str, ...]:
        """The arguments of `docker run`."""
        variables = (
            f"--env={name}={value}"
            for name, value in {**self.environment, "JOB_ID": self.name}.items()
        )
        network = (
            "--network",
            f"{self.stack.project}_default",
            "--add-host",
            f"{HOST}:host-gateway",
        )
        return (*network, *self.options, *variables, self.image)

    @contextmanager
    def running(self, *options: str) -> Iterator[str]:
        """Start a run; remove its container at the end."""
        with self.docker.container(*options, *self.command) as container:
            yield container

    def wait(self, container: str) -> int:
        """Wait for a run's end, and return its exit code."""
        return int(self.docker("wait", container))

    def run(self, *options: str) -> int:
        """Start a run, wait for its end, and return its exit code."""
        with self.running(*options) as container:
            return self.wait(container)

    @property
    def manifest(self) -> Manifest:
        checkpoint = newest(self.stack.store, self.name)
        assert checkpoint is not None
        return checkpoint

    def wait_for_chapters(self, *, at_least: int = 1) -> None:
        """Wait until some chapters are stored, and record them; fail if all are stored."""
        until(lambda: self.chapters() >= at_least, seconds=120)
        assert self.chapters() < CHAPTERS, "too late: give the CLI more time"

    def chapters(self) -> int:
        """Record the stored items; return the number of chapters among them."""
        self.seen = stored(self.stack.store, self.name)
        return sum(path.startswith("chapters/") for path in self.seen)

    @property
    def redone(self) -> list[str]:
        """The recorded items that have been written again since."""
        now = stored(self.stack.store, self.name)
        return [path for path, entry in self.seen.items() if now[path] != entry]

    def log(self, container: str) -> list[dict[str, Any]]:
        """Return what a run has logged."""
        result = self.docker.try_("logs", container)
        return [
            json.loads(line)
            for line in (result.stdout + result.stderr).splitlines()
            if line.startswith("{")
        ]


CHAPTERS: Final = 16
NAMES: Final = tuple(f"Part {number}" for number in range(1, CHAPTERS + 1))
"""The abstractions that the stand-in for the CLI finds."""
ITEMS: Final = 3 + 3 * CHAPTERS
