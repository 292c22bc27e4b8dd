"""The start of the program, before a run exists."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.git_repository import Repository
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]


def listens(pid: int) -> bool:
    """Whether a process has a handler for SIGTERM."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(
        line.split()[1]
        for line in status.splitlines()
        if line.startswith("SigCgt")
    )
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def test_a_signal_is_received_while_the_program_is_still_starting(
    tmp_path: Path,
) -> None:
    """The kernel drops signals to a container's process 1 that have no handler."""
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


def test_ctrl_c_while_the_program_is_still_starting_is_not_a_bug(
    tmp_path: Path,
) -> None:
    (tmp_path / "interrupting.py").write_text(
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'worker.cli.main':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from worker.__main__ import program\n"
        "program()\n"
    )
    finished = subprocess.run(
        [sys.executable, str(tmp_path / "interrupting.py"), "list"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (130, b"")


def test_signals_that_its_parent_has_blocked_are_received(
    tmp_path: Path,
) -> None:
    script = (
        "import os, signal, sys\n"
        "numbers = {signal.SIGCHLD, signal.SIGINT, signal.SIGTERM}\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, numbers)\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'worker', *sys.argv[1:]])\n"
    )
    repository = Repository(tmp_path / "shop", bare=False)
    repository.commit({"shop.py": b"def sell(): ...\n"})
    finished = subprocess.run(
        [sys.executable, "-c", script, "estimate", str(tmp_path / "shop")],
        env={"PATH": os.environ["PATH"], "WORK_DIR": str(tmp_path / "work")},
        cwd=ROOT,
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
