"""A user who has just installed the program, with a home and an empty environment."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from states.course_paths import is_course_path

PROGRAM: Final = Path(sys.executable).with_name("fondation-worker")
"""The program that pip has installed."""
PASSED_VARIABLES: Final = (
    "PATH",
    "PYTHONPATH",
    "COVERAGE_PROCESS_CONFIG",
    "COVERAGE_PROCESS_START",
)
"""Variables of the tests that commands inherit: to find programs, and to measure coverage.

`tests.sabotage` sets PYTHONPATH, so that commands run its copy of the program.
"""


def bare_environment() -> dict[str, str]:
    """Return the environment of a user who has set no variable of the program."""
    return {
        name: os.environ[name]
        for name in PASSED_VARIABLES
        if name in os.environ
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandResult:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """The document on standard output, read as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True, kw_only=True)
class User:
    """Runs the program as a person at a terminal or a platform does."""

    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    """A prefix of each command, such as `env NAME=VALUE`."""

    def start(self, *argv: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command; its output is read by `communicate`."""
        return subprocess.Popen(
            [*self.before, PROGRAM, *argv],
            cwd=self.home,
            env={
                **bare_environment(),
                "HOME": str(self.home),
                "TMPDIR": str(self.home),
                **self.environment,
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ends(self, process: subprocess.Popen[str]) -> CommandResult:
        """Wait for a command to end."""
        out, err = process.communicate(timeout=120)
        return CommandResult(code=process.returncode, out=out, err=err)

    def run(
        self, *argv: str, code: int = 0, **environment: str
    ) -> CommandResult:
        """Run a command to its end; assert its exit code."""
        result = self.ends(self.start(*argv, **environment))
        assert result.code == code, (
            f"{argv} ended with {result.code}:\n{result.out}\n{result.err}"
        )
        return result


def course_files(folder: Path) -> dict[str, bytes]:
    """Return the files of a course by their paths, without the HTML pages and the README."""
    return {
        path: body
        for path, body in files_below(folder).items()
        if is_course_path(path)
    }


def files_below(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder, by their paths."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
