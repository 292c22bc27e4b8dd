"""The manifest with which a run opens its engine, and the parts that it closes."""

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from states.exits import Exit
from states.manifest import Manifest
from states.stages import STAGES, Stage, State
from states.usage import Budget
from tests.support.waiting import until
from tests.support.world import (
    IDENTITY,
    FakeEngine,
    FakeReceiver,
    FakeSource,
    World,
)
from worker.engines.port import Engine, EngineFailedError
from worker.errors import EngineUnavailableError
from worker.ownership.claim import OperatorRequest
from worker.run.run import Adapters
from worker.store.memory import MemoryStore


@dataclass
class RecordingReporter:
    """Records the states that are reported."""

    states: list[State] = field(default_factory=list)

    def transition(self, manifest: Manifest) -> None:
        self.states.append(manifest.state)

    def items(self, stage: Stage, done: int, total: int) -> None: ...


@dataclass
class RecordingWorld(World):
    """Records the manifests with which engines are opened, and the reported states."""

    opened: list[Manifest | None] = field(default_factory=list)
    reporter: RecordingReporter = field(default_factory=RecordingReporter)

    def _adapters(self) -> Adapters:
        def open_engine(manifest: Manifest | None) -> Engine:
            self.opened.append(manifest)
            return self.engine

        return replace(
            super()._adapters(),
            open_engine=open_engine,
            reporter=self.reporter,
        )


class ClosableReceiver(FakeReceiver):
    """Records that it was closed."""

    closed = False

    def close(self) -> None:
        self.closed = True


def failing() -> FakeEngine:
    def fail(_path: str) -> None:
        raise EngineFailedError("no API key", temporary=False)

    return FakeEngine(before_item=fail)


@pytest.fixture
def world(tmp_path: Path) -> RecordingWorld:
    """A world with a job that has failed."""
    world = RecordingWorld(
        store=MemoryStore(lambda: 0.0),
        work_dir=tmp_path,
        engine=failing(),
        receiver=None,
    )
    assert world.job().run(IDENTITY) is Exit.UNAVAILABLE
    world.engine = FakeEngine(chapters=1)
    return world


def test_a_new_jobs_engine_is_opened_for_no_manifest(
    world: RecordingWorld,
) -> None:
    assert world.opened == [None]


def test_each_transition_is_reported(world: RecordingWorld) -> None:
    world.reporter.states.clear()
    assert world.job().resume(OperatorRequest()) is Exit.OK
    states = [info.state for info in STAGES[1:]]
    ends = [State.PUBLISHING, State.COMPLETED, State.COMPLETED]
    assert world.reporter.states == [*states, *ends]


def test_an_engine_is_opened_with_the_limit_that_an_operator_sets(
    world: RecordingWorld,
) -> None:
    budget = Budget(tokens=7)
    request = OperatorRequest(budget=budget)
    assert world.job().resume(request) is Exit.OK
    manifest = world.opened[-1]
    assert manifest is not None
    assert manifest.budget == budget


def test_an_engine_that_cannot_work_leaves_the_job_unchanged(
    world: RecordingWorld,
) -> None:
    class UnusableEngine(FakeEngine):
        def check(self) -> None:
            raise EngineFailedError("no API key", temporary=False)

    world.engine = UnusableEngine()
    before = world.job().log.newest()
    with pytest.raises(EngineUnavailableError, match="no API key"):
        world.job().resume(OperatorRequest())
    assert world.job().log.newest() == before


def test_an_engine_prepares_before_the_source_is_fetched(
    tmp_path: Path,
) -> None:
    order: list[object] = []

    class PreparingEngine(FakeEngine):
        def prepare(self, output: Path) -> None:
            order.append(output.is_dir())

    class OrderedSource(FakeSource):
        def checkout(self, commit: str | None, tree: Path) -> str:
            order.append("source")
            return super().checkout(commit, tree)

    world = World(
        store=MemoryStore(lambda: 0.0),
        work_dir=tmp_path,
        engine=PreparingEngine(chapters=1),
        source=OrderedSource(),
    )
    assert world.job().run(IDENTITY) is Exit.OK
    assert order == [True, "source"]


def test_without_a_new_limit_an_engine_is_opened_for_the_unchanged_job(
    world: RecordingWorld,
) -> None:
    world.engine = failing()
    request = OperatorRequest(budget=Budget(tokens=7))
    assert world.job().resume(request) is Exit.UNAVAILABLE
    newest = world.job().log.newest()
    assert newest is not None
    world.engine = FakeEngine(chapters=1)
    assert world.job().resume(OperatorRequest()) is Exit.OK
    assert world.opened[-1] == newest.manifest
    assert newest.manifest.budget == request.budget


def test_a_run_that_has_ended_has_closed_its_webhook(tmp_path: Path) -> None:
    receiver = ClosableReceiver()
    world = World(
        store=MemoryStore(lambda: 0.0),
        work_dir=tmp_path,
        engine=FakeEngine(chapters=1),
        receiver=receiver,
    )
    assert world.job().run(IDENTITY) is Exit.OK
    assert receiver.closed


def test_a_run_that_has_ended_keeps_its_lease_alive_no_longer(
    tmp_path: Path,
) -> None:
    world = World(
        store=MemoryStore(lambda: 0.0),
        work_dir=tmp_path,
        engine=FakeEngine(chapters=1),
        receiver=None,
    )
    assert world.job().run(IDENTITY) is Exit.OK
    until(
        lambda: (
            "keep-alive" not in {each.name for each in threading.enumerate()}
        ),
        seconds=20,
    )
