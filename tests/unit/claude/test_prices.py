"""The prices of tokens."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
from genai_prices import Usage, calc_price
from hypothesis import given
from hypothesis import strategies as st

from states.usage import NANODOLLARS
from worker.engines.claude.prices import ModelPrices, Tokens, read_prices
from worker.engines.port import EngineConfigError

HOST = "api.anthropic.com"
TABLE = json.loads(
    files("worker.engines.claude").joinpath("prices.json").read_text()
)
MODELS = sorted(TABLE["endpoints"][HOST])


def shipped(model: str) -> ModelPrices:
    prices = read_prices(None).find(HOST, model)
    assert prices is not None
    return prices


def own(tmp_path: Path, document: object) -> Path:
    path = tmp_path / "prices.json"
    path.write_text(json.dumps(document))
    return path


def test_each_kind_of_token_has_its_price() -> None:
    tokens = Tokens(
        input=1_000_000,
        cache_write_5m=1_000_000,
        cache_write_1h=1_000_000,
        cache_read=1_000_000,
        output=1_000_000,
    )
    assert shipped("claude-sonnet-5-5").cost(tokens) == 18_600_000_000


def test_a_long_prompt_is_dearer_for_every_token() -> None:
    prices = shipped("claude-haiku-5-5")
    short = Tokens(input=60_000, cache_read=40_000, output=1000)
    long = Tokens(input=60_001, cache_read=40_000, output=1000)
    assert prices.cost(short) == 60_000 * 100 + 40_000 * 10 + 1000 * 500
    assert prices.cost(long) == 60_001 * 500 + 40_000 * 50 + 1000 * 2500


@pytest.mark.parametrize("prompt_tokens", [1, 100_000, 100_001, 900_000])
@pytest.mark.parametrize("model", MODELS)
def test_others_know_the_same_prices(model: str, prompt_tokens: int) -> None:
    dated = datetime.fromisoformat(TABLE["dated"]).replace(tzinfo=UTC)
    for tokens, usage in _used_in_each_way(prompt_tokens):
        theirs = calc_price(
            usage,
            model,
            provider_id="anthropic",
            genai_request_timestamp=dated,
        )
        dollars = Decimal(shipped(model).cost(tokens)) / NANODOLLARS
        assert dollars == theirs.total_price, tokens


def _used_in_each_way(prompt_tokens: int) -> list[tuple[Tokens, Usage]]:
    """Return prompts of one kind of token each, in our form and in genai-prices'."""
    output = 1000
    total = {"input_tokens": prompt_tokens, "output_tokens": output}
    read = {"cache_read_tokens": prompt_tokens}
    written = {"cache_write_tokens": prompt_tokens}
    hourly = {**written, "cache_write_1h_tokens": prompt_tokens}
    return [
        (Tokens(input=prompt_tokens, output=output), Usage(**total)),
        (
            Tokens(cache_read=prompt_tokens, output=output),
            Usage(**total, **read),
        ),
        (
            Tokens(cache_write_5m=prompt_tokens, output=output),
            Usage(**total, **written),
        ),
        (
            Tokens(cache_write_1h=prompt_tokens, output=output),
            Usage(**total, **hourly),
        ),
    ]


def test_a_batch_costs_half_and_parts_of_a_nanodollar_are_rounded_up() -> None:
    prices = shipped("claude-haiku-5-5")
    assert prices.cost(Tokens(cache_write_5m=1)) == 125
    assert prices.cost(Tokens(cache_write_5m=1), batch=True) == 63


def test_a_pinned_version_costs_what_its_model_costs() -> None:
    table = read_prices(None)
    assert table.find(HOST, "claude-haiku-4-5-20251001") == table.find(
        HOST, "claude-haiku-4-5"
    )


def test_another_endpoint_has_no_prices() -> None:
    assert read_prices(None).find("example.org", "claude-sonnet-5-5") is None


@given(
    st.sampled_from(
        ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-fable-5-2"]
    ),
    st.lists(st.integers(0, 200_000), min_size=4, max_size=4),
    st.integers(0, 100_000),
    st.booleans(),
)
def test_no_call_costs_more_than_its_highest_possible_cost(
    model: str,
    parts: list[int],
    output: int,
    batch: bool,  # noqa: FBT001
) -> None:
    prices = shipped(model)
    hourly = parts[2] if batch else 0
    tokens = Tokens(
        input=parts[0],
        cache_write_5m=parts[1],
        cache_write_1h=hourly,
        cache_read=parts[3],
        output=output,
    )
    worst = prices.worst(tokens.prompt, output, batch=batch)
    assert prices.cost(tokens, batch=batch) <= worst


def test_the_operators_prices_count_instead_of_the_programs(
    tmp_path: Path,
) -> None:
    tiers = [{"input": "0.5", "output": 3}]
    path = own(
        tmp_path,
        {
            "dated": "2027-01-02",
            "endpoints": {HOST: {"claude-opus-5-5": tiers}, "x": {"m": tiers}},
        },
    )
    table = read_prices(path)
    opus = table.find(HOST, "claude-opus-5-5")
    assert opus is not None
    assert opus == table.find("x", "m")
    assert opus.dated == "2027-01-02"
    assert opus.rates[0].cache_write_1h == Decimal("0.5")
    assert table.find(HOST, "claude-sonnet-5-5") is not None


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"endpoints": {}}, "it has no 'dated'"),
        ({"dated": "yesterday", "endpoints": {}}, "`dated` is 'yesterday'"),
        ({"dated": "2026-11-28"}, "it has no 'endpoints'"),
        (
            {"dated": "2026-11-28", "endpoints": {"h": {"m": []}}},
            "'m' has no prices",
        ),
        (
            {"dated": "2026-11-28", "endpoints": {"h": {"m": [{"input": 1}]}}},
            "`output` of 'm' is ''",
        ),
        (
            {
                "dated": "2026-11-28",
                "endpoints": {"h": {"m": [{"input": -1, "output": 2}]}},
            },
            "`input` of 'm' is '-1'",
        ),
        ([], "list indices must be integers"),
    ],
)
def test_a_wrong_file_is_named_with_its_fault(
    tmp_path: Path, document: object, reason: str
) -> None:
    path = own(tmp_path, document)
    with pytest.raises(EngineConfigError) as raised:
        read_prices(path)
    assert str(raised.value).startswith(f"MODEL_PRICES is {str(path)!r}: ")
    assert reason in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    with pytest.raises(EngineConfigError, match="No such file"):
        read_prices(path)
