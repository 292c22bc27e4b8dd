"""The cost of a job of 500 items, against uploading its files with boto3 and `rclone copy`."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path
from statistics import median
from typing import Final

from states.exits import Exit
from tests.benchmarks import bare
from tests.benchmarks.bare import TRANSFERS
from tests.benchmarks.course import world
from tests.benchmarks.figures import Figure, timed
from tests.support.servers.server import S3Server
from tests.support.world import IDENTITY, JOB
from worker.course.inventory import Inventory
from worker.ownership.log import CheckpointLog
from worker.store.s3 import S3Store
from worker.system.runtime import SystemRuntime

CHAPTERS: Final = 166
"""Three files for each, and three YAML files: 501 items."""
TIMES: Final = 5


def job(server: S3Server, folder: Path) -> list[Figure]:
    """Measure whole jobs, from the claim to the end; the engine takes no time."""
    files = _files(server, folder)
    ours, uploaded, copied = [], [], []
    for _ in range(TIMES):
        uploaded.append(timed(lambda: _upload(server, files)))
        ours.append(timed(lambda: _run(server.new_store("jobs"), folder)))
        copied.append(timed(lambda: _copy(server, folder / "files")))
    name = f"a job of {len(files)} items, {TRANSFERS} at once"
    return [
        Figure(
            name=f"{name} / boto3",
            ours=median(ours),
            bare=median(uploaded),
            aim=1.3,
        ),
        Figure(
            name=f"{name} / rclone copy", ours=median(ours), bare=median(copied)
        ),
    ]


def _run(store: S3Store, folder: Path) -> None:
    assert world(store, folder, CHAPTERS).job().run(IDENTITY) is Exit.OK


def _files(server: S3Server, folder: Path) -> list[Path]:
    """Make the course once; return its files."""
    store, runtime = server.new_store("jobs"), SystemRuntime()
    _run(store, folder)
    newest = CheckpointLog(store, JOB, runtime).newest()
    assert newest is not None
    inventory = Inventory(store, runtime.executor(TRANSFERS), newest.manifest)
    for holding, body in inventory.read(inventory.course()):
        file = folder / "files" / holding.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body or b"")
    return [path for path in (folder / "files").rglob("*") if path.is_file()]


def _upload(server: S3Server, files: list[Path]) -> None:
    bare.upload(
        bare.client(server.endpoint_url, server.access_key, server.secret_key),
        server.new_bucket(),
        files,
    )


def _copy(server: S3Server, folder: Path) -> None:
    rclone = (
        shutil.which("rclone", path=sysconfig.get_path("scripts")) or "rclone"
    )
    endpoint = f"endpoint='{server.endpoint_url}'"
    remote = (
        f":s3,provider=Other,{endpoint},env_auth=true:{server.new_bucket()}"
    )
    keys = {
        "AWS_ACCESS_KEY_ID": server.access_key,
        "AWS_SECRET_ACCESS_KEY": server.secret_key,
    }
    options = (
        "--transfers",
        str(TRANSFERS),
        "--config",
        "/dev/null",
        "--quiet",
    )
    subprocess.run(
        [rclone, "copy", *options, str(folder), remote],
        check=True,
        env=os.environ | keys,
    )
