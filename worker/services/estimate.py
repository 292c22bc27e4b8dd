"""Estimates the cost of a course by the engine `claude`; nothing is sent to a model."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from states.course_paths import YAML_STAGES, yaml_path
from states.manifest import Identity, Manifest
from states.stages import Stage
from states.usage import Budget
from worker.course.artifacts import TRANSFERS, Artifacts
from worker.course.formats import InvalidItemError
from worker.engines.claude.course import course_facts
from worker.engines.claude.estimate import StageEstimate, estimate
from worker.engines.claude.model import prices_for
from worker.engines.static.analysis import NoTextError, analyze
from worker.engines.static.facts import Analysis
from worker.engines.static.pages.course import CourseFacts
from worker.errors import DataError
from worker.run.earlier import (
    UnfollowableError,
    compare_trees,
    read_earlier,
    unpack_earlier,
)
from worker.settings.settings import Settings
from worker.source import snapshot
from worker.source.git_program import Git
from worker.system.runtime import SystemRuntime
from worker.wiring import (
    open_retrying_store,
    open_source,
    pinned_model,
    work_dir,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Followed:
    """The part of an earlier job's course that an update can keep."""

    job_id: str
    kept: Mapping[str, bytes] = field(default_factory=dict)
    """Its files that are still true, by path."""
    why: str | None = None
    """The reason, if there are none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CourseEstimate:
    """The estimated usage of a course's calls."""

    model: str
    language: str
    commit: str
    prices_dated: str | None
    stages: list[StageEstimate]
    followed: Followed | None
    """The course that it updates, if any."""


def estimate_course(
    settings: Settings,
    environment: Mapping[str, str],
    repository: Identity,
    earlier: Manifest | None = None,
) -> CourseEstimate:
    """Read a repository, and estimate the usage of its course; no model is called.

    With an `earlier` job, estimate an update of that job's course.
    """
    model_settings = settings.engine.model
    model, language = pinned_model(model_settings, None)
    prices = prices_for(model_settings, model, Budget())
    with tempfile.TemporaryDirectory(dir=_parent(settings)) as name:
        folder = Path(name)
        tree = folder / "tree"
        commit = _checkout(settings, environment, repository, folder, tree)
        analysis = _analysis(tree)
        followed = _followed(settings, earlier, folder, tree)
        kept: Mapping[str, bytes] = {}
        if followed:
            kept = followed.kept
        stages = estimate(
            analysis,
            language,
            prices,
            batch=model_settings.batch,
            course=_earlier_course(analysis, followed, folder),
            kept=kept,
        )
    prices_dated = None
    if prices:
        prices_dated = prices.dated
    return CourseEstimate(
        model=model,
        language=language,
        commit=commit,
        prices_dated=prices_dated,
        stages=stages,
        followed=followed,
    )


def _checkout(
    settings: Settings,
    environment: Mapping[str, str],
    repository: Identity,
    folder: Path,
    tree: Path,
) -> str:
    """Fill a new folder with the repository's files; return the commit."""
    tree.mkdir()
    scratch = folder / "scratch"
    scratch.mkdir()
    runtime = SystemRuntime()
    git = Git(scratch, runtime, runtime.flag(), environment)
    return open_source(settings, repository, git).checkout(None, tree)


def _followed(
    settings: Settings, manifest: Manifest | None, folder: Path, tree: Path
) -> Followed | None:
    """Return the part of an earlier course that is still true of a tree."""
    if manifest is None:
        return None
    job_id = manifest.job_id
    runtime = SystemRuntime()
    store = open_retrying_store(settings, runtime)
    artifacts = Artifacts(store, job_id, runtime.executor(TRANSFERS))
    old_tree = folder / "earlier"
    try:
        earlier = read_earlier(manifest, artifacts)
        unpack_earlier(earlier, snapshot, folder / "earlier.tar.gz", old_tree)
        comparison = compare_trees(earlier, old_tree, tree)
    except (UnfollowableError, InvalidItemError) as error:
        return Followed(job_id=job_id, why=str(error))
    return Followed(job_id=job_id, kept=comparison.kept, why=comparison.why)


def _earlier_course(
    analysis: Analysis, followed: Followed | None, folder: Path
) -> CourseFacts | None:
    """Return the facts of a course, with the chapters of the one that it updates, if any."""
    if followed is None or not followed.kept:
        return None
    output = folder / "course"
    output.mkdir()
    for stage in YAML_STAGES:
        path = yaml_path(stage)
        (output / path).write_bytes(followed.kept[path])
    return course_facts(analysis, output, Stage.GENERATE_CHAPTERS)


def _analysis(tree: Path) -> Analysis:
    try:
        return analyze(tree, lambda: None)
    except NoTextError as error:
        raise DataError(
            "the repository has no text files: give one with source code or "
            "documents",
            code="repository_empty",
        ) from error


def _parent(settings: Settings) -> Path:
    folder = work_dir(settings)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
