"""An engine that makes a course of any size in no time, and jobs that run it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from states.course_paths import ChapterRef, item_path
from states.stages import INFO, Stage
from tests.benchmarks.bare import TRANSFERS
from tests.support.world import FakeEngine, World, document
from worker.engines.port import Item, Workspace
from worker.store.port import Store
from worker.system.runtime import SystemRuntime

TEXT: Final = "A line of a chapter, as long as lines of chapters are.\n" * 150
"""8 KB, the size of a chapter."""


class BenchmarkRuntime(SystemRuntime):
    """The real runtime, with as many transfers at once as the baseline."""

    def executor(self, workers: int) -> Executor:  # noqa: ARG002 - overridden
        """Return a pool of 8 threads."""
        return super().executor(TRANSFERS)


@dataclass
class QuickEngine(FakeEngine):
    """An engine that takes no time; its chapters have a realistic size."""

    tell: Callable[[Stage, int], None] = lambda _stage, _count: None
    """Called before each item, with the number of items of the stage made so far."""

    def __post_init__(self) -> None:
        """Make the files of the first stages in advance."""
        self._documents = {
            stage: document(stage, self.chapters, "text")
            for stage in (Stage.EXTRACT, Stage.ANALYZE, Stage.ORDER)
        }

    def produce(
        self,
        stage: Stage,
        workspace: Workspace,  # noqa: ARG002 - reads no source
    ) -> Iterator[Item]:
        info = INFO[stage]
        if info.file:
            self.tell(stage, 0)
            yield Item(path=info.file, body=self._documents[stage])
            return
        for number in range(1, self.chapters + 1):
            self.tell(stage, number - 1)
            path = item_path(
                stage, ChapterRef(index=number, name=f"Thing {number}")
            )
            yield Item(path=path, body=f"# {path}\n\n{TEXT}".encode())


Tell = Callable[[Stage, int], None]


def world(
    store: Store,
    folder: Path,
    chapters: int,
    tell: Tell = lambda _stage, _count: None,
) -> World:
    """Return a world without a receiver, whose engine makes this many chapters."""
    engine = QuickEngine(chapters=chapters, tell=tell)
    return World(
        store=store,
        work_dir=folder / "work",
        engine=engine,
        receiver=None,
        runtime=BenchmarkRuntime(),
        lease=30,
        stage_timeout=3600,
    )


@dataclass
class Counting:
    """A store that records each operation's name and key in `noted`."""

    inner: Store
    noted: list[tuple[str, str]]

    def __getattr__(self, name: str) -> object:
        """Return a method of the inner store that also records its calls."""
        method = getattr(self.inner, name)
        if name in {"sign", "uri", "url"}:
            return method

        def recorded(first: str, *more: object, **options: object) -> object:
            self.noted.append((name, first))
            return method(first, *more, **options)

        return recorded
