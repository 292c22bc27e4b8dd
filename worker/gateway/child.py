"""The program itself, as processes that a gateway starts."""

import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from states.exits import Exit
from worker.system import logs
from worker.system.process import Command, LineSplitter, Process
from worker.system.runtime import Flag, Runtime

LOG = logging.getLogger(__name__)

_OWN: Final = (
    *("GATEWAY_TOKEN", "GATEWAY_MAX_RUNS"),
    *(
        "JOB_ID",
        "REPOSITORY_URL",
        "BRANCH",
        "CALLBACK_URL",
        "CALLBACK_TOKEN",
        "GITHUB_TOKEN",
    ),
)
"""What of the gateway's environment is not for its jobs: its own, and what each brings itself."""
STOP_MARGIN_SECONDS: Final = 5.0
"""So much longer than it may take to save itself is waited for a process that was told to stop."""
_LOOK_SECONDS: Final = 0.2


class ChildCommand:
    """Runs commands; tokens go by the environment, never by arguments."""

    def __init__(
        self,
        environment: Mapping[str, str],
        store_url: str,
        runtime: Runtime,
        *,
        stop_grace_seconds: float,
    ) -> None:
        """Give every command this environment, less what is the gateway's own."""
        base = {name: value for name, value in environment.items() if name not in _OWN}
        self._environment = {**base, "STORE_URL": store_url, "LOG_FORMAT": "json"}
        self._runtime = runtime
        self._folder = Path.cwd()
        self.stop_seconds: Final = stop_grace_seconds + STOP_MARGIN_SECONDS
        """So long a command may take to end once it was told to."""

    def run(
        self,
        *argv: str,
        variables: Mapping[str, str],
        stopping: Flag,
    ) -> int:
        """Run a command to its end, or stop it as SIGTERM does; return its exit code, 128 + a signal, or 75.

        What it says is passed on to stderr. 75 also stands for one that could not be
        started: the machine is full.
        """
        command = Command(
            argv=(sys.executable, "-m", "worker", *argv),
            env={**self._environment, **variables},
            cwd=self._folder,
        )
        try:
            process = Process(
                command, self._runtime, LineSplitter(lambda _, line: _say(line)).take
            )
        except (OSError, RuntimeError) as error:  # no process, or no thread, can be had
            LOG.error("a process cannot be started", extra={"reason": str(error)})
            return Exit.TEMPORARY
        while (code := process.wait(_LOOK_SECONDS)) is None:
            if stopping.is_set():
                process.stop(self.stop_seconds)
        return code


def _say(line: str) -> None:
    if line:
        sys.stderr.write(f"{logs.printable(line)}\n")
        sys.stderr.flush()
