"""The network of a simulated process: each operation takes time, and may have a fault."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar, cast

from tests.simulation.observer import Observer
from tests.simulation.scheduler import Killed, Process, Scheduler
from tests.support.world import FakeReceiver
from worker.errors import StoreConfigError, StoreError, StoreUnavailableError
from worker.outbox.port import UnreachableError
from worker.outbox.port import WebhookResponse as Acknowledgement
from worker.store.port import ObjectEntry, ObjectHead, Store
from worker.store.s3_errors import ErrorResponse, meaning

Result = TypeVar("Result")

HANG_SECONDS: Final = 25.0
"""How long a stuck request hangs: the S3 client's read timeout."""
LATE_SECONDS: Final = (0.5, 3.0, 8.0, 25.0)
"""The longest delays of a request that arrives after its client has given up."""
EXCHANGE_SECONDS: Final = 15.0
"""The time limit of a whole exchange with the receiver."""


class Fault(StrEnum):
    """What can happen to an operation on the store or the webhook."""

    DIE_BEFORE = "the process dies before it"
    DIE_AFTER = "the process dies after it"
    LOST = "it takes effect, and the answer is an error"
    FAILED = "it has no effect, and the answer is an error"
    LATE = "the answer is an error, and it takes effect later"
    TWICE = "it takes effect, and again later"
    STUCK = "it hangs, and has no effect"
    HUNG = "it takes effect, and its answer hangs"
    CONFLICT = "409"
    DENIED = "403"
    NO_BUCKET = "404"
    BAD_REQUEST = "400"
    GARBLED = "an answer that no store gives"
    MISSING = "404, although the object exists"
    TORN = "half of the object"


WRITES: Final = ("create", "put", "delete")
_ONLY: Final = {
    Fault.CONFLICT: WRITES,
    Fault.MISSING: ("get", "head", "download"),
    Fault.TORN: ("get",),
}
"""The operations that can have a fault, for faults that not all can have."""

REFUSALS: Final = (
    Fault.DENIED,
    Fault.NO_BUCKET,
    Fault.BAD_REQUEST,
    Fault.GARBLED,
)
"""Answers that a store may give to a valid request for a while."""
_ANSWERS: Final = {
    Fault.CONFLICT: (409, "OperationAborted"),
    Fault.DENIED: (403, "AccessDenied"),
    Fault.NO_BUCKET: (404, "NoSuchBucket"),
    Fault.BAD_REQUEST: (400, "InvalidRequest"),
    Fault.MISSING: (404, "NoSuchKey"),
}
_DONE: Final = (
    Fault.DIE_AFTER,
    Fault.LOST,
    Fault.TWICE,
    Fault.HUNG,
    Fault.TORN,
)

FaultPolicy = Callable[[str, Process], Fault | None]
"""Chooses the fault of each operation, by its name and process."""


def no_fault(_: str, __: Process) -> Fault | None:
    """Inject no fault."""
    return None


@dataclass
class Conditions:
    """The current conditions for all processes."""

    policies: list[FaultPolicy] = field(default_factory=list)
    connecting: list[Callable[[Process], float]] = field(default_factory=list)
    """Return the seconds that a process needs to resolve the receiver's name and connect."""
    lag: Callable[[], float] = lambda: 0.0
    """Returns how many seconds old an object must be to appear in a listing."""
    store_ahead: float = 0.0
    """Seconds by which the store's clock is ahead of the world's."""
    dates_apart: float = 0.0
    """Seconds by which the store's `Date` is ahead of its `Last-Modified`."""
    asked: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    """The number of operations by process, operation and second of the world's time."""


