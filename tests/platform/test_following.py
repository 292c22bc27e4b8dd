"""Following a run by platform and store, also while either does not respond."""

from collections.abc import Iterator

import pytest

from states.decisions import begin, enter
from states.manifest import Manifest, Writer
from tests.platform.test_api import RecordingRuntime, connect
from tests.support.builders import AT, ENGINE, run_record
from tests.support.scaleway.jobs import Document
from tests.support.scaleway.server import Fault, ScalewayServer
from tests.support.viewing import view
from tests.support.world import IDENTITY
from worker.errors import StoreRefusedError, TemporaryError
from worker.ownership.log import CheckpointLog
from worker.services import follow as following
from worker.services.follow import Follower
from worker.services.view import View
from worker.store.memory import MemoryStore
from worker.store.port import ObjectEntry

BUSY = Fault(status=409, body=b'{"type": "transient_state"}', on="/job-runs")


@pytest.fixture
def run(scaleway: ScalewayServer) -> Document:
    return scaleway.jobs.start(
        scaleway.define(), {"environment_variables": {"JOB_ID": "job-1"}}
    )[0]


def job_that_began(
    runtime: RecordingRuntime, kind: type[MemoryStore] = MemoryStore
) -> View:
    """Return a store with a job that has just begun."""
    store = kind(lambda: runtime.now().timestamp())
    log = CheckpointLog(store, "job-1", runtime)
    first = log.append(
        None,
        begin(IDENTITY, ENGINE, run_record(), announces=False),
        Writer.WORKER,
    )
    log.append(first, enter(first.manifest, at=AT), Writer.WORKER)
    return view(store, runtime, give_up_seconds=0)


def unexpected(manifest: Manifest) -> None:
    """Fail at any manifest."""
    raise AssertionError(manifest)


def test_a_job_is_followed_by_its_run_alone_if_the_store_is_unreadable(
    scaleway: ScalewayServer, run: Document
) -> None:
    scaleway.jobs.end(run, "succeeded", exit_code=0)
    runtime = RecordingRuntime()
    outcome = Follower(connect(scaleway, runtime), None, runtime).follow(
        "job-1", run["id"], unexpected
    )
    assert outcome.state == "succeeded"
    assert outcome.exit_code == 0


def test_each_new_checkpoint_is_shown_once_and_a_dead_run_ends_it(
    scaleway: ScalewayServer, run: Document
) -> None:
    runtime = RecordingRuntime()
    shown: list[Manifest] = []

    def show(manifest: Manifest) -> None:
        shown.append(manifest)
        scaleway.jobs.end(run, "failed", reason="memory_usage_exceeded")

    outcome = Follower(
        connect(scaleway, runtime), job_that_began(runtime), runtime
    ).follow("job-1", run["id"], show)
    assert [manifest.sequence for manifest in shown] == [2]
    assert outcome.state == "cloning"
    assert outcome.exit_code == 75
    assert "memory_usage_exceeded" in outcome.message


class RefusingStore(MemoryStore):
    """Refuses its first listings, as a store may after a change of keys."""

    refusals = 3

    def entries(
        self, prefix: str, *, start_after: str = "", limit: int | None = None
    ) -> Iterator[ObjectEntry]:
        if self.refusals:
            self.refusals -= 1
            raise StoreRefusedError("no")
        return super().entries(prefix, start_after=start_after, limit=limit)


class GarblingStore(MemoryStore):
    """Returns bodies that are not checkpoints before it returns the stored ones."""

    answers: tuple[bytes, ...] = (b"{", b'{"format": 99}', b"")

    def get(self, key: str) -> bytes:
        if not self.answers:
            return super().get(key)
        answer, *rest = self.answers
        self.answers = tuple(rest)
        return answer


@pytest.mark.parametrize(
    ("kind", "code"), [(RefusingStore, 77), (GarblingStore, 75)]
)
def test_a_job_whose_run_has_failed_is_judged_by_its_manifest_once_the_store_is_readable(
    scaleway: ScalewayServer,
    run: Document,
    kind: type[MemoryStore],
    code: int,
) -> None:
    runtime = RecordingRuntime()
    looked_at = job_that_began(runtime, kind)
    scaleway.jobs.end(run, "failed", exit_code=code)
    outcome = Follower(connect(scaleway, runtime), looked_at, runtime).follow(
        "job-1", run["id"], lambda _: None
    )
    assert outcome.state == "cloning"


def test_a_platform_that_does_not_respond_for_a_while_is_waited_for(
    scaleway: ScalewayServer, run: Document
) -> None:
    scaleway.jobs.end(run, "succeeded", exit_code=0)
    for _ in range(3):
        scaleway.fault(BUSY)
    runtime = RecordingRuntime()
    Follower(connect(scaleway, runtime), None, runtime).follow(
        "job-1", run["id"], unexpected
    )
    assert scaleway.requests == [scaleway.requests[0]] * 4


def test_following_ends_if_the_platform_stays_unresponsive(
    scaleway: ScalewayServer, run: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "SILENCE_SECONDS", 0.0)
    scaleway.fault(BUSY)
    runtime = RecordingRuntime()
    with pytest.raises(TemporaryError, match="cannot do it now"):
        Follower(connect(scaleway, runtime), None, runtime).follow(
            "job-1", run["id"], unexpected
        )


def test_following_ends_if_the_platform_has_forgotten_the_run(
    scaleway: ScalewayServer, run: Document
) -> None:
    del scaleway.jobs.runs[run["id"]]
    runtime = RecordingRuntime()
    with pytest.raises(TemporaryError, match="no longer knows run"):
        Follower(connect(scaleway, runtime), None, runtime).follow(
            "job-1", run["id"], unexpected
        )
