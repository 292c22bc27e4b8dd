"""`sweep` by what it finds: jobs in every condition, none of which runs."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from states.exits import Exit
from tests.platform.conftest import Operator
from tests.support.scaleway.jobs import Document
from tests.support.scaleway.server import Fault
from tests.support.world import IDENTITY, Receiver, World
from worker.cli.main import main
from worker.outbox.port import WebhookResponse
from worker.platform import idempotent as once
from worker.services import sweep_mark as mark
from worker.store.folder import FolderStore
from worker.store.memory import MemoryStore
from worker.system.runtime import SystemRuntime

JOB = {"JOB_ID": "job-1", "REPOSITORY_URL": IDENTITY.repository, "BRANCH": "main"}
CALLBACK = {"CALLBACK_URL": "https://app.example/hook", "CALLBACK_TOKEN": "tok-3n"}


@pytest.fixture
def definition(operator: Operator) -> Document:
    return operator.scaleway.define(STORE_URL=operator.store.url)


def died(
    operator: Operator, definition: Document, state: str = "interrupted", **end: object
) -> Document:
    """Leave a run that has ended."""
    run = operator.scaleway.jobs.start(
        definition, {"environment_variables": {**JOB, **CALLBACK}}
    )[0]
    operator.scaleway.jobs.end(run, state, **end)  # type: ignore[arg-type]  # reason and exit code
    return run


def interrupted(operator: Operator, tmp_path: Path, run: Document) -> None:
    """Leave a job whose run has released it, in the middle of the chapters."""

    def before_item(path: str) -> None:
        if path.startswith("chapters/chapter_2"):
            raise RuntimeError("it broke")

    world = World(
        store=operator.store, work_dir=tmp_path / "work", platform_run=run["id"]
    )
    world.engine.before_item = before_item
    assert world.job().run(IDENTITY) is Exit.SOFTWARE


def test_a_job_that_died_before_its_first_checkpoint_is_found_by_its_run(
    operator: Operator, definition: Document
) -> None:
    dead = died(operator, definition, "failed", reason="memory_usage_exceeded")
    said = operator.json("sweep")
    run = list(operator.scaleway.jobs.runs.values())[-1]
    assert said["swept"] == [
        {"jobId": "job-1", "reason": said["swept"][0]["reason"], "runId": run["id"]}
    ]
    assert (
        f"platform run {dead['id']} has ended as failed (memory_usage_exceeded)"
        in said["swept"][0]["reason"]
    )
    assert run["environment_variables"] == {**JOB, **CALLBACK}


@pytest.mark.parametrize("code", [64, 65, 69, 77, 78])
def test_a_run_that_would_end_the_same_way_again_is_left(
    code: int, operator: Operator, definition: Document
) -> None:
    died(operator, definition, "failed", reason="exited_with_error", exit_code=code)
    assert operator.json("sweep")["swept"] == []


@pytest.mark.parametrize("code", [70, 75, 76, 143])
def test_a_run_that_may_end_otherwise_is_started_again(
    code: int, operator: Operator, definition: Document
) -> None:
    died(operator, definition, "failed", reason="exited_with_error", exit_code=code)
    assert len(operator.json("sweep")["swept"]) == 1


@pytest.mark.parametrize(
    "state",
    ["initialized", "validated", "queued", "running", "interrupting", "retrying"],
)
def test_a_job_with_a_live_run_is_left(
    state: str, operator: Operator, definition: Document
) -> None:
    run = died(operator, definition)
    run["state"] = state
    said = operator.json("sweep")
    assert (said["swept"], f"is {state}" in said["skipped"][0]["reason"]) == ([], True)


def test_nothing_of_the_callers_environment_reaches_a_run(
    operator: Operator, definition: Document
) -> None:
    died(operator, definition)
    operator.environment |= {"CALLBACK_TOKEN": "mine", "GITHUB_TOKEN": "mine-too"}
    operator("sweep")
    assert list(operator.scaleway.jobs.runs.values())[-1]["environment_variables"] == {
        **JOB,
        **CALLBACK,
    }


def test_live_runs_of_the_definition_are_bounded_whoever_started_them(
    operator: Operator, definition: Document
) -> None:
    died(operator, definition)
    operator.scaleway.jobs.start(
        definition, {"environment_variables": {**JOB, "JOB_ID": "another"}}
    )
    said = operator.json("sweep", "--max-parallel", "1")
    assert (said["swept"], "--max-parallel is 1" in said["skipped"][-1]["reason"]) == (
        [],
        True,
    )


def test_a_job_is_given_up_after_so_many_runs_in_vain(
    operator: Operator, definition: Document
) -> None:
    for _ in range(3):
        died(operator, definition)
    assert len(operator.json("sweep", "--max-attempts", "4", "--dry-run")["swept"]) == 1
    said = operator.json("sweep", "--max-attempts", "3")
    assert (said["swept"], said["givenUp"][0]["jobId"]) == ([], "job-1")


def test_runs_before_the_last_finished_item_are_not_in_vain(
    operator: Operator, definition: Document, tmp_path: Path
) -> None:
    runs = [died(operator, definition) for _ in range(3)]
    for run in runs:
        run["created_at"] = "2026-01-01T00:00:00Z"
    interrupted(operator, tmp_path, runs[-1])
    assert len(operator.json("sweep", "--max-attempts", "1")["swept"]) == 1


def test_a_job_that_never_had_a_platform_run_is_skipped_and_named(
    operator: Operator, tmp_path: Path
) -> None:
    operator.scaleway.define(STORE_URL=operator.store.url)
    interrupted(operator, tmp_path, {"id": None})
    said = operator.json("sweep")
    assert said["skipped"] == [
        {"jobId": "job-1", "reason": "it never had a platform run: `resume` it by hand"}
    ]


def test_a_completed_job_is_not_even_mentioned(
    operator: Operator, definition: Document, tmp_path: Path
) -> None:
    world = World(
        store=operator.store,
        work_dir=tmp_path / "work",
        platform_run=died(operator, definition)["id"],
    )
    assert world.job().run(IDENTITY) is Exit.OK
    assert operator("sweep") == "nothing to sweep\n"


def test_a_job_over_whose_events_nobody_has_acknowledged_gets_a_run(
    operator: Operator, definition: Document, tmp_path: Path
) -> None:
    run = died(operator, definition, "failed", exit_code=75)
    away = Receiver(answer=lambda _: WebhookResponse(status_code=503))
    world = World(
        store=operator.store,
        work_dir=tmp_path / "work",
        platform_run=run["id"],
        receiver=away,
        callback_give_up=0.1,
    )
    assert world.job().run(IDENTITY) is Exit.TEMPORARY
    said = operator.json("sweep")
    assert "of its callbacks are not acknowledged" in said["swept"][0]["reason"]


def test_where_runs_cannot_be_listed_nothing_is_started(
    operator: Operator, definition: Document
) -> None:
    died(operator, definition)
    operator.scaleway.fault(
        Fault(status=400, body=b'{"type": "transient_state"}', times=9, on="/job-runs")
    )
    operator("sweep", code=75)
    assert len(operator.scaleway.jobs.runs) == 1


def test_a_start_that_fails_is_said_and_may_be_tried_again(
    operator: Operator, definition: Document
) -> None:
    died(operator, definition)
    operator.scaleway.fault(
        Fault(
            status=403,
            body=b'{"type": "quotas_exceeded", "message": "too many"}',
            on="/start",
        )
    )
    said = operator.json("sweep", code=75)
    assert (said["swept"], "too many" in said["skipped"][0]["reason"]) == ([], True)
    assert len(operator.json("sweep")["swept"]) == 1


def test_a_definition_that_is_not_there_is_a_configuration_error(
    operator: Operator,
) -> None:
    assert "create it with `fondation-worker deploy`" in operator("sweep", code=78)


def test_a_damaged_job_does_not_hide_the_others(
    operator: Operator, definition: Document
) -> None:
    died(operator, definition)
    operator.store.create("broken/checkpoints/00000001.json", b"{", "application/json")
    said = operator.json("sweep")
    assert [one["jobId"] for one in said["swept"]] == ["job-1"]
    assert "broken" in said["skipped"][0]["jobId"]


def test_a_job_of_an_unknown_format_is_refused_with_78_when_all_else_is_done(
    operator: Operator, definition: Document
) -> None:
    died(operator, definition)
    died(operator, definition)["environment_variables"]["JOB_ID"] = "of-tomorrow"
    operator.store.create(
        "of-tomorrow/checkpoints/00000001.json", b'{"format": 99}', "application/json"
    )
    said = operator.json("sweep", code=78)
    assert [one["jobId"] for one in said["swept"]] == ["job-1"]
    assert "99" in said["skipped"][0]["reason"]


def test_a_start_whose_answer_stays_away_is_not_repeated_by_the_next_sweep(
    operator: Operator, definition: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    died(operator, definition)
    monkeypatch.setattr(once, "POLICY", replace(once.POLICY, first=0.01))
    operator.scaleway.fault(Fault(status=500, on="/start", times=once.POLICY.attempts))
    said = operator.json("sweep", code=75)
    assert (
        said["swept"],
        "it is unknown whether a run" in said["skipped"][0]["reason"],
    ) == ([], True)
    said = operator.json("sweep")
    assert said["skipped"][0]["reason"] == "another sweep is starting a run of it"
    assert len(operator.scaleway.jobs.runs) == 1


def test_a_job_whose_run_would_be_refused_is_skipped_and_said_why(
    operator: Operator, definition: Document
) -> None:
    died(operator, definition)
    definition["environment_variables"]["LEASE_SECONDS"] = "1"
    said = operator.json("sweep")
    assert (said["swept"], "LEASE_SECONDS is '1'" in said["skipped"][0]["reason"]) == (
        [],
        True,
    )


@pytest.mark.parametrize("option", ["--max-attempts", "--max-parallel"])
def test_limits_are_at_least_one(option: str, operator: Operator) -> None:
    assert f"{option} must be at least 1" in operator("sweep", option, "0", code=64)


def test_a_store_that_the_runs_do_not_write_to_is_warned_about(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.scaleway.define(STORE_URL="s3://another/store")
    assert (
        main(["sweep"], {**operator.scaleway.environment, **operator.environment}) == 0
    )
    assert (
        "but the definition's runs write to s3://another/store"
        in capsys.readouterr().err
    )


def test_a_mark_is_had_once_until_it_is_withdrawn_or_stale() -> None:
    now = [1_000_000.0]
    store, runtime = MemoryStore(lambda: now[0]), SystemRuntime()
    first = mark.take(store, runtime, "job-1", "run-1")
    assert first is not None
    assert mark.take(store, runtime, "job-1", "run-1") is None
    assert mark.take(store, runtime, "job-1", "run-2") is not None
    mark.withdraw(store, first)
    assert mark.take(store, runtime, "job-1", "run-1") == first
    now[0] += timedelta(seconds=mark.STALE_SECONDS + 1).total_seconds()
    later = mark.take(store, runtime, "job-1", "run-1")
    assert later not in {None, first}
    assert mark.take(store, runtime, "job-1", "run-1") is None


def test_a_mark_whose_answer_was_lost_is_still_had(tmp_path: Path) -> None:
    class Forgetful(FolderStore):
        def create(self, key: str, body: bytes, media_type: str) -> None:
            super().create(key, body, media_type)
            super().create(key, body, media_type)

    assert mark.take(Forgetful(tmp_path), SystemRuntime(), "job-1", "run-1") is not None
