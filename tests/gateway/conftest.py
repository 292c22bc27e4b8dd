"""Fixtures of the gateway tests: its process, a git host, a receiver and a slow engine."""

import re
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.fondation import CliStandIn
from tests.support.git_server import GitServer
from tests.support.platform_job import WorkerProcess, environment_of
from tests.support.receiver import Receiver, receiving
from tests.support.waiting import until
from worker.store.folder import FolderStore
from worker.store.port import Store

FILES = {"README.md": b"# A repository\n", "lib/core.py": b"def core(): ...\n"}


@dataclass
class GatewayHost:
    """A machine on which tests start one gateway after another."""

    folder: Path
    repository: str
    receiver: Receiver
    cli: CliStandIn
    store: Store
    environment: Mapping[str, str]
    processes: list[WorkerProcess] = field(default_factory=list)
    token: str | None = None

    @property
    def spool(self) -> list[Path]:
        """The requests of unfinished jobs."""
        return sorted((self.folder / "work/gateway-spool").glob("*.json"))

    def start(self, *argv: str, **environment: str) -> WorkerProcess:
        """Start a gateway; wait until it listens."""
        given = {
            **environment_of(self.folder),
            **self.environment,
            **environment,
        }
        self.token = given.get("GATEWAY_TOKEN")
        log = self.folder / f"gateway-{len(self.processes)}.log"
        process = WorkerProcess(("gateway", "--port", "0", *argv), given, log)
        self.processes.append(process)
        until(
            lambda: (
                bool(process.events("listening")) or process.wait(0) is not None
            )
        )
        return process

    @property
    def url(self) -> str:
        """The URL of the last gateway."""
        match = re.search(
            r"http://127.0.0.1:\d+", self.processes[-1].log.read_text()
        )
        assert match is not None
        return match[0]

    def get(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        return httpx.get(self.url + path, headers=self._headers, **options)

    def post(
        self,
        path: str,
        document: Any = None,  # noqa: ANN401 - any value of JSON
        **options: Any,  # noqa: ANN401 - httpx's own
    ) -> httpx.Response:
        return httpx.post(
            self.url + path,
            json=document,
            **{"headers": self._headers, **options},
        )

    def request(
        self, job_id: str = "job-1", **changes: object
    ) -> dict[str, object]:
        """Return the body of a request for a job."""
        return {
            "jobId": job_id,
            "repositoryUrl": self.repository,
            "branch": "main",
            "callbackUrl": self.receiver.url,
            "callbackToken": "tok-3n",
        } | changes

    def analyze(
        self, job_id: str = "job-1", **changes: object
    ) -> httpx.Response:
        """Request a job."""
        return self.post("/analyze", self.request(job_id, **changes))

    def state(self, job_id: str = "job-1") -> str:
        return str(self.get(f"/jobs/{job_id}").json().get("state"))

    def await_state(self, state: str, job_id: str = "job-1") -> None:
        until(lambda: self.state(job_id) == state, seconds=60)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int | None:
        """Stop the last gateway, and return its exit code."""
        self.processes[-1].send(number)
        return self.processes[-1].wait(20)

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayHost]:
    cli = CliStandIn(
        tmp_path / "cli", names=("The Core", "Its Edge"), delay=100
    )
    store = FolderStore(tmp_path / "store")
    environment = {
        "STORE_URL": store.url,
        "WORK_DIR": str(tmp_path / "work"),
        "FONDATION_PATH": str(cli.path),
        "LEASE_SECONDS": "3",
        "LOG_FORMAT": "json",
    }
    with GitServer(tmp_path / "host") as host, receiving() as receiver:
        host.repository("owner/name", FILES)
        gateway = GatewayHost(
            folder=tmp_path,
            repository=host.url("owner/name"),
            receiver=receiver,
            cli=cli,
            store=store,
            environment=environment,
        )
        yield gateway
        for process in gateway.processes:
            # SIGTERM lets the process save its coverage.
            process.send(signal.SIGTERM)
        for process in gateway.processes:
            if process.wait(20) is None:
                process.kill()
