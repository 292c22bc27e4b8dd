"""`sweep`, for jobs in every state without a process."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from states.course_paths import ARTIFACT_LIST
from states.exits import Exit
from states.stages import Stage
from states.usage import Waiting
from tests.platform.conftest import Operator
from tests.support.scaleway.jobs import Document
from tests.support.scaleway.server import Fault
from tests.support.world import IDENTITY, FakeReceiver, World
from worker.cli.main import main
from worker.course.artifacts import Artifacts
from worker.engines.port import EngineWaitingError
from worker.outbox.port import WebhookResponse
from worker.platform import idempotent as once
from worker.services import sweep_mark
from worker.store.folder import FolderStore
from worker.store.memory import MemoryStore
from worker.system.runtime import SystemRuntime, iso

JOB = {
    "JOB_ID": "job-1",
    "REPOSITORY_URL": IDENTITY.repository,
    "BRANCH": "main",
}
CALLBACK = {
    "CALLBACK_URL": "https://app.example/hook",
    "CALLBACK_TOKEN": "tok-3n",
}


@pytest.fixture
def definition(operator: Operator) -> Document:
    return operator.scaleway.define(STORE_URL=operator.store.url)


def died(
    operator: Operator,
    definition: Document,
    state: str = "interrupted",
    **end: object,
) -> Document:
    """Leave a run that has ended."""
    run = operator.scaleway.jobs.start(
        definition, {"environment_variables": {**JOB, **CALLBACK}}
    )[0]
    operator.scaleway.jobs.end(run, state, **end)  # type: ignore[arg-type]  # reason and exit code
    return run


def interrupted(operator: Operator, tmp_path: Path, run: Document) -> None:
    """Leave a job whose run released it in the middle of the chapters."""

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
    answer = operator.json("sweep")
    run = list(operator.scaleway.jobs.runs.values())[-1]
    assert answer["swept"] == [
        {
            "jobId": "job-1",
            "reason": answer["swept"][0]["reason"],
            "runId": run["id"],
        }
    ]
    assert (
        f"platform run {dead['id']} has ended as failed (memory_usage_exceeded)"
        in answer["swept"][0]["reason"]
    )
    assert run["environment_variables"] == {**JOB, **CALLBACK}


@pytest.mark.parametrize("code", [64, 65, 69, 77, 78])
def test_a_run_that_would_end_the_same_way_is_not_repeated(
    code: int, operator: Operator, definition: Document
) -> None:
    died(
        operator,
        definition,
        "failed",
        reason="exited_with_error",
        exit_code=code,
    )
    assert operator.json("sweep")["swept"] == []


@pytest.mark.parametrize("code", [70, 75, 76, 143])
def test_a_run_that_may_end_differently_is_repeated(
    code: int, operator: Operator, definition: Document
) -> None:
    died(
        operator,
        definition,
        "failed",
        reason="exited_with_error",
        exit_code=code,
    )
    assert len(operator.json("sweep")["swept"]) == 1


@pytest.mark.parametrize(
    "state",
    [
        "initialized",
        "validated",
        "queued",
        "running",
        "interrupting",
        "retrying",
    ],
)
def test_a_job_with_a_live_run_is_left(
    state: str, operator: Operator, definition: Document
) -> None:
    run = died(operator, definition)
    run["state"] = state
    answer = operator.json("sweep")
    assert answer["swept"] == []
    assert f"is {state}" in answer["skipped"][0]["reason"]


def test_no_variable_of_the_caller_reaches_a_run(
    operator: Operator, definition: Document
) -> None:
    died(operator, definition)
    operator.environment |= {
        "CALLBACK_TOKEN": "mine",
        "GITHUB_TOKEN": "mine-too",
    }
    operator("sweep")
    assert list(operator.scaleway.jobs.runs.values())[-1][
        "environment_variables"
    ] == {
        **JOB,
        **CALLBACK,
    }


def test_all_live_runs_of_the_definition_count_towards_the_limit(
    operator: Operator, definition: Document
) -> None:
    died(operator, definition)
    operator.scaleway.jobs.start(
        definition, {"environment_variables": {**JOB, "JOB_ID": "another"}}
    )
    answer = operator.json("sweep", "--max-parallel", "1")
    assert answer["swept"] == []
    assert "--max-parallel is 1" in answer["skipped"][-1]["reason"]


def test_a_job_is_given_up_after_a_number_of_runs_without_a_new_item(
    operator: Operator, definition: Document
) -> None:
    for _ in range(3):
        died(operator, definition)
    assert (
        len(operator.json("sweep", "--max-attempts", "4", "--dry-run")["swept"])
        == 1
    )
    answer = operator.json("sweep", "--max-attempts", "3")
    assert answer["swept"] == []
    assert answer["givenUp"][0]["jobId"] == "job-1"


def test_runs_before_the_last_finished_item_do_not_count(
    operator: Operator, definition: Document, tmp_path: Path
) -> None:
    runs = [died(operator, definition) for _ in range(3)]
    for run in runs:
        run["created_at"] = "2026-01-01T00:00:00Z"
    interrupted(operator, tmp_path, runs[-1])
    assert len(operator.json("sweep", "--max-attempts", "1")["swept"]) == 1


def test_a_list_of_artifacts_is_not_an_item(
    operator: Operator, definition: Document
) -> None:
    for _ in range(3):
        run = died(operator, definition)
        run["created_at"] = "2026-01-01T00:00:00Z"
    Artifacts(operator.store, "job-1", SystemRuntime().executor(1)).store(
        Stage.REVIEW_CHAPTERS, "0123456789ab", ARTIFACT_LIST, b"[]"
    )
    answer = operator.json("sweep", "--max-attempts", "3")
    assert answer["givenUp"][0]["jobId"] == "job-1"


@pytest.mark.parametrize(("hours", "starts"), [(1, 0), (-1, 1)])
def test_a_job_that_waits_is_left_until_its_time_and_is_not_given_up(
    operator: Operator,
    definition: Document,
    tmp_path: Path,
    hours: int,
    starts: int,
) -> None:
    until = iso(SystemRuntime().now() + timedelta(hours=hours))
    waiting = Waiting(reason="a message batch", not_before=until)

    def before_item(path: str) -> None:
        raise EngineWaitingError(f"waiting for {path}", waiting)

    runs = [died(operator, definition) for _ in range(3)]
    world = World(
        store=operator.store,
        work_dir=tmp_path / "work",
        platform_run=runs[-1]["id"],
    )
    world.engine.before_item = before_item
    assert world.job().run(IDENTITY) is Exit.TEMPORARY
    answer = operator.json("sweep", "--max-attempts", "1")
    assert len(answer["swept"]) == starts
    assert answer["givenUp"] == []
    if not starts:
        [skipped] = answer["skipped"]
        reason = f"it waits for a message batch, until {until}"
        assert skipped == {"jobId": "job-1", "reason": reason}


def test_a_job_that_never_had_a_platform_run_is_skipped_and_named(
    operator: Operator, tmp_path: Path
) -> None:
    operator.scaleway.define(STORE_URL=operator.store.url)
    interrupted(operator, tmp_path, {"id": None})
    answer = operator.json("sweep")
    assert answer["skipped"] == [
        {
            "jobId": "job-1",
            "reason": "it never had a platform run: `resume` it by hand",
        }
    ]


def test_a_completed_job_is_not_mentioned(
    operator: Operator, definition: Document, tmp_path: Path
) -> None:
    world = World(
        store=operator.store,
        work_dir=tmp_path / "work",
        platform_run=died(operator, definition)["id"],
    )
    assert world.job().run(IDENTITY) is Exit.OK
    assert operator("sweep") == "nothing to sweep\n"


def test_a_finished_job_with_unacknowledged_events_gets_a_run(
    operator: Operator, definition: Document, tmp_path: Path
) -> None:
    run = died(operator, definition, "failed", exit_code=75)
    away = FakeReceiver(answer=lambda _: WebhookResponse(status_code=503))
    world = World(
        store=operator.store,
        work_dir=tmp_path / "work",
        platform_run=run["id"],
        receiver=away,
        callback_give_up=0.1,
    )
    assert world.job().run(IDENTITY) is Exit.TEMPORARY
    answer = operator.json("sweep")
    assert (
        "of its callbacks are not acknowledged" in answer["swept"][0]["reason"]
    )


def test_no_run_is_started_if_runs_cannot_be_listed(
    operator: Operator, definition: Document
) -> None:
    died(operator, definition)
    operator.scaleway.fault(
        Fault(
            status=400,
            body=b'{"type": "transient_state"}',
            times=9,
            on="/job-runs",
        )
    )
    operator("sweep", code=75)
    assert len(operator.scaleway.jobs.runs) == 1


def test_a_failed_start_is_reported_and_may_be_repeated(
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
    answer = operator.json("sweep", code=75)
    assert answer["swept"] == []
    assert "too many" in answer["skipped"][0]["reason"]
    assert len(operator.json("sweep")["swept"]) == 1


def test_a_missing_definition_is_a_configuration_error(
    operator: Operator,
) -> None:
    assert "create it with `fondation-worker deploy`" in operator(
        "sweep", code=78
    )


def test_a_damaged_job_does_not_hide_the_others(
    operator: Operator, definition: Document
) -> None:
    died(operator, definition)
    operator.store.create(
        "broken/checkpoints/00000001.json", b"{", "application/json"
    )
    answer = operator.json("sweep")
    assert [job["jobId"] for job in answer["swept"]] == ["job-1"]
    assert "broken" in answer["skipped"][0]["jobId"]


def test_a_job_of_an_unknown_format_ends_the_sweep_with_78_after_all_others(
    operator: Operator, definition: Document
) -> None:
    died(operator, definition)
    died(operator, definition)["environment_variables"]["JOB_ID"] = (
        "of-tomorrow"
    )
    operator.store.create(
        "of-tomorrow/checkpoints/00000001.json",
        b'{"format": 99}',
        "application/json",
    )
    answer = operator.json("sweep", code=78)
    assert [job["jobId"] for job in answer["swept"]] == ["job-1"]
    assert "99" in answer["skipped"][0]["reason"]


def test_a_start_without_an_answer_is_not_repeated_by_the_next_sweep(
    operator: Operator, definition: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    died(operator, definition)
    monkeypatch.setattr(once, "POLICY", replace(once.POLICY, first=0.01))
    operator.scaleway.fault(
        Fault(status=500, on="/start", times=once.POLICY.attempts)
    )
    answer = operator.json("sweep", code=75)
    assert answer["swept"] == []
    assert "it is unknown whether a run" in answer["skipped"][0]["reason"]
    answer = operator.json("sweep")
    assert (
        answer["skipped"][0]["reason"]
        == "another sweep is starting a run of it"
    )
    assert len(operator.scaleway.jobs.runs) == 1


def test_a_job_whose_run_would_be_refused_is_skipped_with_the_reason(
    operator: Operator, definition: Document
) -> None:
    died(operator, definition)
    definition["environment_variables"]["LEASE_SECONDS"] = "1"
    answer = operator.json("sweep")
    assert answer["swept"] == []
    assert "LEASE_SECONDS is '1'" in answer["skipped"][0]["reason"]


@pytest.mark.parametrize("option", ["--max-attempts", "--max-parallel"])
def test_limits_are_at_least_one(option: str, operator: Operator) -> None:
    assert f"{option} must be at least 1" in operator(
        "sweep", option, "0", code=64
    )


def test_a_store_other_than_the_runs_is_warned_about(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.scaleway.define(STORE_URL="s3://another/store")
    assert (
        main(
            ["sweep"], {**operator.scaleway.environment, **operator.environment}
        )
        == 0
    )
    assert (
        "but the definition's runs write to s3://another/store"
        in capsys.readouterr().err
    )


def test_a_mark_is_taken_once_until_it_is_withdrawn_or_stale() -> None:
    now = [1_000_000.0]
    store, runtime = MemoryStore(lambda: now[0]), SystemRuntime()
    first = sweep_mark.take(store, runtime, "job-1", "run-1")
    assert first is not None
    assert sweep_mark.take(store, runtime, "job-1", "run-1") is None
    assert sweep_mark.take(store, runtime, "job-1", "run-2") is not None
    sweep_mark.withdraw(store, first)
    assert sweep_mark.take(store, runtime, "job-1", "run-1") == first
    now[0] += timedelta(seconds=sweep_mark.STALE_SECONDS + 1).total_seconds()
    later = sweep_mark.take(store, runtime, "job-1", "run-1")
    assert later not in {None, first}
    assert sweep_mark.take(store, runtime, "job-1", "run-1") is None


def test_a_mark_whose_answer_was_lost_is_still_taken(tmp_path: Path) -> None:
    class LostAnswerStore(FolderStore):
        def create(self, key: str, body: bytes, media_type: str) -> float:
            super().create(key, body, media_type)
            return super().create(key, body, media_type)

    assert (
        sweep_mark.take(
            LostAnswerStore(tmp_path), SystemRuntime(), "job-1", "run-1"
        )
        is not None
    )
