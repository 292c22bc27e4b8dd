"""What the gateway's tests share: its process, a git host, a receiver and a slow engine."""

import re
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.fondation import StandIn
from tests.support.git_server import GitServer
from tests.support.program import Program, environment_of
from tests.support.receiver import Receiver, receiving
from tests.support.waiting import until
from worker.store.folder import FolderStore
from worker.store.port import Store

FILES = {"README.md": b"# A repository\n", "lib/core.py": b"def core(): ...\n"}


@dataclass
class Place:
    """A machine that gateways are started on, one after the other."""

    folder: Path
    repository: str
    receiver: Receiver
    cli: StandIn
    store: Store
    environment: Mapping[str, str]
    programs: list[Program] = field(default_factory=list)
    token: str | None = None

    @property
    def spool(self) -> list[Path]:
        """The requests that are not over."""
        return sorted((self.folder / "work/gateway-spool").glob("*.json"))

    def start(self, *argv: str, **environment: str) -> Program:
        """Start a gateway, and wait until it listens."""
        given = {
            **environment_of(self.folder),
            **self.environment,
            **environment,
        }
        self.token = given.get("GATEWAY_TOKEN")
        log = self.folder / f"gateway-{len(self.programs)}.log"
        program = Program(("gateway", "--port", "0", *argv), given, log)
        self.programs.append(program)
        until(
            lambda: (
                bool(program.events("listening")) or program.wait(0) is not None
            )
        )
        return program

    @property
    def url(self) -> str:
        """Where the last gateway listens."""
        match = re.search(
            r"http://127.0.0.1:\d+", self.programs[-1].log.read_text()
        )
        assert match is not None
        return match[0]

    def get(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Ask for something."""
        return httpx.get(self.url + path, headers=self._headers, **options)

    def post(
        self,
        path: str,
        document: Any = None,  # noqa: ANN401 - any value of JSON
        **options: Any,  # noqa: ANN401 - httpx's own
    ) -> httpx.Response:
        """Send something."""
        return httpx.post(
            self.url + path,
            json=document,
            **{"headers": self._headers, **options},
        )

    def request(
        self, job_id: str = "job-1", **changes: object
    ) -> dict[str, object]:
        """Return a request for a job."""
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
        """Ask for a job."""
        return self.post("/analyze", self.request(job_id, **changes))

    def state(self, job_id: str = "job-1") -> str:
        """Return a job's status."""
        return str(self.get(f"/jobs/{job_id}").json().get("state"))

    def await_state(self, state: str, job_id: str = "job-1") -> None:
        """Wait until a job has this state."""
        until(lambda: self.state(job_id) == state, seconds=60)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int | None:
        """End the last gateway, and return its exit code."""
        self.programs[-1].send(number)
        return self.programs[-1].wait(20)

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    cli = StandIn(tmp_path / "cli", names=("The Core", "Its Edge"), delay=100)
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
        place = Place(
            folder=tmp_path,
            repository=host.url("owner/name"),
            receiver=receiver,
            cli=cli,
            store=store,
            environment=environment,
        )
        yield place
        for program in place.programs:
            # End it in good order, so that the lines it executed are counted.
            program.send(signal.SIGTERM)
        for program in place.programs:
            if program.wait(20) is None:
                program.kill()
