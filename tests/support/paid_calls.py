"""Tools for tests of paid calls: a call store in memory, waits that take no time, and a model."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from states.keys import CallName, CallRecord
from states.stages import Stage
from states.usage import NANODOLLARS, Budget
from worker.engines.claude.model import Model, Question
from worker.engines.port import Workspace
from worker.settings.model import ModelSettings
from worker.settings.reader import Secret
from worker.system.runtime import Flag, SystemRuntime

MODEL = "claude-sonnet-5-5"
SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}
ENOUGH = Budget(nanodollars=1000 * NANODOLLARS)
PRICES = (
    '{"dated": "2026-11-28", "endpoints": {"127.0.0.1": {"claude-sonnet-5-5": '
    '[{"input": 2, "output": 10, "cacheWrite5m": 2.5, "cacheWrite1h": 4, "cacheRead": 0.1}]}}}'
)


class DeathError(BaseException):
    """The process dies here."""


@dataclass
class MemoryCalls:
    """A job's call store in memory."""

    objects: dict[CallName, bytes] = field(default_factory=dict)
    leased: bool = True
    before: Callable[[CallName], None] = lambda _: None
    after: Callable[[CallName], None] = lambda _: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self) -> Iterator[tuple[CallName, bytes]]:
        with self.lock:
            return iter([*self.objects.items()])

    def create(self, name: CallName, body: bytes) -> bytes:
        self.before(name)
        with self.lock:
            stored = self.objects.setdefault(name, body)
        self.after(name)
        return stored

    def owns_alone(self) -> bool:
        return self.leased

    def count(self, record: CallRecord) -> int:
        return sum(name.record is record for name in self.objects)


class _QuickFlag:
    def __init__(self, runtime: "QuickRuntime") -> None:
        self._event = threading.Event()
        self._runtime = runtime

    def set(self) -> None:
        self._event.set()

    def is_set(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        if not self._event.wait(0.002):
            self._runtime.skipped += seconds
        return self._event.is_set()


class QuickRuntime(SystemRuntime):
    """A runtime whose waits take no time."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.skipped

    def jitter(self) -> float:
        return 1.0

    def flag(self) -> Flag:
        return _QuickFlag(self)


def workspace(
    calls: MemoryCalls, *, generation: int = 1, budget: Budget | None = None
) -> Workspace:
    return Workspace(
        source=Path("/nowhere"),
        output=Path("/nowhere"),
        calls=calls,
        generation=generation,
        budget=budget,
    )


def settings(url: str, prices: Path | None, **changes: object) -> ModelSettings:
    plain = ModelSettings(
        key=Secret("sk-test-1"), endpoint=url, budget=ENOUGH, prices=prices
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def opened(
    settings: ModelSettings, calls: MemoryCalls, **changes: object
) -> Model:
    """Return a model at the begin of a stage, as a new run opens it."""
    model = Model(settings, QuickRuntime(), MODEL)
    model.begin(replace(workspace(calls), **changes))  # type: ignore[arg-type]
    return model


def question(number: int = 1, **changes: object) -> Question:
    plain = Question(
        stage=Stage.GENERATE_CHAPTERS,
        purpose=f"chapter {number}",
        system="You write chapters. " * 200,
        prompt=f"Write chapter {number}.",
        schema=SCHEMA,
        max_tokens=1000,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]
