"""`resume --on scaleway`, `status` and `cancel`, for jobs in every state without a process."""

from pathlib import Path

import pytest

from states.decisions import begin
from states.exits import Exit
from states.manifest import Writer
from states.stages import Stage
from tests.platform.conftest import Operator
from tests.support.builders import ENGINE, run_record
from tests.support.scaleway.jobs import Document
from tests.support.scaleway.server import Fault
from tests.support.world import IDENTITY, World
from worker.ownership.log import CheckpointLog
from worker.system.runtime import SystemRuntime

JOB = {
    "JOB_ID": "job-1",
    "REPOSITORY_URL": IDENTITY.repository,
    "BRANCH": "main",
}
CARRIED = {
    "CALLBACK_URL": "https://app.example/hook",
    "CALLBACK_TOKEN": "tok-3n",
    "GITHUB_TOKEN": "ghp-1",
}
RESUME = ("resume", "job-1", "--on", "scaleway")
NOT_NOW = Fault(
    status=409,
    body=b'{"type": "transient_state", "message": "come back later"}',
    times=9,
)


@pytest.fixture
def definition(operator: Operator) -> Document:
    return operator.scaleway.define(STORE_URL=operator.store.url)


def ended_run(
    operator: Operator, definition: Document, **environment: str
) -> Document:
    """Leave a run of the job that was interrupted."""
    run = operator.scaleway.jobs.start(
        definition, {"environment_variables": {**JOB, **CARRIED, **environment}}
    )[0]
    operator.scaleway.jobs.end(run, "interrupted")
    return run


def work(
    operator: Operator, tmp_path: Path, run: Document, break_at: str = ""
) -> World:
    """Run the job on the platform, to its end or until it fails."""
    world = World(
        store=operator.store, work_dir=tmp_path / "work", platform_run=run["id"]
    )

    def before_item(path: str) -> None:
        if break_at and path.startswith(break_at):
            raise RuntimeError("it broke")

    world.engine.before_item = before_item
    assert world.job().run(IDENTITY) is (Exit.SOFTWARE if break_at else Exit.OK)
    return world


def broken_off(
    operator: Operator, definition: Document, tmp_path: Path
) -> Document:
    """Leave a job whose run died at the second chapter; return that run."""
    run = ended_run(operator, definition)
    work(operator, tmp_path, run, "chapters/chapter_2")
    return run


def begun(operator: Operator, platform_run: str | None = None) -> None:
    """Leave a job that a run has just claimed."""
    run = run_record(lease_seconds=30, platform_run=platform_run)
    log = CheckpointLog(operator.store, "job-1", SystemRuntime())
    log.append(
        None, begin(IDENTITY, ENGINE, run, announces=False), Writer.WORKER
    )


def environments(operator: Operator) -> list[dict[str, str]]:
    return [
        run["environment_variables"]
        for run in operator.scaleway.jobs.runs.values()
    ]


def test_a_resumed_run_gets_the_six_variables_of_the_last_run_and_no_others(
    operator: Operator, definition: Document, tmp_path: Path
) -> None:
    run = ended_run(operator, definition, LEASE_SECONDS="5", SOMETHING="else")
    work(operator, tmp_path, run, "chapters/chapter_2")
    answer = operator.json(*RESUME)
    assert answer["runId"] in operator.scaleway.jobs.runs
    assert environments(operator)[1] == {**JOB, **CARRIED}


def test_the_callers_variables_override_the_last_runs(
    operator: Operator, definition: Document, tmp_path: Path
) -> None:
    broken_off(operator, definition, tmp_path)
    operator.environment |= {"CALLBACK_TOKEN": "another", "LEASE_SECONDS": "7"}
    operator(*RESUME)
    assert environments(operator)[1] == {
        **JOB,
        **CARRIED,
        "CALLBACK_TOKEN": "another",
    }


def test_a_stage_is_redone_by_the_run_that_is_started(
    operator: Operator, definition: Document, tmp_path: Path
) -> None:
    work(operator, tmp_path, ended_run(operator, definition))
    assert operator.json(*RESUME)["runId"] is None
    answer = operator.json(*RESUME, "--from", "review-chapters")
    manifest = operator.manifest("job-1")
    assert manifest is not None
    assert answer["runId"] is not None
    assert manifest.released
    assert not manifest.over
    assert manifest.next_stage is Stage.REVIEW_CHAPTERS


def test_a_job_with_a_recent_heartbeat_is_not_resumed(
    operator: Operator, definition: Document
) -> None:
    ended_run(operator, definition)
    begun(operator)
    assert "run 1" in operator(*RESUME, code=75)
    assert len(operator.scaleway.jobs.runs) == 1
    operator(*RESUME, "--takeover")
    assert len(operator.scaleway.jobs.runs) == 2


