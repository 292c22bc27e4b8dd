"""How a job's cost grows with its items: requests to the store, and processing time."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from states.exits import Exit
from tests.benchmarks.course import Counting, world
from tests.benchmarks.figures import Figure, timed
from tests.support.servers.server import S3Server
from tests.support.world import IDENTITY
from worker.store.memory import MemoryStore
from worker.store.port import Store

ITEMS: Final = (27, 603, 5001)
"""Three YAML files, and three files a chapter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Requests:
    """The numbers of requests that a job sends, without heartbeats."""

    artifacts: int
    """PUTs of items, lists and the snapshot."""
    checkpoints: int
    """Create-only PUTs, one of which proves that the store is a fence."""
    others: int
    """Listings and reads."""

    @property
    def total(self) -> int:
        return self.artifacts + self.checkpoints + self.others


def growth(_server: S3Server, folder: Path) -> list[Figure]:
    """Count requests and measure time on a store in memory, which takes hardly any itself."""
    figures = []
    for items in ITEMS:
        sent: list[Requests] = []
        took = timed(lambda: sent.append(requests(folder, items)))  # noqa: B023 - called at once
        counts = {
            "requests": sent[0].total,
            "of these, creations of checkpoints": sent[0].checkpoints,
            "of these, listings and reads": sent[0].others,
        }
        own = f"{items} items: the worker's own milliseconds an item"
        figures.append(Figure(name=own, ours=took / items))
        figures += [
            Figure(name=f"{items} items: {name}", ours=count, unit="")
            for name, count in counts.items()
        ]
    return figures


def requests(folder: Path, items: int) -> Requests:
    """Run a job of this many items, and count its requests."""
    noted: list[tuple[str, str]] = []
    store = cast("Store", Counting(MemoryStore(lambda: 0.0), noted))
    chapters = (items - 3) // 3
    assert world(store, folder, chapters).job().run(IDENTITY) is Exit.OK
    kinds = Counter(f"{name} {key.split('/')[1]}" for name, key in noted)
    artifacts = kinds.pop("put artifacts")
    checkpoints = kinds.pop("create checkpoints")
    kinds.pop("put runs", None)
    return Requests(
        artifacts=artifacts, checkpoints=checkpoints, others=kinds.total()
    )
