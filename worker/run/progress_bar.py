"""The progress display on a terminal: the stage, its items, the time."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from states.manifest import Manifest
from states.stages import INFO, STAGES, Stage


class Display:
    """Draws a bar for the current stage, and a line for each finished one."""

    def __init__(self) -> None:
        """Draw on stderr; stdout is for results."""
        self._console = Console(stderr=True, highlight=False)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._task = self._progress.add_task("Waiting for the job", total=None)
        self._stage: Stage | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def write(self, line: str) -> None:
        """Write a line above the bar."""
        self._console.print(line, markup=False, soft_wrap=True)

    def transition(self, manifest: Manifest) -> None:
        """Show the stage that begins, and a line for the one that has ended."""
        stage = manifest.current_stage
        if stage is self._stage:
            return
        if self._stage is not None and manifest.record(self._stage).finished:
            self._keep(manifest, self._stage)
        self._stage = stage
        description = f"{manifest.state}"
        if stage:
            description = _title(stage)
        self._progress.reset(self._task, description=description, total=None)

    def items(self, stage: Stage, done: int, total: int) -> None:
        if stage is self._stage:
            self._progress.update(self._task, completed=done, total=total)

    def _keep(self, manifest: Manifest, stage: Stage) -> None:
        record = manifest.record(stage)
        title = _title(stage)
        items = record.artifact_count
        self.write(f"{title:<48} {items:>4} {record.seconds:>8.1f}s")


def _title(stage: Stage) -> str:
    info = INFO[stage]
    return f"{info.step}/{len(STAGES)} {info.message}"
