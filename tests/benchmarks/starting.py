"""The time from process start to a job's claim, and to its first callback.

The baseline is a Python process that loads boto3 and httpx, lists, creates an object, and posts.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Final

from tests.benchmarks.figures import Figure, timed
from tests.benchmarks.resuming import keys
from tests.support.git_server import GitServer
from tests.support.receiver import Delivery, Receiver, Reply, receiving
from tests.support.servers.server import S3Server
from tests.support.user import PROGRAM
from tests.support.waiting import until

TIMES: Final = 7
BARE: Final = """
import os, sys, boto3, httpx
from botocore.config import Config
bucket, url = sys.argv[1:]
s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"], region_name="us-east-1",
                  config=Config(s3={"addressing_style": "path"}))
s3.list_objects_v2(Bucket=bucket, Prefix="job/")
s3.put_object(Bucket=bucket, Key="job/1", Body=b"{}", IfNoneMatch="*")
os.write(1, b"claimed")
httpx.post(url, content=b"{}")
"""


def start(server: S3Server, folder: Path) -> list[Figure]:
    """Measure runs of new jobs, up to their first callback."""
    callbacks: list[float] = []

    def note_time(_: Delivery) -> Reply:
        callbacks.append(time.perf_counter())
        return Reply()

    rows = []
    with receiving(note_time) as receiver, GitServer(folder / "host") as host:
        host.repository("owner/name", {"file.py": b"class File:\n    pass\n"})
        for number in range(TIMES):
            job = {
                "JOB_ID": f"job-{number}",
                "REPOSITORY_URL": host.url("owner/name"),
                "CALLBACK_TOKEN": "t",
            }
            callbacks.clear()
            bare = timed(lambda: _bare(server, receiver))
            callbacks.clear()
            rows.append((*_run(server, receiver, folder, callbacks, job), bare))
    claimed, first, bare = (
        median(row[column] for row in rows) for column in range(3)
    )
    return [
        Figure(name="process start to claim", ours=claimed),
        Figure(
            name="process start to first callback / bare", ours=first, bare=bare
        ),
    ]


def _run(
    server: S3Server,
    receiver: Receiver,
    folder: Path,
    callbacks: list[float],
    job: dict[str, str],
) -> tuple[float, float]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "WORK_DIR": str(folder / "work"),
        "STORE_URL": f"s3://{server.new_bucket()}/jobs",
        "CALLBACK_URL": receiver.url,
        **keys(server),
        **job,
    }
    began = time.perf_counter()
    with subprocess.Popen(
        [PROGRAM, "run"], env=environment, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        line = b""
        while b'"claimed"' not in line:
            line = process.stderr.readline()
        claimed = time.perf_counter()
        process.stderr.read()
    until(lambda: bool(callbacks))
    return 1000 * (claimed - began), 1000 * (callbacks[0] - began)


def _bare(server: S3Server, receiver: Receiver) -> None:
    argv = [sys.executable, "-c", BARE, server.new_bucket(), receiver.url]
    subprocess.run(
        argv,
        check=True,
        env=os.environ | keys(server),
        stdout=subprocess.DEVNULL,
    )
