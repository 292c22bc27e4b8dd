"""An update with the Fondation CLI, which is not asked for items that are kept."""

from functools import partial
from pathlib import Path

import pytest

from tests.proofs.conftest import FILES
from tests.support.git_repository import Repository
from tests.support.git_server import GitServer
from tests.support.platform_job import ITEMS, PlatformJob
from tests.support.receiver import Receiver
from worker.store.folder import FolderStore

YAML_FILES = 3
SOURCES = {
    f"lib/{name}.py": f"def {name}():\n    return 1\n".encode()
    for name in ("core", "edge", "rest", "store")
}
MADE = {
    "chapters/chapter_2_its_edge.md",
    "reviewed-chapters/chapter_2_its_edge.md",
    "tutorials/tutorial_2_its_edge.md",
}


@pytest.fixture
def changing_repository(host: GitServer) -> Repository:
    return host.repository("owner/name", FILES)


def new_job(
    tmp_path: Path,
    host: GitServer,
    receiver: Receiver,
    name: str,
    *,
    quotes: bool = False,
    **more: str,
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
        behaviour={"delay": 0, "quotes": quotes},
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
        # Chapters by the stand-in depend on the README alone.
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


def test_pages_of_the_cli_that_quote_lines_are_kept_and_corrected(
    tmp_path: Path,
    host: GitServer,
    changing_repository: Repository,
    receiver: Receiver,
) -> None:
    """Chapter 1 quotes a file of chapter 2, whose lines have moved."""
    new = partial(new_job, tmp_path, host, receiver, quotes=True)
    jobs = [new("first"), new("moved", UPDATE_FROM="first"), new("fresh")]
    first, moved, fresh = jobs
    edge = "lib/edge.py"
    try:
        changing_repository.commit(SOURCES)
        assert first.start().wait() == 0, first.report()
        changing_repository.commit(
            SOURCES | {edge: b"# The edge.\n" + SOURCES[edge]}
        )
        assert moved.start().wait() == 0, moved.report()
        assert fresh.start().wait() == 0, fresh.report()
    finally:
        for job in jobs:
            job.end()
    assert moved.calls.keys() == MADE
    page = moved.course["chapters/chapter_1_the_core.md"]
    assert b"`lib/edge.py:2-3`" in page
    assert moved.course == fresh.course
