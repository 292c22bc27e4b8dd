"""The settings of the model and its budget, from the environment."""

from pathlib import Path

import pytest

from states.usage import Budget
from tests.unit.test_settings import faults, read

CLAUDE = {"ENGINE": "claude", "ANTHROPIC_API_KEY": "sk-1"}


def test_everything_has_a_default_but_the_key() -> None:
    model = read({"ENGINE": "claude"}).engine.model
    assert model.endpoint == "https://api.anthropic.com"
    assert model.budget == Budget(nanodollars=10 * 10**9, tokens=None)
    assert model.concurrency == 4
    assert not model.batch
    assert model.model is None
    assert model.language is None
    [problem] = model.problems()
    assert problem.startswith(
        "ANTHROPIC_API_KEY is missing: set it to a key of"
    )


@pytest.mark.parametrize("name", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"])
def test_a_key_or_a_token_is_enough(name: str) -> None:
    assert (
        read({"ENGINE": "claude", name: "sk-1"}).engine.model.problems() == []
    )


@pytest.mark.parametrize(
    ("usd", "nanodollars"),
    [
        ("10", 10 * 10**9),
        ("2.50", 2_500_000_000),
        ("0.000000001", 1),
        ("none", None),
    ],
)
def test_a_limit_in_dollars_is_read_exactly(
    usd: str, nanodollars: int | None
) -> None:
    budget = read(CLAUDE | {"BUDGET_USD": usd}).engine.model.budget
    assert budget.nanodollars == nanodollars


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("BUDGET_USD", "0", "BUDGET_USD is '0': it must be dollars above 0"),
        (
            "BUDGET_USD",
            "ten",
            "BUDGET_USD is 'ten': it must be dollars above 0",
        ),
        ("BUDGET_USD", "nan", "BUDGET_USD is 'nan'"),
        ("BUDGET_USD", "1e999999999", "BUDGET_USD is '1e999999999'"),
        ("BUDGET_USD", "inf", "BUDGET_USD is 'inf'"),
        ("BUDGET_USD", "-1", "BUDGET_USD is '-1'"),
        ("BUDGET_USD", "0.0000000001", "BUDGET_USD is '0.0000000001'"),
        ("BUDGET_TOKENS", "0", "it must be a whole number of tokens above 0"),
        ("BUDGET_TOKENS", "1.5", "BUDGET_TOKENS is '1.5'"),
        ("BUDGET_TOKENS", "\u0661", "BUDGET_TOKENS is"),
        (
            "MODEL_CONCURRENCY",
            "0",
            "it must be a whole number of calls, from 1 to 64",
        ),
        ("MODEL_BATCH", "maybe", "MODEL_BATCH is 'maybe': it must be 1 or 0"),
        (
            "MODEL_PRICES",
            "/does/not/exist.json",
            "it must be a file, but does not exist",
        ),
        ("ANTHROPIC_BASE_URL", "api", "ANTHROPIC_BASE_URL is malformed"),
        ("ANTHROPIC_MODEL", "claude sonnet", "it must be a model's id"),
        ("ANTHROPIC_API_KEY", "sk 1", "ANTHROPIC_API_KEY is malformed"),
        ("COURSE_LANGUAGE", "x" * 61, "it must be a language's name"),
    ],
)
def test_each_fault_is_named_with_its_variable(
    name: str, value: str, expected: str
) -> None:
    assert expected in faults(CLAUDE | {name: value})


def test_another_engine_ignores_faults_in_settings_that_it_does_not_use() -> (
    None
):
    engine = read({"ENGINE": "static", "BUDGET_USD": "ten"}).engine
    assert engine.model.problems()[1].startswith("BUDGET_USD is 'ten'")


def test_prices_are_a_file(tmp_path: Path) -> None:
    prices = tmp_path / "prices.json"
    prices.write_text("{}")
    model = read(CLAUDE | {"MODEL_PRICES": str(prices)}).engine.model
    assert model.prices == prices
