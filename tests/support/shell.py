"""The command line in this process, on a store in a folder, and jobs for it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from states.exits import Exit
from tests.support.world import IDENTITY, World
from worker.cli.main import main
from worker.store.folder import FolderStore


@dataclass
class Shell:
    """The command line, and a store with jobs."""

    root: Path
    capsys: pytest.CaptureFixture[str]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> FolderStore:
        return FolderStore(self.root / "store")

    def world(self, **changes: Any) -> World:  # noqa: ANN401 - fields of World
        return World(store=self.store, work_dir=self.root / "work", **changes)

    def __call__(self, *argv: str, code: int = 0) -> str:
        """Run a command; return its stdout, or its stderr if it failed without output."""
        environment = {
            "STORE_URL": (self.root / "store").as_uri(),
            **self.environment,
        }
        ended = main(argv, environment)
        printed = self.capsys.readouterr()
        assert ended == code, f"{argv} ended with {ended}: {printed.err}"
        if code == 0 or printed.out:
            return printed.out
        return printed.err

    def json(self, *argv: str, code: int = 0) -> Any:  # noqa: ANN401 - any JSON value
        return json.loads(self(*argv, "--json", code=code))


def stop_at(path: str) -> Callable[[str], None]:
    """Return a hook that fails a run just before it produces a file."""

    def before_item(made: str) -> None:
        if made == path:
            raise RuntimeError("the engine broke")

    return before_item


def interrupted(
    shell: Shell, path: str = "chapters/chapter_3_thing_3.md"
) -> None:
    world = shell.world()
    world.engine.before_item = stop_at(path)
    assert world.job().run(IDENTITY) is Exit.SOFTWARE


def completed(shell: Shell) -> None:
    assert shell.world().job().run(IDENTITY) is Exit.OK
