"""Stores that share a bucket or a folder with each other and with other files."""

from pathlib import Path

import pytest

from states.exits import Exit
from states.keys import heartbeat_key
from states.manifest import Identity
from tests.support.nested import NestedStore
from tests.support.viewing import view
from tests.support.world import IDENTITY, World
from worker.cli.commands.gc import collect
from worker.errors import ConfigError
from worker.store.port import Store

TEAM = "team"
FOREIGN = [
    "a",
    "artifacts/notes.md",
    "artifacts/clone/notes/clone/x",
    "calls/notes.txt",
    "checkpoints/00000001.json.bak",
    "checkpoints/checkpoints/00000001.json",
    "runs/1/notes.txt",
    "sweeps/notes.txt",
    "zoo/photo.jpg",
]


def run(store: Store, job_id: str, work_dir: Path) -> Exit:
    identity = Identity(
        job_id=job_id, repository=IDENTITY.repository, branch="main"
    )
    return World(store=store, work_dir=work_dir).job(job_id).run(identity)


def contents(store: Store, prefix: str) -> dict[str, bytes]:
    return {entry.key: store.get(entry.key) for entry in store.entries(prefix)}


def with_an_important_job_below(store: Store, work_dir: Path) -> Store:
    """Store a job of another store below the team's name, as older versions allowed."""
    assert run(store, "important", work_dir) is Exit.OK
    for key, body in contents(store, "important/").items():
        store.put(f"{TEAM}/{key}", body, "text/plain")
        store.delete([key])
    return NestedStore(store, TEAM)


def test_gc_deletes_nothing_but_the_jobs_own_objects(
    store: Store, tmp_path: Path
) -> None:
    assert run(store, TEAM, tmp_path) is Exit.OK
    own = contents(store, f"{TEAM}/")
    nested = with_an_important_job_below(store, tmp_path)
    for name in FOREIGN:
        nested.put(name, b"precious", "text/plain")
    before = contents(store, f"{TEAM}/")
    assert collect(view(store), 0, dry_run=False).document["collected"] == [
        TEAM
    ]
    after = contents(store, f"{TEAM}/")
    tombstone = f"{TEAM}/checkpoints/00000013.json"
    assert {key: body for key, body in after.items() if key != tombstone} == {
        key: body for key, body in before.items() if key not in own
    }
    assert collect(view(store), 0, dry_run=False).document["collected"] == []


def test_only_a_stores_own_jobs_are_listed(
    store: Store, tmp_path: Path
) -> None:
    nested = with_an_important_job_below(store, tmp_path)
    assert list(view(nested).job_ids()) == ["important"]
    for name in FOREIGN:
        nested.put(name, b"precious", "text/plain")
    assert list(view(store).job_ids()) == []
    assert run(store, "other", tmp_path) is Exit.OK
    assert list(view(store).job_ids()) == ["other"]


def test_a_job_is_listed_although_something_else_comes_first_below_its_name(
    store: Store, tmp_path: Path
) -> None:
    assert run(store, TEAM, tmp_path) is Exit.OK
    with_an_important_job_below(store, tmp_path)
    store.put(f"{TEAM}/a", b"", "text/plain")
    assert list(view(store).job_ids()) == [TEAM]


def test_a_job_is_refused_where_another_store_has_its_jobs(
    store: Store, tmp_path: Path
) -> None:
    nested = NestedStore(store, TEAM)
    assert run(nested, "important", tmp_path) is Exit.OK
    with pytest.raises(
        ConfigError,
        match=r"JOB_ID is 'team', but another store has its jobs there",
    ):
        run(store, TEAM, tmp_path)
    assert list(view(store).job_ids()) == []


@pytest.mark.parametrize(
    "folder", ["", "/checkpoints", "/artifacts", "/artifacts/clone", "/runs/1"]
)
def test_a_store_is_refused_that_lies_inside_a_job(
    store: Store, tmp_path: Path, folder: str
) -> None:
    assert run(store, TEAM, tmp_path) is Exit.OK
    # A run as short as this one sends no heartbeat.
    store.put(heartbeat_key(TEAM, 1), b"{}", "application/json")
    with pytest.raises(
        ConfigError, match="which lies inside a job of another store"
    ):
        run(NestedStore(store, TEAM + folder), "important", tmp_path)


@pytest.mark.parametrize(
    "name",
    ["jobs", "artifacts", "team/artifacts", "team/runs/1", "checkpoints"],
)
def test_a_store_may_have_the_name_of_a_jobs_folder(
    store: Store, tmp_path: Path, name: str
) -> None:
    nested = NestedStore(store, name)
    for job_id in ("checkpoints", "artifacts", "runs"):
        assert run(nested, job_id, tmp_path) is Exit.OK
    assert list(view(nested).job_ids()) == ["artifacts", "checkpoints", "runs"]


def test_a_job_continues_although_another_store_was_put_below_its_name(
    store: Store, tmp_path: Path
) -> None:
    assert run(store, TEAM, tmp_path) is Exit.OK
    with_an_important_job_below(store, tmp_path)
    assert run(store, TEAM, tmp_path) is Exit.OK


def test_files_of_others_below_a_jobs_name_do_not_keep_it_from_its_work(
    store: Store, tmp_path: Path
) -> None:
    store.put(f"{TEAM}/notes.txt", b"precious", "text/plain")
    assert run(store, TEAM, tmp_path) is Exit.OK
    assert store.get(f"{TEAM}/notes.txt") == b"precious"
