"""A view of a store, and its jobs."""

import pytest

from states.manifest import Writer
from tests.support.builders import begun
from tests.support.viewing import view as open_view
from tests.support.world import JOB
from worker.errors import DataError, UsageError
from worker.services.view import View
from worker.store.memory import MemoryStore


@pytest.fixture
def view() -> View:
    return open_view(MemoryStore(lambda: 0.0))


def begin(view: View) -> None:
    view.log(JOB).append(None, begun(), Writer.WORKER)


def test_a_job_without_a_checkpoint_has_no_newest_manifest(view: View) -> None:
    assert view.newest(JOB) is None
    with pytest.raises(DataError, match="there is no job job-1"):
        view.manifest(JOB)


def test_the_newest_manifest_is_that_of_the_newest_checkpoint(
    view: View,
) -> None:
    begin(view)
    newest = view.newest(JOB)
    assert newest is not None
    assert newest.sequence == 1
    assert view.manifest(JOB) == newest


def test_a_malformed_job_id_is_refused_before_the_store_is_asked(
    view: View,
) -> None:
    with pytest.raises(UsageError, match="JOB_ID is 'a/b': it must be"):
        view.manifest("a/b")


def test_only_folders_with_objects_of_a_job_are_jobs(view: View) -> None:
    begin(view)
    view.store.put("notes.txt", b"", "text/plain")
    view.store.put("photos/1.png", b"", "image/png")
    assert list(view.job_ids()) == [JOB]
