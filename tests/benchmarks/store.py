"""The cost of checkpoints and of resuming, as ratios to a minimal implementation on the same store.

    python -m tests.benchmarks.store [minio|ceph] [transition|item|job|resume|start|growth|cli ...]
    python -m tests.benchmarks.store [minio|ceph] large

starts a server (MinIO), measures everything except `large` (three minutes), and prints a table.
Each baseline is measured in the same run, in turns with the worker: figures depend on the
machine, their ratios hardly do. Run it on a machine without other load.
"""

import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.benchmarks.driving import driving
from tests.benchmarks.figures import Figure, table
from tests.benchmarks.growing import growth
from tests.benchmarks.items import items
from tests.benchmarks.resuming import large, resume
from tests.benchmarks.starting import start
from tests.benchmarks.transitions import transition
from tests.benchmarks.uploading import job
from tests.support.servers.server import S3Server
from tests.support.servers.shared import PROGRAMS

BENCHMARKS: Final = {
    "transition": transition,
    "item": items,
    "job": job,
    "resume": resume,
    "start": start,
    "growth": growth,
    "cli": driving,
    "large": large,
}


def main(server: str, names: list[str]) -> None:
    """Start a server, and run the benchmarks on it."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "server"
        data.mkdir()
        program = PROGRAMS[server](data)
        try:
            measure(program.start(), names, Path(folder))
        finally:
            program.stop()


def measure(server: S3Server, names: list[str], folder: Path) -> None:
    """Run the benchmarks one by one; print the table after each."""
    figures: list[Figure] = []
    for name in names:
        figures += BENCHMARKS[name](server, folder)
        print("\n".join(table(figures)), end="\n\n")  # noqa: T201 - its output


if __name__ == "__main__":
    servers = [
        argument for argument in sys.argv[1:] if argument in PROGRAMS
    ] or ["minio"]
    main(
        servers[0],
        [argument for argument in sys.argv[1:] if argument in BENCHMARKS]
        or [name for name in BENCHMARKS if name != "large"],
    )
