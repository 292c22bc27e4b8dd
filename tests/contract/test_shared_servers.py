"""The servers of the tests are shared by a test run's processes, and end with it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.servers.process import answers
from tests.support.servers.shared import shared
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
RUN = """
import os, sys, time
from pathlib import Path
from tests.support.servers.shared import shared
print(shared("moto", Path(sys.argv[1]), os.getpid()).endpoint_url, flush=True)
sys.stdin.read()
"""


def test_a_server_is_shared_and_ends_when_the_test_run_is_killed(
    tmp_path: Path,
) -> None:
    argv = [sys.executable, "-c", RUN, str(tmp_path)]
    with subprocess.Popen(
        argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout
        url = run.stdout.readline().strip()
        assert answers(url)
        assert shared("moto", tmp_path, run.pid).endpoint_url == url
        run.send_signal(signal.SIGKILL)
    until(lambda: not answers(url))
    until(lambda: not (tmp_path / "moto.data").exists())


def test_a_server_ends_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    answer = tmp_path / "moto.json"
    argv = [
        sys.executable,
        "-m",
        "tests.support.servers.shared",
        "moto",
        str(answer),
        str(os.getpid()),
    ]
    with subprocess.Popen(argv, cwd=ROOT) as supervisor:
        until(answer.exists)
        url = shared("moto", tmp_path, os.getpid()).endpoint_url
        assert answers(url)
        supervisor.kill()
    until(lambda: not answers(url))
