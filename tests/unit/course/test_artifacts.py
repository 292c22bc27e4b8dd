"""The artifacts of stages as objects in a store, and a job's inventory."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from states.manifest import Manifest, StageRecord
from states.stages import Stage
from tests.support.builders import begun, entered
from worker.course.artifacts import Artifacts
from worker.course.inventory import Inventory
from worker.errors import DataError
from worker.store.memory import MemoryStore
from worker.store.port import ObjectEntry

INPUTS = "0123456789ab"
PATH = "chapters/chapter_1_x.md"


class InlineExecutor(Executor):
    """Runs everything at once, in the caller's thread."""

    def submit(
        self,
        work: Callable[..., Any],
        /,
        *args: Any,  # noqa: ANN401 - as Executor has it
        **kwargs: Any,  # noqa: ANN401
    ) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(work(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as Executor does
            future.set_exception(error)
        return future


class Clock:
    """The store's clock."""

    time = 100.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    return MemoryStore(lambda: clock.time)


@pytest.fixture
def artifacts(store: MemoryStore) -> Artifacts:
    return Artifacts(store, "job-1", InlineExecutor())


def keep(artifacts: Artifacts, body: bytes, path: str = PATH) -> str:
    """Store an item; return its key."""
    kept = artifacts.store(Stage.GENERATE_CHAPTERS, INPUTS, path, body)
    return (
        f"job-1/artifacts/generate-chapters/{INPUTS}/{kept.sha256[:16]}/{path}"
    )


def restored(
    artifacts: Artifacts,
    fault: Callable[[str, bytes], str | None] = lambda _path, _body: None,
) -> list[bytes]:
    return [
        body
        for _, body in artifacts.restore(
            Stage.GENERATE_CHAPTERS, INPUTS, [PATH], fault
        )
    ]


def record(artifacts: Artifacts, *bodies: tuple[str, bytes]) -> StageRecord:
    kept = tuple(
        artifacts.store(Stage.GENERATE_CHAPTERS, INPUTS, path, body)
        for path, body in bodies
    )
    return StageRecord(
        stage=Stage.GENERATE_CHAPTERS, inputs=INPUTS, artifacts=kept
    )


def test_an_item_is_stored_under_its_inputs_and_its_content(
    store: MemoryStore, artifacts: Artifacts
) -> None:
    key = keep(artifacts, b"# X\n")
    assert store.get(key) == b"# X\n"


def test_storing_an_item_again_repairs_a_damaged_object(
    store: MemoryStore, artifacts: Artifacts
) -> None:
    key = keep(artifacts, b"# X\n")
    store.put(key, b"# Y\n", "text/markdown")
    assert restored(artifacts) == []
    keep(artifacts, b"# X\n")
    assert restored(artifacts) == [b"# X\n"]


def test_the_newest_valid_version_of_an_item_is_taken(
    store: MemoryStore, artifacts: Artifacts, clock: Clock
) -> None:
    keep(artifacts, b"oldest")
    clock.time += 1
    keep(artifacts, b"middle")
    clock.time += 1
    newest = keep(artifacts, b"newest")
    assert restored(artifacts) == [b"newest"]
    assert restored(
        artifacts, lambda _, body: "bad" if body == b"newest" else None
    ) == [b"middle"]
    store.put(newest, b"rotten", "text/markdown")
    assert restored(artifacts) == [b"middle"]


def test_only_requested_items_are_restored(artifacts: Artifacts) -> None:
    keep(artifacts, b"other", "chapters/chapter_9_other.md")
    assert restored(artifacts) == []


def test_a_finished_stages_files_come_with_their_contents_or_without_if_they_are_damaged(
    store: MemoryStore, artifacts: Artifacts
) -> None:
    kept = record(
        artifacts,
        ("chapters/a.md", b"a"),
        ("chapters/b.md", b"b"),
        ("chapters/c.md", b"c"),
    )
    store.delete([artifacts.key(kept, kept.artifacts[0])])
    store.put(artifacts.key(kept, kept.artifacts[1]), b"B", "text/markdown")
    assert [body for _, body in artifacts.fetch(kept)] == [None, None, b"c"]


def test_missing_or_resized_objects_are_found_by_listing(
    store: MemoryStore, artifacts: Artifacts
) -> None:
    kept = record(
        artifacts,
        ("chapters/a.md", b"a"),
        ("chapters/b.md", b"b"),
        ("chapters/c.md", b"c"),
    )
    store.delete([artifacts.key(kept, kept.artifacts[0])])
    store.put(
        artifacts.key(kept, kept.artifacts[1]), b"longer", "text/markdown"
    )
    unentered = StageRecord(stage=Stage.GENERATE_TUTORIALS)
    assert [
        artifact.path for _, artifact in artifacts.missing([kept, unentered])
    ] == [
        "chapters/a.md",
        "chapters/b.md",
    ]


def test_an_object_that_only_a_listing_lacks_is_not_missing() -> None:
    class EmptyListingStore(MemoryStore):
        def entries(
            self,
            prefix: str,
            *,
            start_after: str = "",
            limit: int | None = None,
        ) -> Iterator[ObjectEntry]:
            return iter(
                list(
                    super().entries(
                        prefix, start_after=start_after, limit=limit
                    )
                )[:1]
            )

    artifacts = Artifacts(
        EmptyListingStore(lambda: 0.0), "job-1", InlineExecutor()
    )
    kept = record(
        artifacts,
        ("chapters/a.md", b"a"),
        ("chapters/b.md", b"b"),
        ("chapters/c.md", b"c"),
    )
    assert artifacts.missing([kept]) == []


def test_a_download_is_checked(
    store: MemoryStore, artifacts: Artifacts, tmp_path: Path
) -> None:
    kept = record(artifacts, ("chapters/a.md", b"a"))
    [artifact] = kept.artifacts
    assert artifacts.download(kept, artifact, tmp_path / "a")
    store.put(artifacts.key(kept, artifact), b"b", "text/markdown")
    assert not artifacts.download(kept, artifact, tmp_path / "a")
    store.delete([artifacts.key(kept, artifact)])
    assert not artifacts.download(kept, artifact, tmp_path / "a")


def test_a_stored_file_is_adopted_only_if_it_matches_its_name(
    store: MemoryStore, artifacts: Artifacts, tmp_path: Path
) -> None:
    key = keep(artifacts, b"x")
    [version] = artifacts.versions(Stage.GENERATE_CHAPTERS, INPUTS)
    adopted = artifacts.adopt(version, tmp_path / "x")
    assert adopted is not None
    assert adopted.path == PATH
    assert adopted.size == 1
    store.put(key, b"y", "text/markdown")
    assert artifacts.adopt(version, tmp_path / "x") is None
    store.delete([key])
    assert artifacts.adopt(version, tmp_path / "x") is None


def test_a_stage_that_was_not_entered_has_no_keys(artifacts: Artifacts) -> None:
    kept = replace(record(artifacts, ("chapters/a.md", b"a")), inputs=None)
    with pytest.raises(ValueError, match="has not been entered"):
        artifacts.key(kept, kept.artifacts[0])


def reviewing(store: MemoryStore) -> tuple[Manifest, Artifacts]:
    """Return a job in its review stage."""
    return entered(Stage.REVIEW_CHAPTERS), Artifacts(
        store, "job-1", InlineExecutor()
    )


def test_the_inventory_of_an_unfinished_job_has_what_is_stored_so_far_each_path_once(
    store: MemoryStore, clock: Clock
) -> None:
    manifest, artifacts = reviewing(store)
    inputs = manifest.record(Stage.REVIEW_CHAPTERS).inputs
    assert inputs is not None
    for body in (b"first try", b"second"):
        clock.time += 1
        artifacts.store(
            Stage.REVIEW_CHAPTERS,
            inputs,
            "reviewed-chapters/chapter_1_x.md",
            body,
        )
    artifacts.store(Stage.REVIEW_CHAPTERS, inputs, "../evil", b"x")
    inventory = Inventory(store, InlineExecutor(), manifest)
    [unfinished] = inventory.unfinished()
    assert unfinished.path == "reviewed-chapters/chapter_1_x.md"
    assert unfinished.size == len(b"second")
    assert [body for _, body in inventory.read([unfinished])] == [b"second"]
    assert len(inventory.course()) == len(inventory.finished()) + 1


def test_the_snapshot_belongs_to_the_inventory_only_if_it_is_asked_for(
    store: MemoryStore,
) -> None:
    inventory = Inventory(store, InlineExecutor(), entered(None))
    [snapshot] = inventory.of(Stage.CLONE)
    course = inventory.finished()
    assert snapshot not in course
    assert inventory.of(Stage.EXTRACT)[0] in course


@pytest.mark.parametrize("stage", [None, Stage.CLONE])
def test_without_a_current_stage_nothing_is_unfinished(
    store: MemoryStore, stage: Stage | None
) -> None:
    assert Inventory(store, InlineExecutor(), entered(stage)).unfinished() == []


def test_a_collected_job_has_no_inventory(store: MemoryStore) -> None:
    with pytest.raises(
        DataError, match="has no files: they were deleted by `gc`"
    ):
        Inventory(store, InlineExecutor(), replace(begun(), collected=True))
