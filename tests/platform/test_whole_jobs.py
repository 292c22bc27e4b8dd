"""Whole jobs on the platform by real processes: from submit to sweep, resume and cancel."""

import json
from pathlib import Path

import pytest

from states.course_paths import YAML_STAGES, yaml_path
from states.stages import State
from tests.platform.conftest import FILES, NAMES, Cloud, at_once
from tests.platform.test_operating import begun
from tests.support.servers.server import S3Server
from tests.support.user import course_files
from tests.support.waiting import until
from worker.ownership.heartbeat import read_silence
from worker.ownership.log import CheckpointLog
from worker.system.runtime import SystemRuntime


def submit(
    cloud: Cloud, job_id: str = "job-1", *options: str, code: int = 0
) -> str:
    return cloud.operator(
        "submit", cloud.repository, "--job-id", job_id, *options, code=code
    )


def killed_in_the_chapters(cloud: Cloud, job_id: str = "job-1") -> None:
    """Kill a run of a job, as if it had used too much memory."""
    submit(cloud, job_id)
    cloud.await_item(job_id)
    run = cloud.runs[-1]
    cloud.containers.kill(run["id"])
    cloud.await_end(run)


def test_submit_starts_a_run_and_follows_it_to_the_end_of_its_job(
    cloud: Cloud,
) -> None:
    answer = cloud.operator.json("submit", cloud.repository, "--wait")
    assert answer["state"] == "completed"
    assert answer["exitCode"] == 0
    assert answer["runId"] == cloud.runs[0]["id"]
    assert answer["definitionId"] == cloud.definition["id"]
    assert cloud.receiver.events[-1] == ("complete", "completed")
    manifest = cloud.operator.manifest(answer["jobId"])
    assert manifest is not None
    assert manifest.owner.platform_run == answer["runId"]


def test_a_run_is_followed_through_the_platforms_retries(
    cloud: Cloud,
) -> None:
    cloud.definition["retry_policy"] = {"max_retries": 5}
    cloud.cli.set(
        faults={
            "analyze": {
                "kind": "fails",
                "complains": "Error: 529 overloaded_error",
                "times": 3,
            }
        }
    )
    submit(cloud, "job-1", "--wait")
    assert cloud.runs[0]["attempts"] == 2
    assert cloud.runs[0]["state"] == "succeeded"


def test_submit_ends_with_the_exit_code_of_a_job_that_fails_for_good(
    cloud: Cloud,
) -> None:
    answer = cloud.operator(
        "submit", cloud.repository, "--branch", "nowhere", "--wait", code=65
    )
    assert "nowhere" in answer


def test_status_adds_the_platforms_runs_without_their_environment(
    cloud: Cloud,
) -> None:
    submit(cloud, "job-1", "--wait")
    answer = cloud.operator("status", "job-1", "--json")
    assert json.loads(answer)["platformRuns"] == [
        {
            "id": cloud.runs[0]["id"],
            "state": "succeeded",
            "reason": None,
            "exitCode": 0,
            "attempts": 1,
        }
    ]
    assert "tok-3n" not in answer


def test_sweep_starts_exactly_one_run_for_a_job_whose_run_was_killed(
    cloud: Cloud,
) -> None:
    killed_in_the_chapters(cloud)
    until(lambda: cloud.operator.json("sweep")["swept"] != [])
    assert cloud.operator.json("sweep")["swept"] == []
    cloud.await_end(cloud.runs[1])
    assert [run["state"] for run in cloud.runs] == ["failed", "succeeded"]
    assert (
        cloud.runs[1]["environment_variables"]
        == cloud.runs[0]["environment_variables"]
    )
    assert max(cloud.cli.calls.values()) <= 2
    assert cloud.operator.json("sweep") == {
        "swept": [],
        "skipped": [],
        "givenUp": [],
    }


def test_a_killed_run_is_left_alone_until_its_lease_has_ended(
    cloud: Cloud,
) -> None:
    cloud.definition["environment_variables"]["LEASE_SECONDS"] = "60"
    killed_in_the_chapters(cloud)
    answer = cloud.operator.json("sweep")
    assert answer["swept"] == []
    assert answer["skipped"][0]["jobId"] == "job-1"
    assert "last heartbeat" in answer["skipped"][0]["reason"]


def test_two_sweeps_at_once_start_one_run(cloud: Cloud) -> None:
    killed_in_the_chapters(cloud)
    until(lambda: cloud.operator.json("sweep", "--dry-run")["swept"] != [])
    at_once(*[lambda: _quiet_sweep(cloud)] * 3)
    assert len(cloud.runs) == 2


def _quiet_sweep(cloud: Cloud) -> None:
    from worker.cli.main import main  # noqa: PLC0415 - its output is not checked

    main(
        ["sweep"],
        {**cloud.operator.scaleway.environment, **cloud.operator.environment},
    )


def test_a_swept_update_still_follows_the_course_of_the_earlier_job(
    cloud: Cloud,
) -> None:
    submit(cloud, "job-1", "--wait")
    # Every chapter by the stand-in depends on the README.
    cloud.moving.commit(FILES | {"README.md": b"# Another repository\n"})
    submit(cloud, "job-2", "--update", "job-1")
    cloud.await_item("job-2")
    cloud.containers.kill(cloud.runs[1]["id"])
    cloud.await_end(cloud.runs[1])
    until(lambda: cloud.operator.json("sweep")["swept"] != [])
    cloud.await_end(cloud.runs[2])
    assert cloud.runs[2]["environment_variables"]["UPDATE_FROM"] == "job-1"
    document = cloud.operator.json("status", "job-2")
    assert document["state"] == "completed"
    assert document["update"]["kept"] == len(YAML_STAGES)
    assert document["update"]["made"] == 3 * len(NAMES)
    for stage in YAML_STAGES:
        assert cloud.cli.calls[yaml_path(stage)] == 1


