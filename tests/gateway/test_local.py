"""The gateway of a web developer: jobs run as processes on the same machine."""

import os
import signal
import stat
import subprocess
from pathlib import Path

import httpx
import pytest

from states.stages import State
from tests.gateway.conftest import GatewayHost
from tests.support.receiver import Reply
from tests.support.servers.server import S3Server
from tests.support.waiting import until
from worker.ownership.log import CheckpointLog
from worker.system.runtime import SystemRuntime

TRIED_AGAIN = "a job is not over, retrying"
SLOW_ITEM = 500
"""Milliseconds for each item: long enough for a test to see every state."""


def runs(gateway: GatewayHost) -> list[int]:
    """Return the ids of the processes of this gateway's runs."""
    pids = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            argv = (process / "cmdline").read_bytes().split(b"\0")
            here = (
                f"WORK_DIR={gateway.folder}/work\0".encode()
                in (process / "environ").read_bytes()
            )
        except OSError:  # the process has ended
            continue
        if here and argv[1:4] == [b"-m", b"worker", b"run"]:
            pids.append(int(process.name))
    return pids


def test_a_whole_job_from_the_request_to_the_files(
    gateway: GatewayHost,
) -> None:
    gateway.start()
    accepted = gateway.analyze()
    assert accepted.status_code == 202
    assert accepted.json() == {
        "status": "accepted",
        "jobId": "job-1",
        "mode": "local-worker",
    }
    gateway.await_state("completed")
    until(lambda: gateway.receiver.events[-1:] == [("complete", "completed")])
    assert {
        delivery.headers["x-job-token"]
        for delivery in gateway.receiver.deliveries
    } == {"tok-3n"}
    files = gateway.get("/jobs/job-1/files").json()
    assert [document["path"] for document in files] == [
        document["path"] for document in gateway.receiver.documents[-1]["files"]
    ]
    until(lambda: gateway.spool == [])


def test_a_whole_job_of_the_engine_that_needs_nothing(
    gateway: GatewayHost,
) -> None:
    gateway.start(FONDATION_PATH=str(gateway.folder / "none"))
    gateway.analyze()
    gateway.await_state("completed")
    assert gateway.get("/jobs/job-1").json()["engine"]["name"] == "static"
    assert [
        document
        for document in gateway.get("/jobs/job-1/files").json()
        if document["path"].startswith("tutorials/")
    ]


def test_a_job_does_not_inherit_the_earlier_job_of_the_gateway(
    gateway: GatewayHost,
) -> None:
    no_cli = str(gateway.folder / "none")
    gateway.start(FONDATION_PATH=no_cli, UPDATE_FROM="nowhere")
    gateway.analyze()
    gateway.await_state("completed")
    assert gateway.get("/jobs/job-1").json()["update"] is None


@pytest.mark.parametrize("s3_server", ["minio"], indirect=True)
def test_files_of_a_job_on_a_real_store_come_by_signed_urls(
    gateway: GatewayHost, s3_server: S3Server
) -> None:
    gateway.start(
        STORE_URL=f"s3://{s3_server.new_bucket()}/jobs",
        AWS_ENDPOINT_URL_S3=s3_server.endpoint_url,
        AWS_ACCESS_KEY_ID=s3_server.access_key,
        AWS_SECRET_ACCESS_KEY=s3_server.secret_key,
    )
    gateway.analyze()
    gateway.await_state("completed")
    for document in gateway.get("/jobs/job-1/files").json():
        assert len(httpx.get(document["url"]).content) == document["size"]


