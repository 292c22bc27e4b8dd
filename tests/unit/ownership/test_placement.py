"""The allowed places for jobs and stores, so that the objects of different stores never mix."""

import pytest

from states.keys import checkpoint_key
from worker.errors import ConfigError
from worker.ownership.placement import A_FEW, check_neighbours, check_store
from worker.store.memory import MemoryStore
from worker.store.port import ObjectEntry

JOB = "team"
CHECKPOINT = checkpoint_key("job-1", 1)


def entry(key: str) -> ObjectEntry:
    return ObjectEntry(key=key, size=1, modified=0)


def store(url: str = "memory://", *keys: str) -> MemoryStore:
    """Return a store with objects, under a URL."""
    memory = MemoryStore(lambda: 0.0)
    memory.url = url
    for key in keys:
        memory.put(key, b"{}", "application/json")
    return memory


@pytest.mark.parametrize("folder", ["", "a/", "a/b/"])
def test_a_job_is_refused_where_another_store_has_its_jobs(folder: str) -> None:
    foreign = f"{JOB}/{folder}{checkpoint_key('theirs', 1)}"
    own = checkpoint_key(JOB, 1)
    with pytest.raises(ConfigError, match="JOB_ID is 'team'") as caught:
        check_neighbours(store(), JOB, [entry(own), entry(foreign)])
    assert foreign in str(caught.value)
    assert caught.value.code == "nested_store"


def test_a_jobs_own_objects_and_a_users_files_are_not_jobs() -> None:
    own = entry(checkpoint_key(JOB, 1))
    file = entry(f"{JOB}/notes.txt")
    check_neighbours(store(), JOB, [own, file])
    check_neighbours(store(), JOB, [])


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("s3://bucket/team/job-1", CHECKPOINT.removeprefix("job-1/")),
        ("s3://bucket/team/job-1/runs", "1/heartbeat.json"),
    ],
)
def test_a_store_inside_another_stores_job_is_refused(
    url: str, key: str
) -> None:
    with pytest.raises(ConfigError, match="inside a job of another store"):
        check_store(store(url, key))
    check_store(store(url, "notes.txt"))
    check_store(store(url))


def test_a_store_inside_a_job_is_known_by_any_of_its_first_objects() -> None:
    notes = [f"a/{number:03}" for number in range(A_FEW - 1)]
    check_store(store("s3://bucket/job-1/runs", *notes))
    with pytest.raises(ConfigError, match="inside a job of another store"):
        check_store(store("s3://bucket/job-1/runs", "1/heartbeat.json", *notes))
