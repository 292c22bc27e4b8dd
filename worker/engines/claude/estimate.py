"""Estimates the cost of a course from the analysis alone: nothing is sent.

The prompts are those that a job sends, but with the static engine's chapters in place of those that
the model will choose. The length of the answers is assumed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from states.course_paths import item_path
from states.stages import INFO, Stage
from worker.engines.claude.candidates import candidates
from worker.engines.claude.course import static_facts
from worker.engines.claude.model import Question
from worker.engines.claude.plan import limits
from worker.engines.claude.prices import ModelPrices, Tokens
from worker.engines.claude.prompt import tokens
from worker.engines.claude.questions import Questions
from worker.engines.static.facts import Analysis
from worker.engines.static.pages import chapters
from worker.engines.static.pages.course import Chapter, CourseFacts

_ANSWERS: Final = {
    Stage.EXTRACT: 4_000,
    Stage.ANALYZE: 4_000,
    Stage.ORDER: 2_000,
    Stage.GENERATE_CHAPTERS: 8_000,
    Stage.REVIEW_CHAPTERS: 5_000,
    Stage.GENERATE_TUTORIALS: 6_000,
}
"""Tokens of an answer, including the thinking before it."""
_PAGE: Final = 3_000
"""Tokens of a page that is reviewed."""
_REPAIRED: Final = 5
"""One answer in this many is sent back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StageEstimate:
    """The estimated usage of a stage's calls."""

    stage: Stage
    calls: int
    """Repairs included."""
    tokens: Tokens
    nanodollars: int | None
    """None if the prices are unknown."""


def estimate(
    analysis: Analysis,
    language: str,
    prices: ModelPrices | None,
    *,
    batch: bool = False,
    course: CourseFacts | None = None,
    kept: Collection[str] = (),
) -> list[StageEstimate]:
    """Return the estimated usage of a repository's course, stage by stage.

    In a batch, no answer is sure to find the cache: all its prompts are paid in full. An update has
    the chapters of the earlier `course`, and pays nothing for the items that are `kept`.
    """
    questions = Questions(course or static_facts(analysis), language)
    stages = []
    for stage in _ANSWERS:
        estimated = _stage(
            stage, _asked(questions, stage, kept), prices, batch=batch
        )
        stages.append(estimated)
    return stages


def _stage(
    stage: Stage,
    asked: list[Question],
    prices: ModelPrices | None,
    *,
    batch: bool,
) -> StageEstimate:
    in_batch = batch and INFO[stage].folder is not None
    calls = []
    for position, question in enumerate(asked):
        call = _tokens(question, position, in_batch=in_batch)
        calls.append(call)
    repaired = asked[: len(asked) // _REPAIRED]
    repairs = []
    for question in repaired:
        repair = _repair(question)
        repairs.append(repair)
    cost = None
    if prices is not None:
        asking = []
        for call in calls:
            asked_cost = prices.cost(call, batch=in_batch)
            asking.append(asked_cost)
        cost = sum(asking) + sum(map(prices.cost, repairs))
    return StageEstimate(
        stage=stage,
        calls=len(calls) + len(repairs),
        tokens=_sum([*calls, *repairs]),
        nanodollars=cost,
    )


def _asked(
    questions: Questions, stage: Stage, kept: Collection[str]
) -> list[Question]:
    """Return a stage's questions about the items that are not kept."""
    if INFO[stage].file in kept:
        return []
    analysis = questions.facts.analysis
    match stage:
        case Stage.EXTRACT:
            known = candidates(analysis)
            least, most = limits(analysis)
            return [questions.extract(known, least, most)]
        case Stage.ANALYZE:
            return [questions.analyze()]
        case Stage.ORDER:
            return [questions.order()]
    pages = []
    for chapter in questions.facts.chapters:
        if item_path(stage, chapter.entry) not in kept:
            page = _of_page(questions, stage, chapter)
            pages.append(page)
    return pages


def _of_page(questions: Questions, stage: Stage, chapter: Chapter) -> Question:
    """Return the question about a page; for a tutorial, about the static engine's chapter."""
    if stage is Stage.GENERATE_TUTORIALS:
        page = chapters.written(questions.facts, chapter)
        question, _ = questions.of_tutorial(chapter, page)
        return question
    more = {}
    if stage is Stage.REVIEW_CHAPTERS:
        more = {"page": "", "findings": ""}
    question, _ = questions.of_chapter(stage, chapter, **more)
    return question


def _tokens(question: Question, position: int, *, in_batch: bool) -> Tokens:
    """Return the tokens of a call: a stage's first call writes the cache, the others read it."""
    shared = tokens(question.system)
    own = _own(question)
    output = _ANSWERS[question.stage]
    if in_batch:
        return Tokens(input=shared + own, output=output)
    if position == 0:
        return Tokens(input=own, cache_write_5m=shared, output=output)
    return Tokens(input=own, cache_read=shared, output=output)


def _own(question: Question) -> int:
    prompt = tokens(question.prompt)
    if question.stage is Stage.REVIEW_CHAPTERS:
        return prompt + _PAGE
    return prompt


def _repair(question: Question) -> Tokens:
    """Return the tokens of a repair: the prompt, the earlier answer, and a new one."""
    answer = _ANSWERS[question.stage]
    return Tokens(
        input=_own(question) + answer,
        cache_read=tokens(question.system),
        output=answer,
    )


def _sum(calls: Sequence[Tokens]) -> Tokens:
    return Tokens(
        input=sum(call.input for call in calls),
        cache_write_5m=sum(call.cache_write_5m for call in calls),
        cache_write_1h=sum(call.cache_write_1h for call in calls),
        cache_read=sum(call.cache_read for call in calls),
        output=sum(call.output for call in calls),
    )
