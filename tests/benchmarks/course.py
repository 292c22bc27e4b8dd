"""A course of any size, made in no time.

And a job that makes it, with as many transfers at once as asked for.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from states.course_paths import ChapterRef, item_path
from states.stages import INFO, Stage
from tests.benchmarks.bare import HANDS
from tests.support.world import FakeEngine, World, document
from worker.engines.port import Item, Workspace
from worker.store.port import Store
from worker.system.runtime import SystemRuntime

TEXT: Final = "A line of a chapter, as long as lines of chapters are.\n" * 150
"""8 KB, as a chapter has."""


class Hands(SystemRuntime):
    """The real runtime, with as many transfers at once as the bare counterparts have."""

    def executor(self, workers: int) -> Executor:  # noqa: ARG002 - that is the point
        """Return a pool of 8 threads."""
        return super().executor(HANDS)


@dataclass
class QuickEngine(FakeEngine):
    """An engine that takes no time: its items exist at once, its chapters have a realistic size."""

    tell: Callable[[Stage, int], None] = lambda _stage, _count: None
    """Receives how many items of a stage it has made, before each."""

    def __post_init__(self) -> None:
        """Make the files of the first stages beforehand."""
        self._documents = {
            stage: document(stage, self.chapters, "text")
            for stage in (Stage.EXTRACT, Stage.ANALYZE, Stage.ORDER)
        }

    def produce(
        self,
        stage: Stage,
        workspace: Workspace,  # noqa: ARG002 - it looks at nothing
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
    """Return a world that makes a course of this many chapters, without a receiver."""
    engine = QuickEngine(chapters=chapters, tell=tell)
    return World(
        store=store,
        work_dir=folder / "work",
        engine=engine,
        receiver=None,
        runtime=Hands(),
        lease=30,
        stage_timeout=3600,
    )


@dataclass
class Counting:
    """A store that counts its requests; `noted` gets the name of each operation and its key."""

    inner: Store
    noted: list[tuple[str, str]]

    def __getattr__(self, name: str) -> object:
        """Return a method of the store below, counted."""
        method = getattr(self.inner, name)
        if name in {"sign", "uri", "url"}:
            return method

        def counted(first: str, *more: object, **options: object) -> object:
            self.noted.append((name, first))
            return method(first, *more, **options)

        return counted
