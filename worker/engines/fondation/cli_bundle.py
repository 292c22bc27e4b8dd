"""The Fondation CLI on this machine: where it is, its command line, its version."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from states.stages import Stage
from worker.errors import ConfigError
from worker.system.disk import on_disk
from worker.system.environment import Environment
from worker.system.process import Command, ProcessTimeoutError, run
from worker.system.runtime import Flag, Runtime

MISSING: Final = "missing"
"""The version of a CLI that is not installed."""
HELP_SECONDS: Final = 30.0
"""How long the CLI may take to print its help; if it takes longer, it is treated as an old one."""

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
    """An installed CLI: its program, and the arguments before the repository."""

    folder: Path
    """The required working directory: the CLI finds its prompts relative to it."""
    program: str
    arguments: tuple[str, ...]
    files: tuple[Path, ...]
    """All files of the CLI; its version is computed from them."""

    def argv(
        self, repository: Path, output: Path, step: Stage | None
    ) -> tuple[str, ...]:
        """Return the command line for one step, or for all steps."""
        command_line = (self.program, *self.arguments)
        folders = (str(repository), "--output-dir", str(output))
        if step is None:
            return (*command_line, *folders)
        return (*command_line, *folders, "--steps", step)

    def version(self) -> str:
        """Return the first digits of a SHA-256 over all files."""
        digest = hashlib.sha256()
        with on_disk(self.folder, _unreadable(self.folder)):
            for file in self.files:
                content = hashlib.sha256(file.read_bytes())
                digest.update(content.digest())
        return digest.hexdigest()[:_VERSION_DIGITS]

    def takes_steps(
        self, env: Environment, runtime: Runtime, stop: Flag
    ) -> bool:
        """Ask the CLI whether it can run single steps.

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
    """Return the CLI in a folder, or None; raise ConfigError if it cannot be read.

    Whether its program is installed is not checked.
    """
    with on_disk(folder, _unreadable(folder)):
        return _find(folder)


def _unreadable(folder: Path) -> Callable[[OSError], ConfigError]:
    def error_of(error: OSError) -> ConfigError:
        return ConfigError(
            f"FONDATION_PATH {folder} cannot be read ({error.strerror}): "
            "check the path, and the permissions of its files"
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
        return Bundle(
            folder=folder,
            program="bun",
            arguments=("run", _SCRIPT),
            files=_files_below(folder / _SOURCES),
        )
    return None


def _files_below(folder: Path) -> tuple[Path, ...]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return tuple(sorted(files))
