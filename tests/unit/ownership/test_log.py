"""The checkpoint log, and the three answers to "is it mine?"."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from states import decisions
from states.codec import encode
from states.exits import Exit
from states.keys import checkpoint_key
from states.manifest import Writer
from tests.simulation.scheduler import Process, Scheduler, SimRuntime
from tests.support.builders import AT, ENGINE, begun, entered, run_record
from worker.errors import (
    BugError,
    ConfigError,
    DamagedCheckpointError,
    MissingError,
    ReplacedError,
    StoreUnavailableError,
    UnknownFormatError,
)
from worker.ownership.fence import Fence, Proof
from worker.ownership.log import (
    Checkpoint,
    CheckpointLog,
    OvertakenError,
    Ownership,
)
from worker.ownership.preconditions import check_identity
from worker.store.memory import MemoryStore
from worker.store.port import ObjectEntry, ObjectHead
from worker.store.retrying import RetryingStore
from worker.system.retry import Retrier
from worker.system.runtime import Runtime, SystemRuntime

RUNTIME = SystemRuntime()
JOB = begun().job_id


class UnreadableStore(MemoryStore):
    """Cannot read the objects that it has."""

    def get(self, key: str) -> bytes:
        raise MissingError(key)


class FalseConflictStore(MemoryStore):
    """Creates an object, and reports that it already existed."""

    def create(self, key: str, body: bytes, media_type: str) -> float:
        super().create(key, body, media_type)
        return super().create(key, body, media_type)


class CaseInsensitiveStore(MemoryStore):
    """Ignores case in keys, as some file systems do."""

    def create(self, key: str, body: bytes, media_type: str) -> float:
        return super().create(key.lower(), body, media_type)

    def get(self, key: str) -> bytes:
        return super().get(key.lower())

    def entries(
        self, prefix: str, *, start_after: str = "", limit: int | None = None
    ) -> Iterator[ObjectEntry]:
        return super().entries(
            prefix.lower(), start_after=start_after.lower(), limit=limit
        )


class OverwritingStore(MemoryStore):
    """Overwrites existing objects when asked to create them."""

    def create(self, key: str, body: bytes, media_type: str) -> float:
        return self.put(key, body, media_type)


def new_log(store: MemoryStore) -> CheckpointLog:
    return CheckpointLog(store, JOB, RUNTIME)


def fence(store: MemoryStore) -> Fence:
    return Fence(store, new_log(store), RUNTIME, allow_unfenced=False)


def owned(store: MemoryStore) -> Ownership:
    """Return a job that has just begun, as its owner sees it."""
    log = new_log(store)
    first = log.append(None, begun(), Writer.WORKER)
    return Ownership(log, first, since=0, dated=None, skew=0)


def memory() -> MemoryStore:
    return MemoryStore(lambda: 0.0)


def test_ones_own_checkpoint_is_recognised_when_the_answer_was_lost() -> None:
    store = FalseConflictStore(lambda: 0.0)
    job = owned(store)
    assert job.append(lambda base: decisions.enter(base, at=AT)).sequence == 2
    assert len(list(new_log(store).sequences())) == 2


def test_a_checkpoint_is_damaged_only_after_three_reads() -> None:
    class TruncatingStore(MemoryStore):
        left = 2

        def get(self, key: str) -> bytes:
            body = super().get(key)
            self.left -= 1
            return body[:100] if self.left >= 0 else body

    store = TruncatingStore(lambda: 0.0)
    begin = new_log(store).append(None, begun(), Writer.WORKER)
    assert new_log(store).newest() == begin
    store.left = 3
    with pytest.raises(DamagedCheckpointError):
        new_log(store).newest()


def test_an_append_whose_answer_was_lost_has_the_date_of_the_next_look() -> (
    None
):
    clock = iter(range(10, 100, 10))
    log = new_log(FalseConflictStore(lambda: next(clock)))
    checkpoint = log.append(None, begun(), Writer.WORKER)
    written = log.head(1).modified
    assert checkpoint.dated is not None
    assert checkpoint.dated > written


def test_a_tombstone_under_ones_own_number_is_not_an_operators_request() -> (
    None
):
    job = owned(memory())
    completed = replace(job.manifest, token="gc", writer=Writer.OPERATOR)
    assert job.is_own(completed)
    assert not job.is_own(replace(completed, collected=True))


def test_the_same_decision_of_another_process_is_not_taken_for_ones_own() -> (
    None
):
    store = memory()
    job = owned(store)
    with pytest.raises(OvertakenError):
        new_log(store).append(None, begun(), Writer.WORKER)
    other = new_log(store)
    newest = other.newest()
    other.append(newest, decisions.enter(begun(), at=AT), Writer.WORKER)
    with pytest.raises(
        ReplacedError, match="run 1 has taken the job over from run 1"
    ):
        job.append(lambda base: decisions.enter(base, at=AT))


def test_after_an_operators_request_the_decision_is_made_again_on_top_of_it() -> (
    None
):
    store = memory()
    job, operator = owned(store), new_log(store)
    newest = operator.newest()
    assert newest is not None
    operator.append(
        newest, decisions.request_cancel(newest.manifest), Writer.OPERATOR
    )
    manifest = job.append(lambda base: decisions.enter(base, at=AT))
    assert manifest.sequence == 3
    assert manifest.cancel_requested


def test_an_operators_claim_is_not_a_request_to_the_run_that_it_replaces() -> (
    None
):
    store = memory()
    job, operator = owned(store), new_log(store)
    newest = operator.newest()
    assert newest is not None
    claimed = decisions.claim(
        newest.manifest, run_record(2), engine=ENGINE, announces=True
    )
    taken_over = operator.append(newest, claimed, Writer.OPERATOR)
    assert not job.is_own(taken_over.manifest)
    with pytest.raises(
        ReplacedError, match="run 2 has taken the job over from run 1"
    ):
        job.append(lambda base: decisions.enter(base, at=AT))


def test_an_unreadable_object_is_not_a_conflict() -> None:
    store = UnreadableStore(lambda: 0.0)
    store.create(checkpoint_key(JOB, 1), b"whose?", "application/json")
    with pytest.raises(
        StoreUnavailableError, match="exists, but cannot be read: try again"
    ):
        new_log(store).append(None, begun(), Writer.WORKER)


def test_a_decision_that_breaks_a_rule_is_not_written() -> None:
    store = memory()
    job = owned(store)
    with pytest.raises(
        BugError, match="refusing to write checkpoint 2: run 3 follows 1"
    ):
        job.append(lambda base: replace(base, run=3))
    assert list(new_log(store).sequences()) == [1]
    assert job.manifest.sequence == 1


def test_each_checkpoint_names_the_hash_of_the_one_before_it() -> None:
    store = memory()
    job = owned(store)
    body = store.get(checkpoint_key(JOB, 1))
    entering = job.append(lambda base: decisions.enter(base, at=AT))
    assert entering.previous == hashlib.sha256(body).hexdigest()
    assert new_log(store).read(1).manifest.previous is None


@pytest.mark.parametrize(
    ("body", "error", "expected"),
    [
        (
            b'{"format": 7}',
            UnknownFormatError,
            "has format 7, and this program knows only formats 1, 2 and 3",
        ),
        (b"\x00", DamagedCheckpointError, "is damaged"),
        (b"[" * 100_000, DamagedCheckpointError, "is damaged"),
        (encode(entered(None))[:-30], DamagedCheckpointError, "is damaged"),
    ],
)
def test_a_manifest_that_is_not_ours_is_refused(
    body: bytes, error: type[Exception], expected: str
) -> None:
    store = memory()
    store.create(checkpoint_key(JOB, 1), body, "application/json")
    with pytest.raises(error, match=expected):
        new_log(store).newest()


def test_a_store_that_creates_a_checkpoint_twice_proves_nothing() -> None:
    checkpoint = Checkpoint(manifest=begun(), body=encode(begun()))
    assert (
        fence(OverwritingStore(lambda: 0.0)).prove(checkpoint)
        is Proof.OVERWROTE
    )
    store = memory()
    claimed = new_log(store).append(None, begun(), Writer.WORKER)
    assert fence(store).prove(claimed) is Proof.FENCE


def test_a_store_that_is_not_a_fence_is_refused_and_the_first_claim_withdrawn() -> (
    None
):
    store = OverwritingStore(lambda: 0.0)
    claimed = new_log(store).append(None, begun(), Writer.WORKER)
    with pytest.raises(ConfigError, match="the store overwrote memory:"):
        fence(store).check(claimed)
    assert list(store.entries("")) == []


def test_a_later_claim_on_a_store_that_is_not_a_fence_is_released() -> None:
    store = OverwritingStore(lambda: 0.0)
    first = new_log(store).append(None, begun(), Writer.WORKER)
    again = decisions.claim(
        first.manifest, run_record(2), engine=ENGINE, announces=True
    )
    claimed = new_log(store).append(first, again, Writer.WORKER)
    with pytest.raises(ConfigError, match="the store overwrote memory:"):
        fence(store).check(claimed)
    newest = new_log(store).newest()
    assert newest is not None
    assert newest.manifest.sequence == 3
    assert newest.manifest.owner.exit_code == Exit.CONFIG


def test_a_store_that_let_a_rival_overwrite_what_it_had_created_is_not_a_fence() -> (
    None
):
    store = memory()
    log = new_log(store)
    claimed = log.append(None, begun(), Writer.WORKER)
    store.put(
        checkpoint_key(JOB, 1),
        encode(replace(begun(), token="rival")),
        "application/json",
    )
    assert fence(store).prove(claimed) is Proof.LET_A_RIVAL_OVERWRITE


def test_a_claim_that_a_rival_overwrote_is_refused_and_left_to_the_rival() -> (
    None
):
    store = memory()
    claimed = new_log(store).append(None, begun(), Writer.WORKER)
    theirs = encode(replace(begun(), token="rival"))
    store.put(checkpoint_key(JOB, 1), theirs, "application/json")
    with pytest.raises(ConfigError, match="let another run overwrite memory:"):
        fence(store).check(claimed)
    assert store.get(checkpoint_key(JOB, 1)) == theirs


def test_behind_a_lagging_listing_the_newest_checkpoint_is_found_by_reading_on() -> (
    None
):
    class LaggingStore(MemoryStore):
        deaf = False

        def entries(
            self,
            prefix: str,
            *,
            start_after: str = "",
            limit: int | None = None,
        ) -> Iterator[ObjectEntry]:
            return (
                iter(())
                if self.deaf
                else super().entries(
                    prefix, start_after=start_after, limit=limit
                )
            )

    store = LaggingStore(lambda: 0.0)
    job = owned(store)
    first = job.log.read(1)
    for _ in range(3):
        job.append(lambda base: base)
    store.deaf = True
    assert job.log.newest() is None
    newest = job.log.newest(first)
    assert newest is not None
    assert newest.manifest.sequence == 4


def retrying_log(store: MemoryStore, runtime: Runtime) -> CheckpointLog:
    """Return a log that tries again for 30 seconds."""
    retrying = RetryingStore(
        store,
        Retrier(runtime, runtime.flag()),
        give_up_seconds=30,
        monotonic=runtime.monotonic,
    )
    return CheckpointLog(retrying, JOB, runtime, retrying.attempt)


@pytest.mark.parametrize("missing", [1, 5])
def test_a_listed_object_that_is_missing_is_looked_for_again(
    missing: int,
) -> None:
    class LaggingStore(MemoryStore):
        left = missing

        def get(self, key: str) -> bytes:
            self.left -= 1
            if self.left >= 0:
                raise MissingError(key)
            return super().get(key)

        def head(self, key: str) -> ObjectHead:
            self.left -= 1
            if self.left >= 0:
                raise MissingError(key)
            return super().head(key)

    store = LaggingStore(lambda: 0.0)
    begin = new_log(store).append(None, begun(), Writer.WORKER)
    scheduler = Scheduler(1)
    process = Process(name="p")
    log = retrying_log(store, SimRuntime(scheduler, process))
    answers: list[object] = []

    def ask() -> None:
        answers.append(log.newest())
        store.left = missing
        answers.append(log.present(1))
        store.left = missing
        answers.append(log.age(1))

    scheduler.spawn(process, "main", ask)
    scheduler.run()
    assert answers == [begin, begin, 0]


def test_a_job_is_not_taken_for_another_whose_name_differs_in_case() -> None:
    store = CaseInsensitiveStore(lambda: 0.0)
    owned(store)
    with pytest.raises(
        ConfigError,
        match=f"memory:// has job {JOB} under the name {JOB.upper()}",
    ):
        CheckpointLog(store, JOB.upper(), RUNTIME).newest()
    assert new_log(store).newest() is not None


def test_a_manifest_of_another_job_is_refused_even_if_everything_else_is_equal() -> (
    None
):
    wanted = replace(begun().identity, job_id=JOB.upper())
    with pytest.raises(ConfigError, match="give this one another JOB_ID"):
        check_identity(begun(), wanted)
