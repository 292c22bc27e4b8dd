"""The static engine behind its port: what it makes, when it stops, what it refuses."""

import threading
import weakref
from pathlib import Path

import pytest

from states.stages import Stage
from tests.support.course import MADE, make_course, make_stage, write_tree
from tests.support.samples import PYTHON
from worker.engines.port import EngineFailedError, Workspace
from worker.engines.static.analysis import analyze
from worker.engines.static.engine import StaticEngine

WRITTEN = (
    Stage.GENERATE_CHAPTERS,
    Stage.REVIEW_CHAPTERS,
    Stage.GENERATE_TUTORIALS,
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Return a workspace with a source and a whole course."""
    source, output = (
        write_tree(tmp_path / "source", PYTHON),
        tmp_path / "output",
    )
    make_course(source, output)
    return Workspace(source=source, output=output)


@pytest.mark.parametrize("stage", MADE)
def test_nothing_is_made_where_everything_is_there(
    workspace: Workspace, stage: Stage
) -> None:
    assert list(StaticEngine().produce(stage, workspace)) == []


def test_items_come_one_by_one_as_they_are_complete(
    workspace: Workspace,
) -> None:
    for path in (workspace.output / "chapters").iterdir():
        path.unlink()
    engine = StaticEngine()
    items = engine.produce(Stage.GENERATE_CHAPTERS, workspace)
    first = next(items)
    assert first.path.startswith("chapters/chapter_1_")
    engine.stop()
    with pytest.raises(EngineFailedError, match="was stopped") as caught:
        next(items)
    assert caught.value.temporary


def test_an_engine_that_was_stopped_can_be_asked_again(
    workspace: Workspace,
) -> None:
    for path in (workspace.output / "chapters").iterdir():
        path.unlink()
    engine = StaticEngine()
    stopped = engine.produce(Stage.GENERATE_CHAPTERS, workspace)
    first = next(stopped)
    engine.stop()
    assert next(engine.produce(Stage.GENERATE_CHAPTERS, workspace)) == first
    with pytest.raises(EngineFailedError, match="was stopped"):
        next(stopped)


def test_a_paused_engine_makes_nothing_until_it_may_continue(
    workspace: Workspace,
) -> None:
    for path in (workspace.output / "tutorials").iterdir():
        path.unlink()
    engine, made, going = StaticEngine(), list[str](), threading.Event()
    engine.pause()

    def work() -> None:
        going.set()
        made.extend(
            item.path
            for item in engine.produce(Stage.GENERATE_TUTORIALS, workspace)
        )

    thread = threading.Thread(target=work)
    thread.start()
    assert going.wait(10)
    thread.join(0.2)
    assert thread.is_alive()
    assert made == []
    engine.unpause()
    thread.join(30)
    assert made


def test_the_source_is_read_once_for_all_stages(
    workspace: Workspace, tmp_path: Path
) -> None:
    engine = StaticEngine()
    make_stage(Stage.EXTRACT, workspace.source, tmp_path / "new", engine)
    (workspace.source / "shop" / "later.py").write_text(
        "class Later:\n    pass\n"
    )
    for stage in MADE[1:]:
        make_stage(stage, workspace.source, tmp_path / "new", engine)
    made = [path.read_bytes() for path in (tmp_path / "new").rglob("*.md")]
    assert made
    assert not [body for body in made if b"Later" in body]


def test_it_needs_nothing_that_could_be_missing() -> None:
    StaticEngine().check()


@pytest.mark.parametrize("stage", WRITTEN)
def test_a_course_that_another_version_began_is_finished_under_its_names(
    workspace: Workspace, stage: Stage
) -> None:
    text = (workspace.output / "step1_abstractions.yaml").read_text()
    (workspace.output / "step1_abstractions.yaml").write_text(
        text.replace("name: Stock", "name: The Warehouse")
    )
    order = workspace.output / "step3_order.yaml"
    order.write_text(
        order.read_text().replace("name: Stock", "name: The Warehouse")
    )
    made = make_stage(stage, workspace.source, workspace.output, StaticEngine())
    assert [path.partition("_")[2] for path in made] == [
        f"{made[0].split('_')[1]}_the_warehouse.md"
    ]
    body = (workspace.output / made[0]).read_text()
    assert "The Warehouse" in body
    assert "`shop/sto" in body


class SelfReference:
    """Refers to itself."""

    def __init__(self) -> None:
        self.ring = self


def test_each_analysis_frees_the_memory_of_the_previous_one(
    tmp_path: Path,
) -> None:
    root = write_tree(tmp_path, PYTHON)
    ring = SelfReference()
    left = weakref.ref(ring)
    analyze(root, lambda: None)
    del ring
    analyze(root, lambda: None)
    assert left() is None
