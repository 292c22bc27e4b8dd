"""What resuming costs with 500 finished items: from the start of a process to its first new item.

Bare is a process that lists what there is and gets what the stage needs, in parallel, with
boto3 and nothing else.

    python -m tests.benchmarks.resuming BUCKET FOLDER  resumes a job, and prints when it is ready
"""

import os
import subprocess
import sys
import threading
import time
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
SAID: Final = b"first new item\n"


def resume(server: S3Server, folder: Path) -> list[Figure]:
    """Interrupt a job at its first review; then resume it again and again, as far as that."""
    bucket = server.new_bucket()
    interrupted(server, bucket, folder, CHAPTERS)
    ours, bare = [], []
    for _ in range(TIMES):
        bare.append(timed(lambda: list_and_get(server, bucket)))
        ours.append(timed_resume(server, bucket, folder))
    name = f"resuming with {CHAPTERS} items / LIST and GETs"
    return [Figure(name=name, ours=median(ours), bare=median(bare), aim=1.5)]


def interrupted(
    server: S3Server, bucket: str, folder: Path, chapters: int
) -> None:
    """Make a job that is interrupted with all its chapters finished, and none reviewed."""

    def stop(stage: Stage, _count: int) -> None:
        if stage is Stage.REVIEW_CHAPTERS:
            job.inbox.mailbox.put(
                Stop(exit_code=Exit.TEMPORARY, reason="enough")
            )
            threading.Event().wait()

    job = world(
        S3Store(bucket, "jobs", server.access), folder, chapters, tell=stop
    ).job()
    assert job.run(IDENTITY) is Exit.TEMPORARY


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


def timed_resume(server: S3Server, bucket: str, folder: Path) -> float:
    """Run a process that resumes, and return the milliseconds until its first new item."""
    argv = [
        sys.executable,
        "-m",
        "tests.benchmarks.resuming",
        bucket,
        str(folder),
    ]
    began = time.perf_counter()
    with subprocess.Popen(
        argv, env=os.environ | keys(server), stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == SAID
        took = 1000 * (time.perf_counter() - began)
        assert process.wait(60) == Exit.TEMPORARY
    return took


def keys(server: S3Server) -> dict[str, str]:
    """Return the environment by which a process reaches the server."""
    return {
        "AWS_ENDPOINT_URL_S3": server.endpoint_url,
        "AWS_ACCESS_KEY_ID": server.access_key,
        "AWS_SECRET_ACCESS_KEY": server.secret_key,
    }


def main(bucket: str, folder: str) -> int:
    """Load what the program loads, and resume.

    Say when the first new item is due, and stop as at a soft deadline.
    """
    import_module("worker.cli.commands.run")
    server = S3Server(
        name="", endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"], log=""
    )

    def say(_stage: Stage, _count: int) -> None:
        os.write(1, SAID)
        job.inbox.mailbox.put(Stop(exit_code=Exit.TEMPORARY, reason="enough"))
        threading.Event().wait()

    job = world(
        S3Store(bucket, "jobs", server.access), Path(folder), CHAPTERS, tell=say
    ).job()
    return job.run(IDENTITY)


if __name__ == "__main__":
    os._exit(main(*sys.argv[1:]))
