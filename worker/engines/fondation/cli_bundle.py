"""The Fondation CLI on this machine: its place, its command line, its generation."""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from states.stages import Stage
from worker.errors import ConfigError
from worker.system.disk import on_disk
from worker.system.process import Command, ProcessTimeoutError, run
from worker.system.runtime import Flag, Runtime

MISSING: Final = "missing"
"""The version of a CLI that is not there."""
HELP_SECONDS: Final = 30.0
"""So long the CLI may take to print its help; one that does not answer is taken for an old one."""

_BUNDLES: Final = (
    "cloud-run/cli.bundled.cjs",
    "dist/cli.bundled.cjs",
    "dist/cli.bundled.mjs",
)
_SOURCES: Final = "src"
_SCRIPT: Final = "src/analyze-all.ts"
_VERSION_DIGITS: Final = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """A CLI: what is run, and what comes before the repository on its command line."""

    folder: Path
    """Must be its working directory: it finds its prompts relative to it."""
    program: str
    arguments: tuple[str, ...]
    files: tuple[Path, ...]
    """What it consists of."""

    def argv(
        self, repository: Path, output: Path, step: Stage | None
    ) -> tuple[str, ...]:
        """Return the command line that does one step, or all of them."""
        steps = ("--steps", step) if step else ()
        return (
            self.program,
            *self.arguments,
            str(repository),
            "--output-dir",
            str(output),
            *steps,
        )

    def version(self) -> str:
        """Return the first digits of the SHA-256 of all its files."""
        digest = hashlib.sha256()
        with on_disk(self.folder, _unreadable(self.folder)):
            for file in self.files:
                digest.update(hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()[:_VERSION_DIGITS]

    def takes_steps(
        self, env: Mapping[str, str], runtime: Runtime, stop: Flag
    ) -> bool:
        """Ask it whether it can do single steps.

        Raise MissingProgramError, or ProcessStoppedError at `stop`.
        """
        argv = (self.program, *self.arguments, "--help")
        command = Command(argv=argv, env=env, cwd=self.folder)
        try:
            finished = run(
                command, runtime, timeout_seconds=HELP_SECONDS, stop=stop
            )
        except ProcessTimeoutError:
            return False
        return b"--steps" in finished.stdout + finished.stderr


def find_bundle(folder: Path) -> Bundle | None:
    """Return the CLI that a folder holds, or None; raise ConfigError if it cannot be read.

    Whether there is a program that runs it is another question.
    """
    with on_disk(folder, _unreadable(folder)):
        return _find(folder)


def _unreadable(folder: Path) -> Callable[[OSError], ConfigError]:
    def error_of(error: OSError) -> ConfigError:
        return ConfigError(
            f"FONDATION_PATH {folder} cannot be read ({error.strerror}): "
            "check the path, and the permissions of all that it holds"
        )

    return error_of


def _find(folder: Path) -> Bundle | None:
    for name in _BUNDLES:
        file = folder / name
        if os.access(file, os.R_OK) and file.is_file():
            return Bundle(
                folder=folder,
                program="node",
                arguments=(str(file), "analyze"),
                files=(file,),
            )
    if (folder / _SCRIPT).is_file():
        files = tuple(
            sorted(
                file
                for file in (folder / _SOURCES).rglob("*")
                if file.is_file()
            )
        )
        return Bundle(
            folder=folder,
            program="bun",
            arguments=("run", _SCRIPT),
            files=files,
        )
    return None
