"""How a run gets the repository's files: once from the source, then from the snapshot."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from states.course_paths import SNAPSHOT
from states.decisions import pin
from states.manifest import Artifact
from states.stages import Stage
from tests.support.builders import COMMIT, entered
from tests.unit.run.owned_job import OwnedJob
from worker.errors import DamagedError
from worker.source.port import InvalidSnapshotError

TEXT = f"text of {COMMIT}"


@pytest.fixture
def job(tmp_path: Path) -> Iterator[OwnedJob]:
    owned = OwnedJob(entered(Stage.CLONE), tmp_path)
    yield owned
    owned.context.folder.remove()


@pytest.fixture
def pinned(job: OwnedJob) -> OwnedJob:
    """A job whose commit an earlier run has pinned; its branch has moved since."""
    job.owned.append(lambda base: pin(base, COMMIT))
    job.source.commit = "b" * 40
    return job


def stored(job: OwnedJob, path: str = SNAPSHOT) -> Artifact:
    """Store an object of the first stage, as an earlier run did."""
    inputs = job.manifest.record(Stage.CLONE).inputs
    assert inputs is not None
    body = f'{{"file.txt": "{TEXT}"}}'.encode()
    return job.artifacts.store(Stage.CLONE, inputs, path, body)


def key(job: OwnedJob, artifact: Artifact) -> str:
    return job.artifacts.key(job.manifest.record(Stage.CLONE), artifact)


def damage(job: OwnedJob, artifact: Artifact) -> None:
    job.store.put(key(job, artifact), b"{}", "application/gzip")


def text(job: OwnedJob) -> str:
    return (job.cloner.unpacked() / "file.txt").read_text()


def test_the_first_run_pins_the_newest_commit_and_stores_its_files(
    job: OwnedJob,
) -> None:
    [snapshot] = job.cloner.clone()
    assert job.source.checkouts == [None]
    assert job.manifest.commit == COMMIT
    assert snapshot.path == SNAPSHOT
    assert job.store.get(key(job, snapshot)) == b'{"file.txt": "%s"}' % (
        TEXT.encode()
    )
    assert job.reporter.reports == [(Stage.CLONE, 1, 1)]


def test_files_that_were_checked_out_are_used_as_they_are(
    job: OwnedJob,
) -> None:
    job.cloner.clone()
    job.cloner.ensure_tree()
    assert text(job) == TEXT
    assert job.packer.unpacked == 0


def test_a_later_run_takes_the_snapshot_and_asks_no_git_host(
    pinned: OwnedJob,
) -> None:
    snapshot = stored(pinned)
    assert pinned.cloner.clone() == (snapshot,)
    assert pinned.opened == 0
    assert pinned.packer.unpacked == 0
    assert [text(pinned), text(pinned)] == [TEXT, TEXT]
    assert pinned.packer.unpacked == 1


def test_without_a_snapshot_the_pinned_commit_is_checked_out_again(
    pinned: OwnedJob,
) -> None:
    pinned.cloner.clone()
    assert pinned.source.checkouts == [COMMIT]
    assert pinned.opened == 1
    assert text(pinned) == TEXT


def test_a_damaged_snapshot_is_not_used(pinned: OwnedJob) -> None:
    snapshot = stored(pinned)
    damage(pinned, snapshot)
    assert pinned.cloner.clone() == (snapshot,)
    assert pinned.source.checkouts == [COMMIT]


def test_an_older_snapshot_is_used_if_the_newest_is_damaged(
    pinned: OwnedJob,
) -> None:
    snapshot = stored(pinned)
    pinned.time += 1
    newest = replace(snapshot, sha256="0" * 64)
    damage(pinned, newest)
    assert pinned.cloner.clone() == (snapshot,)
    assert pinned.opened == 0


def test_other_objects_of_the_stage_are_not_taken_for_the_snapshot(
    pinned: OwnedJob,
) -> None:
    snapshot = stored(pinned)
    pinned.time += 1
    stored(pinned, "update.json")
    assert pinned.cloner.clone() == (snapshot,)
    assert pinned.opened == 0


def test_a_later_stage_restores_the_files_once(pinned: OwnedJob) -> None:
    pinned.finish((stored(pinned),))
    pinned.cloner.ensure_tree()
    pinned.cloner.ensure_tree()
    assert text(pinned) == TEXT
    assert pinned.packer.unpacked == 1
    assert pinned.opened == 0


def test_a_snapshot_that_is_lost_or_damaged_is_made_again_by_its_stage(
    pinned: OwnedJob,
) -> None:
    snapshot = stored(pinned)
    pinned.finish((snapshot,))
    damage(pinned, snapshot)
    with pytest.raises(DamagedError) as raised:
        pinned.cloner.ensure_tree()
    assert raised.value.stage is Stage.CLONE
    assert pinned.packer.unpacked == 0


def test_a_snapshot_that_cannot_be_unpacked_is_made_again_by_its_stage(
    pinned: OwnedJob,
) -> None:
    pinned.packer.fault = InvalidSnapshotError("no archive")
    pinned.finish((stored(pinned),))
    for _ in range(2):
        with pytest.raises(DamagedError):
            pinned.cloner.ensure_tree()
    assert pinned.packer.unpacked == 2, "a failed tree must be unpacked again"
