"""One job as a platform runs it: processes with an environment, which tests kill and freeze.

The engine is the stand-in for the Fondation CLI, which can be slow and counts its calls.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from states.keys import ArtifactName, artifact_name
from states.manifest import Manifest
from tests.support.fondation import CliStandIn
from worker.course.inventory import Inventory
from worker.ownership.log import CheckpointLog
from worker.store.port import Store
from worker.system.runtime import SystemRuntime

ROOT: Final = Path(__file__).parents[2]
RUNTIME: Final = SystemRuntime()
NAMES: Final = ("The Core", "Its Edge", "A Store", "The Rest")
ITEMS: Final = 3 + 3 * len(NAMES)
"""The number of items of the stand-in's course."""


def environment_of(home: Path) -> dict[str, str]:
    """Return the environment of every process: PATH and the like, and coverage's variables."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name == "PATH" or name.startswith("COVERAGE_")
    }
    return {**kept, "HOME": str(home)}


class WorkerProcess:
    """One process of `fondation-worker`."""

    def __init__(
        self, argv: tuple[str, ...], environment: Mapping[str, str], log: Path
    ) -> None:
        """Start it; its log goes to a file."""
        self.log = log
        self.started = time.monotonic()
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "worker", *argv],
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self, seconds: float = 120) -> int | None:
        """Wait for its end; return its exit code, or None if it is still running."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        """Kill it as the kernel does when memory runs out, and wait for its end."""
        self._process.kill()
        self._process.wait()

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the lines of its log about an event; a last, incomplete line is ignored."""
        lines = []
        for line in self.log.read_text().splitlines():
            try:
                document = json.loads(line)
            except ValueError:
                continue
            if isinstance(document, dict) and document.get("event") == name:
                lines.append(document)
        return lines


@dataclass
class PlatformJob:
    """A job on a platform: the environment of its runs, and its results."""

    store: Store
    folder: Path
    environment: Mapping[str, str]
    """The variables that name repository, receiver and store."""
    name: str = "job-1"
    behaviour: dict[str, Any] = field(default_factory=dict)
    """The behaviour of the stand-in."""
    runs: list[WorkerProcess] = field(default_factory=list)
    known: dict[str, int] = field(default_factory=dict)
    """For each stored item, how often the engine had been asked for it when it was first seen."""

    def __post_init__(self) -> None:
        """Install the job's own copy of the engine."""
        self.folder.mkdir(parents=True)
        self.cli = CliStandIn(
            self.folder / "cli",
            **{"names": NAMES, "delay": 150} | self.behaviour,
        )

    def start(self, *argv: str, **environment: str) -> WorkerProcess:
        """Start a run, or another command on the job."""
        given = {**self.settings, **environment}
        program = WorkerProcess(
            argv or ("run",),
            given,
            self.folder / f"run-{len(self.runs) + 1}.log",
        )
        self.runs.append(program)
        return program

    @property
    def settings(self) -> dict[str, str]:
        """The environment of each of its processes."""
        return {
            **environment_of(self.folder),
            "WORK_DIR": str(self.folder / "work"),
            "FONDATION_PATH": str(self.cli.path),
            "JOB_ID": self.name,
            "LEASE_SECONDS": "3",
            "LOG_LEVEL": "debug",
            **self.environment,
        }

    def end(self) -> None:
        """Kill all running processes."""
        for program in self.runs:
            program.kill()

    @property
    def newest(self) -> Manifest | None:
        """The newest manifest, if the job has begun."""
        newest = CheckpointLog(self.store, self.name, RUNTIME).newest()
        return newest.manifest if newest else None

    @property
    def manifest(self) -> Manifest:
        newest = self.newest
        assert newest is not None
        return newest

    @property
    def stored(self) -> list[ArtifactName]:
        """All stored items."""
        names = (
            artifact_name(entry.key)
            for entry in self.store.entries(f"{self.name}/artifacts/")
        )
        return [
            name
            for name in names
            if name is not None and not name.path.endswith(".tar.gz")
        ]

    @property
    def calls(self) -> Counter[str]:
        """How often the engine was asked for each item."""
        return self.cli.calls

    def note_stored(self) -> None:
        """Record the stored items: the engine must not be asked for them again."""
        calls = self.calls
        self.known |= {
            name.path: calls[name.path]
            for name in self.stored
            if name.path not in self.known
        }

    @property
    def redone(self) -> list[str]:
        """The stored items that were made again."""
        calls = self.calls
        return [
            path for path, times in self.known.items() if calls[path] > times
        ]

    @property
    def children(self) -> list[str]:
        """The engine's running processes, without zombies."""
        commands = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
            if str(self.cli.path) in command:
                commands.append(command)
        return commands

    @property
    def course(self) -> dict[str, bytes]:
        """The files of the finished course."""
        inventory = Inventory(self.store, RUNTIME.executor(4), self.manifest)
        files = {
            holding.path: body
            for holding, body in inventory.read(inventory.finished())
        }
        return {path: body for path, body in files.items() if body is not None}

    def report(self) -> str:
        """Describe how each run ended, with the end of its log."""
        ends = [
            f"{run.log.name}: {run.wait(0)}\n{run.log.read_text()[-1500:]}"
            for run in self.runs
        ]
        return "\n".join(ends)


def meaning(document: dict[str, Any]) -> list[Any]:
    """Return the part of a callback that is always the same under the same key."""
    return [
        document[name]
        for name in (
            "type",
            "status",
            "step",
            "message",
            "sequence",
            "run",
            "timestamp",
        )
    ]
