"""Fixtures for tests of every kind."""

import logging
import os
import signal
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import hypothesis
import pytest

from tests.support.git_server import GitServer
from tests.support.receiver import Receiver, receiving
from tests.support.scaleway.server import ScalewayServer
from tests.support.servers.process import UnavailableError
from tests.support.servers.server import S3Server
from tests.support.servers.shared import shared
from worker.store.folder import FolderStore
from worker.store.memory import MemoryStore
from worker.store.port import Store
from worker.system.runtime import SystemRuntime

# An example may take any time, so that no test fails because the machine is busy.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session")
def s3_servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], S3Server]:
    """Return a function that returns a server by its kind (`minio`, `ceph`, `moto`, `rclone`).

    The first call starts it, once for the whole test run. If it cannot run here, the test is
    skipped or, under `FONDATION_TESTS=all`, fails.
    """
    base, controller = tmp_path_factory.getbasetemp(), os.getpid()
    # pytest-xdist has started several processes, which share one folder.
    if hasattr(request.config, "workerinput"):
        base, controller = base.parent, os.getppid()

    @cache
    def server(kind: str) -> S3Server:
        try:
            return shared(kind, base / "s3", controller)
        except UnavailableError as error:
            if os.environ.get("FONDATION_TESTS") == "all":
                raise
            pytest.skip(f"NOT TESTED on {kind}, which cannot run here: {error}")

    return server


@pytest.fixture(params=["moto", "minio", "ceph"])
def s3_server(
    request: pytest.FixtureRequest, s3_servers: Callable[[str], S3Server]
) -> S3Server:
    """Return each server in turn.

    `@pytest.mark.parametrize("s3_server", ["minio"], indirect=True)` chooses among them.
    """
    server = s3_servers(request.param)
    print(f"{server.name} logs to {server.log}")  # noqa: T201 - shown if a test fails
    return server


@pytest.fixture(params=["memory", "folder", "moto", "minio", "ceph"])
def store(
    request: pytest.FixtureRequest,
    s3_servers: Callable[[str], S3Server],
    tmp_path: Path,
) -> Store:
    """Return an empty store of each kind in turn."""
    if request.param == "memory":
        return MemoryStore(lambda: SystemRuntime().now().timestamp())
    if request.param == "folder":
        return FolderStore(tmp_path / "a store")
    return s3_servers(request.param).new_store()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def host(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path / "host") as server:
        yield server


@pytest.fixture
def scaleway() -> Iterator[ScalewayServer]:
    with ScalewayServer() as server:
        yield server


@pytest.fixture(autouse=True)
def restored_globals() -> Iterator[None]:
    """Restore logging and signal handlers, which a run changes."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    listeners = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    yield
    root.handlers[:], root.level = handlers, level
    logging.disable(logging.NOTSET)
    for number, listener in listeners.items():
        signal.signal(number, listener)
