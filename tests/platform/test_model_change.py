"""A job's model is changed on the platform: in the definition, then by `resume --from`."""

from pathlib import Path

import pytest

from states.exits import Exit
from states.manifest import Manifest
from tests.platform.conftest import Operator
from tests.support.scaleway.jobs import Document
from tests.support.world import IDENTITY, JOB, FakeEngine, World
from worker.cli.main import main

BEGAN = "claude-sonnet-5-5"
OTHER = "claude-opus-5-5"
RESUME = ("resume", JOB, "--on", "scaleway")
FROM_CHAPTERS = (*RESUME, "--from", "generate-chapters")


def work(
    operator: Operator, tmp_path: Path, run: Document | None, model: str
) -> FakeEngine:
    """Run the job to its end with a model."""
    engine = FakeEngine(name="claude", model=model, language="English")
    world = World(
        store=operator.store,
        work_dir=tmp_path / "work",
        engine=engine,
        platform_run=run["id"] if run else None,
    )
    assert world.job().run(IDENTITY) is Exit.OK
    return engine


def manifest_of(operator: Operator) -> Manifest:
    manifest = operator.manifest(JOB)
    assert manifest is not None
    return manifest


@pytest.fixture
def completed(operator: Operator, tmp_path: Path) -> Operator:
    """Return an operator with a job that a model has completed."""
    work(operator, tmp_path, None, BEGAN)
    return operator


def define(operator: Operator, **environment: str) -> None:
    operator.scaleway.define(STORE_URL=operator.store.url, **environment)


def test_a_new_model_in_the_definition_makes_the_stages_that_are_redone(
    completed: Operator, tmp_path: Path
) -> None:
    define(completed, ANTHROPIC_MODEL=OTHER, COURSE_LANGUAGE="English")
    answer = completed.json(*FROM_CHAPTERS)
    assert manifest_of(completed).engine.model == OTHER
    run = completed.scaleway.jobs.runs[str(answer["runId"])]
    engine = work(completed, tmp_path, run, OTHER)
    stages = {path.partition("/")[0] for path in engine.made}
    assert stages == {"chapters", "reviewed-chapters", "tutorials"}


def test_a_new_model_in_the_definition_is_refused_if_no_stage_is_redone(
    operator: Operator, tmp_path: Path
) -> None:
    engine = FakeEngine(name="claude", model=BEGAN, language="English")
    world = World(store=operator.store, work_dir=tmp_path, engine=engine)

    def before_item(path: str) -> None:
        if path.startswith("chapters"):
            raise RuntimeError("it broke")

    engine.before_item = before_item
    assert world.job().run(IDENTITY) is Exit.SOFTWARE
    define(operator, ANTHROPIC_MODEL=OTHER)
    before = manifest_of(operator)
    answer = operator(*RESUME, code=Exit.CONFIG)
    assert f"began with '{BEGAN}'" in answer
    assert "resume --from" in answer
    assert manifest_of(operator) == before
    assert operator.scaleway.jobs.runs == {}


def test_a_model_that_is_only_set_here_does_not_reach_the_run_and_causes_a_warning(
    completed: Operator, tmp_path: Path
) -> None:
    define(completed)
    environment = {**completed.scaleway.environment, **completed.environment}
    environment["ANTHROPIC_MODEL"] = OTHER
    assert main(FROM_CHAPTERS, environment) == 0
    warning = completed.capsys.readouterr().err
    assert f"ANTHROPIC_MODEL is '{OTHER}' here" in warning
    assert f"the run will have '{BEGAN}'" in warning
    assert manifest_of(completed).engine.model == BEGAN
    (run,) = completed.scaleway.jobs.runs.values()
    work(completed, tmp_path, run, BEGAN)
