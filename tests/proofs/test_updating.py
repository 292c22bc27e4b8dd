"""An update with the Fondation CLI: it is not asked for what is kept."""

from pathlib import Path

import pytest

from tests.proofs.conftest import FILES
from tests.support.git_repository import Repository
from tests.support.git_server import GitServer
from tests.support.platform_job import ITEMS, PlatformJob
from tests.support.receiver import Receiver
from worker.store.folder import FolderStore

YAML_FILES = 3


@pytest.fixture
def changing_repository(host: GitServer) -> Repository:
    return host.repository("owner/name", FILES)


def new_job(
    tmp_path: Path, host: GitServer, receiver: Receiver, name: str, **more: str
) -> PlatformJob:
    store = tmp_path / "store"
    environment = {
        "REPOSITORY_URL": host.url("owner/name"),
        "CALLBACK_URL": receiver.url,
        "CALLBACK_TOKEN": "a token",
        "STORE_URL": store.as_uri(),
        **more,
    }
    return PlatformJob(
        FolderStore(store),
        tmp_path / name,
        environment,
        name=name,
        behaviour={"delay": 0},
    )


def test_the_cli_is_asked_for_nothing_but_what_has_changed(
    tmp_path: Path,
    host: GitServer,
    changing_repository: Repository,
    receiver: Receiver,
) -> None:
    first = new_job(tmp_path, host, receiver, "first")
    same = new_job(tmp_path, host, receiver, "same", UPDATE_FROM="first")
    changed = new_job(tmp_path, host, receiver, "changed", UPDATE_FROM="same")
    try:
        assert first.start().wait() == 0, first.report()
        assert first.calls.total() == ITEMS
        # Every chapter of the stand-in names the README alone.
        changing_repository.commit(
            FILES | {"lib/core.py": b"def core(): pass\n"}
        )
        assert same.start().wait() == 0, same.report()
        assert same.calls.total() == 0
        assert same.course == first.course
        changing_repository.commit(
            {**FILES, "README.md": b"# Another repository\n"}
        )
        assert changed.start().wait() == 0, changed.report()
        assert changed.calls.total() == ITEMS - YAML_FILES
    finally:
        for job in (first, same, changed):
            job.end()
