"""`gc`, killed before each object that it deletes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from states.exits import Exit
from states.keys import artifact_name, checkpoint_key, sequence_of
from tests.support.viewing import view
from tests.support.world import IDENTITY, JOB, World
from worker.cli.commands.gc import collect, delete_all_but
from worker.errors import BusyError
from worker.store.memory import MemoryStore
from worker.system.runtime import SystemRuntime

TOMBSTONE = 13


class KilledError(Exception):
    """The death of the process."""


class DyingStore(MemoryStore):
    """A store whose client dies after it has deleted `left` objects."""

    left: int | None = None

    def delete(self, keys: list[str]) -> None:
        for key in keys:
            if self.left == 0:
                raise KilledError
            super().delete([key])
            self.left = None if self.left is None else self.left - 1


def keys(store: MemoryStore) -> Iterator[str]:
    return (entry.key for entry in store.entries(f"{JOB}/"))


@pytest.fixture
def store(tmp_path: Path) -> DyingStore:
    store = DyingStore(lambda: SystemRuntime().now().timestamp())
    assert World(store=store, work_dir=tmp_path).job().run(IDENTITY) is Exit.OK
    return store


@pytest.mark.parametrize("number", range(25))
def test_while_a_collected_job_has_a_file_it_has_every_checkpoint(
    store: DyingStore, number: int
) -> None:
    store.left = number
    with pytest.raises(KilledError):
        collect(view(store), 0, dry_run=False)
    left = list(keys(store))
    assert checkpoint_key(JOB, TOMBSTONE) in left
    if any(artifact_name(key) for key in left):
        sequences = [sequence_of(key) for key in left if sequence_of(key)]
        assert sequences == list(range(1, TOMBSTONE + 1))
    store.left = None
    assert collect(view(store), 0, dry_run=False).document["collected"] == [JOB]
    assert list(keys(store)) == [checkpoint_key(JOB, TOMBSTONE)]


def test_a_command_that_was_frozen_deletes_no_newer_tombstone(
    store: DyingStore,
) -> None:
    """Meanwhile the job was redone, and collected by another command."""
    collect(view(store), 0, dry_run=False)
    newer = checkpoint_key(JOB, TOMBSTONE)
    manifest = view(store).log(JOB).read(TOMBSTONE).manifest
    older = replace(manifest, sequence=3)
    with pytest.raises(BusyError, match="has just collected it"):
        delete_all_but(view(store), older, dry_run=False)
    assert list(keys(store)) == [newer]
