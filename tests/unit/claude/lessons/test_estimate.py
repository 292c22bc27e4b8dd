from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.lessons import make_course, package
from worker.engines.claude.estimate import StageEstimate, estimate
from worker.engines.claude.prices import ModelPrices, Tokens, read_prices
from worker.engines.claude.prompt import tokens
from worker.engines.static.analysis import analyze


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package("itsdangerous", tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def prices() -> ModelPrices:
    known = read_prices(None).find("api.anthropic.com", "claude-sonnet-5-5")
    assert known is not None
    return known


def rows(
    source: Path, prices: ModelPrices | None, *, batch: bool = False
) -> list[StageEstimate]:
    analysis = analyze(source, lambda: None)
    return estimate(analysis, "English", prices, batch=batch)


def test_the_estimate_has_the_prompts_that_a_course_sends(
    source: Path, tmp_path: Path, prices: ModelPrices
) -> None:
    model = make_course(source, tmp_path)
    for row in rows(source, prices):
        asked = [
            question
            for question in model.questions
            if question.stage is row.stage
        ]
        repairs = len(asked) // 5
        assert row.calls == len(asked) + repairs
        read = row.tokens.cache_read + row.tokens.cache_write_5m
        shared = tokens(asked[0].system)
        assert read == pytest.approx(shared * row.calls, rel=0.05)
        own = sum(tokens(question.prompt) for question in asked)
        assert row.tokens.input >= 0.9 * own


def test_the_cost_is_computed_from_the_tokens(
    source: Path, prices: ModelPrices
) -> None:
    for row in rows(source, prices):
        assert row.nanodollars is not None
        whole = prices.cost(row.tokens)
        assert row.nanodollars == pytest.approx(whole, rel=0.001)


def test_a_batch_costs_less_and_reads_no_cache_but_for_repairs(
    source: Path, prices: ModelPrices
) -> None:
    live = sum(row.nanodollars or 0 for row in rows(source, prices))
    batched = rows(source, prices, batch=True)
    assert sum(row.nanodollars or 0 for row in batched) < 0.8 * live
    written = [row.tokens.cache_write_5m for row in batched]
    assert all(written[:3])
    assert not any(written[3:])


def test_without_prices_there_are_tokens_and_no_cost(source: Path) -> None:
    for row in rows(source, None):
        assert row.nanodollars is None
        assert row.tokens.output > 0
        assert replace(row.tokens, output=0) != Tokens()
