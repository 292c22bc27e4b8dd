"""Updates of an earlier course, under disturbances of their runs and of the earlier job."""

from dataclasses import replace
from pathlib import Path

import pytest

from states.exits import Exit
from states.manifest import Update
from states.stages import State
from tests.simulation.network import Fault
from tests.simulation.scripted_runs import kill_before, run
from tests.simulation.simulation import Simulation
from tests.simulation.test_crashes import SILENT, fault_at, finish
from tests.support.updates import (
    EARLIER,
    PartsEngine,
    PartsSource,
    make_earlier,
)
from tests.support.world import IDENTITY, JOB
from worker.course import formats
from worker.engines.port import Item
from worker.run.run import Run

NEW = {"signer.txt": "sign", "new_shop.txt": "sell", "till.txt": "count more"}
"""The shop's file is moved, and the till's is changed."""
EMPTY_CHAPTER = "chapters/chapter_1_signer.md"
REMADE = {
    EMPTY_CHAPTER,
    "reviewed-chapters/chapter_1_signer.md",
    "tutorials/tutorial_1_signer.md",
}
MADE = {
    "chapters/chapter_3_till.md",
    "reviewed-chapters/chapter_3_till.md",
    "tutorials/tutorial_3_till.md",
}


def following(seed: int, work_dir: Path) -> Simulation:
    """Return a world with an earlier job and a newer commit of its repository."""
    simulation = Simulation(seed, work_dir)
    make_earlier(simulation.store, work_dir)
    simulation.source = PartsSource(commit="b" * 40, files=NEW)
    return simulation


def update(job: Run) -> Exit:
    return job.run(IDENTITY, update_from=EARLIER)


def made(simulation: Simulation) -> set[str]:
    """Return the items that the engines of all runs have made."""
    return {path for run in simulation.runs for path in run.engine.made}


def delete_earlier(simulation: Simulation) -> None:
    """Delete every object of the earlier job, even its last checkpoint, which `gc` keeps."""
    store = simulation.store
    store.delete([entry.key for entry in store.entries(f"{EARLIER}/")])


def undisturbed(work_dir: Path) -> tuple[int, dict[str, bytes]]:
    simulation = following(0, work_dir)
    policy, seen = fault_at(0, Fault.FAILED)
    run(simulation, policy=policy, work=update, engine=PartsEngine())
    simulation.check()
    return seen(), simulation.course()


def test_only_what_has_changed_is_made(work_dir: Path) -> None:
    simulation = following(0, work_dir)
    run(simulation, work=update, engine=PartsEngine())
    simulation.check()
    assert made(simulation) == MADE
    course = simulation.course()
    abstractions = course["step1_abstractions.yaml"].decode()
    assert "new_shop.txt" in abstractions
    assert b"count more" in course["chapters/chapter_3_till.md"]
    assert b"new_shop.txt:1" in course["step3_order.yaml"]
    listed = simulation.manifest.update
    assert listed is not None
    assert listed == Update(
        from_=EARLIER,
        from_commit="a" * 40,
        changed=2,
        kept=9,
        made=3,
        plan=listed.plan,
    )


@pytest.mark.parametrize("fault", SILENT)
def test_a_fault_at_any_operation_of_an_update_loses_and_repeats_nothing(
    fault: Fault, work_dir: Path
) -> None:
    operations, course = undisturbed(work_dir)
    for number in range(1, operations + 1):
        simulation = following(number, work_dir)
        policy, _ = fault_at(number, fault)
        run(simulation, policy=policy, work=update, engine=PartsEngine())
        assert finish(simulation, work=update, engine=PartsEngine()) is Exit.OK
        simulation.check()
        assert simulation.course() == course, f"{fault} at operation {number}"
        assert made(simulation) == MADE


def test_the_earlier_job_may_be_collected_once_its_items_are_copied(
    work_dir: Path,
) -> None:
    simulation = following(0, work_dir)

    def before_item(_path: str) -> None:
        delete_earlier(simulation)

    run(simulation, work=update, engine=PartsEngine(before_item=before_item))
    simulation.check()
    assert made(simulation) == MADE


def test_a_job_that_was_collected_before_its_items_were_copied_leaves_all_to_be_made(
    work_dir: Path,
) -> None:
    simulation = following(0, work_dir)
    policy = kill_before(f"get {EARLIER}/artifacts")
    run(simulation, policy=policy, work=update, engine=PartsEngine())
    delete_earlier(simulation)
    run(simulation, work=update, engine=PartsEngine())
    simulation.check()
    manifest = simulation.manifest
    assert manifest.state is State.COMPLETED
    assert manifest.update is not None
    assert manifest.update.why is not None
    assert (manifest.update.kept, manifest.update.made) == (0, 12)


class InvalidChapterEngine(PartsEngine):
    """Writes an empty chapter."""

    def _item(self, path: str, body: bytes) -> Item:
        item = super()._item(path, body)
        return replace(item, body=b" ") if path == EMPTY_CHAPTER else item


def make_invalid_earlier(
    simulation: Simulation, work_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Make an earlier course with a version that accepted empty pages."""
    with monkeypatch.context() as patch:
        patch.setattr(formats, "_check_markdown", lambda _path, _body: None)
        make_earlier(simulation.store, work_dir, engine=InvalidChapterEngine())


def test_an_item_that_is_no_longer_valid_is_made_again(
    work_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulation = Simulation(0, work_dir)
    make_invalid_earlier(simulation, work_dir, monkeypatch)
    simulation.source = PartsSource(commit="b" * 40)
    run(simulation, work=update, engine=PartsEngine())
    simulation.check()
    assert made(simulation) == REMADE


def test_nothing_that_depends_on_a_remade_yaml_file_is_kept(
    work_dir: Path,
) -> None:
    simulation = following(0, work_dir)
    policy = kill_before(f"put {JOB}/artifacts/extract")
    run(simulation, policy=policy, work=update, engine=PartsEngine())
    copies = f"{JOB}/artifacts/clone/"
    for entry in simulation.store.entries(copies):
        if entry.key.endswith("/earlier/step1_abstractions.yaml"):
            simulation.store.delete([entry.key])
    assert finish(simulation, work=update, engine=PartsEngine()) is Exit.OK
    simulation.check()
    assert len(made(simulation)) == len(simulation.course())


def test_an_earlier_job_may_be_missing_from_the_first_listing(
    work_dir: Path,
) -> None:
    simulation = following(0, work_dir)
    simulation.conditions.lag = lambda: 2.0
    run(simulation, work=update, engine=PartsEngine())
    simulation.check()
    assert made(simulation) == MADE
