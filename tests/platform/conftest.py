"""What the tests of the platform's commands share: the API, machines that really run, and an operator's shell."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from states.manifest import Manifest
from tests.support.fondation import StandIn
from tests.support.git_server import GitServer
from tests.support.receiver import Receiver, receiving
from tests.support.scaleway.containers import Containers
from tests.support.scaleway.jobs import Document, Jobs, new_id
from tests.support.scaleway.server import ScalewayServer
from tests.support.waiting import until
from worker.cli.main import main
from worker.ownership.log import CheckpointLog
from worker.store.folder import FolderStore
from worker.store.port import Store
from worker.system.runtime import SystemRuntime

FILES = {"README.md": b"# A repository\n", "lib/core.py": b"def core(): ...\n"}
NAMES = ("The Core", "Its Edge")


@dataclass
class Operator:
    """Somebody who looks after jobs from a machine of their own."""

    scaleway: ScalewayServer
    store: Store
    capsys: pytest.CaptureFixture[str]
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *argv: str, code: int = 0) -> str:
        """Run a command; return what it says on stdout, and on stderr if it fails."""
        ended = main(argv, {**self.scaleway.environment, **self.environment})
        said = self.capsys.readouterr()
        assert ended == code, f"{argv} ended with {ended}: {said.out}{said.err}"
        return said.out if code == 0 else said.out + said.err

    def json(self, *argv: str, code: int = 0) -> Any:  # noqa: ANN401 - whatever a command says
        """Run a command, and return its answer."""
        said = self(*argv, "--json", code=code)
        return json.JSONDecoder().raw_decode(said)[0]

    def manifest(self, job_id: str) -> Manifest | None:
        """Return a job's newest manifest, if it has begun."""
        newest = CheckpointLog(self.store, job_id, SystemRuntime()).newest()
        return newest.manifest if newest else None


@dataclass
class Cloud:
    """A project on the platform with a definition whose runs really run, with a slow engine."""

    operator: Operator
    containers: Containers
    definition: Document
    receiver: Receiver
    repository: str
    cli: StandIn

    @property
    def jobs(self) -> Jobs:
        """What the platform keeps."""
        return self.operator.scaleway.jobs

    @property
    def runs(self) -> list[Document]:
        """All runs, oldest first."""
        return list(self.jobs.runs.values())

    def keep(self, **secrets: str) -> None:
        """Give the definition secrets of these values, as variables."""
        references = {new_id(): (name, value) for name, value in secrets.items()}
        self.jobs.secret_values |= {
            one: value for one, (_, value) in references.items()
        }
        configs = [
            {
                "secret_manager_id": one,
                "secret_manager_version": "latest",
                "env_var_name": name,
            }
            for one, (name, _) in references.items()
        ]
        self.jobs.create_secrets(
            {"job_definition_id": self.definition["id"], "secrets": configs}
        )

    def await_item(self, job_id: str, stage: str = "generate-chapters") -> None:
        """Wait until an item of a stage is stored.

        Fail, with what the last run has said, if it ends before.
        """
        prefix = f"{job_id}/artifacts/{stage}/"

        def stored() -> bool:
            found = next(self.operator.store.entries(prefix, limit=1), None) is not None
            assert found or not self.runs[-1]["terminated_at"], self.containers.said(
                self.runs[-1]["id"]
            )
            return found

        until(stored)

    def await_end(self, run: Document) -> None:
        """Wait until the platform says that a run has ended."""
        until(lambda: run["terminated_at"] is not None)


@pytest.fixture
def operator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    store = FolderStore(tmp_path / "store")
    with ScalewayServer() as scaleway:
        yield Operator(
            scaleway=scaleway,
            store=store,
            capsys=capsys,
            environment={"STORE_URL": store.url},
        )


@pytest.fixture
def cloud(operator: Operator, tmp_path: Path) -> Iterator[Cloud]:
    cli = StandIn(tmp_path / "cli", names=NAMES, delay=100)
    (tmp_path / "machines").mkdir()
    containers = Containers(
        folder=tmp_path / "machines", environment={"FONDATION_PATH": str(cli.path)}
    )
    operator.scaleway.jobs.launch = containers.launch
    definition = operator.scaleway.define(
        STORE_URL=operator.store.url, LEASE_SECONDS="3", CALLBACK_GIVE_UP_SECONDS="1"
    )
    with GitServer(tmp_path / "host") as host, receiving() as receiver:
        host.repository("owner/name", FILES)
        operator.environment |= {
            "CALLBACK_URL": receiver.url,
            "CALLBACK_TOKEN": "tok-3n",
        }
        yield Cloud(
            operator=operator,
            containers=containers,
            definition=definition,
            receiver=receiver,
            repository=host.url("owner/name"),
            cli=cli,
        )
        containers.close()


def at_once(*works: Any) -> list[Any]:  # noqa: ANN401 - whatever they return
    """Do several things at the same moment, and return what they return."""
    results: list[Any] = [None] * len(works)
    ready = threading.Barrier(len(works))

    def do(number: int) -> None:
        ready.wait()
        results[number] = works[number]()

    threads = [
        threading.Thread(target=do, args=(number,)) for number in range(len(works))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
