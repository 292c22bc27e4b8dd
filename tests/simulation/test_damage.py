"""What a run does about objects that are lost or damaged in the store."""

import pytest

from states.exits import Exit
from states.keys import artifact_key
from states.stages import Stage, State
from tests.simulation.scheduler import Process
from tests.simulation.simulation import Simulation
from tests.simulation.stories import CHAPTER, kill_before, run
from tests.simulation.wire import Fault
from tests.support.world import JOB


def artifact_of(simulation: Simulation, path: str) -> str:
    return next(entry.key for entry in simulation.store.entries(f"{JOB}/artifacts/") if entry.key.endswith(path))


@pytest.mark.parametrize("path", ["step1_abstractions.yaml", "source.tar.gz", "chapters/chapter_1_thing_1.md"])
@pytest.mark.parametrize("damage", ["deleted", "truncated", "garbled"])
def test_what_is_damaged_in_the_store_is_made_again(simulation: Simulation, path: str, damage: str) -> None:
    run(simulation, judge=kill_before("put job-1/artifacts/review-chapters"))
    key = artifact_of(simulation, path)
    body = simulation.store.get(key)
    if damage == "deleted":
        simulation.store.delete([key])
    else:
        simulation.store.put(key, body[:5] if damage == "truncated" else body[::-1], "text/plain")
    simulation.redone.clear()
    assert run(simulation).code is Exit.OK
    assert simulation.store.get(key) == body
    other = Simulation(2, simulation.work_dir)
    run(other)
    assert simulation.course() == other.course()


def test_an_item_that_is_whole_and_yet_not_valid_is_made_again(simulation: Simulation) -> None:
    run(simulation, judge=kill_before(f"put {JOB}/artifacts/generate-chapters"))
    inputs = simulation.manifest.record(Stage.GENERATE_CHAPTERS).inputs
    assert inputs is not None
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    simulation.store.put(artifact_key(JOB, Stage.GENERATE_CHAPTERS, inputs, empty, CHAPTER), b"", "text/markdown")
    again = run(simulation)
    assert again.engine.made[CHAPTER] == 1
    assert simulation.course()[CHAPTER].startswith(b"# Thing 2")


def test_a_job_is_not_completed_while_something_of_it_is_missing(simulation: Simulation) -> None:
    def lose(operation: str, _process: Process) -> Fault | None:
        if operation.startswith("list job-1/artifacts") and simulation.manifest.state is State.PUBLISHING:
            simulation.store.delete([key for key in [artifact_of_or_none(simulation, CHAPTER)] if key])
        return None

    lost: list[str] = []

    def artifact_of_or_none(world: Simulation, path: str) -> str | None:
        if lost:
            return None
        lost.append(path)
        return artifact_of(world, path)

    assert run(simulation, judge=lose).code is Exit.OK
    assert lost
    assert simulation.course()[CHAPTER].startswith(b"# Thing 2")
