"""What a simulated process reaches the world by: on the way time passes, others run, and faults strike."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from tests.simulation.scheduler import Killed, Process, Scheduler
from tests.support.world import Receiver
from worker.callbacks.port import Answer, UnreachableError
from worker.errors import StoreUnavailableError
from worker.store.port import Entry, Head, Store

Result = TypeVar("Result")


class Fault(StrEnum):
    """What can happen to an operation on the store or the webhook."""

    DIE_BEFORE = "the process dies before it"
    DIE_AFTER = "the process dies after it"
    LOST = "an error, though it happened"
    FAILED = "an error, and it did not happen"


Judge = Callable[[str, Process], Fault | None]
"""Asked for each operation what happens to it."""


def no_fault(_: str, __: Process) -> Fault | None:
    """Let everything work."""
    return None


@dataclass
class Wire:
    """What every operation of one process goes through: time passes, others run, faults strike."""

    scheduler: Scheduler
    process: Process
    judge: Judge
    latency: float = 0.01

    def carry(
        self, name: str, effect: Callable[[], Result], lost: type[Exception], timeout: float = float("inf")
    ) -> Result:
        """Do an operation, or not; raise `lost` where its answer is an error, or does not come in time."""
        begun = self.scheduler.time
        self.scheduler.pause(min(timeout, self.latency * self.scheduler.random.random()))
        if self.scheduler.time - begun >= timeout:
            raise lost(f"{name}: did not get through in time")
        fault = self.judge(name, self.process)
        if fault is Fault.DIE_BEFORE:
            self._die()
        if fault is Fault.FAILED:
            raise lost(f"{name}: did not happen")
        try:
            return effect()
        finally:
            if fault is Fault.DIE_AFTER:
                self._die()
            self.scheduler.pause(self.latency * self.scheduler.random.random())
            if fault is Fault.LOST:
                raise lost(f"{name}: happened, and its answer was lost")

    def _die(self) -> None:
        self.process.dead = True
        raise Killed


@dataclass
class WiredStore:
    """A store at the end of a wire."""

    inner: Store
    wire: Wire
    url: str = "memory://"

    def create(self, key: str, body: bytes, media_type: str) -> None:
        self._do(f"create {key}", lambda: self.inner.create(key, body, media_type))

    def put(self, key: str, body: bytes | Path, media_type: str) -> None:
        self._do(f"put {key}", lambda: self.inner.put(key, body, media_type))

    def get(self, key: str) -> bytes:
        return self._do(f"get {key}", lambda: self.inner.get(key))

    def download(self, key: str, path: Path) -> None:
        self._do(f"download {key}", lambda: self.inner.download(key, path))

    def head(self, key: str) -> Head:
        return self._do(f"head {key}", lambda: self.inner.head(key))

    def entries(self, prefix: str, *, start_after: str = "", limit: int | None = None) -> Iterator[Entry]:
        yield from self._do(
            f"list {prefix}", lambda: list(self.inner.entries(prefix, start_after=start_after, limit=limit))
        )

    def delete(self, keys: list[str]) -> None:
        self._do(f"delete {keys}", lambda: self.inner.delete(keys))

    def sign(self, key: str, expires_seconds: int) -> str:
        return self.inner.sign(key, expires_seconds)

    def uri(self, key: str) -> str:
        return self.inner.uri(key)

    def _do(self, name: str, effect: Callable[[], Result]) -> Result:
        return self.wire.carry(name, effect, StoreUnavailableError)


@dataclass
class WiredReceiver(Receiver):
    """The receiver at the end of a wire; `inner` is the one that all runs share."""

    inner: Receiver = field(default_factory=Receiver)
    wire: Wire | None = None
    closed: bool = False
    sent: Callable[[str, Process], None] = lambda _key, _process: None

    def post(self, body: bytes, idempotency_key: str, timeout_seconds: float) -> Answer:
        assert self.wire is not None
        process = self.wire.process

        def effect() -> Answer:
            if self.closed:
                raise UnreachableError
            self.sent(idempotency_key, process)
            return self.inner.post(body, idempotency_key, timeout_seconds)

        return self.wire.carry(f"post {idempotency_key}", effect, UnreachableError, timeout_seconds)

    def close(self) -> None:
        self.closed = True
