"""The usage of paid calls, as text and as a document."""

from states.stages import Stage
from states.usage import Budget, ModelUsage, Usage, dollars, usage_document


def test_totals_are_the_sums_of_the_rows() -> None:
    rows = tuple(
        ModelUsage(stage=stage, model="m", calls=2, nanodollars=100_000_001)
        for stage in (Stage.EXTRACT, Stage.ORDER)
    )
    document = usage_document(Usage(by_model=rows))
    assert document["calls"] == 4
    assert document["costUsd"] == 0.200000002
    assert [row["costUsd"] for row in document["stages"]] == [0.100000001] * 2


def test_a_job_that_has_used_nothing_yet_has_totals_too() -> None:
    usage = Usage(budget=Budget(nanodollars=5 * 10**9, tokens=7))
    document = usage_document(usage)
    assert document["calls"] == 0
    assert document["budgetUsd"] == 5.0
    assert document["budgetTokens"] == 7
    assert document["stages"] == []


def test_a_stage_and_model_without_calls_have_used_nothing() -> None:
    unused = ModelUsage(stage=Stage.EXTRACT, model="m")
    document = usage_document(Usage(by_model=(unused,)))
    [row] = document["stages"]
    counted = {key: row[key] for key in row.keys() - {"stage", "model"}}
    assert len(counted) == 11
    assert set(counted.values()) == {0}


def test_no_limit_is_shown_as_none() -> None:
    assert dollars(None) is None
