"""What a run keeps of an earlier job's course."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from states import decisions
from states.manifest import Artifact, Manifest, Update, Writer
from states.stages import Stage
from tests.simulation.scheduler import Process, Scheduler, SimRuntime
from tests.support.builders import COMMIT, entered
from tests.support.updates import (
    EARLIER,
    OLD,
    PartsEngine,
    PartsSource,
    make_earlier,
)
from tests.support.world import FakeEngine
from tests.unit.run.owned_job import OwnedJob
from worker.course.update_plan import PLAN
from worker.engines.port import Item
from worker.errors import DataError
from worker.ownership.log import CheckpointLog
from worker.run.update import Updater
from worker.source.port import InvalidSnapshotError
from worker.system.runtime import Runtime

NEW = {"signer.txt": "sign", "new_shop.txt": "sell", "till.txt": "count more"}
"""The shop's file is moved, and the till's is changed."""
EXTRACTED = "step1_abstractions.yaml"
ORDERED = "step3_order.yaml"
SIGNER = "chapters/chapter_1_signer.md"
SHOP = "chapters/chapter_2_shop.md"
TILL = "chapters/chapter_3_till.md"
CHAPTERS = (SIGNER, SHOP, TILL)
REVIEWS = tuple(f"reviewed-{path}" for path in CHAPTERS)
TUTORIALS = tuple(
    path.replace("chapters/chapter", "tutorials/tutorial") for path in CHAPTERS
)


def made(path: str) -> Artifact:
    """Return an item that was not kept."""
    return Artifact(path=path, size=1, sha256="0" * 64, media_type="")


class Updating:
    """A job that updates an earlier one, up to the end of its first stage."""

    def __init__(
        self,
        folder: Path,
        files: Mapping[str, str] = NEW,
        *,
        engine: FakeEngine | None = None,
        manifest: Manifest | None = None,
        runtime: Runtime | None = None,
    ) -> None:
        """Complete the earlier job, and begin this one."""
        begun = manifest or replace(
            entered(Stage.CLONE), update=Update(from_=EARLIER)
        )
        self.job = OwnedJob(begun, folder / "runs", runtime=runtime)
        self.job.source = PartsSource(commit="b" * 40, files=files)
        make_earlier(self.job.store, folder / "earlier", engine)
        self.puts: list[str] = []
        self.job.store.before_put = self.puts.append
        self.updater = self.new_updater()

    def new_updater(self) -> Updater:
        job = self.job
        return Updater(job.context, job.cloner, job.retrying, job.packer)

    def prepare(self) -> Update:
        """Clone, and decide which items are kept."""
        self.updater.check()
        [snapshot] = self.job.cloner.clone()
        self.puts.clear()
        self.updater.prepare(snapshot)
        self.job.finish((snapshot,))
        return self.update

    @property
    def update(self) -> Update:
        update = self.job.manifest.update
        assert update is not None
        return update

    def keep(self, *paths: str) -> dict[str, bytes]:
        """Finish the current stage with these items; return those that are kept."""
        record = self.job.manifest.record(self.stage)
        kept = list(self.updater.keep(record, paths))
        artifacts = {path: made(path) for path in paths}
        artifacts |= {artifact.path: artifact for artifact, _ in kept}
        self.job.finish(tuple(artifacts.values()))
        return {artifact.path: body for artifact, body in kept}

    @property
    def stage(self) -> Stage:
        stage = self.job.manifest.current_stage
        assert stage is not None
        return stage

    def chapters(self) -> dict[str, bytes]:
        """Return the kept chapters, after the stages before them."""
        self.keep(EXTRACTED)
        self.keep("step2_relationships.yaml")
        self.keep(ORDERED)
        return self.keep(*CHAPTERS)

    def collect(self) -> None:
        """Let `gc` leave a tombstone of the earlier job."""
        log = CheckpointLog(self.job.store, EARLIER, self.job.runtime)
        newest = log.newest()
        assert newest is not None
        tombstone = decisions.collect(newest.manifest)
        log.append(newest, tombstone, Writer.OPERATOR)

    def delete(self, *texts: str) -> None:
        """Delete the objects whose keys contain one of these strings."""
        store = self.job.store
        keys = [entry.key for entry in store.entries("")]
        chosen = [key for key in keys if any(text in key for text in texts)]
        assert chosen
        store.delete(chosen)


@pytest.fixture
def updating(tmp_path: Path) -> Updating:
    return Updating(tmp_path)


def test_the_earlier_jobs_commit_is_pinned_once(updating: Updating) -> None:
    updating.updater.check()
    assert updating.update == Update(from_=EARLIER, from_commit=COMMIT)
    before = updating.job.manifest
    updating.delete(f"{EARLIER}/")
    updating.updater.check()
    assert updating.job.manifest == before


def test_a_job_that_updates_none_checks_and_keeps_nothing(
    tmp_path: Path,
) -> None:
    updating = Updating(tmp_path, manifest=entered(Stage.CLONE))
    updating.updater.check()
    [snapshot] = updating.job.cloner.clone()
    before = updating.job.manifest
    updating.updater.prepare(snapshot)
    assert updating.job.manifest == before
    updating.job.finish((snapshot,))
    assert updating.updater.count_kept(Stage.EXTRACT, ()) is None
    assert updating.updater.earlier(Stage.EXTRACT) is None
    assert updating.keep(EXTRACTED) == {}


class Checking:
    """A job that looks for an earlier one, in simulated time."""

    def __init__(
        self, folder: Path, earlier: str, engine: FakeEngine | None = None
    ) -> None:
        self._scheduler = Scheduler(1)
        self._process = Process(name="p")
        runtime = SimRuntime(self._scheduler, self._process)
        begun = replace(entered(Stage.CLONE), update=Update(from_=earlier))
        self.updating = Updating(
            folder, engine=engine, manifest=begun, runtime=runtime
        )
        self.looks: list[float] = []
        """When it listed the earlier job's checkpoints."""
        self.updating.job.store.before_list = lambda _prefix: self.looks.append(
            runtime.monotonic()
        )

    def error(self) -> DataError:
        """Return the error that the check raises."""
        errors: list[DataError] = []

        def check() -> None:
            with pytest.raises(DataError) as raised:
                self.updating.updater.check()
            errors.append(raised.value)

        self._scheduler.spawn(self._process, "main", check)
        self._scheduler.run()
        return errors[0]


