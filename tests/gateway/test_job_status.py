"""A job's status, also while its store does not answer."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from states.codec import encode
from states.decisions import settle
from states.keys import checkpoint_key
from states.manifest import Writer
from tests.support.builders import AT, begun, completed
from tests.support.world import JOB
from worker.errors import (
    MissingError,
    StoreConfigError,
    StoreRefusedError,
    StoreUnavailableError,
)
from worker.gateway.job_status import Standing, read_standing
from worker.ownership.log import CheckpointLog
from worker.services.view import View, open_view
from worker.store.retrying import RetryingStore


@dataclass(frozen=True)
class UnlistableStore:
    """A store whose listings fail."""

    error: Exception

    def entries(self, *_: object, **__: object) -> object:
        raise self.error


@pytest.fixture
def view(tmp_path: Path) -> View:
    return open_view((tmp_path / "store").as_uri(), {})


def test_a_job_without_a_checkpoint_is_unfinished(view: View) -> None:
    assert read_standing(view, JOB) is Standing.UNFINISHED


def test_a_job_that_has_begun_is_unfinished(view: View) -> None:
    CheckpointLog(view.store, JOB, view.runtime).append(
        None, begun(), Writer.WORKER
    )
    assert read_standing(view, JOB) is Standing.UNFINISHED


@pytest.mark.parametrize(
    ("settled", "standing"),
    [(False, Standing.UNDELIVERED), (True, Standing.OVER)],
)
def test_a_completed_job_is_over_once_its_webhook_was_told(
    view: View,
    settled: bool,  # noqa: FBT001 - pytest's
    standing: Standing,
) -> None:
    manifest = completed()
    if settled:
        manifest = settle(
            manifest,
            {event.sequence: 200 for event in manifest.outbox.pending},
            at=AT,
        )
    view.store.put(
        checkpoint_key(JOB, manifest.sequence),
        encode(manifest),
        "application/json",
    )
    assert read_standing(view, JOB) is standing


@pytest.mark.parametrize("body", [b"{", b'{"format": 99}'])
def test_a_manifest_that_needs_a_person_leaves_its_job_unfinished(
    view: View, body: bytes
) -> None:
    view.store.put(checkpoint_key(JOB, 1), body, "application/json")
    assert read_standing(view, JOB) is Standing.UNFINISHED


@pytest.mark.parametrize(
    "kind",
    [StoreUnavailableError, StoreRefusedError, StoreConfigError, MissingError],
)
def test_a_job_is_unreadable_while_the_store_refuses_or_does_not_answer(
    view: View, kind: Callable[[str], Exception]
) -> None:
    refusing: RetryingStore = UnlistableStore(kind("no"))  # type: ignore[assignment]
    assert (
        read_standing(replace(view, store=refusing), JOB) is Standing.UNREADABLE
    )
