"""The cost of whole jobs with the Fondation CLI, against the same job by hand (by_hand.py).

Both are measured as processes, from start to exit, with the same stand-in for the CLI, which
makes five items at a time. It takes no time for an item, which shows everything else, or 200 ms.
A model takes minutes, so the worker's share of a real job is smaller. Every job has about thirty
operations on the store whatever its size, so the aim per item holds for large jobs only.
"""

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
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

JOBS: Final = {27: 1.2, 603: 1.0}
"""By number of items: the highest ratio to the job by hand."""
OPERATIONS_PER_ITEM: Final = 1.2
MANY: Final = 600
DELAYS: Final = {0: 5, 200: 3}
"""By the milliseconds of an item: how many times each job is measured."""


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
        for (delay, times), items in product(DELAYS.items(), JOBS):
            names = [f"Part {number}" for number in range((items - 3) // 3)]
            cli = CliStandIn(
                folder / f"cli-{items}-{delay}",
                names=names,
                delay=delay,
                words=1300,
            )
            place = Place(
                folder=folder,
                server=server,
                cli=cli.path,
                repository=host.url("owner/name"),
                webhook=receiver.url,
            )
            name = f"a job of {items} items, {delay} ms each, with the CLI"
            figures += _measure(place, items, name, times)
    return figures


def _measure(place: Place, items: int, name: str, times: int) -> list[Figure]:
    place.by_hand()
    rows = [(timed(place.job), timed(place.by_hand)) for _ in range(times)]
    ours, bare = (median(row[column] for row in rows) for column in (0, 1))
    return [
        Figure(name=f"{name} / by hand", ours=ours, bare=bare, aim=JOBS[items]),
        Figure(
            name=f"{name}: operations / items",
            ours=place.operations(),
            bare=items,
            unit="",
            aim=OPERATIONS_PER_ITEM if items >= MANY else None,
        ),
    ]
