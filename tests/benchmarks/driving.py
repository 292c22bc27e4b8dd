"""The cost of whole jobs with the Fondation CLI, against the same job by hand (by_hand.py).

Both are measured as processes, from start to exit, with the same stand-in for the CLI. It takes
200 ms for an item, and makes five at a time. A model takes minutes, so the worker's share of a
real job is smaller. Every job has about thirty operations on the store whatever its size, so
the aim per item holds for large jobs only.
"""

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from tests.benchmarks.figures import Figure, timed
from tests.benchmarks.resuming import keys
from tests.support.fault_proxy import proxying
from tests.support.fondation import CliStandIn
from tests.support.git_server import GitServer
from tests.support.receiver import receiving
from tests.support.servers.server import S3Server
from tests.support.user import PROGRAM

JOBS: Final = {27: 1.2, 600: 1.0}
"""By number of items: the highest ratio to the job by hand."""
OPERATIONS_PER_ITEM: Final = 1.2
MANY: Final = 600
ITEM_MILLISECONDS: Final = 200
TIMES: Final = 3


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a job runs with: its repository, CLI, server and webhook."""

    folder: Path
    server: S3Server
    cli: Path
    repository: str
    webhook: str

    def by_hand(self) -> None:
        folder = self.folder / "by hand"
        argv = [
            self.repository,
            str(self.cli),
            str(folder),
            self.server.new_bucket(),
            self.webhook,
        ]
        command = [sys.executable, "-m", "tests.benchmarks.by_hand", *argv]
        subprocess.run(
            command,
            check=True,
            env=os.environ | keys(self.server),
            stdout=subprocess.DEVNULL,
        )
        shutil.rmtree(folder)

    def job(self, **environment: str) -> None:
        given = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "WORK_DIR": str(self.folder / "work"),
            "FONDATION_PATH": str(self.cli),
            "JOB_ID": "job",
            "REPOSITORY_URL": self.repository,
            "CALLBACK_URL": self.webhook,
            "CALLBACK_TOKEN": "t",
            "STORE_URL": f"s3://{self.server.new_bucket()}/jobs",
            **keys(self.server),
            **environment,
        }
        subprocess.run(
            [PROGRAM, "run"], check=True, env=given, stderr=subprocess.DEVNULL
        )

    def operations(self) -> int:
        """Run the job; return the number of its requests to the store."""
        with proxying(self.server.endpoint_url) as proxy:
            self.job(AWS_ENDPOINT_URL_S3=proxy.url)
            return proxy.requests.total()


def driving(server: S3Server, folder: Path) -> list[Figure]:
    """Measure jobs of each size."""
    figures = []
    with ExitStack() as stack:
        receiver = stack.enter_context(receiving())
        host = stack.enter_context(GitServer(folder / "git"))
        host.repository(
            "owner/name",
            {
                f"lib/part_{number}.py": b"class Part:\n    pass\n"
                for number in range(20)
            },
        )
        for items, aim in JOBS.items():
            names = [f"Part {number}" for number in range((items - 3) // 3)]
            cli = CliStandIn(
                folder / f"cli-{items}",
                names=names,
                delay=ITEM_MILLISECONDS,
                words=1300,
            )
            place = Place(
                folder=folder,
                server=server,
                cli=cli.path,
                repository=host.url("owner/name"),
                webhook=receiver.url,
            )
            figures += _measure(place, items, aim)
    return figures


def _measure(place: Place, items: int, aim: float) -> list[Figure]:
    place.by_hand()
    rows = [(timed(place.job), timed(place.by_hand)) for _ in range(TIMES)]
    ours, bare = (median(row[column] for row in rows) for column in (0, 1))
    name = f"a job of {items} items with the CLI"
    return [
        Figure(name=f"{name} / by hand", ours=ours, bare=bare, aim=aim),
        Figure(
            name=f"{name}: operations / items",
            ours=place.operations(),
            bare=items,
            unit="",
            aim=OPERATIONS_PER_ITEM if items >= MANY else None,
        ),
    ]