def test_a_job_with_a_queued_run_is_not_resumed(
    operator: Operator, definition: Document, tmp_path: Path
) -> None:
    run = broken_off(operator, definition, tmp_path)
    run["state"] = "queued"
    assert f"platform run {run['id']} is queued" in operator(*RESUME, code=75)


def test_a_failed_start_leaves_a_job_that_can_be_resumed(
    operator: Operator, definition: Document, tmp_path: Path
) -> None:
    broken_off(operator, definition, tmp_path)
    operator.scaleway.fault(
        Fault(
            status=403,
            body=b'{"type": "quotas_exceeded", "message": "too many"}',
            on="/start",
        )
    )
    assert "job job-1 was released and can be resumed" in operator(
        *RESUME, code=75
    )
    assert operator.json(*RESUME)["runId"] is not None


def test_secrets_are_in_no_object_of_the_job(
    operator: Operator, definition: Document, tmp_path: Path
) -> None:
    broken_off(operator, definition, tmp_path)
    operator(*RESUME)
    bodies = [
        operator.store.get(entry.key) for entry in operator.store.entries("")
    ]
    assert not any(
        secret.encode() in body
        for secret in ("tok-3n", "ghp-1")
        for body in bodies
    )


def test_status_asks_the_platform_only_if_a_key_is_set(
    operator: Operator, definition: Document, tmp_path: Path
) -> None:
    run = ended_run(operator, definition)
    work(operator, tmp_path, run)
    shown = [
        {
            "id": run["id"],
            "state": "interrupted",
            "reason": None,
            "exitCode": None,
            "attempts": 0,
        }
    ]
    assert operator.json("status", "job-1")["platformRuns"] == shown
    assert f"run {run['id']}: interrupted, exit code none" in operator(
        "status", "job-1"
    )
    operator.environment["SCW_SECRET_KEY"] = ""
    assert "platformRuns" not in operator.json("status", "job-1")


def test_status_shows_a_job_without_its_runs_if_the_platform_does_not_respond(
    operator: Operator, definition: Document, tmp_path: Path
) -> None:
    work(operator, tmp_path, ended_run(operator, definition))
    operator.scaleway.fault(NOT_NOW)
    answer = operator.json("status", "job-1")
    assert answer["state"] == "completed"
    assert answer["platformRuns"] is None
    operator.environment["SCW_SECRET_KEY"] = "wrong"
    assert operator.json("status", "job-1")["platformRuns"] is None


def test_status_finds_runs_of_another_definition(
    operator: Operator, definition: Document, tmp_path: Path
) -> None:
    run = ended_run(operator, definition)
    work(operator, tmp_path, run)
    definition["name"] = "an-older-one"
    operator.scaleway.define()
    assert [
        run["id"] for run in operator.json("status", "job-1")["platformRuns"]
    ] == [run["id"]]


def test_a_job_without_a_live_run_is_canceled_without_asking_the_platform(
    operator: Operator, definition: Document, tmp_path: Path
) -> None:
    broken_off(operator, definition, tmp_path)
    assert operator.json("cancel", "job-1")["state"] == "canceled"
    assert operator.scaleway.requests == []


def test_an_unstarted_job_is_canceled_and_its_run_stopped_and_not_started_by_a_sweep(
    operator: Operator, definition: Document
) -> None:
    run = operator.scaleway.jobs.start(
        definition, {"environment_variables": {**JOB, **CARRIED}}
    )[0]
    assert operator.json("cancel", "job-1")["state"] == "canceled"
    assert run["state"] == "interrupted"
    manifest = operator.manifest("job-1")
    assert manifest is not None
    assert manifest.identity.repository == IDENTITY.repository
    assert manifest.identity.branch == "main"
    assert len(manifest.outbox.pending) == 1
    assert "there is no job" in operator("cancel", "job-2", code=65)
    # The sweep starts a run that delivers the event.
    answer = operator.json("sweep", "--max-attempts", "9")
    assert (
        "of its callbacks are not acknowledged" in answer["swept"][0]["reason"]
    )


def test_a_job_in_another_store_is_not_started_in_this_store(
    operator: Operator, definition: Document
) -> None:
    definition["environment_variables"]["STORE_URL"] = "s3://another/store"
    run = operator.scaleway.jobs.start(
        definition, {"environment_variables": {**JOB, **CARRIED}}
    )[0]
    assert "there is no job" in operator("cancel", "job-1", code=65)
    assert run["state"] == "queued"
    assert list(operator.store.entries("")) == []
