"""Objects that earlier versions have stored: jobs begun by them are resumed.

`tests/support/stored/*.json` hold the objects of two jobs each, by their keys: one whose
process was killed at its third chapter (in format 3: at its third review, so that a list of
artifacts is among the objects), and one that could not reach its webhook at the end. Earlier
versions made them with the fake engine of tests/support/world.py.
"""

import json
from pathlib import Path

import pytest

from states.exits import Exit
from tests.support.world import IDENTITY, JOB, World
from worker.ownership.log import CheckpointLog
from worker.store.folder import FolderStore
from worker.system.runtime import SystemRuntime

STORED = sorted(
    (Path(__file__).parents[1] / "support" / "stored").glob("*.json")
)


@pytest.fixture(params=STORED, ids=lambda path: path.stem)
def stored(request: pytest.FixtureRequest) -> dict[str, dict[str, str]]:
    jobs: dict[str, dict[str, str]] = json.loads(request.param.read_text())
    return jobs


def restored(objects: dict[str, str], tmp_path: Path) -> World:
    """Return a world whose store has these objects."""
    root = tmp_path / "store"
    for key, text in objects.items():
        file = root / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    work_dir = tmp_path / "work"
    work_dir.mkdir()
    world = World(FolderStore(root), work_dir)
    engine = json.loads(objects[f"{JOB}/checkpoints/00000001.json"])["engine"]
    world.engine.model = engine.get("model")
    world.engine.language = engine.get("language")
    return world


def test_the_stored_jobs_have_the_format_in_their_file_s_name(
    request: pytest.FixtureRequest, stored: dict[str, dict[str, str]]
) -> None:
    formats = set()
    for objects in stored.values():
        for key, text in objects.items():
            if "/checkpoints/" in key:
                formats.add(json.loads(text)["format"])
    assert f"format_{max(formats)}_" in request.node.name


def test_a_job_that_was_killed_resumes_at_its_third_chapter_or_review(
    stored: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    world = restored(stored["killed"], tmp_path)
    assert world.job().run(IDENTITY) is Exit.OK
    kept = [
        "step1_abstractions.yaml",
        "step2_relationships.yaml",
        "step3_order.yaml",
        "chapters/chapter_1_thing_1.md",
        "chapters/chapter_2_thing_2.md",
    ]
    assert [path for path in kept if path in world.engine.made] == []
    keys = tuple(stored["killed"])
    for path in world.engine.made:
        assert [key for key in keys if key.endswith(f"/{path}")] == []
    assert set(world.engine.made.values()) == {1}
    assert world.source.checkouts == []
    for key, text in stored["killed"].items():
        if "heartbeat" not in key:
            assert world.store.get(key).decode() == text


def test_an_event_that_was_not_delivered_is_delivered(
    stored: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    world = restored(stored["unannounced"], tmp_path)
    assert world.receiver is not None
    assert world.job().run(IDENTITY) is Exit.OK
    assert world.receiver.events == [("complete", "completed")]
    assert world.engine.made == {}
    newest = CheckpointLog(world.store, JOB, SystemRuntime()).newest()
    assert newest is not None
    assert newest.manifest.outbox.pending == ()
