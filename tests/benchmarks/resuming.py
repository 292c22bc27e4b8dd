"""What resuming costs with 500 finished items: from the start of a process to its first new item.

Bare is a process that lists what there is and gets what the stage needs, in parallel, with
boto3 and nothing else.

    python -m tests.benchmarks.resuming BUCKET FOLDER CHAPTERS STAGE

begins or resumes a job, and prints when the first item of a stage is due.
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
SAID: Final = b"first new item"


def resume(server: S3Server, folder: Path) -> list[Figure]:
    """Interrupt a job at its first review; then resume it again and again, as far as that."""
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
    """Interrupt a job of 50,000 items at its first tutorial, and resume it as far as that."""
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
class Started:
    """A run that has come to its first new item."""

    milliseconds: float
    megabytes: float
    """The most memory that it has used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A job that is interrupted at the first item of a stage, again and again."""

    server: S3Server
    bucket: str
    folder: Path
    chapters: int
    stage: Stage

    def compare(self, times: int) -> tuple[float, float]:
        """Return the medians of resuming, and of listing and getting the objects."""
        ours, bare = [], []
        for _ in range(times):
            bare.append(timed(lambda: list_and_get(self.server, self.bucket)))
            ours.append(self.run().milliseconds)
        return median(ours), median(bare)

    def run(self) -> Started:
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
            said, _, kilobytes = process.stdout.readline().rpartition(b" ")
            assert said == SAID
            took = 1000 * (time.perf_counter() - began)
            assert process.wait(60) == Exit.TEMPORARY
        return Started(milliseconds=took, megabytes=int(kilobytes) / 1000)


def list_and_get(server: S3Server, bucket: str) -> None:
    """Run the bare process."""
    argv = [
        sys.executable,
        "-m",
        "tests.benchmarks.bare",
        bucket,
        f"jobs/{JOB}/artifacts/",
    ]
    subprocess.run(argv, check=True, env=os.environ | keys(server))


def keys(server: S3Server) -> dict[str, str]:
    """Return the environment by which a process reaches the server."""
    return {
        "AWS_ENDPOINT_URL_S3": server.endpoint_url,
        "AWS_ACCESS_KEY_ID": server.access_key,
        "AWS_SECRET_ACCESS_KEY": server.secret_key,
    }


def main(bucket: str, folder: str, chapters: str, last: str) -> int:
    """Load what the program loads, and begin or resume the job.

    Say when the first item of a stage is due, and stop as at a soft deadline.
    """
    import_module("worker.cli.commands.run")
    server = S3Server(
        name="", endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"], log=""
    )

    def say(stage: Stage, _count: int) -> None:
        if stage != last:
            return
        os.write(1, b"%s %d\n" % (SAID, most_memory()))
        job.inbox.mailbox.put(Stop(exit_code=Exit.TEMPORARY, reason="enough"))
        threading.Event().wait()

    job = world(
        S3Store(bucket, "jobs", server.access),
        Path(folder),
        int(chapters),
        tell=say,
    ).job()
    return job.run(IDENTITY)


def most_memory() -> int:
    """Return the most memory that this process has used, in kilobytes."""
    status = Path("/proc/self/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1])


if __name__ == "__main__":
    os._exit(main(*sys.argv[1:]))
