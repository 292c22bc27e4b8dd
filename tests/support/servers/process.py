"""Programs that run beside the tests, and end with the process that started them."""

import ctypes
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

_PR_SET_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None)


class UnavailableError(Exception):
    """A server cannot run on this machine; the message says why."""


class Daemon:
    """A program in the foreground, its output in a file.

    Start it from a thread that lives as long as it must.
    """

    def __init__(
        self,
        argv: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                argv,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A single system call, which takes no lock.
                preexec_fn=_die_with_parent,  # noqa: PLW1509
            )

    def wait_until(
        self, ready: Callable[[], bool], *, seconds: float = 60
    ) -> None:
        """Wait until it is ready; otherwise raise UnavailableError with the end of its log."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise UnavailableError(
                    f"{self._process.args!r} does not run:\n{tail(self.log)}"
                )
            time.sleep(0.05)

    def stop(self) -> None:
        """End it, at once if need be."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def run(
    argv: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> None:
    """Run a program to its end; raise UnavailableError, with the end of its log, if it fails."""
    with log.open("ab") as output:
        try:
            subprocess.run(
                argv,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=True,
                timeout=1200,
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise UnavailableError(f"{error}\n{tail(log)}") from error


def free_port() -> int:
    """Return a free port, from a range that the kernel does not use for outgoing connections."""
    while True:
        port = 20000 + secrets.randbelow(10000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def answers(url: str, *, status: int | None = None) -> bool:
    """Whether an HTTP server answers, with a given status or any."""
    try:
        with urlopen(url, timeout=2) as answer:
            return status in {None, answer.status}
    except HTTPError as error:
        error.close()
        return status in {None, error.code}
    except (URLError, OSError):
        return False


def tail(log: Path, *, lines: int = 15) -> str:
    """Return the end of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
