"""The lists of artifacts of large stages, in a store."""

import json
from dataclasses import replace

import pytest

from states.course_paths import ARTIFACT_LIST
from states.manifest import StageRecord
from states.stages import Stage
from tests.unit.course.test_artifacts import INPUTS, InlineExecutor, record
from worker.course.artifacts import Artifacts
from worker.errors import DamagedError
from worker.store.memory import MemoryStore

STAGE = Stage.GENERATE_CHAPTERS
BODIES = (("chapters/b.md", b"b"), ("chapters/a.md", b"a"))


class CountingStore(MemoryStore):
    """Counts its reads."""

    reads = 0

    def get(self, key: str) -> bytes:
        self.reads += 1
        return super().get(key)


@pytest.fixture
def store() -> CountingStore:
    return CountingStore(lambda: 100.0)


def opened(store: MemoryStore) -> Artifacts:
    return Artifacts(store, "job-1", InlineExecutor())


def listed(store: MemoryStore) -> StageRecord:
    """Store a stage whose two artifacts are listed."""
    artifacts = opened(store)
    stored = record(artifacts, *BODIES)
    listed = artifacts.store_list(STAGE, INPUTS, stored.artifacts)
    return replace(stored, artifacts=(), listed=listed)


def key_of(store: MemoryStore, stage: StageRecord) -> str:
    assert stage.listed is not None
    return opened(store).key(stage, stage.listed.file)


def test_a_list_is_an_object_below_its_stage(store: CountingStore) -> None:
    stage = listed(store)
    assert stage.artifact_count == 2
    key = key_of(store, stage)
    assert key.startswith(f"job-1/artifacts/generate-chapters/{INPUTS}/")
    assert key.endswith(f"/{ARTIFACT_LIST}")
    paths = [entry["path"] for entry in json.loads(store.get(key))]
    assert paths == ["chapters/a.md", "chapters/b.md"]


def test_a_list_is_read_once(store: CountingStore) -> None:
    stage = listed(store)
    artifacts = opened(store)
    first = artifacts.of(stage)
    assert [item.path for item in first] == ["chapters/a.md", "chapters/b.md"]
    assert artifacts.of(stage) is first
    assert store.reads == 1
    artifacts.forget()
    assert artifacts.of(stage) == first
    assert store.reads == 2


def test_the_run_that_stored_a_list_does_not_read_it(
    store: CountingStore,
) -> None:
    artifacts = opened(store)
    stored = record(artifacts, *BODIES)
    listed = artifacts.store_list(STAGE, INPUTS, stored.artifacts)
    found = artifacts.of(replace(stored, artifacts=(), listed=listed))
    assert sorted(found, key=str) == sorted(stored.artifacts, key=str)
    assert store.reads == 0


@pytest.mark.parametrize("body", [b"", b"[]", None])
def test_a_damaged_list_is_not_believed_and_counts_as_missing(
    store: CountingStore, body: bytes | None
) -> None:
    stage = listed(store)
    key = key_of(store, stage)
    store.delete([key])
    if body is not None:
        store.put(key, body, "application/json")
    with pytest.raises(DamagedError, match=ARTIFACT_LIST) as raised:
        opened(store).of(stage)
    assert raised.value.stage is STAGE
    assert stage.listed is not None
    assert opened(store).missing([stage]) == [(STAGE, stage.listed.file)]


def test_a_list_of_the_same_size_with_other_content_counts_as_missing(
    store: CountingStore,
) -> None:
    stage = listed(store)
    key = key_of(store, stage)
    store.put(key, store.get(key).replace(b"a.md", b"x.md"), "")
    assert [path for _, path in opened(store).missing([stage])] == [
        stage.listed and stage.listed.file
    ]


def test_artifacts_of_a_list_are_looked_for_and_so_is_the_list(
    store: CountingStore,
) -> None:
    stage = listed(store)
    artifacts = opened(store)
    first, second = artifacts.of(stage)
    assert artifacts.missing([stage]) == []
    store.delete([artifacts.key(stage, second), key_of(store, stage)])
    assert stage.listed is not None
    assert artifacts.missing([stage]) == [
        (STAGE, stage.listed.file),
        (STAGE, second),
    ]
    assert [body for _, body in artifacts.fetch(stage)] == [b"a", None]
    assert first.path == "chapters/a.md"


def test_the_contents_of_many_artifacts_come_in_order(
    store: CountingStore,
) -> None:
    bodies = [(f"chapters/{n:03}.md", b"%d" % n) for n in range(200)]
    stage = record(opened(store), *bodies)
    found = [body for _, body in opened(store).fetch(stage)]
    assert found == [body for _, body in bodies]
