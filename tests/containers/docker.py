"""A client of the engine: every command is the one that a person would type."""

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
"""No command takes longer, builds without a network's haste included."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DockerResult:
    """The exit code and the output of a `docker` command."""

    code: int
    stdout: str
    stderr: str


class Docker:
    """The engine, as a command line."""

    def __init__(self, engine: Engine) -> None:
        """Speak to an engine."""
        self.engine = engine
        self._made: list[str] = []

    def try_(
        self, *argv: str, cwd: Path = ROOT, **environment: str
    ) -> DockerResult:
        """Run `docker …` to its end, whatever that is."""
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
        """Build an image from a folder's Dockerfile; it is removed at the end."""
        self._made.append(tag)
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

    def inspect(self, name: str) -> Any:  # noqa: ANN401 - as the engine describes it
        """Return what the engine says about a container or an image."""
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
        """Start a container in the background, and remove it in the end, volumes included."""
        name = self("run", "--detach", *argv)
        try:
            yield name
        finally:
            self.try_("rm", "--force", "--volumes", name)

    def clean(self) -> None:
        """Remove the images made."""
        for tag in self._made:
            self.try_("image", "rm", "--force", tag)
        # Remove those, too, that lost their tags to others.
        self.try_("image", "prune", "--force", "--filter", f"label={LABEL}")
