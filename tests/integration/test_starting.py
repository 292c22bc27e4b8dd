"""What happens before a run has begun."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.waiting import until


def listens(pid: int) -> bool:
    """Whether a process has a handler for SIGTERM."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(
        line.split()[1]
        for line in status.splitlines()
        if line.startswith("SigCgt")
    )
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def test_a_signal_is_heard_while_the_program_is_still_starting(
    tmp_path: Path,
) -> None:
    """The kernel keeps from process 1 of a container every signal that it has no handler for."""
    environment = {
        "PATH": os.environ["PATH"],
        "WORK_DIR": str(tmp_path),
        "JOB_ID": "job",
        "REPOSITORY_URL": "http://127.0.0.1:9/owner/name",
        "CALLBACK_URL": "http://127.0.0.1:9/",
        "CALLBACK_TOKEN": "token",
        "STORE_URL": (tmp_path / "store").as_uri(),
    }
    argv = [sys.executable, "-m", "worker", "run"]
    with subprocess.Popen(
        argv, env=environment, stderr=subprocess.DEVNULL
    ) as program:
        until(lambda: listens(program.pid))
        program.terminate()
        assert program.wait(10) == 143
