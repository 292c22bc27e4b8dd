"""How a run treats lost or damaged objects in the store."""

from collections.abc import Callable
from pathlib import Path

import pytest

from states.exits import Exit
from states.keys import artifact_key
from states.stages import Stage, State
from tests.simulation.network import Fault
from tests.simulation.scheduler import Process
from tests.simulation.scripted_runs import CHAPTER, kill_before, run
from tests.simulation.simulation import Simulation
from tests.support.world import JOB
from worker.errors import MissingError
from worker.store.memory import MemoryStore


def artifact_of(simulation: Simulation, path: str) -> str:
    return next(
        entry.key
        for entry in simulation.store.entries(f"{JOB}/artifacts/")
        if entry.key.endswith(path)
    )


@pytest.mark.parametrize(
    "path",
    [
        "step1_abstractions.yaml",
        "source.tar.gz",
        "chapters/chapter_1_thing_1.md",
    ],
)
@pytest.mark.parametrize("damage", ["deleted", "truncated", "garbled"])
def test_a_damaged_artifact_is_made_again(
    simulation: Simulation, path: str, damage: str
) -> None:
    run(simulation, policy=kill_before("put job-1/artifacts/review-chapters"))
    key = artifact_of(simulation, path)
    body = simulation.store.get(key)
    if damage == "deleted":
        simulation.store.delete([key])
    else:
        simulation.store.put(
            key, body[:5] if damage == "truncated" else body[::-1], "text/plain"
        )
    simulation.redone.clear()
    assert run(simulation).code is Exit.OK
    assert simulation.store.get(key) == body
    other = Simulation(2, simulation.work_dir)
    run(other)
    assert simulation.course() == other.course()


class WrongOnceStore(MemoryStore):
    """Returns a wrong answer to the first read of an object."""

    def __init__(
        self, simulation: Simulation, wrong: Callable[[bytes], bytes]
    ) -> None:
        super().__init__(lambda: simulation.scheduler.time)
        for entry in simulation.store.entries(""):
            self.put(entry.key, simulation.store.get(entry.key), "")
        self._wrong = wrong
        self._read: set[str] = set()

    def get(self, key: str) -> bytes:
        body = super().get(key)
        if "/artifacts/" not in key or key in self._read:
            return body
        self._read.add(key)
        return self._wrong(body)

    def download(self, key: str, path: Path) -> None:
        path.write_bytes(self.get(key))


def missing(_: bytes) -> bytes:
    raise MissingError


@pytest.mark.parametrize(
    "wrong",
    [
        missing,
        lambda _: b"",
        lambda body: body[:-1],
        lambda body: body[::-1],
        lambda _: b"<html>welcome</html>",
    ],
)
def test_an_object_that_is_read_wrongly_once_is_not_made_again(
    simulation: Simulation, wrong: Callable[[bytes], bytes]
) -> None:
    run(simulation, policy=kill_before("put job-1/artifacts/review-chapters/"))
    simulation.store = WrongOnceStore(simulation, wrong)
    before = simulation.manifest
    again = run(simulation)
    assert again.code is Exit.OK
    assert not simulation.redone
    assert not [
        path
        for path in again.engine.made
        if path.startswith(("step", "chapters/"))
    ]
    stages = (Stage.CLONE, Stage.EXTRACT, Stage.GENERATE_CHAPTERS)
    assert [simulation.manifest.record(stage) for stage in stages] == [
        before.record(stage) for stage in stages
    ]


def test_an_intact_but_invalid_item_is_made_again(
    simulation: Simulation,
) -> None:
    run(
        simulation, policy=kill_before(f"put {JOB}/artifacts/generate-chapters")
    )
    inputs = simulation.manifest.record(Stage.GENERATE_CHAPTERS).inputs
    assert inputs is not None
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    simulation.store.put(
        artifact_key(JOB, Stage.GENERATE_CHAPTERS, inputs, empty, CHAPTER),
        b"",
        "text/markdown",
    )
    again = run(simulation)
    assert again.engine.made[CHAPTER] == 1
    assert simulation.course()[CHAPTER].startswith(b"# Thing 2")


def test_a_job_is_not_completed_while_an_artifact_is_missing(
    simulation: Simulation,
) -> None:
    def lose(operation: str, _process: Process) -> Fault | None:
        if (
            operation.startswith("list job-1/artifacts")
            and simulation.manifest.state is State.PUBLISHING
        ):
            simulation.store.delete(
                [
                    key
                    for key in [artifact_of_or_none(simulation, CHAPTER)]
                    if key
                ]
            )
        return None

    lost: list[str] = []

    def artifact_of_or_none(world: Simulation, path: str) -> str | None:
        if lost:
            return None
        lost.append(path)
        return artifact_of(world, path)

    assert run(simulation, policy=lose).code is Exit.OK
    assert lost
    assert simulation.course()[CHAPTER].startswith(b"# Thing 2")


def test_once_something_is_missing_all_that_was_stored_is_read_again(
    simulation: Simulation,
) -> None:
    """A listing shows missing objects, but not changes that keep the size."""
    key = ""
    body = b""

    def damage(operation: str, _process: Process) -> Fault | None:
        nonlocal key, body
        is_listing = operation.startswith("list job-1/artifacts")
        if key or not is_listing:
            return None
        if simulation.manifest.state is State.PUBLISHING:
            key = artifact_of(simulation, "step1_abstractions.yaml")
            body = simulation.store.get(key)
            simulation.store.put(key, body[::-1], "application/yaml")
            simulation.store.delete([artifact_of(simulation, CHAPTER)])
        return None

    assert run(simulation, policy=damage).code is Exit.OK
    assert key
    assert simulation.store.get(key) == body


def test_a_run_gives_up_on_a_store_that_keeps_losing_an_item(
    simulation: Simulation,
) -> None:
    def lose(operation: str, _process: Process) -> Fault | None:
        is_listing = operation.startswith("list job-1/artifacts")
        if is_listing and simulation.manifest.state is State.PUBLISHING:
            keys = [entry.key for entry in simulation.store.entries(JOB)]
            lost = [key for key in keys if key.endswith(f"/{CHAPTER}")]
            simulation.store.delete(lost)
        return None

    ended = run(simulation, policy=lose)
    assert ended.code is Exit.TEMPORARY
    error = simulation.manifest.error
    assert error is not None
    assert "3 times: find out what deletes or changes objects" in error.message
