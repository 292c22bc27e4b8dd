"""Stages whose artifacts are listed in separate objects, under every fault."""

from pathlib import Path
from typing import Any

import pytest

from states.course_paths import ARTIFACT_LIST, PAGE_STAGES
from states.exits import Exit
from states.stages import Stage, State
from tests.simulation.network import Fault
from tests.simulation.operators import collect_all
from tests.simulation.scheduler import Process
from tests.simulation.scripted_runs import failing, kill_before, overloaded, run
from tests.simulation.simulation import Simulation
from tests.simulation.test_crashes import fault_at, finish
from tests.simulation.test_damage import WrongOnceStore, artifact_of, missing
from tests.simulation.test_updates import (
    MADE,
    NEW,
    REMADE,
    made,
    make_invalid_earlier,
    update,
)
from tests.support.updates import (
    EARLIER,
    PartsEngine,
    PartsSource,
    make_earlier,
)
from tests.support.world import JOB
from worker.ownership.claim import OperatorRequest
from worker.run.run import Run

FAULTS = [
    Fault.DIE_BEFORE,
    Fault.DIE_AFTER,
    Fault.LOST,
    Fault.MISSING,
    Fault.TORN,
]


def listing(seed: int, work_dir: Path) -> Simulation:
    """Return a world where a manifest lists at most one artifact of a stage."""
    return Simulation(seed, work_dir, max_inline=1)


@pytest.fixture
def simulation(work_dir: Path) -> Simulation:
    return listing(1, work_dir)


def undisturbed(work_dir: Path, **how: Any) -> tuple[int, dict[str, bytes]]:  # noqa: ANN401 - as `start` has them
    """Return the number of operations of an undisturbed job, and its course."""
    simulation = listing(0, work_dir)
    policy, count = fault_at(0, Fault.FAILED)
    run(simulation, policy=policy, **how)
    simulation.check()
    return count(), simulation.course()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_operation_loses_nothing_and_repeats_nothing(
    fault: Fault, work_dir: Path
) -> None:
    operations, course = undisturbed(work_dir)
    for number in range(1, operations + 1):
        simulation = listing(number, work_dir)
        run(simulation, policy=fault_at(number, fault)[0])
        assert finish(simulation) is Exit.OK
        simulation.check()
        assert simulation.course() == course, f"{fault} at operation {number}"


@pytest.mark.parametrize("fault", [Fault.DIE_BEFORE, Fault.DIE_AFTER])
def test_a_fault_at_any_operation_of_a_redone_stage_loses_nothing(
    fault: Fault, work_dir: Path
) -> None:
    def redo(job: Run) -> Exit:
        return job.resume(OperatorRequest(stage=Stage.REVIEW_CHAPTERS))

    _, course = undisturbed(work_dir)
    number = 0
    while True:
        number += 1
        simulation = listing(number, work_dir)
        run(simulation)
        policy, count = fault_at(number, fault)
        run(simulation, policy=policy, work=redo)
        if count() < number:
            break
        assert finish(simulation) is Exit.OK
        simulation.check_log()
        assert simulation.course() == course


def test_a_job_has_the_course_that_it_has_without_lists(
    simulation: Simulation,
) -> None:
    run(simulation)
    simulation.check()
    for stage in PAGE_STAGES:
        record = simulation.manifest.record(stage)
        assert record.artifacts == ()
        assert record.artifact_count == 2
    other = Simulation(2, simulation.work_dir)
    run(other)
    assert simulation.course() == other.course()
    assert callbacks(simulation) == callbacks(other)


def callbacks(simulation: Simulation) -> list[list[object]]:
    """Return the files in the callbacks that the receiver accepted, without their URLs."""
    return [
        [
            (file["path"], file["sha256"])
            for file in document["files"]  # type: ignore[attr-defined]  # a list of files
        ]
        for _, document in simulation.receiver.taken
    ]


@pytest.mark.parametrize("damage", ["deleted", "truncated", "garbled"])
@pytest.mark.parametrize("moment", ["review-chapters/", "generate-tutorials/"])
def test_a_list_that_is_damaged_in_the_store_is_made_again(
    simulation: Simulation, damage: str, moment: str
) -> None:
    run(simulation, policy=kill_before(f"put {JOB}/artifacts/{moment}"))
    key = artifact_of(simulation, ARTIFACT_LIST)
    body = simulation.store.get(key)
    changed = {"deleted": b"", "truncated": body[:5], "garbled": body[::-1]}
    if damage == "deleted":
        simulation.store.delete([key])
    else:
        simulation.store.put(key, changed[damage], "")
    simulation.redone.clear()
    again = run(simulation)
    assert again.code is Exit.OK
    assert simulation.store.get(key) == body
    assert simulation.redone == []
    assert len(simulation.course()) == 3 + 3 * 2


