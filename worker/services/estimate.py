"""What a course by the engine `claude` will cost, before anything is sent to a model."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from states.manifest import Identity
from states.usage import Budget
from worker.engines.claude.estimate import StageEstimate, estimate
from worker.engines.claude.model import prices_for
from worker.engines.claude.prices import ModelPrices
from worker.engines.static.analysis import NoTextError, analyze
from worker.engines.static.facts import Analysis
from worker.errors import DataError
from worker.settings.settings import Settings
from worker.source.git_program import Git
from worker.system.runtime import SystemRuntime
from worker.wiring import open_source, pinned_model, work_dir


@dataclass(frozen=True, kw_only=True, slots=True)
class CourseEstimate:
    """What the calls of a course will use."""

    model: str
    language: str
    commit: str
    prices_dated: str | None
    stages: list[StageEstimate]


def estimate_course(
    settings: Settings,
    environment: Mapping[str, str],
    repository: Identity,
) -> CourseEstimate:
    """Read a repository, and return what its course will use; no model is asked."""
    model_settings = settings.engine.model
    model, language = pinned_model(model_settings, None)
    prices: ModelPrices | None = prices_for(model_settings, model, Budget())
    runtime = SystemRuntime()
    with tempfile.TemporaryDirectory(dir=_parent(settings)) as name:
        folder = Path(name)
        tree = folder / "tree"
        tree.mkdir()
        scratch = folder / "scratch"
        scratch.mkdir()
        git = Git(scratch, runtime, runtime.flag(), environment)
        source = open_source(settings, repository, git)
        commit = source.checkout(None, tree)
        stages = estimate(
            _analysis(tree), language, prices, batch=model_settings.batch
        )
    return CourseEstimate(
        model=model,
        language=language,
        commit=commit,
        prices_dated=prices.dated if prices else None,
        stages=stages,
    )


def _analysis(tree: Path) -> Analysis:
    try:
        return analyze(tree, lambda: None)
    except NoTextError as error:
        raise DataError(
            "the repository has no text files: give one with source code or documents",
            code="repository_empty",
        ) from error


def _parent(settings: Settings) -> Path:
    folder = work_dir(settings)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
