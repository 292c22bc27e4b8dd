"""`estimate` tells what a course will cost, without a call to a model."""

from collections.abc import Mapping
from pathlib import Path

from states.exits import Exit
from states.manifest import Identity
from tests.support.shell import Shell
from tests.support.updates import OLD, PartsEngine, PartsSource
from worker.source import snapshot

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


def with_earlier_course(shell: Shell, files: Mapping[str, str]) -> str:
    """Complete a job of the engine `claude` on some files; return their folder."""
    folder = with_source(shell)
    engine = PartsEngine(
        name="claude", model="claude-sonnet-5-5", language="English"
    )
    world = shell.world(
        engine=engine, source=PartsSource(files=files), packer=snapshot
    )
    url = Path(folder).as_uri()
    identity = Identity(job_id="old", repository=url, branch="main")
    assert world.job("old").run(identity) is Exit.OK
    return folder


def test_an_update_costs_only_what_is_not_kept(shell: Shell) -> None:
    folder = with_earlier_course(shell, OLD)
    for name, text in OLD.items():
        (Path(folder) / name).write_text(text)
    (Path(folder) / "till.py").unlink()
    (Path(folder) / "till.txt").write_text("count more")
    document = shell.json("estimate", folder, "--update")
    assert document["update"] == {"from": "old", "kept": 9, "why": None}
    calls = {stage["stage"]: stage["calls"] for stage in document["stages"]}
    assert calls == dict.fromkeys(STAGES[:3], 0) | dict.fromkeys(STAGES[3:], 1)
    assert "9 files of old can be kept" in shell("estimate", folder, "--update")


def test_an_update_that_keeps_nothing_costs_a_whole_course(
    shell: Shell,
) -> None:
    folder = with_earlier_course(shell, OLD)
    document = shell.json("estimate", folder, "--update")
    assert document["update"]["kept"] == 0
    assert "has lost its file signer.txt" in document["update"]["why"]
    assert document["calls"] == shell.json("estimate", folder)["calls"]