@pytest.mark.parametrize("damage", ["deleted", "garbled"])
def test_a_job_is_not_completed_while_a_list_is_missing(
    simulation: Simulation, damage: str
) -> None:
    """A new run reads the lists; the run that wrote them only checks that they exist."""
    damaged: list[str] = []

    def lose(operation: str, _process: Process) -> Fault | None:
        if damaged or not operation.startswith(f"list {JOB}/artifacts"):
            return None
        if simulation.manifest.state is State.PUBLISHING:
            key = artifact_of(simulation, ARTIFACT_LIST)
            damaged.append(key)
            if damage == "deleted":
                simulation.store.delete([key])
            else:
                body = simulation.store.get(key)
                simulation.store.put(key, body[::-1], "")
        return None

    if damage == "garbled":
        # Checkpoint 11 completes the job: the run dies before it, and the next finds the damage.
        name = f"create {JOB}/checkpoints/00000011"
        run(simulation, policy=kill_before(name))
        assert simulation.manifest.state is State.PUBLISHING
        simulation.scheduler.time += 60
    assert run(simulation, policy=lose).code is Exit.OK
    assert damaged
    assert len(simulation.course()) == 3 + 3 * 2


@pytest.mark.parametrize(
    "wrong", [missing, lambda _: b"", lambda body: body[::-1]]
)
def test_a_list_that_is_read_wrongly_once_is_used(
    simulation: Simulation,
    wrong: Any,  # noqa: ANN401 - a function
) -> None:
    run(simulation, policy=kill_before(f"put {JOB}/artifacts/review-chapters/"))
    before = simulation.manifest.record(Stage.GENERATE_CHAPTERS)
    assert before.listed is not None
    simulation.store = WrongOnceStore(simulation, wrong)
    assert run(simulation).code is Exit.OK
    assert simulation.manifest.record(Stage.GENERATE_CHAPTERS) == before


def test_an_event_of_a_dead_run_announces_the_files_of_a_list(
    simulation: Simulation,
) -> None:
    run(simulation, policy=kill_before("post job-1-8"))
    run(simulation)
    simulation.check()
    other = listing(2, simulation.work_dir)
    run(other)
    assert callbacks(simulation)[-1] == callbacks(other)[-1]


def test_a_collected_job_leaves_no_list(simulation: Simulation) -> None:
    run(simulation)
    simulation.scheduler.time += 60
    collect_all(simulation)
    simulation.run()
    [entry] = simulation.store.entries("")
    manifest = simulation.manifest
    assert manifest.collected
    assert manifest.artifact_count == 0
    assert entry.key.startswith(f"{JOB}/checkpoints/")


def test_a_stage_that_failed_names_its_list_once_it_is_finished(
    simulation: Simulation,
) -> None:
    run(simulation, engine=failing(overloaded(), times=1))
    simulation.check()
    assert simulation.manifest.record(Stage.GENERATE_CHAPTERS).listed


def following(work_dir: Path) -> Simulation:
    """Return a world with an earlier job whose artifacts are listed, and a changed repository."""
    simulation = listing(0, work_dir)
    make_earlier(simulation.store, work_dir, max_inline=1)
    simulation.source = PartsSource(commit="b" * 40, files=NEW)
    return simulation


def test_an_update_keeps_what_is_listed(work_dir: Path) -> None:
    simulation = following(work_dir)
    run(simulation, work=update, engine=PartsEngine())
    simulation.check()
    assert made(simulation) == MADE
    counts = simulation.manifest.update
    assert counts is not None
    assert (counts.kept, counts.made) == (9, 3)


def test_an_earlier_course_whose_list_is_damaged_is_not_kept(
    work_dir: Path,
) -> None:
    simulation = following(work_dir)
    keys = [entry.key for entry in simulation.store.entries(EARLIER)]
    lists = [key for key in keys if key.endswith(f"/{ARTIFACT_LIST}")]
    simulation.store.put(lists[0], b"[]", "")
    run(simulation, work=update, engine=PartsEngine())
    simulation.check()
    counts = simulation.manifest.update
    assert counts is not None
    assert counts.why is not None
    assert f"{ARTIFACT_LIST} of stage generate-chapters" in counts.why
    assert (counts.kept, counts.made) == (0, 12)


def test_nothing_that_depends_on_a_remade_listed_chapter_is_kept(
    work_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation = listing(0, work_dir)
    make_invalid_earlier(simulation, work_dir, monkeypatch)
    simulation.source = PartsSource(commit="b" * 40)
    run(simulation, work=update, engine=PartsEngine())
    simulation.check()
    assert simulation.manifest.record(Stage.GENERATE_CHAPTERS).listed
    assert made(simulation) == REMADE