@pytest.mark.parametrize(
    ("earlier", "fault"),
    [("job-0", "job job-0 is not in file://"), ("job-1", "job job-1 is about")],
)
def test_submit_ends_with_65_if_the_earlier_job_cannot_be_updated(
    cloud: Cloud, earlier: str, fault: str
) -> None:
    begun(cloud.operator)
    options = ("--update", earlier, "--wait")
    assert fault in submit(cloud, "job-2", *options, code=65)
    assert cloud.receiver.events[-1] == ("error", "failed")
    assert cloud.cli.calls.total() == 0


def test_resume_on_the_platform_starts_a_run_that_continues_the_job(
    cloud: Cloud,
) -> None:
    killed_in_the_chapters(cloud)
    until(lambda: cloud.operator.json("sweep", "--dry-run")["swept"] != [])
    answer = cloud.operator.json("resume", "job-1", "--on", "scaleway")
    assert answer["runId"] == cloud.runs[1]["id"]
    cloud.await_end(cloud.runs[1])
    manifest = cloud.operator.manifest("job-1")
    assert manifest is not None
    assert manifest.state is State.COMPLETED
    assert (
        cloud.operator.json("resume", "job-1", "--on", "scaleway")["runId"]
        is None
    )


def test_a_live_job_is_not_resumed_on_the_platform(cloud: Cloud) -> None:
    submit(cloud)
    cloud.await_item("job-1")
    assert "job job-1 is still alive" in cloud.operator(
        "resume", "job-1", "--on", "scaleway", code=75
    )
    cloud.await_end(cloud.runs[0])
    assert len(cloud.runs) == 1


def test_a_job_that_failed_for_good_is_continued_by_resume_with_a_new_token(
    cloud: Cloud,
) -> None:
    cloud.cli.set(keyless=False)
    submit(cloud, "job-1", "--wait", code=69)
    cloud.cli.set(keyless=True)
    cloud.operator.environment["CALLBACK_TOKEN"] = "another"
    cloud.operator("resume", "job-1", "--on", "scaleway")
    cloud.await_end(cloud.runs[-1])
    assert cloud.runs[-1]["state"] == "succeeded"
    assert (
        cloud.runs[-1]["environment_variables"]["CALLBACK_TOKEN"] == "another"
    )


def test_cancel_waits_until_the_run_has_stopped(cloud: Cloud) -> None:
    submit(cloud)
    cloud.await_item("job-1")
    assert cloud.operator.json("cancel", "job-1")["state"] == "canceled"
    cloud.await_end(cloud.runs[0])
    assert "POST job-runs" not in " ".join(cloud.jobs.writes)


def test_a_frozen_run_is_stopped_by_the_platform_and_its_job_canceled(
    cloud: Cloud,
) -> None:
    submit(cloud)
    cloud.await_item("job-1")
    cloud.containers.freeze(cloud.runs[0]["id"])
    assert cloud.operator.json("cancel", "job-1")["state"] == "canceled"
    assert f"POST job-runs/{cloud.runs[0]['id']}/stop" in cloud.jobs.writes
    cloud.await_end(cloud.runs[0])
    assert cloud.runs[0]["state"] == "interrupted"


def test_a_silent_run_is_stopped_although_its_job_is_canceled_without_it(
    cloud: Cloud,
) -> None:
    submit(cloud)
    cloud.await_item("job-1")
    cloud.containers.freeze(cloud.runs[0]["id"])
    until(lambda: is_silent(cloud, "job-1"))
    assert cloud.operator.json("cancel", "job-1")["state"] == "canceled"
    cloud.await_end(cloud.runs[0])


def is_silent(cloud: Cloud, job_id: str) -> bool:
    """Whether a job's run has been silent for longer than its lease."""
    manifest = cloud.operator.manifest(job_id)
    assert manifest is not None
    log = CheckpointLog(cloud.operator.store, job_id, SystemRuntime())
    silent, lease = read_silence(cloud.operator.store, log, manifest)
    return silent > lease


@pytest.mark.parametrize("s3_server", ["minio"], indirect=True)
def test_on_s3_with_keys_from_secret_manager_a_killed_job_is_swept_and_fetched(
    cloud: Cloud, s3_server: S3Server, tmp_path: Path
) -> None:
    cloud.operator.store = s3_server.new_store()
    keys = {
        "AWS_ACCESS_KEY_ID": s3_server.access_key,
        "AWS_SECRET_ACCESS_KEY": s3_server.secret_key,
    }
    place = {
        "AWS_ENDPOINT_URL_S3": s3_server.endpoint_url,
        "AWS_REGION": s3_server.region,
    }
    cloud.keep(**keys)
    cloud.definition["environment_variables"] |= {
        **place,
        "STORE_URL": cloud.operator.store.url,
    }
    cloud.operator.environment |= {**keys, "STORE_URL": ""}
    killed_in_the_chapters(cloud)
    until(lambda: cloud.operator.json("sweep")["swept"] != [])
    cloud.await_end(cloud.runs[1])
    assert cloud.operator.json("sweep") == {
        "swept": [],
        "skipped": [],
        "givenUp": [],
    }
    cloud.operator.environment |= {
        **place,
        "STORE_URL": cloud.operator.store.url,
    }
    cloud.operator("fetch", "job-1", str(tmp_path / "course"))
    files = course_files(tmp_path / "course")
    assert len(files) == 3 + 3 * len(NAMES)
