"""A store that retries, with a fake clock, so that no test waits."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker.errors import (
    ConflictError,
    ExistsError,
    MissingError,
    StoreConfigError,
    StoreRefusedError,
    StoreUnavailableError,
)
from worker.store.memory import MemoryStore
from worker.store.port import ObjectEntry
from worker.store.retrying import PAGE, RetryingStore
from worker.system.retry import Retrier
from worker.system.runtime import Flag, SystemRuntime

TEXT = "text/plain"


class FakeClock(SystemRuntime):
    """A clock that moves only during waits, and the flag that is waited for, never set."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds

    def jitter(self) -> float:
        return 1.0

    def set(self) -> None:
        raise AssertionError

    def is_set(self) -> bool:
        return False

    def wait(self, seconds: float) -> bool:
        self.seconds += seconds
        return False


class FlakyStore(MemoryStore):
    """Raises the given errors, before or after an operation takes effect."""

    def __init__(self, *faults: Exception, after: bool = False) -> None:
        super().__init__(lambda: 0.0)
        self.faults = list(faults)
        self._after = after

    def _fail(self) -> None:
        if self.faults:
            raise self.faults.pop(0)

    def create(self, key: str, body: bytes, media_type: str) -> float:
        if not self._after:
            self._fail()
        now = super().create(key, body, media_type)
        self._fail()
        return now

    def get(self, key: str) -> bytes:
        self._fail()
        return super().get(key)

    def entries(
        self, prefix: str, *, start_after: str = "", limit: int | None = None
    ) -> Iterator[ObjectEntry]:
        for number, entry in enumerate(
            super().entries(prefix, start_after=start_after, limit=limit)
        ):
            if number == 700:
                self._fail()
            yield entry


def retrying(
    store: FlakyStore,
    *,
    give_up: float = 300,
    time: FakeClock | None = None,
    stop: Flag | None = None,
) -> RetryingStore:
    time = time or FakeClock()
    return RetryingStore(
        store, Retrier(time, stop or time), give_up, monotonic=time.monotonic
    )


def away(times: int) -> list[Exception]:
    return [StoreUnavailableError("no answer") for _ in range(times)]


def test_an_operation_that_fails_for_a_while_succeeds() -> None:
    store = FlakyStore(
        StoreUnavailableError("no answer"),
        ConflictError("two at once"),
        *away(5),
    )
    retrying(store).create("job/a", b"body", TEXT)
    assert store.get("job/a") == b"body"


def test_waits_grow_and_stay_short() -> None:
    time = FakeClock()
    began = time.seconds
    retrying(FlakyStore(*away(12)), time=time).create("job/a", b"", TEXT)
    assert time.seconds - began == pytest.approx(
        0.1 + 0.2 + 0.4 + 0.8 + 1.6 + 3.2 + 6.4 + 5 * 10
    )


@pytest.mark.parametrize(
    "fault", [StoreUnavailableError("no answer"), ConflictError("no answer")]
)
def test_it_gives_up_in_time_and_says_how_long_it_tried(
    fault: Exception,
) -> None:
    time = FakeClock()
    began = time.seconds
    store = retrying(FlakyStore(*[fault] * 1000), give_up=60, time=time)
    with pytest.raises(
        StoreUnavailableError,
        match=r"within 5\d s of retries: no answer; check that it runs",
    ):
        store.create("job/a", b"", TEXT)
    assert 45 < time.seconds - began <= 60


@pytest.mark.parametrize(
    "fault",
    [
        MissingError("x"),
        ExistsError("x"),
        StoreRefusedError("x"),
        StoreConfigError("x"),
    ],
)
def test_answers_are_not_retried(fault: Exception) -> None:
    store = FlakyStore(fault, fault)
    with pytest.raises(type(fault), match="x"):
        retrying(store).get("job/a")
    assert len(store.faults) == 1


def test_a_creation_whose_answer_was_lost_meets_its_own_object() -> None:
    store = FlakyStore(*away(1), after=True)
    with pytest.raises(ExistsError):
        retrying(store).create("job/a", b"body", TEXT)
    assert store.get("job/a") == b"body"


def test_a_stop_ends_the_retries_at_once() -> None:
    stop = SystemRuntime().flag()
    stop.set()
    store = FlakyStore(*away(1000))
    with pytest.raises(StoreUnavailableError, match="within 0 s of retries"):
        retrying(store, stop=stop).get("job/a")
    assert len(store.faults) == 999


@pytest.mark.parametrize("limit", [None, 1, PAGE, PAGE + 1, 2500, 5000])
def test_a_listing_that_fails_midway_yields_every_key_once(
    limit: int | None,
) -> None:
    store = FlakyStore(*away(3))
    names = [f"job/{number:04d}" for number in range(2500)]
    for name in names:
        store.put(name, b"", TEXT)
    listed = [
        entry.key
        for entry in retrying(store).entries(
            "job/", start_after="job/0009", limit=limit
        )
    ]
    assert listed == names[10:][:limit]


def test_it_warns_at_once_and_then_occasionally(
    caplog: pytest.LogCaptureFixture,
) -> None:
    time = FakeClock()
    store = retrying(FlakyStore(*away(20)), time=time)
    with caplog.at_level(logging.WARNING):
        store.create("job/a", b"", TEXT)
    assert time.seconds == pytest.approx(1000 + 12.7 + 13 * 10)
    assert [record.getMessage() for record in caplog.records] == [
        "a request to the store failed, retrying: check that it runs and can be reached"
    ] * 5
    assert caplog.records[0].__dict__["store"] == "memory://"
    assert caplog.records[0].__dict__["reason"] == "no answer"


def test_every_call_reaches_the_store(tmp_path: Path) -> None:
    store = retrying(FlakyStore())
    (tmp_path / "file").write_bytes(b"body")
    store.put("job/a", tmp_path / "file", TEXT)
    store.download("job/a", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"body"
    assert store.head("job/a").size == 4
    assert store.uri("job/a") == "memory:///job/a"
    assert store.sign("job/a", 60).startswith("memory:///job/a?")
    assert store.url == "memory://"
    store.delete(["job/a"])
    assert list(store.entries("")) == []