def test_an_earlier_job_that_does_not_show_is_looked_for_three_times(
    tmp_path: Path,
) -> None:
    checking = Checking(tmp_path, "missing")
    error = checking.error()
    assert error.code == "update_from"
    assert "cannot be updated: job missing is not in memory://;" in str(error)
    assert checking.looks == pytest.approx([0, 1, 4], abs=0.1)


def test_an_earlier_job_with_another_engine_is_not_updated(
    tmp_path: Path,
) -> None:
    checking = Checking(tmp_path, EARLIER, PartsEngine(name="claude"))
    assert "was made with the engine claude" in str(checking.error())
    assert checking.updating.update.from_commit is None


def test_the_items_that_are_still_true_are_kept(
    updating: Updating, caplog: pytest.LogCaptureFixture
) -> None:
    update = updating.prepare()
    assert (update.changed, update.why) == (2, None)
    abstractions = yaml.safe_load(updating.keep(EXTRACTED)[EXTRACTED])
    assert abstractions[1]["file_paths"] == ["new_shop.txt"]
    assert updating.keep("step2_relationships.yaml")
    assert b"reasoning: new_shop.txt:1" in updating.keep(ORDERED)[ORDERED]
    assert updating.keep(*CHAPTERS) == {
        SIGNER: b"# Signer\n\ngenerate-chapters of sign\n",
        SHOP: b"# Shop\n\ngenerate-chapters of sell\n",
    }
    assert "nothing is kept" not in caplog.messages


def test_only_items_whose_places_have_moved_are_stored_again(
    updating: Updating,
) -> None:
    updating.prepare()
    names = sorted(key.rpartition("/")[2] for key in updating.puts)
    assert names == [EXTRACTED, ORDERED, PLAN]


def test_the_plan_is_made_once(updating: Updating) -> None:
    updating.prepare()
    before = updating.job.manifest
    [snapshot] = before.record(Stage.CLONE).artifacts
    updating.updater.prepare(snapshot)
    assert updating.job.manifest == before


def test_trees_of_the_same_snapshot_are_not_compared(tmp_path: Path) -> None:
    updating = Updating(tmp_path, OLD)
    update = updating.prepare()
    assert update.changed == 0
    assert updating.job.packer.unpacked == 0
    assert set(updating.chapters()) == set(CHAPTERS)


def test_the_earlier_tree_is_private_and_removed_when_it_was_compared(
    updating: Updating,
) -> None:
    updating.prepare()
    assert updating.job.packer.modes == [0o700]
    assert not (updating.job.context.folder.scratch / "earlier").exists()


def lose(updating: Updating, what: str) -> None:
    """Remove a part of the earlier job after it was checked."""
    match what:
        case "job":
            updating.delete(f"{EARLIER}/")
        case "collected job":
            updating.collect()
        case "YAML file":
            updating.delete(f"{EARLIER}/artifacts/order/")
        case "snapshot":
            updating.delete(f"{EARLIER}/artifacts/clone/")
        case _:
            updating.job.packer.fault = InvalidSnapshotError("torn")


