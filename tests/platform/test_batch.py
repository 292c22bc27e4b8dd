"""`batch`, on the platform and on this machine: whole jobs by real processes."""

import json
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from tests.platform.conftest import FILES, NAMES, Cloud
from tests.support.fondation import CliStandIn
from tests.support.git_repository import make_repository
from tests.support.platform_job import environment_of
from tests.support.receiver import Reply
from tests.support.scaleway.jobs import Document
from tests.support.shell import Shell
from tests.support.waiting import until


def listed(folder: Path, *entries: dict[str, str]) -> str:
    """Write the file of a batch; return its path."""
    file = folder / "batch.yaml"
    file.write_text(yaml.safe_dump(list(entries)))
    return str(file)


def most_at_once(runs: list[Document]) -> int:
    """Return how many runs were alive at the same time."""
    changes = []
    for run in runs:
        changes.append((datetime.fromisoformat(run["created_at"]), 1))
        changes.append((datetime.fromisoformat(run["terminated_at"]), -1))
    alive = most = 0
    for _, change in sorted(changes):
        alive += change
        most = max(most, alive)
    return most


def test_all_jobs_of_a_file_are_done_a_few_at_a_time(
    cloud: Cloud, tmp_path: Path
) -> None:
    jobs = [
        {"repository": cloud.repository, "jobId": f"job-{number}"}
        for number in range(3)
    ]
    file = listed(
        tmp_path,
        *jobs,
        {"repository": cloud.repository, "jobId": "lost", "branch": "nowhere"},
    )
    answer = cloud.operator.json("batch", file, "--parallel", "2", code=65)
    assert [job["state"] for job in answer["jobs"]] == ["completed"] * 3 + [
        "failed"
    ]
    assert [job["exitCode"] for job in answer["jobs"]] == [0, 0, 0, 65]
    assert most_at_once(cloud.runs) == 2
    started = [run["id"] for run in cloud.runs]
    assert cloud.operator.json("batch", file, code=65)["jobs"] == answer["jobs"]
    assert [run["id"] for run in cloud.runs] == started


def test_an_entry_does_not_inherit_the_earlier_job_of_the_caller(
    cloud: Cloud, tmp_path: Path
) -> None:
    operator = cloud.operator
    operator.environment["UPDATE_FROM"] = "nowhere"
    entry = {"repository": cloud.repository}
    file = listed(tmp_path, entry | {"jobId": "job-1"})
    assert "1 of 1 completed" in operator("batch", file)
    file = listed(tmp_path, entry | {"jobId": "job-2", "updateFrom": "job-1"})
    assert "1 of 1 completed" in operator("batch", file)
    named = [run["environment_variables"] for run in cloud.runs]
    assert [names.get("UPDATE_FROM") for names in named] == [None, "job-1"]


def test_live_jobs_are_followed_before_any_other_is_started(
    cloud: Cloud, tmp_path: Path
) -> None:
    cloud.operator("submit", cloud.repository, "--job-id", "job-2")
    file = listed(
        tmp_path,
        *(
            {"repository": cloud.repository, "jobId": f"job-{number}"}
            for number in (1, 2)
        ),
    )
    answer = cloud.operator.json("batch", file, "--parallel", "1")
    assert [job["jobId"] for job in answer["jobs"]] == ["job-1", "job-2"]
    assert len(cloud.runs) == 2
    assert most_at_once(cloud.runs) == 1


def test_a_job_whose_last_run_died_is_continued(
    cloud: Cloud, tmp_path: Path
) -> None:
    file = listed(tmp_path, {"repository": cloud.repository, "jobId": "job-1"})
    cloud.cli.set(
        faults={
            "analyze": {
                "kind": "fails",
                "complains": "Error: 529 overloaded_error",
                "times": 3,
            }
        }
    )
    died = cloud.operator.json("batch", file, code=75)["jobs"][0]
    assert died["state"] == "interrupted"
    assert died["exitCode"] == 75
    answer = cloud.operator.json("batch", file)["jobs"][0]
    assert answer["state"] == "completed"
    assert answer["runId"] == cloud.runs[1]["id"]
    assert cloud.cli.calls["step1_abstractions.yaml"] == 1


def test_the_final_callback_of_a_job_whose_webhook_was_down_is_sent_by_the_next_batch(
    cloud: Cloud, tmp_path: Path
) -> None:
    file = listed(tmp_path, {"repository": cloud.repository, "jobId": "job-1"})
    cloud.receiver.reply = lambda delivery: Reply(
        status=503 if delivery.document["type"] == "complete" else 200
    )
    assert cloud.operator.json("batch", file)["jobs"][0]["state"] == "completed"
    cloud.receiver.reply = lambda _: Reply()
    assert cloud.operator.json("batch", file)["jobs"][0]["state"] == "completed"
    assert cloud.receiver.events[-1] == ("complete", "completed")
    assert len(cloud.runs) == 2
    assert cloud.operator.json("batch", file)["jobs"][0]["state"] == "completed"
    assert len(cloud.runs) == 2


