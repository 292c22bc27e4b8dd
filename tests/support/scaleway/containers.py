"""Runs in real processes of the program, as in the platform's containers."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.support.scaleway.jobs import Document, Jobs

ROOT: Final = Path(__file__).parents[3]
PAUSE_SECONDS: Final = 0.3
"""The pause before a retry; the real platform's is not documented."""
GRACE_SECONDS: Final = 8.0
"""The time between SIGTERM and SIGKILL; not documented either."""


@dataclass
class Containers:
    """The machines of the platform; `Jobs(launch=containers.launch)`."""

    folder: Path
    environment: Mapping[str, str]
    """The environment of a container besides the platform's variables."""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _ending: threading.Event = field(default_factory=threading.Event)

    def launch(
        self, jobs: Jobs, run: Document, environment: Mapping[str, str]
    ) -> None:
        """Start a run in the background."""
        threading.Thread(
            target=self._go_through, args=(jobs, run, environment), daemon=True
        ).start()

    def freeze(self, run_id: str) -> None:
        """Stop a run with SIGSTOP."""
        self.processes[run_id].send_signal(signal.SIGSTOP)

    def kill(self, run_id: str) -> None:
        """Kill a run, as the kernel does when its memory is exhausted."""
        self.processes[run_id].kill()

    def output(self, run_id: str) -> str:
        """Return the output of a run, attempt by attempt."""
        return "".join(
            log.read_text()
            for log in sorted(self.folder.glob(f"{run_id}-*.log"))
        )

    def close(self) -> None:
        """Kill all runs."""
        self._ending.set()
        for process in self.processes.values():
            process.kill()
            process.wait()

    def _go_through(
        self, jobs: Jobs, run: Document, environment: Mapping[str, str]
    ) -> None:
        retries = jobs.definitions[run["job_definition_id"]]["retry_policy"][
            "max_retries"
        ]
        for attempt in range(retries + 1):
            code = self._attempt(run, environment, attempt)
            if self._ending.is_set():
                return
            if run["state"] == "interrupting":
                jobs.end(run, "interrupted", reason="cancellation")
            elif code == 0:
                jobs.end(run, "succeeded", exit_code=0)
            elif code < 0:
                jobs.end(run, "failed", reason="memory_usage_exceeded")
            elif attempt < retries:
                run |= {"state": "retrying", "exit_code": code}
                self._ending.wait(PAUSE_SECONDS)
                continue
            else:
                jobs.end(
                    run, "failed", reason="exited_with_error", exit_code=code
                )
            return

    def _attempt(
        self, run: Document, environment: Mapping[str, str], attempt: int
    ) -> int:
        log = self.folder / f"{run['id']}-{attempt}.log"
        base = {
            name: value
            for name, value in os.environ.items()
            if name == "PATH" or name.startswith("COVERAGE_")
        }
        own = {"HOME": str(self.folder), "WORK_DIR": str(self.folder / "work")}
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "worker", "run"],
                cwd=ROOT,
                env={**base, **own, **self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.processes[run["id"]] = process
        run |= {"state": "running", "attempts": attempt + 1}
        asked: float | None = None
        while True:
            try:
                return process.wait(0.05)
            except subprocess.TimeoutExpired:
                if run["state"] == "interrupting" and asked is None:
                    asked = time.monotonic()
                    process.send_signal(signal.SIGTERM)
                if (
                    asked is not None
                    and time.monotonic() > asked + GRACE_SECONDS
                ):
                    process.kill()
