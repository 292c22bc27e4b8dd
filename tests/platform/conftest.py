"""Fixtures of the platform's tests: the API, real runs, and an operator's command line."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from states.manifest import Manifest
from tests.support.fondation import CliStandIn
from tests.support.git_repository import Repository
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
    """An operator on a separate machine."""

    scaleway: ScalewayServer
    store: Store
    capsys: pytest.CaptureFixture[str]
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *argv: str, code: int = 0) -> str:
        """Run a command; return its stdout and, if it fails, its stderr."""
        ended = main(argv, {**self.scaleway.environment, **self.environment})
        printed = self.capsys.readouterr()
        text = printed.out + printed.err
        assert ended == code, f"{argv} ended with {ended}: {text}"
        return printed.out if code == 0 else text

    def json(self, *argv: str, code: int = 0) -> Any:  # noqa: ANN401 - whatever a command says
        """Run a command with `--json`; return its document."""
        printed = self(*argv, "--json", code=code)
        return json.JSONDecoder().raw_decode(printed)[0]

    def manifest(self, job_id: str) -> Manifest | None:
        """Return a job's newest manifest, if it has begun."""
        newest = CheckpointLog(self.store, job_id, SystemRuntime()).newest()
        return newest.manifest if newest else None


@dataclass
class Cloud:
    """A project on the platform; its runs are real processes with a slow engine."""

    operator: Operator
    containers: Containers
    definition: Document
    receiver: Receiver
    repository: str
    moving: Repository
    """The jobs' repository, which a test may change."""
    cli: CliStandIn

    @property
    def jobs(self) -> Jobs:
        """The platform's data."""
        return self.operator.scaleway.jobs

    @property
    def runs(self) -> list[Document]:
        """All runs, oldest first."""
        return list(self.jobs.runs.values())

    def keep(self, **secrets: str) -> None:
        """Store these values in secrets, and reference them from the definition."""
        references = {
            new_id(): (name, value) for name, value in secrets.items()
        }
        configs = []
        for secret_id, (name, value) in references.items():
            self.jobs.secret_values[secret_id] = value
            configs.append(
                {
                    "secret_manager_id": secret_id,
                    "secret_manager_version": "latest",
                    "env_var_name": name,
                }
            )
        self.jobs.create_secrets(
            {"job_definition_id": self.definition["id"], "secrets": configs}
        )

    def await_item(self, job_id: str, stage: str = "generate-chapters") -> None:
        """Wait until an item of a stage is stored.

        Fail with the output of the last run if that ends before.
        """
        prefix = f"{job_id}/artifacts/{stage}/"

        def stored() -> bool:
            item = next(self.operator.store.entries(prefix, limit=1), None)
            last = self.runs[-1]
            output = self.containers.output
            assert item or not last["terminated_at"], output(last["id"])
            return item is not None

        until(stored)

    def await_end(self, run: Document) -> None:
        """Wait until the platform reports a run's end."""
        until(lambda: run["terminated_at"] is not None)


@pytest.fixture
def operator(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Operator]:
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
    cli = CliStandIn(tmp_path / "cli", names=NAMES, delay=100)
    (tmp_path / "machines").mkdir()
    containers = Containers(
        folder=tmp_path / "machines",
        environment={"FONDATION_PATH": str(cli.path)},
    )
    operator.scaleway.jobs.launch = containers.launch
    definition = operator.scaleway.define(
        STORE_URL=operator.store.url,
        LEASE_SECONDS="3",
        CALLBACK_GIVE_UP_SECONDS="1",
    )
    with GitServer(tmp_path / "host") as host, receiving() as receiver:
        moving = host.repository("owner/name", FILES)
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
            moving=moving,
            cli=cli,
        )
        containers.close()


def at_once(*works: Any) -> list[Any]:  # noqa: ANN401 - whatever they return
    """Call several functions at the same moment; return their results."""
    results: list[Any] = [None] * len(works)
    ready = threading.Barrier(len(works))

    def do(number: int) -> None:
        ready.wait()
        results[number] = works[number]()

    threads = [
        threading.Thread(target=do, args=(number,))
        for number in range(len(works))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
