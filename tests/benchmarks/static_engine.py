"""The static engine's cost, as a ratio to reading the same files and parsing the same sources.

    .venv/bin/python -m tests.benchmarks.static_engine REPOSITORY [REPOSITORY ...]

measures the processor time of each folder three times, and prints a table and the peak memory.
Parsing with tree-sitter alone is a lower bound for any engine of this kind.
"""

import gc
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from tests.benchmarks.figures import Figure, table
from tests.support.course import make_course
from worker.engines.static.analysis import analyze
from worker.engines.static.parsing.source_file import SourceParser
from worker.engines.static.reading.encoding import decode
from worker.engines.static.reading.survey import Survey, survey

TIMES: Final = 3
AIM: Final = 7.0
"""The highest ratio of the analysis to the lower bound.

A whole course has none: its time also depends on how much is written.
"""


def main(repositories: Sequence[str]) -> None:
    figures = [
        figure
        for repository in repositories
        for figure in measure(Path(repository).resolve())
    ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    report = [*table(figures), "", f"peak memory: {peak} MB"]
    print("\n".join(report))  # noqa: T201 - its output


def measure(root: Path) -> list[Figure]:
    """Measure one repository."""
    read = survey(root, lambda: None)
    floor = processor(lambda: parse(read))
    analysis = processor(lambda: analyze(root, lambda: None))
    course = processor(lambda: whole(root))
    lines = sum(read.files[path].lines for path in read.parsed)
    about = (
        f"{root.name}, {len(read.parsed)} sources of {len(read.files)} "
        f"files, {lines // 1000} kLOC"
    )
    return [
        Figure(name=f"{about}: analysis", ours=analysis, bare=floor, aim=AIM),
        Figure(name=f"{about}: whole course", ours=course, bare=floor),
    ]


def processor(work: Callable[[], object]) -> float:
    """Return the median milliseconds of processor time that `work` takes.

    A first run, which is not counted, warms up. What a run leaves behind is freed outside the
    measured time: a process makes one course.
    """
    times = []
    for _ in range(TIMES + 1):
        gc.unfreeze()
        gc.collect()
        began = time.process_time()
        work()
        times.append(1000 * (time.process_time() - began))
    return median(times[1:])


def parse(read: Survey) -> None:
    """Read all files and parse the sources; keep nothing."""
    reader = SourceParser()
    for path, file in read.files.items():
        text = decode(file.location.read_bytes()) or ""
        if path in read.parsed:
            reader.tree(file.language, text.encode("utf-8", "replace"))


def whole(root: Path) -> None:
    """Make a course, and validate each file."""
    with tempfile.TemporaryDirectory() as folder:
        make_course(root, Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
