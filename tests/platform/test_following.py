"""Following a run: by the platform's word, by the store's, and through the silence of either."""

from collections.abc import Iterator

import pytest

from states.decisions import begin, enter
from states.manifest import Manifest, Writer
from tests.platform.test_api import Hasty, connect
from tests.support.builders import AT, ENGINE, run_record
from tests.support.scaleway.jobs import Document
from tests.support.scaleway.server import Fault, ScalewayServer
from tests.support.world import IDENTITY
from worker.errors import StoreRefusedError, TemporaryError
from worker.ownership.log import CheckpointLog
from worker.services import follow as following
from worker.services.follow import Follower
from worker.services.view import View
from worker.settings.settings import EnvironmentReader, read_settings
from worker.store.memory import MemoryStore
from worker.store.port import ObjectEntry
from worker.store.retrying import RetryingStore
from worker.system.retry import Retrier

AWAY = Fault(status=409, body=b'{"type": "transient_state"}', on="/job-runs")


@pytest.fixture
def scaleway() -> Iterator[ScalewayServer]:
    with ScalewayServer() as server:
        yield server


@pytest.fixture
def run(scaleway: ScalewayServer) -> Document:
    return scaleway.jobs.start(
        scaleway.define(), {"environment_variables": {"JOB_ID": "job-1"}}
    )[0]


def view(runtime: Hasty, kind: type[MemoryStore] = MemoryStore) -> View:
    """Return a store with a job that has just begun."""
    store = kind(lambda: runtime.now().timestamp())
    log = CheckpointLog(store, "job-1", runtime)
    first = log.append(
        None, begin(IDENTITY, ENGINE, run_record(), announces=False), Writer.WORKER
    )
    log.append(first, enter(first.manifest, at=AT), Writer.WORKER)
    retrying = RetryingStore(
        store,
        Retrier(runtime, runtime.flag()),
        give_up_seconds=0,
        monotonic=runtime.monotonic,
    )
    return View(
        settings=read_settings(EnvironmentReader({})), store=retrying, runtime=runtime
    )


def unexpected(manifest: Manifest) -> None:
    """Take no manifest."""
    raise AssertionError(manifest)


def test_a_job_is_followed_by_its_run_alone_where_the_store_cannot_be_read(
    scaleway: ScalewayServer, run: Document
) -> None:
    scaleway.jobs.end(run, "succeeded", exit_code=0)
    runtime = Hasty()
    found = Follower(connect(scaleway, runtime), None, runtime).follow(
        "job-1", run["id"], unexpected
    )
    assert (found.state, found.exit_code) == ("succeeded", 0)


def test_each_new_checkpoint_is_shown_once_and_a_dead_run_ends_it(
    scaleway: ScalewayServer, run: Document
) -> None:
    runtime = Hasty()
    seen: list[Manifest] = []

    def see(manifest: Manifest) -> None:
        seen.append(manifest)
        scaleway.jobs.end(run, "failed", reason="memory_usage_exceeded")

    found = Follower(connect(scaleway, runtime), view(runtime), runtime).follow(
        "job-1", run["id"], see
    )
    assert [one.sequence for one in seen] == [2]
    assert (found.state, found.exit_code) == ("cloning", 75)
    assert "memory_usage_exceeded" in found.message


class Refusing(MemoryStore):
    """A store that refuses its first listings, as one does whose keys have just changed."""

    refusals = 3

    def entries(
        self, prefix: str, *, start_after: str = "", limit: int | None = None
    ) -> Iterator[ObjectEntry]:
        if self.refusals:
            self.refusals -= 1
            raise StoreRefusedError("no")
        return super().entries(prefix, start_after=start_after, limit=limit)


def test_a_job_whose_run_has_failed_is_judged_by_its_manifest_as_soon_as_the_store_can_be_read_again(
    scaleway: ScalewayServer, run: Document
) -> None:
    runtime = Hasty()
    looked_at = view(runtime, Refusing)
    scaleway.jobs.end(run, "failed", exit_code=77)
    found = Follower(connect(scaleway, runtime), looked_at, runtime).follow(
        "job-1", run["id"], lambda _: None
    )
    assert found.state == "cloning"


class Garbling(MemoryStore):
    """A store that gives something else than the first objects that are asked for."""

    answers: tuple[bytes, ...] = (b"{", b'{"format": 99}', b"")

    def get(self, key: str) -> bytes:
        if not self.answers:
            return super().get(key)
        answer, *rest = self.answers
        self.answers = tuple(rest)
        return answer


def test_a_job_is_followed_through_answers_that_are_no_checkpoints(
    scaleway: ScalewayServer, run: Document
) -> None:
    runtime = Hasty()
    looked_at = view(runtime, Garbling)
    scaleway.jobs.end(run, "failed", exit_code=75)
    found = Follower(connect(scaleway, runtime), looked_at, runtime).follow(
        "job-1", run["id"], lambda _: None
    )
    assert found.state == "cloning"


def test_a_platform_that_is_away_for_a_while_is_waited_for(
    scaleway: ScalewayServer, run: Document
) -> None:
    scaleway.jobs.end(run, "succeeded", exit_code=0)
    for _ in range(3):
        scaleway.fault(AWAY)
    runtime = Hasty()
    Follower(connect(scaleway, runtime), None, runtime).follow(
        "job-1", run["id"], unexpected
    )
    assert scaleway.requests == [scaleway.requests[0]] * 4


def test_a_platform_that_stays_away_ends_it(
    scaleway: ScalewayServer, run: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "SILENCE_SECONDS", 0.0)
    scaleway.fault(AWAY)
    runtime = Hasty()
    with pytest.raises(TemporaryError, match="cannot do it now"):
        Follower(connect(scaleway, runtime), None, runtime).follow(
            "job-1", run["id"], unexpected
        )


def test_a_run_that_the_platform_has_forgotten_ends_it(
    scaleway: ScalewayServer, run: Document
) -> None:
    del scaleway.jobs.runs[run["id"]]
    runtime = Hasty()
    with pytest.raises(TemporaryError, match="no longer knows run"):
        Follower(connect(scaleway, runtime), None, runtime).follow(
            "job-1", run["id"], unexpected
        )