@dataclass
class Connection:
    """A process's connection to store and receiver: operations take time, and may have faults."""

    scheduler: Scheduler
    process: Process
    policy: FaultPolicy
    observer: Observer
    conditions: Conditions
    latency: float = 0.01

    def perform(
        self,
        name: str,
        effect: Callable[[], Result],
        error: Callable[[Fault, str], Exception],
        timeout: float = float("inf"),
    ) -> Result:
        """Perform an operation.

        Raise an error if a fault prevents it, or hides or delays its answer.
        """
        begun = self.scheduler.time
        self.conditions.asked[self.process.name, name, int(begun)] += 1
        self.observer.look_at(self.process)
        self.scheduler.pause(
            min(timeout, self.latency * self.scheduler.random.random())
        )
        if self.scheduler.time - begun >= timeout:
            raise error(Fault.FAILED, f"{name}: did not get through in time")
        fault = self._fault(name)
        if fault in (Fault.STUCK, Fault.HUNG):
            timeout = min(timeout, HANG_SECONDS)
        if fault is not None and fault not in _DONE:
            self._fail(fault, name, effect, begun + timeout)
            raise error(fault, f"{name}: did not happen")
        try:
            result = effect()
        finally:
            self._answer(fault, name, error, begun + timeout)
            if fault is Fault.TWICE:
                self._again(name, effect)
        if fault is Fault.TORN and isinstance(result, bytes):
            return cast("Result", result[: len(result) // 2])
        return result

    def _fail(
        self, fault: Fault, name: str, effect: Callable[[], object], end: float
    ) -> None:
        if fault is Fault.DIE_BEFORE:
            self._die()
        if fault is Fault.LATE:
            self._again(name, effect)
        if fault is Fault.STUCK:
            self.scheduler.pause(max(0.0, end - self.scheduler.time))

    def _fault(self, name: str) -> Fault | None:
        for policy in (self.policy, *self.conditions.policies):
            if fault := policy(name, self.process):
                return fault if name.startswith(_ONLY.get(fault, "")) else None
        return None

    def _answer(
        self,
        fault: Fault | None,
        name: str,
        error: Callable[[Fault, str], Exception],
        end: float,
    ) -> None:
        if fault is Fault.DIE_AFTER:
            self._die()
        self.scheduler.pause(self.latency * self.scheduler.random.random())
        if fault is Fault.HUNG:
            self.scheduler.pause(max(0.0, end - self.scheduler.time))
        if fault in (Fault.LOST, Fault.HUNG):
            raise error(
                Fault.LOST, f"{name}: happened, and its answer was lost"
            )

    def _again(self, name: str, effect: Callable[[], object]) -> None:
        """Let a write take effect later, even if its process has died."""
        if not name.startswith(WRITES):
            return

        def land() -> None:
            with suppress(StoreError):
                effect()

        random = self.scheduler.random
        self.scheduler.at(
            self.scheduler.time + random.choice(LATE_SECONDS) * random.random(),
            land,
        )

    def _die(self) -> None:
        self.process.dead = True
        raise Killed


def refusal(fault: Fault, doing: str, reason: str) -> Exception:
    """Return the error that the S3 adapter would raise."""
    if fault in _ANSWERS:
        status, code = _ANSWERS[fault]
        return meaning(
            ErrorResponse(status=status, code=code, message=reason),
            doing,
            "memory://",
        )
    return (
        StoreConfigError(reason)
        if fault is Fault.GARBLED
        else StoreUnavailableError(reason)
    )


@dataclass
class SimStore:
    """The store for one process; like S3, it dates in whole seconds."""

    inner: Store
    connection: Connection
    url: str = "memory://"

    def create(self, key: str, body: bytes, media_type: str) -> float | None:
        connection = self.connection
        sent = connection.observer.now(connection.process)

        def create() -> float | None:
            return self.inner.create(key, body, media_type)

        if "/checkpoints/" not in key:
            return self._dated(self._do("write", f"create {key}", create))

        def append() -> float | None:
            now = create()
            connection.observer.appended(connection.process, body, self.inner)
            return now

        dated = self._dated(self._do("write", f"create {key}", append))
        older = max(0.0, connection.conditions.dates_apart)
        connection.observer.answered(
            connection.process, sent, append=True, looks_older=older
        )
        return dated

    def put(
        self, key: str, body: bytes | Path, media_type: str
    ) -> float | None:
        content = body.read_bytes() if isinstance(body, Path) else body
        sent = self.connection.observer.now(self.connection.process)
        now = self._do(
            "write",
            f"put {key}",
            lambda: self.inner.put(key, content, media_type),
        )
        # Heartbeat 0 only measures the store's clocks.
        if key.endswith("/heartbeat.json") and json.loads(content)["number"]:
            self.connection.observer.answered(
                self.connection.process, sent, append=False
            )
        return self._dated(now)

    def copy(self, source: str, target: str) -> None:
        self._do(
            "write",
            f"put {target} from {source}",
            lambda: self.inner.copy(source, target),
        )

    def get(self, key: str) -> bytes:
        return self._do("read", f"get {key}", lambda: self.inner.get(key))

    def download(self, key: str, path: Path) -> None:
        self._do(
            "read", f"download {key}", lambda: self.inner.download(key, path)
        )

    def head(self, key: str) -> ObjectHead:
        def look() -> ObjectHead:
            self.connection.observer.looked(self.connection.process, key)
            return self.inner.head(key)

        head = self._do("read", f"head {key}", look)
        now = head.now + self.connection.conditions.dates_apart
        return replace(head, modified=int(head.modified), now=int(now))

    def entries(
        self, prefix: str, *, start_after: str = "", limit: int | None = None
    ) -> Iterator[ObjectEntry]:
        def page() -> list[ObjectEntry]:
            entries = self.inner.entries(prefix, start_after=start_after)
            if lag := self.connection.conditions.lag():
                entries = (
                    entry for entry in entries if self._is_shown(entry, lag)
                )
            return list(entries)[:limit]

        yield from self._do("list", f"list {prefix}", page)

    def delete(self, keys: list[str]) -> None:
        self._do("delete", f"delete {keys}", lambda: self.inner.delete(keys))

    def sign(self, key: str, expires_seconds: int) -> str:
        return self.inner.sign(key, expires_seconds)

    def uri(self, key: str) -> str:
        return self.inner.uri(key)

    def _dated(self, now: float | None) -> float | None:
        """Return a time as the store's answers show it."""
        if now is None:
            return None
        return float(int(now + self.connection.conditions.dates_apart))

    def _is_shown(self, entry: ObjectEntry, lag: float) -> bool:
        """Whether a listing that lags shows an object.

        A heartbeat was there before it was written again.
        """
        return (
            entry.key.endswith("/heartbeat.json")
            or self.inner.head(entry.key).age >= lag
        )

    def _do(
        self, doing: str, name: str, effect: Callable[[], Result]
    ) -> Result:
        return self.connection.perform(
            name, effect, lambda fault, reason: refusal(fault, doing, reason)
        )


@dataclass
class SimReceiver(FakeReceiver):
    """The receiver for one process; all share `inner`."""

    inner: FakeReceiver = field(default_factory=FakeReceiver)
    connection: Connection | None = None
    closed: bool = False
    sent: Callable[[str, Process, float], None] = (
        lambda _key, _process, _looked: None
    )
    """Called for each event that arrives, with the time of its sender's last lease check."""

    def post(
        self, body: bytes, idempotency_key: str, remaining: Callable[[], float]
    ) -> Acknowledgement:
        assert self.connection is not None
        connection, clock = self.connection, self.connection.scheduler
        deadline = connection.process.clock(clock.time) + EXCHANGE_SECONDS
        connection.observer.listen(connection.process, remaining)

        def write() -> Acknowledgement:
            nonlocal deadline
            looked = clock.time
            deadline = min(
                deadline, connection.process.clock(looked) + remaining()
            )
            self._pass(
                connection.latency * clock.random.random(), deadline, looked
            )
            self.sent(idempotency_key, connection.process, looked)
            return self.inner.post(body, idempotency_key, lambda: 1.0)

        self._pass(
            sum(
                wait(connection.process)
                for wait in connection.conditions.connecting
            ),
            deadline,
        )
        left = deadline - connection.process.clock(clock.time)
        answer = connection.perform(
            f"post {idempotency_key}",
            write,
            lambda _, reason: UnreachableError(reason),
            left,
        )
        self._pass(0.0, deadline)
        return answer

    def close(self) -> None:
        self.closed = True

    def _pass(
        self, seconds: float, deadline: float, looked: float = float("inf")
    ) -> None:
        """Let a phase take its time, within the deadline and until the connection is closed.

        A process that is frozen between its check and its event does not notice the deadline.
        """
        assert self.connection is not None
        process, scheduler = self.connection.process, self.connection.scheduler
        left = deadline - process.clock(scheduler.time)
        if left > 0:
            scheduler.pause(min(seconds, left), lambda: self.closed)
        late = process.clock(
            scheduler.time
        ) >= deadline and not process.was_frozen_since(looked)
        if self.closed or left <= 0 or late:
            raise UnreachableError(
                "the connection was closed, or the time was up"
            )
