"""The cost of resuming with 500 finished items: from process start to the first new item.

The baseline is a process that lists the same objects and gets those that the stage needs, in
parallel, with boto3 alone.

    python -m tests.benchmarks.resuming BUCKET FOLDER CHAPTERS STAGE

starts or resumes a job, and prints a line when the first item of a stage is due.
"""

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Final

from states.exits import Exit
from states.stages import Stage
from tests.benchmarks.course import world
from tests.benchmarks.figures import Figure, timed
from tests.support.servers.server import S3Server
from tests.support.world import IDENTITY, JOB
from worker.run.inbox import Stop
from worker.store.s3 import S3Store

CHAPTERS: Final = 500
TIMES: Final = 7
MANY: Final = 16667
"""The chapters of a job of 50,000 items."""
MANY_TIMES: Final = 1
FIRST_ITEM: Final = b"first new item"


def resume(server: S3Server, folder: Path) -> list[Figure]:
    """Interrupt a job at its first review, and resume it repeatedly up to that point."""
    place = Place(
        server=server,
        bucket=server.new_bucket(),
        folder=folder,
        chapters=CHAPTERS,
        stage=Stage.REVIEW_CHAPTERS,
    )
    place.run()
    ours, bare = place.compare(TIMES)
    name = f"resuming with {CHAPTERS} items / LIST and GETs"
    return [Figure(name=name, ours=ours, bare=bare, aim=1.5)]


def large(server: S3Server, folder: Path) -> list[Figure]:
    """Interrupt a job of 50,000 items at its first tutorial, and resume it up to there."""
    place = Place(
        server=server,
        bucket=server.new_bucket(),
        folder=folder,
        chapters=MANY,
        stage=Stage.GENERATE_TUTORIALS,
    )
    making = place.run()
    ours, bare = place.compare(MANY_TIMES)
    resuming = place.run()
    items = 2 * MANY
    return [
        Figure(
            name=f"resuming with {items} items / LIST and GETs",
            ours=ours,
            bare=bare,
            aim=2.0,
        ),
        Figure(
            name=f"memory of a run that makes {items} items",
            ours=making.megabytes,
            unit="MB",
            limit=150,
        ),
        Figure(
            name=f"memory of a run that resumes with {items} items",
            ours=resuming.megabytes,
            unit="MB",
            limit=150,
        ),
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstItem:
    """What a run had used when its first new item was due."""

    milliseconds: float
    megabytes: float
    """Peak memory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A job that is interrupted whenever it reaches the first item of a stage."""

    server: S3Server
    bucket: str
    folder: Path
    chapters: int
    stage: Stage

    def compare(self, times: int) -> tuple[float, float]:
        """Return the median milliseconds of resuming, and of the baseline."""
        ours, bare = [], []
        for _ in range(times):
            bare.append(timed(lambda: list_and_get(self.server, self.bucket)))
            ours.append(self.run().milliseconds)
        return median(ours), median(bare)

    def run(self) -> FirstItem:
        """Run a process on the job until the first item of the stage is due."""
        argv = [
            sys.executable,
            "-m",
            "tests.benchmarks.resuming",
            self.bucket,
            str(self.folder),
            str(self.chapters),
            self.stage,
        ]
        began = time.perf_counter()
        environment = os.environ | keys(self.server)
        with subprocess.Popen(
            argv, env=environment, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            text, _, kilobytes = process.stdout.readline().rpartition(b" ")
            assert text == FIRST_ITEM
            took = 1000 * (time.perf_counter() - began)
            assert process.wait(60) == Exit.TEMPORARY
        return FirstItem(milliseconds=took, megabytes=int(kilobytes) / 1000)


def list_and_get(server: S3Server, bucket: str) -> None:
    """Run the baseline's process."""
    argv = [
        sys.executable,
        "-m",
        "tests.benchmarks.bare",
        bucket,
        f"jobs/{JOB}/artifacts/",
    ]
    subprocess.run(argv, check=True, env=os.environ | keys(server))


def keys(server: S3Server) -> dict[str, str]:
    """Return the environment that a process needs to reach the server."""
    return {
        "AWS_ENDPOINT_URL_S3": server.endpoint_url,
        "AWS_ACCESS_KEY_ID": server.access_key,
        "AWS_SECRET_ACCESS_KEY": server.secret_key,
    }


def main(bucket: str, folder: str, chapters: str, last: str) -> int:
    """Load the modules of `run`, then start or resume the job.

    When the first item of a stage is due, print a line and stop as at a soft deadline.
    """
    import_module("worker.cli.commands.run")
    server = S3Server(
        name="", endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"], log=""
    )

    def tell(stage: Stage, _count: int) -> None:
        if stage != last:
            return
        os.write(1, b"%s %d\n" % (FIRST_ITEM, peak_memory()))
        job.inbox.mailbox.put(Stop(exit_code=Exit.TEMPORARY, reason="enough"))
        threading.Event().wait()

    job = world(
        S3Store(bucket, "jobs", server.access),
        Path(folder),
        int(chapters),
        tell=tell,
    ).job()
    return job.run(IDENTITY)


def peak_memory() -> int:
    """Return this process's peak memory in kilobytes."""
    status = Path("/proc/self/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1])


if __name__ == "__main__":
    os._exit(main(*sys.argv[1:]))
