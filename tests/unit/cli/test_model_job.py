"""The commands' output for jobs with a model, and the limits that users set."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from states.exits import Exit
from states.manifest import Manifest
from states.stages import Stage
from states.usage import Budget, ModelUsage, Usage, Waiting, usage_document
from tests.support.world import IDENTITY, JOB, FakeEngine, World
from worker import wiring
from worker.cli.main import main
from worker.engines.port import Engine, EngineWaitingError
from worker.errors import ConfigError
from worker.ownership.claim import OperatorRequest
from worker.run.run import Adapters
from worker.settings.reader import EnvironmentReader
from worker.settings.settings import Settings, read_settings
from worker.store.folder import FolderStore

USAGE = Usage(
    by_model=(
        ModelUsage(
            stage=Stage.EXTRACT,
            model="large",
            calls=1,
            input_tokens=1200,
            cache_write_tokens=30_000,
            output_tokens=800,
            nanodollars=1_250_000_000,
        ),
        ModelUsage(
            stage=Stage.GENERATE_CHAPTERS,
            model="large",
            calls=2,
            repairs=1,
            fallbacks=1,
            cache_read_tokens=60_000,
            nanodollars=500_000_000,
            unknown_calls=1,
            unknown_tokens=9000,
            unknown_nanodollars=250_000_000,
        ),
    ),
    budget=Budget(nanodollars=10 * 10**9),
    prices_dated="2026-11-28",
)
KEY = {"ENGINE": "auto", "ANTHROPIC_API_KEY": "sk-test-1"}
WAITING = Waiting(
    reason="a rate limit", not_before="2026-11-28T12:00:00.000Z", batch_id="b1"
)


@dataclass
class ModelEngine(FakeEngine):
    """Has made paid calls, and can only wait."""

    model: str | None = "large"
    language: str | None = "French"

    def usage(self) -> Usage:
        return USAGE


@dataclass
class Operator:
    """Runs commands on one store."""

    store: FolderStore
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *argv: str, code: int = 0) -> str:
        ended = main([*argv, "--store", self.store.url], {})
        printed = self.capsys.readouterr()
        assert ended == code, printed
        return printed.out + printed.err

    def status(self) -> dict[str, object]:
        document: dict[str, object] = json.loads(self("status", JOB, "--json"))
        return document


def wait_for_the_provider(path: str) -> None:
    if path.startswith("chapters/"):
        raise EngineWaitingError("the provider is overloaded", WAITING)


@pytest.fixture
def operator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Operator:
    """Leave a job that waits in its fifth stage."""
    store = FolderStore(tmp_path / "store")
    engine = ModelEngine(before_item=wait_for_the_provider)
    world = World(store=store, work_dir=tmp_path / "work", engine=engine)
    assert world.job().run(IDENTITY) is Exit.TEMPORARY
    return Operator(store, capsys)


def test_status_shows_people_what_was_used_and_for_what_a_job_waits(
    operator: Operator,
) -> None:
    printed = operator("status", JOB)
    for line in (
        "engine      static 1, large, in French",
        "calls       3 calls (1 repair, 1 page without the model)",
        "tokens      1,200 in, 30,000 written to the cache, 60,000 read from it, 800 out",
        "cost        $1.7500 by the prices of 2026-11-28 (limit: $10.00)",
        "unknown     1 call without an answer, counted at most: $0.2500, 9,000 tokens",
        "waiting     for a rate limit, until 2026-11-28T12:00:00.000Z",
    ):
        assert line in printed


def test_status_shows_programs_the_same_by_stage(operator: Operator) -> None:
    document = operator.status()
    usage = document["usage"]
    assert isinstance(usage, dict)
    assert usage["calls"] == 3
    assert usage["costUsd"] == 1.75
    assert usage["unknownUsd"] == 0.25
    assert usage["budgetUsd"] == 10.0
    assert usage["budgetTokens"] is None
    assert [row["stage"] for row in usage["stages"]] == [
        "extract",
        "generate-chapters",
    ]
    assert document["waiting"] == {
        "reason": "a rate limit",
        "notBefore": WAITING.not_before,
        "batchId": "b1",
        "expiresAt": None,
    }


@pytest.mark.parametrize("asked", [True, False])
def test_events_report_what_was_used_only_if_asked_to(
    tmp_path: Path, *, asked: bool
) -> None:
    world = World(
        store=FolderStore(tmp_path / "store"),
        work_dir=tmp_path / "work",
        engine=ModelEngine(),
        announces_usage=asked,
    )
    assert world.job().run(IDENTITY) is Exit.OK
    assert world.receiver is not None
    _, final = world.receiver.taken[-1]
    assert final["status"] == "completed"
    expected = usage_document(USAGE) if asked else None
    assert final.get("usage") == expected


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        (
            "--budget-usd",
            "0",
            "--budget-usd is '0': it must be dollars above 0",
        ),
        ("--budget-usd", "ten", "--budget-usd is 'ten'"),
        ("--budget-tokens", "1.5", "--budget-tokens is '1.5'"),
    ],
)
def test_an_invalid_limit_is_refused(
    operator: Operator, option: str, value: str, expected: str
) -> None:
    assert expected in operator("resume", JOB, option, value, code=64)


def test_a_limit_for_an_engine_that_keeps_none_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = FolderStore(tmp_path / "store")
    world = World(store=store, work_dir=tmp_path / "work", receiver=None)
    assert world.job().run(IDENTITY) is Exit.OK
    operator = Operator(store, capsys)
    printed = operator("resume", JOB, "--budget-usd", "5", code=64)
    assert "has engine 'static', which has no budget" in printed


@dataclass
class UnpricedWorld(World):
    """Return a world with a model of unknown prices, whose engine is checked like `claude`."""

    settings: Settings = field(
        default_factory=lambda: read_settings(EnvironmentReader(KEY))
    )

    def _adapters(self) -> Adapters:
        def open_engine(manifest: Manifest | None) -> Engine:
            wiring.open_engine(self.settings, manifest, KEY)
            return self.engine

        return replace(super()._adapters(), open_engine=open_engine)


def newest(world: World) -> Manifest:
    checkpoint = world.job().log.newest()
    assert checkpoint is not None
    return checkpoint.manifest


def test_lifting_the_limit_resumes_a_job_whose_model_has_no_prices(
    tmp_path: Path,
) -> None:
    store = FolderStore(tmp_path / "store")
    engine = ModelEngine(name="claude", before_item=wait_for_the_provider)
    world = World(store=store, work_dir=tmp_path / "work", engine=engine)
    assert world.job().run(IDENTITY) is Exit.TEMPORARY
    engine.before_item = lambda _path: None
    unpriced = UnpricedWorld(
        store=store, work_dir=tmp_path / "work", engine=engine
    )
    for limit in (None, Budget(nanodollars=5 * 10**9)):
        with pytest.raises(
            ConfigError, match=r"prices of large .* are unknown"
        ):
            unpriced.job().resume(OperatorRequest(budget=limit))
        assert newest(unpriced).run == 1
    lifted = OperatorRequest(budget=Budget())
    assert unpriced.job().resume(lifted) is Exit.OK
    assert newest(unpriced).budget == Budget()