DELETED = "the earlier job was deleted before its items were copied"


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("job", DELETED),
        ("collected job", DELETED),
        ("YAML file", f"{ORDERED} of the earlier job is missing or damaged"),
        (
            "snapshot",
            "the snapshot of the earlier job is missing or damaged",
        ),
        (
            "whole snapshot",
            "the snapshot of the earlier job is damaged: torn",
        ),
    ],
)
def test_nothing_is_kept_of_an_earlier_job_that_is_no_longer_whole(
    updating: Updating, what: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    updating.updater.check()
    [snapshot] = updating.job.cloner.clone()
    lose(updating, what)
    updating.updater.prepare(snapshot)
    assert updating.update.why == why
    assert "nothing is kept" in caplog.messages
    before = updating.job.manifest
    updating.new_updater().prepare(snapshot)
    assert updating.job.manifest == before
    updating.job.finish((snapshot,))
    assert updating.keep(EXTRACTED) == {}


class Referring(PartsEngine):
    """Writes chapters and reviews that each show a line of another part's file."""

    def _item(self, path: str, body: bytes) -> Item:
        item = super()._item(path, body)
        match path:
            case "chapters/chapter_1_signer.md":
                shown = b"till.txt"
            case "reviewed-chapters/chapter_1_signer.md":
                shown = b"shop.txt"
            case _:
                return item
        return replace(item, body=body + b"\nSee `%b:1`.\n" % shown)


def test_a_review_and_a_tutorial_go_with_a_chapter_whose_place_has_changed(
    tmp_path: Path,
) -> None:
    updating = Updating(tmp_path, engine=Referring())
    updating.prepare()
    assert set(updating.chapters()) == {SHOP}
    assert set(updating.keep(*REVIEWS)) == {REVIEWS[1]}
    assert set(updating.keep(*TUTORIALS)) == {TUTORIALS[1]}


def test_an_engine_reads_the_earlier_review_of_such_a_chapter(
    tmp_path: Path,
) -> None:
    updating = Updating(tmp_path, engine=Referring())
    updating.prepare()
    earlier = updating.updater.earlier(Stage.REVIEW_CHAPTERS)
    assert earlier is not None
    review = earlier.read(REVIEWS[0])
    assert review is not None
    assert b"See `shop.txt:1`." in review


def test_an_item_that_the_earlier_job_has_lost_is_not_kept(
    updating: Updating,
) -> None:
    updating.updater.check()
    [snapshot] = updating.job.cloner.clone()
    updating.delete(SIGNER)
    updating.updater.prepare(snapshot)
    updating.job.finish((snapshot,))
    earlier = updating.updater.earlier(Stage.GENERATE_CHAPTERS)
    assert earlier is not None
    assert earlier.read(SIGNER) is None
    assert set(updating.chapters()) == {SHOP}


def test_a_copy_that_is_lost_is_made_again(
    updating: Updating, caplog: pytest.LogCaptureFixture
) -> None:
    updating.prepare()
    updating.delete(f"earlier/{SIGNER}")
    assert set(updating.chapters()) == {SHOP}
    assert any("is missing or damaged" in text for text in caplog.messages)
    assert set(updating.keep(*REVIEWS)) == {REVIEWS[1]}
    assert set(updating.keep(*TUTORIALS)) == {TUTORIALS[1]}


def test_nothing_is_kept_after_a_yaml_file_that_was_made_again(
    updating: Updating,
) -> None:
    updating.prepare()
    updating.delete(f"earlier/{ORDERED}")
    assert updating.chapters() == {}


def test_the_kept_items_of_a_stage_are_counted(
    updating: Updating,
) -> None:
    updating.prepare()
    updating.chapters()
    record = updating.job.manifest.record(Stage.GENERATE_CHAPTERS)
    changed = replace(record.artifacts[0], sha256="1" * 64)
    count = updating.updater.count_kept
    assert count(record.stage, record.artifacts) == 2
    assert count(record.stage, (changed, *record.artifacts[1:])) == 1
    snapshots = updating.job.manifest.record(Stage.CLONE).artifacts
    assert count(Stage.CLONE, snapshots) is None


def test_an_engine_may_read_all_items_of_the_earlier_course_and_what_changed(
    updating: Updating,
) -> None:
    updating.prepare()
    earlier = updating.updater.earlier(Stage.GENERATE_CHAPTERS)
    assert earlier is not None
    assert earlier.read(SIGNER) == b"# Signer\n\ngenerate-chapters of sign\n"
    assert earlier.read(TILL) == b"# Till\n\ngenerate-chapters of count\n"
    assert earlier.read("chapters/chapter_4_none.md") is None
    assert list(earlier.diffs) == ["till.txt"]
    assert "-count\n+count more" in earlier.diffs["till.txt"]


def test_before_the_plan_there_is_no_earlier_course(
    updating: Updating,
) -> None:
    assert updating.updater.earlier(Stage.EXTRACT) is None


def test_a_stage_that_an_operator_wants_redone_keeps_nothing(
    tmp_path: Path,
) -> None:
    begun = entered(Stage.CLONE)
    redone = replace(begun.record(Stage.EXTRACT), generation=2)
    manifest = replace(begun, update=Update(from_=EARLIER))
    updating = Updating(tmp_path, manifest=manifest.with_record(redone))
    updating.prepare()
    assert updating.updater.earlier(Stage.EXTRACT) is None
    assert updating.keep(EXTRACTED) == {}
    assert updating.keep("step2_relationships.yaml") == {}


def test_without_its_plan_everything_is_made_again(updating: Updating) -> None:
    updating.prepare()
    updating.delete(PLAN)
    earlier = updating.updater.earlier(Stage.EXTRACT)
    assert earlier is not None
    assert earlier.read(SIGNER) is None
    assert updating.keep(EXTRACTED) == {}
