"""A client of the Docker engine: it runs the `docker` commands that a user would type."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.containers.engine import Engine

ROOT: Final = Path(__file__).parents[2]
LABEL: Final = "fondation-worker-test"
SECONDS: Final = 600
"""The time limit of a command; builds over a slow network stay below it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DockerResult:
    """The exit code and the output of a `docker` command."""

    code: int
    stdout: str
    stderr: str


class Docker:
    """Runs `docker` commands, and removes the images that it built."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._tags: list[str] = []

    def try_(
        self, *argv: str, cwd: Path = ROOT, **environment: str
    ) -> DockerResult:
        """Run `docker …` to its end, whatever its exit code."""
        given = {**self.engine.environment, **environment}
        done = subprocess.run(
            ["docker", *argv],
            cwd=cwd,
            env=given,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return DockerResult(
            code=done.returncode, stdout=done.stdout, stderr=done.stderr
        )

    def __call__(self, *argv: str, cwd: Path = ROOT, **environment: str) -> str:
        """Run `docker …`, which must succeed, and return what it prints."""
        result = self.try_(*argv, cwd=cwd, **environment)
        assert result.code == 0, (
            f"docker {' '.join(argv)} ended with {result.code}:\n"
            f"{result.stdout[-2000:]}{result.stderr[-4000:]}"
        )
        return result.stdout.strip()

    def build(
        self, tag: str, *argv: str, context: Path = ROOT, **environment: str
    ) -> str:
        """Build an image from a folder's Dockerfile; `clean` removes it."""
        self._tags.append(tag)
        self(
            "build",
            *self.engine.build,
            "--label",
            LABEL,
            *argv,
            "-t",
            tag,
            ".",
            cwd=context,
            **environment,
        )
        return tag

    def inspect(self, name: str) -> Any:  # noqa: ANN401 - JSON
        """Return the engine's description of a container or an image."""
        return json.loads(self("inspect", name))[0]

    def python(self, image: str, program: str, *options: str) -> str:
        """Run a Python program with an image's own Python, and return what it prints."""
        return self(
            "run",
            "--rm",
            *options,
            "--entrypoint",
            "python3",
            image,
            "-c",
            program,
        )

    @contextmanager
    def container(self, *argv: str) -> Iterator[str]:
        """Start a container in the background; remove it and its volumes at the end."""
        name = self("run", "--detach", *argv)
        try:
            yield name
        finally:
            self.try_("rm", "--force", "--volumes", name)

    def clean(self) -> None:
        """Remove all images that were built."""
        for tag in self._tags:
            self.try_("image", "rm", "--force", tag)
        # Also those whose tag a later build has taken.
        self.try_("image", "prune", "--force", "--filter", f"label={LABEL}")
