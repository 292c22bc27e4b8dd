"""The objects of paid calls, in a store."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from states.keys import CallName, CallRecord, call_key, call_name
from states.stages import Stage
from worker.errors import ExistsError, MissingError, StoreUnavailableError
from worker.run.calls import StoredCalls
from worker.store.memory import MemoryStore
from worker.store.retrying import RetryingStore
from worker.system.retry import Retrier
from worker.system.runtime import SystemRuntime

INTENT = CallName(
    stage=Stage.EXTRACT, key="0f" * 16, number=1, record=CallRecord.INTENT
)
ANSWER = CallName(
    stage=Stage.EXTRACT, key="0f" * 16, number=1, record=CallRecord.ANSWER
)


class UnreadableStore(MemoryStore):
    """Reports that an object exists, but cannot read it."""

    def create(self, key: str, body: bytes, media_type: str) -> float:
        raise ExistsError(f"{key}: {len(body)} bytes of {media_type}")

    def get(self, key: str) -> bytes:
        raise MissingError(key)


class WrongOnceStore(MemoryStore):
    """Returns a wrong answer to the first read of each object."""

    def __init__(self, wrong: bytes | None) -> None:
        super().__init__(lambda: 0.0)
        self._wrong = wrong
        self._asked: set[str] = set()

    def get(self, key: str) -> bytes:
        if key in self._asked:
            return super().get(key)
        self._asked.add(key)
        if self._wrong is None:
            raise MissingError(key)
        return self._wrong


class CountingStore(MemoryStore):
    """Counts how often objects are read."""

    def __init__(self) -> None:
        super().__init__(lambda: 0.0)
        self.reads = 0

    def get(self, key: str) -> bytes:
        self.reads += 1
        return super().get(key)


def opened(
    store: MemoryStore,
    job: str = "job-1",
    *,
    held: bool = True,
    give_up_seconds: float = 0,
) -> StoredCalls:
    runtime = SystemRuntime()
    retrying = RetryingStore(
        store,
        Retrier(runtime, runtime.flag()),
        give_up_seconds=give_up_seconds,
        monotonic=runtime.monotonic,
    )
    return StoredCalls(retrying, job, ThreadPoolExecutor(2), lambda: held)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(lambda: 0.0)


def test_a_record_is_stored_once_and_the_first_one_counts(
    store: MemoryStore,
) -> None:
    calls = opened(store)
    assert calls.create(INTENT, b"mine") == b"mine"
    assert calls.create(INTENT, b"another's") == b"mine"
    assert list(calls.read()) == [(INTENT, b"mine")]


def test_a_job_reads_the_records_of_all_its_runs_and_of_no_other_job(
    store: MemoryStore,
) -> None:
    opened(store, "job-1").create(INTENT, b"intent")
    opened(store, "job-1").create(ANSWER, b"answer")
    opened(store, "job-12").create(INTENT, b"another job's")
    store.put("job-1/calls/notes.txt", b"not a call", "text/plain")
    records = dict(opened(store, "job-1").read())
    assert records == {INTENT: b"intent", ANSWER: b"answer"}


def test_a_record_that_exists_and_cannot_be_read_is_the_stores_fault() -> None:
    with pytest.raises(StoreUnavailableError, match=r"cannot be read"):
        opened(UnreadableStore(lambda: 0.0)).create(INTENT, b"mine")


@pytest.mark.parametrize("wrong", [b'{"kind": "int', None])
def test_a_record_that_is_read_wrongly_once_is_read_again(
    wrong: bytes | None,
) -> None:
    store = WrongOnceStore(wrong)
    store.create(call_key("job-1", INTENT), b"{}", "application/json")
    assert dict(opened(store, give_up_seconds=5).read()) == {INTENT: b"{}"}
    assert opened(store).create(INTENT, b"{}") == b"{}"


@pytest.mark.parametrize(("body", "reads"), [(b"{}", 1), (b'{"kind":', 3)])
def test_only_half_a_record_is_read_again_and_three_times_at_most(
    body: bytes, reads: int
) -> None:
    store = CountingStore()
    store.create(call_key("job-1", INTENT), body, "application/json")
    assert dict(opened(store).read()) == {INTENT: body}
    assert store.reads == reads


@pytest.mark.parametrize("held", [True, False])
def test_a_call_may_begin_only_under_the_lease(
    store: MemoryStore, *, held: bool
) -> None:
    assert opened(store, held=held).owns_alone() is held


@pytest.mark.parametrize("name", [INTENT, ANSWER])
def test_the_key_of_a_record_is_read_back(name: CallName) -> None:
    assert call_name(call_key("job-1", name)) == name


@pytest.mark.parametrize("number", ["0", "01", "x"])
def test_a_call_is_counted_from_one(number: str) -> None:
    key = f"job-1/calls/extract/{'0f' * 16}/{number}-intent.json"
    assert call_name(key) is None
