"""`estimate` says what a course will cost, and asks no model."""

from tests.support.shell import Shell

STAGES = [
    "extract",
    "analyze",
    "order",
    "generate-chapters",
    "review-chapters",
    "generate-tutorials",
]


def with_source(shell: Shell) -> str:
    folder = shell.root / "shop"
    folder.mkdir()
    (folder / "till.py").write_text(
        'class Till:\n    """Adds up."""\n\n    def add(self, price):\n        return price\n'
    )
    return str(folder)


def test_calls_tokens_and_dollars_are_given_by_stage(shell: Shell) -> None:
    folder = with_source(shell)
    document = shell.json("estimate", folder, "--model", "claude-sonnet-5-5")
    assert document["model"] == "claude-sonnet-5-5"
    assert [stage["stage"] for stage in document["stages"]] == STAGES
    assert all(stage["calls"] >= 1 for stage in document["stages"])
    costs = [stage["costUsd"] for stage in document["stages"]]
    assert 0 < document["costUsd"] < 5
    assert round(sum(costs), 9) == document["costUsd"]


def test_a_batch_costs_less_than_the_same_calls_one_by_one(
    shell: Shell,
) -> None:
    folder = with_source(shell)
    live = shell.json("estimate", folder)["costUsd"]
    shell.environment = {"MODEL_BATCH": "1"}
    assert shell.json("estimate", folder)["costUsd"] < live


def test_a_model_without_prices_has_no_cost_and_that_is_reported(
    shell: Shell,
) -> None:
    folder = with_source(shell)
    assert shell.json("estimate", folder, "--model", "other")["costUsd"] is None
    printed = shell("estimate", folder, "--model", "other")
    assert "other: the cost is unknown" in printed
    assert "MODEL_PRICES" in printed


def test_a_folder_without_text_is_refused(shell: Shell) -> None:
    folder = shell.root / "empty"
    folder.mkdir()
    (folder / "a.bin").write_bytes(b"\0" * 10)
    assert "no text files" in shell("estimate", str(folder), code=65)
