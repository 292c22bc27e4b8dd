"""A whole course over real HTTP: the engine, its model, and the stand-in for the API."""

from dataclasses import replace
from pathlib import Path

import pytest

from states.stages import STAGES
from tests.support.lessons import course_verifier, package
from tests.support.messages_api.server import MessagesServer
from tests.support.paid_calls import MODEL, MemoryCalls
from worker.course.formats import Rules
from worker.engines.claude.engine import ClaudeEngine
from worker.engines.port import Workspace
from worker.settings.model import ModelSettings
from worker.system.runtime import SystemRuntime


def make(
    engine: ClaudeEngine, calls: MemoryCalls, source: Path, output: Path
) -> None:
    """Make a course; validate each item as a job does."""
    output.mkdir()
    workspace = Workspace(source=source, output=output, calls=calls)
    for info in STAGES[1:]:
        outputs = {
            path.name: path.read_bytes() for path in output.glob("*.yaml")
        }
        rules = Rules(info.stage, outputs)
        for item in engine.produce(info.stage, workspace):
            assert rules.fault(item.path, item.body) is None
            path = output / item.path
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(item.body)


@pytest.mark.parametrize("batch", [False, True])
def test_a_whole_course_is_right_and_is_paid_once(
    model_settings: ModelSettings,
    api: MessagesServer,
    calls: MemoryCalls,
    tmp_path: Path,
    *,
    batch: bool,
) -> None:
    settings = replace(model_settings, batch=batch)
    source = package("itsdangerous", tmp_path / "source")
    make(
        ClaudeEngine(settings, SystemRuntime(), MODEL, "English"),
        calls,
        source,
        tmp_path / "first",
    )
    _, verifier = course_verifier(source, tmp_path / "first")
    pages = sorted((tmp_path / "first").rglob("*.md"))
    assert len(pages) == 15
    for page in pages:
        assert verifier.faults(page.read_text().rstrip("\n")) == []

    paid = len(api.paid)
    assert paid == 18
    make(
        ClaudeEngine(settings, SystemRuntime(), MODEL, "English"),
        calls,
        source,
        tmp_path / "again",
    )
    assert len(api.paid) == paid
