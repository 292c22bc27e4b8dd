"""The request to cancel a job, in its checkpoint log."""

import pytest

from states.codec import encode
from states.decisions import request_cancel as requested
from states.keys import checkpoint_key
from states.manifest import Writer
from tests.support.builders import begun, completed
from tests.support.viewing import view as open_view
from tests.support.world import IDENTITY, JOB
from worker.services.cancel_request import begin_canceled, request_cancel
from worker.services.view import View
from worker.store.memory import MemoryStore


@pytest.fixture
def view() -> View:
    return open_view(MemoryStore(lambda: 0.0))


def test_the_request_is_the_next_checkpoint_of_a_job(view: View) -> None:
    view.log(JOB).append(None, begun(), Writer.WORKER)
    assert request_cancel(view, JOB, None, "static")
    manifest = view.manifest(JOB)
    assert manifest.sequence == 2
    assert manifest.cancel_requested
    assert manifest.writer is Writer.OPERATOR


def test_a_second_request_changes_nothing(view: View) -> None:
    first = view.log(JOB).append(None, begun(), Writer.WORKER)
    view.log(JOB).append(first, requested(first.manifest), Writer.OPERATOR)
    assert request_cancel(view, JOB, None, "static")
    assert view.manifest(JOB).sequence == 2


def test_a_job_that_is_over_is_left_unchanged(view: View) -> None:
    manifest = completed()
    key = checkpoint_key(JOB, manifest.sequence)
    view.store.put(key, encode(manifest), "application/json")
    assert request_cancel(view, JOB, None, "static")
    assert view.manifest(JOB) == manifest


def test_an_unknown_job_is_not_begun(view: View) -> None:
    assert not request_cancel(view, JOB, None, "static")
    assert view.newest(JOB) is None


def test_the_request_begins_a_job_that_is_expected(view: View) -> None:
    assert request_cancel(view, JOB, IDENTITY, "static")
    manifest = view.manifest(JOB)
    assert manifest.sequence == 1
    assert manifest.cancel_requested
    assert manifest.released
    assert manifest.engine.name == "static"


def test_a_job_that_has_begun_is_not_created_as_canceled(view: View) -> None:
    assert begin_canceled(view, IDENTITY, "static")
    assert not begin_canceled(view, IDENTITY, "static")
    assert view.manifest(JOB).sequence == 1
