"""Commands of this program, as child processes of a gateway."""

import logging
import sys
from pathlib import Path
from typing import Final

from states.exits import Exit
from worker.system import logs
from worker.system.environment import Environment
from worker.system.process import Command, LineSplitter, Process
from worker.system.runtime import Flag, Runtime

LOG = logging.getLogger(__name__)

_OWN: Final = (
    "GATEWAY_TOKEN",
    "GATEWAY_MAX_RUNS",
    "JOB_ID",
    "REPOSITORY_URL",
    "BRANCH",
    "CALLBACK_URL",
    "CALLBACK_TOKEN",
    "GITHUB_TOKEN",
    "UPDATE_FROM",
)
"""Variables that jobs do not inherit: the gateway's own, and those set for each job."""
STOP_MARGIN_SECONDS: Final = 5.0
"""How long a stopping process may exceed its grace."""
_LOOK_SECONDS: Final = 0.2


class ChildCommand:
    """Runs commands; tokens are passed by the environment, never as arguments."""

    def __init__(
        self,
        environment: Environment,
        store_url: str,
        runtime: Runtime,
        *,
        stop_grace_seconds: float,
    ) -> None:
        """Run every command in this environment, without the gateway's own variables."""
        base = {
            name: value
            for name, value in environment.items()
            if name not in _OWN
        }
        self._environment = {
            **base,
            "STORE_URL": store_url,
            "LOG_FORMAT": "json",
        }
        self._runtime = runtime
        self._folder = Path.cwd()
        self.stop_seconds: Final = stop_grace_seconds + STOP_MARGIN_SECONDS
        """How long a command may take to end after SIGTERM."""

    def run(
        self,
        *argv: str,
        variables: Environment,
        stopping: Flag,
    ) -> int:
        """Run a command to its end, or stop it as SIGTERM does; return its exit code.

        The code is 128 + the signal for a killed process, and 75 for one that could not be
        started. Output is passed on to stderr.
        """
        command = Command(
            argv=(sys.executable, "-m", "worker", *argv),
            env={**self._environment, **variables},
            cwd=self._folder,
        )
        try:
            process = Process(
                command,
                self._runtime,
                LineSplitter(lambda _, line: _say(line)).take,
            )
        except (
            OSError,
            RuntimeError,
        ) as error:  # no process or thread is available
            LOG.error(
                "a process cannot be started", extra={"reason": str(error)}
            )
            return Exit.TEMPORARY
        while (code := process.wait(_LOOK_SECONDS)) is None:
            if stopping.is_set():
                process.stop(self.stop_seconds)
        return code


def _say(line: str) -> None:
    if line:
        sys.stderr.write(f"{logs.printable(line)}\n")
        sys.stderr.flush()