def test_no_token_is_in_any_answer_log_or_argument_list(
    gateway: GatewayHost,
) -> None:
    gateway.start(GATEWAY_TOKEN="gate-s3cret")
    gateway.analyze(callbackToken="call-s3cret", githubToken="git-s3cret")
    until(lambda: gateway.state() not in {"pending", "None"})
    arguments = subprocess.run(
        ["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True
    ).stdout
    gateway.await_state("completed")
    answers = [
        gateway.get(path).text
        for path in ("/status", "/jobs/job-1", "/jobs/job-1/files")
    ]
    assert (
        "s3cret"
        not in arguments
        + "".join(answers)
        + gateway.processes[-1].log.read_text()
    )


def test_the_same_job_again_is_accepted_and_another_under_its_name_refused(
    gateway: GatewayHost,
) -> None:
    gateway.start()
    assert gateway.analyze().status_code == 202
    assert gateway.analyze().status_code == 202
    other = gateway.repository.replace("owner/name", "owner/other")
    assert gateway.analyze(repositoryUrl=other).status_code == 409
    gateway.await_state("completed")
    assert gateway.analyze(repositoryUrl=other).status_code == 409
    assert (
        gateway.analyze(repositoryUrl=gateway.repository + "/").status_code
        == 202
    )


def test_jobs_wait_in_order_for_a_free_place_and_are_pending_meanwhile(
    gateway: GatewayHost,
) -> None:
    gateway.start(GATEWAY_MAX_RUNS="1")
    for number in (1, 2, 3):
        gateway.analyze(f"job-{number}")
    until(lambda: gateway.get("/status").json()["running"] == ["job-1"])
    assert gateway.get("/status").json()["waiting"] == ["job-2", "job-3"]
    assert gateway.state("job-3") == "pending"
    assert gateway.get("/jobs/job-3/files").json() == []
    assert (
        gateway.analyze("job-3", repositoryUrl="owner/other").status_code == 409
    )
    gateway.await_state("completed", "job-3")
    # A job is completed before its last event is sent.
    until(lambda: gateway.spool == [])
    ended = [
        document["jobId"]
        for document in gateway.receiver.documents
        if document["type"] == "complete"
    ]
    assert ended == ["job-1", "job-2", "job-3"]


def test_requests_wait_where_only_their_owner_can_read_them(
    gateway: GatewayHost,
) -> None:
    gateway.start()
    gateway.analyze()
    assert [stat.S_IMODE(path.stat().st_mode) for path in gateway.spool] == [
        0o600
    ]
    assert stat.S_IMODE(gateway.spool[0].parent.stat().st_mode) == 0o700
    gateway.await_state("completed")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_gateway_that_is_stopped_stops_its_runs_and_resumes_them(
    gateway: GatewayHost, number: signal.Signals
) -> None:
    gateway.cli.set(delay=SLOW_ITEM)
    gateway.start()
    gateway.analyze()
    gateway.await_state("generating_chapters")
    assert gateway.stop(number) == 128 + number
    newest = CheckpointLog(gateway.store, "job-1", SystemRuntime()).newest()
    assert newest is not None
    assert newest.manifest.state == State.INTERRUPTED
    assert newest.manifest.owner.exit_code == 143
    gateway.start()
    gateway.await_state("completed")
    assert max(gateway.cli.calls.values()) <= 2


def test_a_gateway_that_was_killed_resumes_unfinished_jobs(
    gateway: GatewayHost,
) -> None:
    gateway.cli.set(delay=SLOW_ITEM)
    gateway.start(GATEWAY_MAX_RUNS="1")
    gateway.analyze("job-1")
    gateway.analyze("job-2")
    gateway.await_state("generating_chapters")
    gateway.processes[-1].kill()
    gateway.start(GATEWAY_MAX_RUNS="1")
    gateway.await_state("completed", "job-2")
    assert gateway.state("job-1") == "completed"
    until(lambda: gateway.spool == [])


def test_a_run_that_fails_for_a_while_is_tried_again(
    gateway: GatewayHost,
) -> None:
    gateway.cli.set(
        faults={
            "analyze": {
                "kind": "fails",
                "complains": "Error: 529 overloaded_error",
                "times": 3,
            }
        }
    )
    gateway.start()
    gateway.analyze()
    gateway.await_state("completed")
    assert gateway.get("/jobs/job-1").json()["run"] == 2


def test_a_job_that_fails_for_good_is_not_tried_again(
    gateway: GatewayHost,
) -> None:
    gateway.start()
    gateway.analyze(branch="nowhere")
    gateway.await_state("failed")
    until(lambda: gateway.spool == [])
    assert gateway.get("/jobs/job-1").json()["error"]["exitCode"] == 65
    until(lambda: gateway.receiver.events[-1:] == [("error", "failed")])


def test_a_running_job_is_canceled(gateway: GatewayHost) -> None:
    gateway.cli.set(delay=SLOW_ITEM)
    gateway.start()
    gateway.analyze()
    gateway.await_state("generating_chapters")
    assert gateway.post("/cancel/job-1").status_code == 202
    gateway.await_state("canceled")
    until(lambda: gateway.receiver.events[-1:] == [("progress", "canceled")])
    until(lambda: gateway.spool == [])


def test_a_waiting_job_is_canceled_at_once_and_its_engine_never_asked(
    gateway: GatewayHost,
) -> None:
    gateway.cli.set(delay=SLOW_ITEM)
    gateway.start(GATEWAY_MAX_RUNS="1")
    gateway.analyze("job-1")
    gateway.await_state("extracting", "job-1")
    (occupant,) = runs(gateway)
    os.kill(occupant, signal.SIGSTOP)
    gateway.analyze("job-2")
    assert gateway.post("/cancel/job-2").status_code == 202
    gateway.await_state("canceled", "job-2")
    os.kill(occupant, signal.SIGCONT)
    gateway.await_state("completed", "job-1")
    until(lambda: gateway.spool == [])
    sent = [
        (document["type"], document["status"])
        for document in gateway.receiver.documents
        if document["jobId"] == "job-2"
    ]
    assert sent == [("progress", "canceled")]


def test_a_request_to_cancel_survives_a_kill_of_the_gateway(
    gateway: GatewayHost,
) -> None:
    gateway.cli.set(delay=SLOW_ITEM)
    gateway.start(GATEWAY_MAX_RUNS="1")
    gateway.analyze("job-1")
    gateway.await_state("generating_chapters", "job-1")
    gateway.analyze("job-2")
    assert gateway.post("/cancel/job-2").status_code == 202
    gateway.processes[-1].kill()
    gateway.start(GATEWAY_MAX_RUNS="1")
    gateway.await_state("canceled", "job-2")
    gateway.await_state("completed", "job-1")


def test_no_process_outlives_a_gateway_that_was_killed(
    gateway: GatewayHost,
) -> None:
    gateway.cli.set(delay=SLOW_ITEM)
    gateway.start()
    gateway.analyze()
    gateway.await_state("generating_chapters")
    assert len(runs(gateway)) == 1
    gateway.processes[-1].kill()
    until(lambda: runs(gateway) == [], seconds=10)


def test_a_run_that_was_killed_is_tried_again(gateway: GatewayHost) -> None:
    gateway.cli.set(delay=SLOW_ITEM)
    gateway.start()
    gateway.analyze()
    gateway.await_state("generating_chapters")
    os.kill(runs(gateway)[0], signal.SIGKILL)
    gateway.await_state("completed")
    assert gateway.get("/jobs/job-1").json()["run"] == 2


def test_a_run_that_does_not_touch_its_job_is_repeated_and_its_request_kept(
    gateway: GatewayHost,
) -> None:
    gateway.cli.set(delay=SLOW_ITEM)
    gateway.start()
    gateway.analyze()
    gateway.await_state("extracting")
    gateway.stop()
    refusing = gateway.start(ENGINE="static")  # the job began with another
    until(
        lambda: (
            [line["exit_code"] for line in refusing.events(TRIED_AGAIN)][:2]
            == [78, 78]
        )
    )
    gateway.stop()
    assert len(gateway.spool) == 1
    gateway.start()
    gateway.await_state("completed")
    until(lambda: gateway.spool == [])


def test_the_final_event_arrives_although_the_webhook_was_down_and_the_gateway_killed(
    gateway: GatewayHost,
) -> None:
    gateway.receiver.reply = lambda delivery: Reply(
        status=503 if delivery.document["type"] == "complete" else 200
    )
    first = gateway.start(CALLBACK_GIVE_UP_SECONDS="1")
    gateway.analyze()
    until(
        lambda: (
            [line["exit_code"] for line in first.events(TRIED_AGAIN)][:2]
            == [75, 75]
        )
    )
    assert gateway.state() == "completed"
    assert gateway.get("/status").json()["givenUp"] == []
    first.kill()
    second = gateway.start(CALLBACK_GIVE_UP_SECONDS="1")
    until(lambda: bool(second.events(TRIED_AGAIN)))
    gateway.receiver.reply = lambda _: Reply()
    until(lambda: gateway.spool == [])
    assert gateway.receiver.events[-1] == ("complete", "completed")
    assert gateway.get("/jobs/job-1").json()["pendingCallbacks"] == []


def test_two_gateways_do_not_share_their_requests(gateway: GatewayHost) -> None:
    gateway.start()
    second = gateway.start()
    assert second.wait(20) == 78
    assert "another gateway uses" in second.log.read_text()