def test_no_job_is_started_if_one_would_be_refused(
    cloud: Cloud, tmp_path: Path
) -> None:
    file = listed(
        tmp_path,
        {"repository": "a/b", "jobId": "first"},
        {"repository": "a/c", "jobId": "second"},
    )
    cloud.operator.environment["CALLBACK_URL"] = ""
    answer = cloud.operator("batch", file, code=78)
    assert "first: CALLBACK_URL is missing" in answer
    assert "second: CALLBACK_URL is missing" in answer
    assert cloud.runs == []


def test_a_job_of_an_unknown_format_is_refused_and_no_run_of_it_started(
    cloud: Cloud, tmp_path: Path
) -> None:
    cloud.operator.store.create(
        "of-tomorrow/checkpoints/00000001.json",
        b'{"format": 99}',
        "application/json",
    )
    file = listed(
        tmp_path, {"repository": cloud.repository, "jobId": "of-tomorrow"}
    )
    assert (
        cloud.operator.json("batch", file, code=78)["jobs"][0]["exitCode"] == 78
    )
    assert cloud.runs == []


@pytest.fixture
def shell(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Shell:
    """Return a command line with a store in a folder, and two repositories."""
    monkeypatch.chdir(tmp_path)
    for name in ("first", "second"):
        make_repository(tmp_path / name, FILES, bare=False)
    return Shell(
        tmp_path,
        capsys,
        {**environment_of(tmp_path), "WORK_DIR": str(tmp_path / "work")},
    )


def test_on_this_machine_a_repository_may_be_a_folder_and_each_course_has_its_own(
    shell: Shell,
) -> None:
    file = listed(
        shell.root,
        {"repository": "./first", "jobId": "mine"},
        {"repository": str(shell.root / "second")},
    )
    answer = shell.json("batch", file, "--local")
    assert [job["state"] for job in answer["jobs"]] == [
        "completed",
        "completed",
    ]
    assert [job["exitCode"] for job in answer["jobs"]] == [0, 0]
    assert [job["runId"] for job in answer["jobs"]] == [None, None]
    assert answer["jobs"][1]["jobId"].startswith("second-")
    job_ids = [job["jobId"] for job in answer["jobs"]]
    for job_id in job_ids:
        order = shell.root / f"{job_id}-course" / "step3_order.yaml"
        assert order.stat().st_size > 0
    assert [shell.json("status", job_id)["run"] for job_id in job_ids] == [1, 1]
    assert shell.json("batch", file, "--local") == answer
    assert [shell.json("status", job_id)["run"] for job_id in job_ids] == [1, 1]


def test_on_this_machine_a_failed_job_stops_no_other_and_gives_the_batch_its_exit_code(
    shell: Shell,
) -> None:
    (shell.root / "empty").mkdir()
    answer = shell(
        "batch",
        listed(
            shell.root, {"repository": "./empty"}, {"repository": "./first"}
        ),
        "--local",
        code=65,
    )
    assert "1 of 2 completed" in answer
    assert "empty: the folder is empty" in answer


def test_a_caller_is_told_that_no_entry_inherits_its_earlier_job(
    shell: Shell,
) -> None:
    file = listed(shell.root, {"repository": "./first"})
    shell.environment |= {"UPDATE_FROM": "nowhere", "LEASE_SECONDS": "0"}
    printed = shell("batch", file, "--local", code=78)
    assert "warning: UPDATE_FROM in the environment is ignored" in printed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_batch_lets_its_runs_save_their_work_and_continues_later(
    shell: Shell, number: signal.Signals
) -> None:
    make_repository(shell.root / "third", FILES, bare=False)
    names = ("first", "second", "third")
    file = listed(
        shell.root,
        *({"repository": f"./{name}", "jobId": name} for name in names),
    )
    assert "third-course" in shell(
        "run", "./third", "--job-id", "third", "--out", "third-course"
    )
    cli = CliStandIn(shell.root / "cli", names=NAMES, delay=300)
    shell.environment["FONDATION_PATH"] = str(cli.path)
    environment = {**shell.environment, "STORE_URL": shell.store.url}
    argv = [
        sys.executable,
        "-m",
        "worker",
        "batch",
        file,
        "--local",
        "--parallel",
        "1",
        "--json",
    ]
    with subprocess.Popen(
        argv, env=environment, cwd=shell.root, stdout=subprocess.PIPE
    ) as process:
        until(
            lambda: (
                next(
                    shell.store.entries("first/artifacts/extract/", limit=1),
                    None,
                )
                is not None
            )
        )
        process.send_signal(number)
        process.send_signal(number)  # has no further effect
        answer, _ = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    rows = [
        (job["jobId"], job["state"], job["exitCode"])
        for job in json.loads(answer)["jobs"]
    ]
    assert rows == [
        ("first", "interrupted", 143),
        ("second", "not begun", 75),
        ("third", "completed", 0),
    ]
    assert [job["jobId"] for job in shell.json("list")] == ["first", "third"]
    cli.set(delay=0)
    assert [
        job["state"] for job in shell.json("batch", file, "--local")["jobs"]
    ] == ["completed"] * 3
    assert cli.calls["step1_abstractions.yaml"] == 2
