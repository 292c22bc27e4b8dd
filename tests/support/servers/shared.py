"""Servers started once for a whole test run, by the first of its processes that needs them.

A separate process, the supervisor, starts a server, and ends it as soon as the test run's first
process has ended, however it ended. The server ends with its supervisor.
"""

import json
import os
import select
import shutil
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tests.support.servers.ceph import Ceph
from tests.support.servers.lock import locked
from tests.support.servers.minio import Minio
from tests.support.servers.moto import Moto
from tests.support.servers.process import UnavailableError, tail
from tests.support.servers.rclone import Rclone
from tests.support.servers.server import S3Server, ServerProgram

PROGRAMS: Final[dict[str, type[ServerProgram]]] = {
    "minio": Minio,
    "ceph": Ceph,
    "moto": Moto,
    "rclone": Rclone,
}
START_SECONDS: Final = 1800
"""Long enough to build MinIO on a slow machine."""
_ROOT: Final = Path(__file__).parents[3]
_SUPERVISORS: Final[list[subprocess.Popen[bytes]]] = []
"""Kept referenced: they outlive this process, so nothing waits for them."""


def shared(name: str, folder: Path, controller: int) -> S3Server:
    """Return the server of a test run; `folder` is the run's, `controller` its first process's id.

    Raises UnavailableError if it cannot run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    answer = folder / f"{name}.json"
    with locked(folder / f"{name}.lock"):
        if not answer.exists():
            _supervise(name, answer, controller)
    fields = json.loads(answer.read_text())
    if "reason" in fields:
        raise UnavailableError(fields["reason"])
    return S3Server(**fields)


def _supervise(name: str, answer: Path, controller: int) -> None:
    log = answer.with_suffix(".supervisor.log")
    with log.open("wb") as output:
        supervisor = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.support.servers.shared",
                name,
                str(answer),
                str(controller),
            ],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # survives Ctrl-C: tests need the server to clean up
        )
    _SUPERVISORS.append(supervisor)
    deadline = time.monotonic() + START_SECONDS
    while not answer.exists():
        if supervisor.poll() is not None or time.monotonic() > deadline:
            supervisor.kill()
            raise UnavailableError(
                f"the supervisor of {name} failed:\n{tail(log)}"
            )
        time.sleep(0.05)


def main(name: str, answer: Path, controller: int) -> None:
    """Start the server, and stop it when the controller ends."""
    watched = os.pidfd_open(controller)
    folder = answer.with_suffix(".data")
    folder.mkdir()
    program: ServerProgram = PROGRAMS[name](folder)
    try:
        _write(answer, _started(program))
        select.select([watched], [], [])
    finally:
        program.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _started(program: ServerProgram) -> dict[str, str]:
    try:
        return asdict(program.start())
    except UnavailableError as error:
        return {"reason": str(error)}


def _write(answer: Path, fields: dict[str, str]) -> None:
    draft = answer.with_suffix(".draft")
    draft.write_text(json.dumps(fields))
    draft.replace(answer)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
