"""The engine that is always there: it reads the source code, and writes what follows from it."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from states.stages import Stage
from worker.engines.port import EngineFailedError, Item, Workspace

if TYPE_CHECKING:
    # It takes long to load, and a run claims its job first.
    from worker.engines.static.writer import CourseWriter


class StaticEngine:
    """Makes courses without key or network; the same tree gives the same course."""

    name = "static"
    version = "15"
    """To be raised with every change that can make another course of the same repository."""

    model: str | None = None
    language: str | None = None

    def __init__(self) -> None:
        self._going = threading.Event()
        self._going.set()
        self._stopped = threading.Event()  # of the `produce` in hand
        self._writer: CourseWriter | None = None

    def check(self) -> None:
        """Do nothing: this engine needs nothing that could be missing."""

    def prepare(self, output: Path) -> None:
        """Do nothing."""

    def produce(self, stage: Stage, workspace: Workspace) -> Iterator[Item]:
        """Make the items of a stage that are not there yet.

        Raise NoMaterialError if the repository has no text.
        """
        from worker.engines.static.writer import CourseWriter  # noqa: PLC0415 - see above

        stopped = self._stopped = threading.Event()
        if self._writer is None:
            self._writer = CourseWriter()
        yield from self._writer.write(
            stage, workspace, lambda: self._wait(stopped)
        )

    def pause(self) -> None:
        """Stop between two files or items, until `unpause`."""
        self._going.clear()

    def unpause(self) -> None:
        self._going.set()

    def stop(self) -> None:
        """Make `produce` raise EngineFailedError soon."""
        self._stopped.set()
        self._going.set()

    def usage(self) -> None:
        """Return None: nothing is paid."""

    def _wait(self, stopped: threading.Event) -> None:
        self._going.wait()
        if stopped.is_set():
            raise EngineFailedError("the engine was stopped", temporary=True)
