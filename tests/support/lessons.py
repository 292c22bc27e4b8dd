"""Courses that the engine `claude` makes with a model in the tests' own process."""

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from states.stages import STAGES, Stage
from tests.support.fake_model import FakeModel
from tests.support.messages_api.answers import Manner
from worker.course.formats import Rules
from worker.engines.claude import source_map
from worker.engines.claude.asking import Outcome
from worker.engines.claude.course import course_facts
from worker.engines.claude.engine import ClaudeEngine
from worker.engines.claude.model import Question
from worker.engines.claude.verify.page import Verifier
from worker.engines.port import Workspace
from worker.engines.static.analysis import analyze
from worker.engines.static.pages.course import CourseFacts
from worker.settings.model import ModelSettings
from worker.system.runtime import SystemRuntime

ROOT = Path(__file__).parents[2]
_OWN = ("states", "worker", "docs", "README.md", "pyproject.toml")


def engine(model: FakeModel, language: str = "English") -> ClaudeEngine:
    """Return the engine with a model that answers at once."""
    made = ClaudeEngine(
        ModelSettings(), SystemRuntime(), "claude-sonnet-5-5", language
    )
    made._model = model
    return made


def package(name: str, tree: Path) -> Path:
    """Copy the source of an installed package, as a repository."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent
    shutil.copytree(
        folder, tree / name, ignore=shutil.ignore_patterns("__pycache__")
    )
    return tree


def own_repository(tree: Path) -> Path:
    """Copy this project's own source and documents."""
    for name in _OWN:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(
                path,
                tree / name,
                ignore=shutil.ignore_patterns("__pycache__", "example-course"),
            )
        else:
            tree.mkdir(exist_ok=True)
            shutil.copy(path, tree / name)
    return tree


def make_stage(
    made: ClaudeEngine, stage: Stage, source: Path, output: Path
) -> list[str]:
    """Make a stage's items; return their paths, and fail on invalid ones."""
    rules = Rules(
        stage, {path.name: path.read_bytes() for path in output.glob("*.yaml")}
    )
    paths = []
    for item in made.produce(stage, Workspace(source=source, output=output)):
        assert rules.fault(item.path, item.body) is None
        path = output / item.path
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(item.body)
        paths.append(item.path)
    return paths


def tutorial_answer(facts: CourseFacts, *exercises: object) -> dict[str, Any]:
    """Return a model's answer with these exercises, and a map without faults."""
    places = [
        {"path": path, "text": "Look here."}
        for path in source_map.places(facts)
    ]
    return {
        "introduction": [],
        "exercises": list(exercises),
        "map": places[:10],
    }


def make_course(
    source: Path,
    output: Path,
    manner: Callable[[Question], Manner | Outcome] | Manner = Manner.GOOD,
    language: str = "English",
) -> FakeModel:
    """Make a whole course; return the model."""
    model = FakeModel(manner)
    made = engine(model, language)
    output.mkdir(exist_ok=True)
    for info in STAGES[1:]:
        make_stage(made, info.stage, source, output)
    return model


def course_verifier(
    source: Path, output: Path, language: str = "English"
) -> tuple[CourseFacts, Verifier]:
    """Return the facts and the verifier of a finished course."""
    analysis = analyze(source, lambda: None)
    facts = course_facts(analysis, output, Stage.GENERATE_TUTORIALS)
    return facts, Verifier(facts, language)
