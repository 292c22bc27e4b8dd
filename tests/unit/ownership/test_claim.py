"""How a process claims a job that others claim too, under a simulated clock."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from states import decisions
from states.codec import encode
from states.exits import Exit
from states.keys import checkpoint_key, heartbeat_key
from states.manifest import EngineRef, Manifest, Writer
from states.stages import Stage
from tests.simulation.scheduler import Process, Scheduler, SimRuntime
from tests.support.builders import (
    AT,
    ENGINE,
    IDENTITY,
    begun,
    completed,
    entered,
    run_record,
)
from worker.errors import BusyError, ConfigError, DataError
from worker.ownership.claim import Claimant, OperatorRequest
from worker.ownership.heartbeat import put_heartbeat
from worker.ownership.log import CheckpointLog, Ownership
from worker.store.memory import MemoryStore
from worker.store.port import ObjectEntry, ObjectHead
from worker.store.retrying import RetryingStore
from worker.system.retry import Retrier

JOB = IDENTITY.job_id
LEASE = 30
PAUSE = 0.05 * 0.75
"""The first pause after another process won, with this test's jitter."""


class ContestedStore(MemoryStore):
    """A store where other processes act just before or after a checkpoint is created."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(lambda: scheduler.time)
        self.others = MemoryStore(lambda: scheduler.time)
        """The same objects, as other processes reach them."""
        self.others._objects = self._objects
        self.before: list[Callable[[], None]] = []
        self.after: list[Callable[[], None]] = []
        self.listed: str | None = None
        """The last key that a lagging listing shows."""
        self.ahead = 0
        """Seconds by which the clock of its answers is ahead of that of its objects."""
        self.undated = False
        self.looks: list[str] = []

    def create(  # type: ignore[override]  # it may give no date
        self, key: str, body: bytes, media_type: str
    ) -> float | None:
        if self.before:
            self.before.pop()()
        super().create(key, body, media_type)
        if self.after:
            self.after.pop()()
        return None if self.undated else self._clock() + self.ahead

    def put(self, key: str, body: object, media_type: str) -> float:
        return super().put(key, body, media_type) + self.ahead  # type: ignore[arg-type]  # a body

    def head(self, key: str) -> ObjectHead:
        self.looks.append(key)
        head = super().head(key)
        return replace(head, now=head.now + self.ahead)

    def entries(
        self, prefix: str, *, start_after: str = "", limit: int | None = None
    ) -> Iterator[ObjectEntry]:
        for entry in super().entries(
            prefix, start_after=start_after, limit=limit
        ):
            if self.listed is None or entry.key <= self.listed:
                yield entry


class FixedJitterRuntime(SimRuntime):
    """A runtime whose jitter is always 0.5."""

    def jitter(self) -> float:
        return 0.5


class ClaimHarness:
    """A store with one job, other processes, and a process that is about to claim."""

    def __init__(self) -> None:
        self.scheduler = Scheduler(1)
        self.scheduler.time = 1000
        self.runtime = FixedJitterRuntime(self.scheduler, Process(name="p"))
        self.store = ContestedStore(self.scheduler)
        self.others = CheckpointLog(self.store.others, JOB, self.runtime)
        self.pauses: list[float] = []
        self.on_wait: Callable[[], None] = lambda: None

    def given(self, manifest: Manifest) -> Manifest:
        """Store a job's newest checkpoint."""
        key = checkpoint_key(JOB, manifest.sequence)
        self.store.others.put(key, encode(manifest), "application/json")
        return manifest

    def claimant(
        self, *, announces: bool = True, allow_unfenced: bool = False
    ) -> Claimant:
        retrying = RetryingStore(
            self.store,
            Retrier(self.runtime, self.runtime.flag()),
            5,
            monotonic=self.runtime.monotonic,
        )
        return Claimant(
            store=retrying,
            log=CheckpointLog(retrying, JOB, self.runtime, retrying.attempt),
            runtime=self.runtime,
            wait=self._wait,
            lease_seconds=LEASE,
            announces=announces,
            platform_run=None,
            allow_unfenced=allow_unfenced,
        )

    def start(self, *, allow_unfenced: bool = False) -> Ownership:
        """Claim the job as an ordinary run."""
        claimant = self.claimant(allow_unfenced=allow_unfenced)
        owned = claimant.start(IDENTITY, the_engine)
        assert isinstance(owned, Ownership)
        return owned

    def rival(self) -> None:
        """Claim the job as another process; release it at once."""
        newest = self.others.newest()
        assert newest is not None
        manifest = released(claimed(newest.manifest))
        self.others.append(newest, manifest, Writer.WORKER)

    def newest(self) -> Manifest:
        newest = self.others.newest()
        assert newest is not None
        return newest.manifest

    def _wait(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.scheduler.time += seconds
        self.on_wait()


@pytest.fixture
def harness() -> ClaimHarness:
    return ClaimHarness()


def the_engine(_manifest: Manifest | None) -> EngineRef:
    return ENGINE


def claimed(manifest: Manifest) -> Manifest:
    run = run_record(manifest.run + 1)
    return decisions.claim(manifest, run, engine=ENGINE, announces=True)


def released(manifest: Manifest) -> Manifest:
    return decisions.release(manifest, Exit.TEMPORARY, at=AT)


def rejected() -> Manifest:
    """Return a completed job whose receiver has rejected every event."""
    job = completed()
    answers = {event.sequence: 410 for event in job.outbox.pending}
    return decisions.settle(job, answers, at=AT)


def test_a_run_lets_others_go_first_fifty_times_with_pauses_that_double(
    harness: ClaimHarness,
) -> None:
    harness.given(released(begun()))
    harness.store.before = [harness.rival] * 50
    assert harness.start().manifest.run == 52
    doubled = [0.05 * 2.0**number for number in range(50)]
    assert harness.pauses == [min(2.0, pause) * 0.75 for pause in doubled]


def test_a_run_gives_up_when_others_are_faster_for_the_fifty_first_time(
    harness: ClaimHarness,
) -> None:
    harness.given(released(begun()))
    harness.store.before = [harness.rival] * 51
    with pytest.raises(
        BusyError,
        match=r"other runs keep claiming job job-1 \(most recently run 52\)",
    ):
        harness.start()
    assert harness.newest().run == 52


def test_a_rivals_claim_that_no_listing_shows_yet_is_known_from_the_refusal(
    harness: ClaimHarness,
) -> None:
    job = harness.given(released(begun()))
    harness.store.listed = checkpoint_key(JOB, job.sequence)
    harness.store.before = [harness.rival]
    assert harness.start().manifest.run == 3
    assert harness.pauses == [PAUSE]


def test_a_claim_that_a_rival_overwrote_is_repeated_after_a_pause(
    harness: ClaimHarness,
) -> None:
    job = harness.given(released(begun()))
    winner = replace(
        released(claimed(job)), sequence=job.sequence + 1, token="rival"
    )

    def overwrite() -> None:
        harness.given(winner)

    harness.store.after = [overwrite]
    assert harness.start(allow_unfenced=True).manifest.run == 3
    assert harness.pauses == [PAUSE]


def test_a_claim_in_the_gap_of_a_collected_log_is_given_up_with_a_pause(
    harness: ClaimHarness,
) -> None:
    job = harness.given(released(begun()))
    tombstone = decisions.collect(released(rejected()))
    harness.given(tombstone)
    harness.store.listed = checkpoint_key(JOB, job.sequence)
    harness.store.before = [lambda: setattr(harness.store, "listed", None)]
    assert harness.claimant().start(IDENTITY, the_engine) is Exit.OK
    assert harness.pauses == [PAUSE]


def test_the_owner_of_a_released_job_is_not_looked_for(
    harness: ClaimHarness,
) -> None:
    harness.given(released(entered(Stage.ORDER)))
    assert harness.start().manifest.run == 2
    assert heartbeat_key(JOB, 1) not in harness.store.looks


def test_a_new_job_has_no_place_among_another_stores_objects(
    harness: ClaimHarness,
) -> None:
    foreign = f"{JOB}/{checkpoint_key('theirs', 1)}"
    harness.store.others.put(foreign, b"{}", "application/json")
    with pytest.raises(ConfigError, match="another store has its jobs there"):
        harness.start()


def test_a_new_job_has_no_place_in_a_store_inside_a_job(
    harness: ClaimHarness,
) -> None:
    harness.store.url = "s3://bucket/job-9/runs"
    harness.store.others.put("1/heartbeat.json", b"{}", "application/json")
    with pytest.raises(ConfigError, match="inside a job of another store"):
        harness.start()
    harness.given(released(begun()))
    assert harness.start().manifest.run == 2, "a job that has begun continues"


@pytest.mark.parametrize("ahead", [0, 1, 2, 5, LEASE - 1])
def test_the_difference_between_a_stores_clocks_is_measured_only_if_it_shows(
    harness: ClaimHarness, ahead: int
) -> None:
    harness.store.ahead = ahead
    owned = harness.start()
    assert owned.skew == ahead + 1
    assert owned.dated == 1000 + (ahead if ahead > 1 else 0)
    measured = heartbeat_key(JOB, 1) in harness.store.looks
    assert measured is (ahead > 1)


def test_a_claim_is_not_read_back_for_its_date_if_the_store_dates_its_answers(
    harness: ClaimHarness,
) -> None:
    harness.start()
    assert harness.store.looks == []


def test_a_claim_whose_answer_has_no_date_is_read_back_for_it(
    harness: ClaimHarness,
) -> None:
    harness.store.undated = True
    assert harness.start().dated == 1000
    assert harness.store.looks == [checkpoint_key(JOB, 1)]


def test_a_claim_whose_answer_was_slow_is_not_taken_for_clocks_that_differ(
    harness: ClaimHarness,
) -> None:
    def slow() -> None:
        harness.scheduler.time += 5

    harness.store.after = [slow]
    owned = harness.start()
    assert owned.skew == 2
    assert owned.dated == 1000
    assert owned.since <= 1000


def test_a_store_whose_clocks_differ_by_a_lease_is_refused(
    harness: ClaimHarness,
) -> None:
    harness.store.ahead = LEASE
    with pytest.raises(ConfigError, match="ahead of its objects"):
        harness.start()
    assert harness.newest().released


def test_a_request_to_cancel_goes_to_the_run_that_is_alive(
    harness: ClaimHarness,
) -> None:
    harness.given(entered(Stage.ORDER))
    assert harness.claimant().cancel() is Exit.OK
    assert harness.newest().cancel_requested
    assert harness.newest().writer is Writer.OPERATOR
    assert harness.newest().run == 1
    sequence = harness.newest().sequence
    assert harness.claimant().cancel() is Exit.OK
    assert harness.newest().sequence == sequence, (
        "the run must be asked only once"
    )


def test_a_live_owner_is_checked_each_second_and_given_up_on_after_two_leases(
    harness: ClaimHarness,
) -> None:
    job = harness.given(entered(Stage.ORDER))

    def beat() -> None:
        put_heartbeat(harness.store.others, job, len(harness.pauses))

    harness.on_wait = beat
    with pytest.raises(BusyError, match="run 1 has been working on job job-1"):
        harness.start()
    assert harness.pauses == [1.0] * (2 * LEASE)


@pytest.mark.parametrize(
    ("silent", "alive"), [(LEASE, True), (LEASE + 1, False)]
)
def test_an_owner_is_alive_until_it_is_silent_for_longer_than_its_lease(
    harness: ClaimHarness, silent: int, *, alive: bool
) -> None:
    harness.given(entered(Stage.ORDER))
    harness.scheduler.time += silent
    asked = harness.claimant().cancel()
    assert (asked is Exit.OK) is alive
    assert harness.newest().run == (1 if alive else 2)


def test_a_request_to_cancel_that_was_overtaken_is_repeated_after_a_pause(
    harness: ClaimHarness,
) -> None:
    harness.given(entered(Stage.ORDER))
    harness.store.before = [harness.rival]
    owned = harness.claimant().cancel()
    assert isinstance(owned, Ownership)
    assert owned.manifest.cancel_requested
    assert owned.manifest.run == 3
    assert harness.pauses == [PAUSE]


@pytest.mark.parametrize("announces", [True, False])
def test_a_completed_job_is_not_claimed_to_be_canceled(
    harness: ClaimHarness, *, announces: bool
) -> None:
    job = harness.given(released(completed()))
    assert harness.claimant(announces=announces).cancel() is Exit.OK
    assert harness.newest() == job


def test_a_canceled_job_is_claimed_to_send_its_event_if_there_is_a_webhook(
    harness: ClaimHarness,
) -> None:
    canceled = decisions.cancel(entered(Stage.ORDER), at=AT)
    job = harness.given(released(canceled))
    assert harness.claimant(announces=False).cancel() is Exit.OK
    assert harness.newest() == job
    owned = harness.claimant().cancel()
    assert isinstance(owned, Ownership)
    assert owned.manifest.run == 2


def test_a_job_that_was_collected_is_not_claimed_to_send_anything(
    harness: ClaimHarness,
) -> None:
    job = harness.given(decisions.collect(released(completed())))
    assert harness.claimant().resume(the_engine, OperatorRequest()) is Exit.OK
    assert harness.newest() == job


def test_a_job_is_not_redone_from_a_stage_that_it_has_not_reached(
    harness: ClaimHarness,
) -> None:
    job = harness.given(released(entered(Stage.ORDER)))
    request = OperatorRequest(stage=Stage.REVIEW_CHAPTERS)
    with pytest.raises(DataError, match="has not reached review-chapters yet"):
        harness.claimant().resume(the_engine, request)
    assert harness.newest() == job


def test_a_missing_job_can_be_neither_canceled_nor_redelivered(
    harness: ClaimHarness,
) -> None:
    with pytest.raises(DataError, match="there is no job job-1"):
        harness.claimant().cancel()
    with pytest.raises(DataError, match="there is no job job-1"):
        harness.claimant().redeliver()


def test_a_rejected_end_is_sent_again_once_no_run_works_on_the_job(
    harness: ClaimHarness,
) -> None:
    job = harness.given(completed())
    *_, end = job.outbox.pending
    harness.given(replace(rejected(), sequence=job.sequence + 1))
    with pytest.raises(BusyError, match="run 1 has been working on job job-1"):
        harness.claimant().redeliver()
    harness.given(released(harness.newest()))
    owned = harness.claimant().redeliver()
    assert isinstance(owned, Ownership)
    assert owned.manifest.outbox.pending == (end,)


def test_only_the_end_of_a_job_can_be_sent_again(harness: ClaimHarness) -> None:
    harness.given(released(entered(Stage.ORDER)))
    with pytest.raises(DataError, match="has no final event yet"):
        harness.claimant().redeliver()


def test_an_end_that_was_not_rejected_is_not_sent_again(
    harness: ClaimHarness,
) -> None:
    job = harness.given(released(completed()))
    assert harness.claimant().redeliver() is Exit.OK
    assert harness.newest() == job
