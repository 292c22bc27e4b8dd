"""Installs the stand-in for the Fondation CLI (tests/support/fondation_cli), and configures it."""

import json
import logging
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from states.stages import STAGES, Stage
from worker.course.formats import Rules
from worker.engines.fondation.engine import FondationEngine
from worker.engines.port import Item, Workspace
from worker.system.runtime import Runtime, SystemRuntime

CLI: Final = Path(__file__).with_name("fondation_cli")
BUNDLE: Final = Path("cloud-run/cli.bundled.cjs")
NAMES: Final = ("The Core", "Its Edge", "A Store")
RUNTIME: Final = SystemRuntime()
MADE: Final = tuple(info.stage for info in STAGES[1:])
"""The stages that engines produce."""


def need_node() -> None:
    """Without Node.js, skip a test or, under `FONDATION_TESTS=all`, fail."""
    if (
        shutil.which("node") is None
        and os.environ.get("FONDATION_TESTS") != "all"
    ):
        pytest.skip(
            "NOT TESTED: node, which runs the stand-in for the CLI, is not in PATH"
        )


class CliStandIn:
    """A copy of the stand-in in a folder."""

    def __init__(self, path: Path, **behaviour: Any) -> None:  # noqa: ANN401 - any JSON value
        need_node()
        self.path = path
        shutil.copytree(CLI, path)
        self._behaviour: dict[str, Any] = {"names": NAMES, "keyless": True}
        self.set(**behaviour)

    def set(self, **behaviour: Any) -> None:  # noqa: ANN401 - any JSON value
        """Add to its behaviour."""
        self._behaviour |= behaviour
        (self.path / "behaviour.json").write_text(json.dumps(self._behaviour))

    @property
    def calls(self) -> Counter[str]:
        """How often it asked its model for each item."""
        log = self.path / "calls.log"
        return Counter(log.read_text().splitlines() if log.exists() else ())

    @property
    def seen(self) -> list[dict[str, Any]]:
        """The input of each process: `argv`, `env`, `cwd`, and the files of the source."""
        log = self.path / "seen.jsonl"
        return (
            [json.loads(line) for line in log.read_text().splitlines()]
            if log.exists()
            else []
        )

    def engine(
        self,
        *,
        silence: float = 60,
        runtime: Runtime = RUNTIME,
        environment: Mapping[str, str] | None = None,
    ) -> FondationEngine:
        """Return an engine that drives it; `env` is added to an environment of PATH alone."""
        given = {"PATH": os.environ["PATH"], **(environment or {})}
        return FondationEngine(
            self.path, given, runtime, silence_seconds=silence
        )


@dataclass(frozen=True, slots=True)
class Course:
    """A run's folders, and what the run does with an engine's items."""

    folder: Path

    @property
    def workspace(self) -> Workspace:
        return Workspace(
            source=self.folder / "source", output=self.folder / "course"
        )

    @property
    def files(self) -> dict[str, bytes]:
        """The valid files so far."""
        output = self.workspace.output
        return {
            str(file.relative_to(output)): file.read_bytes()
            for file in output.rglob("*")
            if file.is_file()
        }

    def produce(self, engine: FondationEngine, stage: Stage) -> Iterator[Item]:
        """Have an engine produce a stage; keep and yield the valid items."""
        rules = Rules(stage, self.files)
        for item in engine.produce(stage, self.workspace):
            if rules.fault(item.path, item.body) is None:
                file = self.workspace.output / item.path
                file.parent.mkdir(exist_ok=True)
                file.write_bytes(item.body)
                yield item

    def make(self, engine: FondationEngine, *stages: Stage) -> list[str]:
        """Have an engine produce stages (default: all); return the paths of the valid items."""
        return [
            item.path
            for stage in stages or MADE
            for item in self.produce(engine, stage)
        ]


def new_course(folder: Path) -> Course:
    """Make the folders of a run, with a small repository."""
    course = Course(folder)
    course.workspace.output.mkdir(parents=True)
    (course.workspace.source / "lib").mkdir(parents=True)
    (course.workspace.source / "README.md").write_text("# A repository\n")
    (course.workspace.source / "lib" / "core.py").write_text(
        "def core(): ...\n"
    )
    return course


def alive(folder: Path) -> list[str]:
    """Return the CLI's processes in a run: their TMPDIR is in the run's folder."""
    processes = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"TMPDIR={folder}/" in (process / "environ").read_text(
                errors="replace"
            ):
                processes.append(
                    (process / "cmdline").read_text().replace("\0", " ")
                )
        except OSError:  # the process has ended
            continue
    return processes


def printed_lines(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    """Return level and text of the log lines with the CLI's output."""
    return [
        (record.levelno, vars(record)["line"])
        for record in caplog.records
        if record.getMessage() == "cli"
    ]


def listen(caplog: pytest.LogCaptureFixture) -> None:
    """Record the engine's log at every level."""
    caplog.set_level(logging.DEBUG, logger="worker.engines.fondation")
