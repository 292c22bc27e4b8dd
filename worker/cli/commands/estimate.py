"""`estimate`: the cost of a course by the engine `claude`; nothing is sent to a model."""

from collections.abc import Mapping
from typing import Any

from states.manifest import Identity, Manifest
from states.usage import dollars
from worker.cli.commands.run import repository_url
from worker.cli.options import EstimateOptions
from worker.cli.output import Output, counted, table
from worker.engines.claude.estimate import StageEstimate
from worker.job_request import check_trust
from worker.services.estimate import (
    CourseEstimate,
    Followed,
    estimate_course,
)
from worker.services.update import earlier_job
from worker.services.view import open_view_with, store_settings
from worker.settings.reader import EnvironmentReader
from worker.settings.settings import Settings


def estimate(
    options: EstimateOptions, environment: Mapping[str, str]
) -> Output:
    """Show calls, tokens and cost by stage, estimated from the source alone."""
    asked = {**environment, "ENGINE": "claude"}
    if options.model is not None:
        asked["ANTHROPIC_MODEL"] = options.model
    settings = store_settings(options.store, asked)
    url = repository_url(options.repository, settings)
    reader = EnvironmentReader(environment)
    check_trust(reader, url)
    reader.finish()
    branch = options.branch or ""
    repository = Identity(job_id="", repository=url, branch=branch)
    earlier = None
    if options.update is not None:
        earlier = _earlier(settings, repository, options.update)
    course = estimate_course(settings, environment, repository, earlier)
    return Output(document=_document(course), lines=_lines(course))


def _earlier(
    settings: Settings, repository: Identity, asked: str
) -> Manifest | None:
    view = open_view_with(settings)
    job_id = earlier_job(view, repository, asked)
    return None if job_id is None else view.manifest(job_id)


def _document(course: CourseEstimate) -> dict[str, Any]:
    return {
        "model": course.model,
        "language": course.language,
        "commit": course.commit,
        "pricesDated": course.prices_dated,
        "calls": sum(stage.calls for stage in course.stages),
        "costUsd": _total(course),
        "update": _update(course.followed),
        "stages": [_stage(stage) for stage in course.stages],
    }


def _stage(stage: StageEstimate) -> dict[str, Any]:
    tokens = stage.tokens
    return {
        "stage": stage.stage,
        "calls": stage.calls,
        "inputTokens": tokens.input,
        "cacheWriteTokens": tokens.cache_write_5m + tokens.cache_write_1h,
        "cacheReadTokens": tokens.cache_read,
        "outputTokens": tokens.output,
        "costUsd": dollars(stage.nanodollars),
    }


def _total(course: CourseEstimate) -> float | None:
    costs = [stage.nanodollars for stage in course.stages]
    known = [cost for cost in costs if cost is not None]
    if len(known) < len(costs):
        return None
    return dollars(sum(known))


def _lines(course: CourseEstimate) -> list[str]:
    rows = [["STAGE", "CALLS", "IN", "CACHED", "OUT", "COST"]]
    for stage in course.stages:
        tokens = stage.tokens
        fresh = tokens.input + tokens.cache_write_5m + tokens.cache_write_1h
        rows.append(
            [
                str(stage.stage),
                str(stage.calls),
                f"{fresh:,}",
                f"{tokens.cache_read:,}",
                f"{tokens.output:,}",
                _cost(dollars(stage.nanodollars)),
            ]
        )
    return [*table(rows), *_update_lines(course.followed), _summary(course)]


def _update(followed: Followed | None) -> dict[str, Any] | None:
    if followed is None:
        return None
    return {
        "from": followed.job_id,
        "kept": len(followed.kept),
        "why": followed.why,
    }


def _update_lines(followed: Followed | None) -> list[str]:
    if followed is None:
        return []
    reason = ""
    if followed.why:
        reason = f": {followed.why}"
    files = counted(len(followed.kept), "file")
    return [f"{files} of {followed.job_id} can be kept{reason}"]


def _summary(course: CourseEstimate) -> str:
    total = _total(course)
    if total is None:
        return (
            f"{course.model}: the cost is unknown, because this model has no "
            "known prices; give them in MODEL_PRICES"
        )
    return (
        f"{course.model}, in {course.language}: about {_cost(total)} by the prices of "
        f"{course.prices_dated}; the length of answers is a guess from experience"
    )


def _cost(amount: float | None) -> str:
    if amount is None:
        return "?"
    return f"${amount:.2f}"
