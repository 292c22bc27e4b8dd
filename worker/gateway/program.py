"""The program itself, as processes that a gateway starts."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from worker import logs
from worker.process import Command, Lines, Process
from worker.runtime import Runtime

_OWN: Final = (
    *("GATEWAY_TOKEN", "GATEWAY_MAX_RUNS"),
    *("JOB_ID", "REPOSITORY_URL", "BRANCH", "CALLBACK_URL", "CALLBACK_TOKEN", "GITHUB_TOKEN"),
)
"""What of the gateway's environment is not for its jobs: its own, and what each brings itself."""


class Program:
    """Starts commands; tokens go by the environment, never by arguments."""

    def __init__(self, environment: Mapping[str, str], store_url: str, runtime: Runtime) -> None:
        """Give every command this environment, less what is the gateway's own."""
        base = {name: value for name, value in environment.items() if name not in _OWN}
        self._environment = {**base, "STORE_URL": store_url, "LOG_FORMAT": "json"}
        self._runtime = runtime

    def start(self, *argv: str, variables: Mapping[str, str]) -> Process:
        """Start a command; what it says is passed on to stderr."""
        command = Command(
            argv=(sys.executable, "-m", "worker", *argv), env={**self._environment, **variables}, cwd=Path.cwd()
        )
        return Process(command, self._runtime, Lines(lambda _, line: _say(line)).take)


def _say(line: str) -> None:
    if line:
        sys.stderr.write(f"{logs.printable(line)}\n")
        sys.stderr.flush()
