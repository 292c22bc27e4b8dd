"""How a job's cost grows from 10 to 5,000 items: requests besides the items themselves."""

from collections import Counter
from pathlib import Path
from typing import Any, Final, cast

from states.exits import Exit
from tests.benchmarks.course import Counting, world
from tests.benchmarks.figures import Figure, timed
from tests.support.servers.server import S3Server
from tests.support.world import IDENTITY
from worker.store.memory import MemoryStore
from worker.store.port import Store

CHAPTERS: Final = (3, 33, 333, 1666)
"""Three items each, and three more."""


def growth(_server: S3Server, folder: Path) -> list[Figure]:
    """Count requests on a store in memory, which takes no time: what remains is ours."""
    figures = []
    for chapters in CHAPTERS:
        noted: list[tuple[str, str]] = []
        store = cast("Store", Counting(MemoryStore(lambda: 0.0), noted))

        def run(store: Store = store, chapters: int = chapters) -> None:
            assert world(store, folder, chapters).job().run(IDENTITY) is Exit.OK

        took = timed(run)
        items = 3 + 3 * chapters
        figures.append(
            Figure(
                name=f"{items} items: milliseconds of our own, an item",
                ours=took / items,
            )
        )
        figures += _requests(items, noted)
    return figures


def _requests(items: int, noted: list[tuple[str, str]]) -> list[Figure]:
    """Count requests a transition: creates of checkpoints, and all others but items' PUTs."""
    kinds = Counter(
        f"{name} {key.split('/')[1]}"
        for name, key in noted
        if not (name == "put" and "/artifacts/" in key)
    )
    transitions = kinds["create checkpoints"]
    others_by_kind: dict[str, Any] = dict(kinds)
    others = sum(kinds.values()) - transitions - kinds["put runs"]
    return [
        Figure(name=f"{items} items: checkpoints", ours=transitions, unit=""),
        Figure(
            name=f"{items} items: other requests ({others_by_kind})",
            ours=others,
            unit="",
        ),
    ]
