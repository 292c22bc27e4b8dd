"""The processor time of an item, from the engine to its acknowledged object.

It is the difference between a large and a small job, divided by the difference in items, so the
fixed cost of a job cancels out. The baseline is boto3 storing the same files, as many at once.
Processor time depends little on the machine's other load.
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final

from states.exits import Exit
from tests.benchmarks import bare
from tests.benchmarks.course import TEXT, world
from tests.benchmarks.figures import Figure
from tests.support.servers.server import S3Server
from tests.support.world import IDENTITY

SMALL, LARGE = 34, 334
"""Chapters of the two jobs."""
FILES: Final = 3
"""Files for each chapter."""
TIMES: Final = 5
AIM_MILLISECONDS: Final = 1.0


def items(server: S3Server, folder: Path) -> list[Figure]:
    """Measure jobs of both sizes in turns; return the median cost of an item."""

    def job(chapters: int) -> None:
        store = server.new_store("jobs")
        code = world(store, folder, chapters).job().run(IDENTITY)
        assert code is Exit.OK

    def upload(chapters: int) -> None:
        files = _files(folder / "texts", FILES * chapters)
        client = bare.client(
            server.endpoint_url, server.access_key, server.secret_key
        )
        bare.upload(client, server.new_bucket(), files)

    job(SMALL)
    upload(SMALL)
    rows = [(_an_item(job), _an_item(upload)) for _ in range(TIMES)]
    ours, theirs = (median(row[column] for row in rows) for column in (0, 1))
    return [
        Figure(
            name="an item, from the engine to its object: processor time / boto3",
            ours=ours,
            bare=theirs,
            limit=AIM_MILLISECONDS,
        )
    ]


def _an_item(work: Callable[[int], None]) -> float:
    """Return the milliseconds of processor time that one more item takes."""
    small, large = (_processor(work, chapters) for chapters in (SMALL, LARGE))
    return (large - small) / (FILES * (LARGE - SMALL))


def _processor(work: Callable[[int], None], chapters: int) -> float:
    began = time.process_time()
    work(chapters)
    return 1000 * (time.process_time() - began)


def _files(folder: Path, number: int) -> list[Path]:
    folder.mkdir(exist_ok=True)
    files = [folder / f"chapter_{index}.md" for index in range(number)]
    for file in files:
        if not file.exists():
            file.write_text(TEXT)
    return files
