"""The gateway of a web developer: jobs run as processes on the same machine."""

import os
import signal
import stat
import subprocess
from pathlib import Path

import httpx
import pytest

from states.stages import State
from tests.gateway.conftest import Place
from tests.support.receiver import Reply
from tests.support.servers.server import S3Server
from tests.support.waiting import until
from worker.ownership.log import CheckpointLog
from worker.system.runtime import SystemRuntime

TRIED_AGAIN = "a job is not over, retrying"


def runs(place: Place) -> list[int]:
    """Return the processes of runs that work in this place."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            argv = (process / "cmdline").read_bytes().split(b"\0")
            here = (
                f"WORK_DIR={place.folder}/work\0".encode()
                in (process / "environ").read_bytes()
            )
        except OSError:  # it has ended
            continue
        if here and argv[1:4] == [b"-m", b"worker", b"run"]:
            found.append(int(process.name))
    return found


def test_a_whole_job_from_the_request_to_the_files(place: Place) -> None:
    place.start()
    accepted = place.analyze()
    assert accepted.status_code == 202
    assert accepted.json() == {
        "status": "accepted",
        "jobId": "job-1",
        "mode": "local-worker",
    }
    place.await_state("completed")
    until(lambda: place.receiver.events[-1:] == [("complete", "completed")])
    assert {
        delivery.headers["x-job-token"]
        for delivery in place.receiver.deliveries
    } == {"tok-3n"}
    files = place.get("/jobs/job-1/files").json()
    assert [one["path"] for one in files] == [
        one["path"] for one in place.receiver.documents[-1]["files"]
    ]
    until(lambda: place.spool == [])


def test_a_whole_job_of_the_engine_that_needs_nothing(place: Place) -> None:
    place.start(FONDATION_PATH=str(place.folder / "none"))
    place.analyze()
    place.await_state("completed")
    assert place.get("/jobs/job-1").json()["engine"]["name"] == "static"
    assert [
        one
        for one in place.get("/jobs/job-1/files").json()
        if one["path"].startswith("tutorials/")
    ]


@pytest.mark.parametrize("s3_server", ["minio"], indirect=True)
def test_files_of_a_job_on_a_real_store_come_by_signed_urls(
    place: Place, s3_server: S3Server
) -> None:
    place.start(
        STORE_URL=f"s3://{s3_server.new_bucket()}/jobs",
        AWS_ENDPOINT_URL_S3=s3_server.endpoint_url,
        AWS_ACCESS_KEY_ID=s3_server.access_key,
        AWS_SECRET_ACCESS_KEY=s3_server.secret_key,
    )
    place.analyze()
    place.await_state("completed")
    for one in place.get("/jobs/job-1/files").json():
        assert len(httpx.get(one["url"]).content) == one["size"]


def test_no_token_is_in_any_answer_log_or_argument_list(place: Place) -> None:
    place.start(GATEWAY_TOKEN="gate-s3cret")
    place.analyze(callbackToken="call-s3cret", githubToken="git-s3cret")
    until(lambda: place.state() not in {"pending", "None"})
    arguments = subprocess.run(
        ["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True
    ).stdout
    place.await_state("completed")
    answers = [
        place.get(path).text
        for path in ("/status", "/jobs/job-1", "/jobs/job-1/files")
    ]
    assert (
        "s3cret"
        not in arguments + "".join(answers) + place.programs[-1].log.read_text()
    )


def test_the_same_job_again_is_accepted_and_another_under_its_name_refused(
    place: Place,
) -> None:
    place.start()
    assert place.analyze().status_code == 202
    assert place.analyze().status_code == 202
    other = place.repository.replace("owner/name", "owner/other")
    assert place.analyze(repositoryUrl=other).status_code == 409
    place.await_state("completed")
    assert place.analyze(repositoryUrl=other).status_code == 409
    assert (
        place.analyze(repositoryUrl=place.repository + "/").status_code == 202
    )


def test_jobs_wait_in_order_for_a_free_place_and_are_pending_meanwhile(
    place: Place,
) -> None:
    place.start(GATEWAY_MAX_RUNS="1")
    for number in (1, 2, 3):
        place.analyze(f"job-{number}")
    until(lambda: place.get("/status").json()["running"] == ["job-1"])
    assert place.get("/status").json()["waiting"] == ["job-2", "job-3"]
    assert place.state("job-3") == "pending"
    assert place.get("/jobs/job-3/files").json() == []
    assert (
        place.analyze("job-3", repositoryUrl="owner/other").status_code == 409
    )
    place.await_state("completed", "job-3")
    # A job is completed before its last event is sent.
    until(lambda: place.spool == [])
    ended = [
        document["jobId"]
        for document in place.receiver.documents
        if document["type"] == "complete"
    ]
    assert ended == ["job-1", "job-2", "job-3"]


def test_requests_wait_where_only_their_owner_can_read_them(
    place: Place,
) -> None:
    place.start()
    place.analyze()
    assert [stat.S_IMODE(path.stat().st_mode) for path in place.spool] == [
        0o600
    ]
    assert stat.S_IMODE(place.spool[0].parent.stat().st_mode) == 0o700
    place.await_state("completed")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_gateway_that_is_stopped_stops_its_runs_and_takes_them_up_again(
    place: Place, number: signal.Signals
) -> None:
    # Long enough to be seen in every state.
    place.cli.set(delay=500)
    place.start()
    place.analyze()
    place.await_state("generating_chapters")
    assert place.stop(number) == 128 + number
    newest = CheckpointLog(place.store, "job-1", SystemRuntime()).newest()
    assert newest is not None
    assert newest.manifest.state == State.INTERRUPTED
    assert newest.manifest.owner.exit_code == 143
    place.start()
    place.await_state("completed")
    assert max(place.cli.calls.values()) <= 2


def test_a_gateway_that_was_killed_takes_up_what_was_not_over(
    place: Place,
) -> None:
    # Long enough to be seen in every state.
    place.cli.set(delay=500)
    place.start(GATEWAY_MAX_RUNS="1")
    place.analyze("job-1")
    place.analyze("job-2")
    place.await_state("generating_chapters")
    place.programs[-1].kill()
    place.start(GATEWAY_MAX_RUNS="1")
    place.await_state("completed", "job-2")
    assert place.state("job-1") == "completed"
    until(lambda: place.spool == [])


def test_a_run_that_fails_for_a_while_is_tried_again(place: Place) -> None:
    place.cli.set(
        faults={
            "analyze": {
                "kind": "fails",
                "complains": "Error: 529 overloaded_error",
                "times": 3,
            }
        }
    )
    place.start()
    place.analyze()
    place.await_state("completed")
    assert place.get("/jobs/job-1").json()["run"] == 2


def test_a_job_that_fails_for_good_is_not_tried_again(place: Place) -> None:
    place.start()
    place.analyze(branch="nowhere")
    place.await_state("failed")
    until(lambda: place.spool == [])
    assert place.get("/jobs/job-1").json()["error"]["exitCode"] == 65
    until(lambda: place.receiver.events[-1:] == [("error", "failed")])


def test_a_running_job_is_canceled(place: Place) -> None:
    # Long enough to be seen in every state.
    place.cli.set(delay=500)
    place.start()
    place.analyze()
    place.await_state("generating_chapters")
    assert place.post("/cancel/job-1").status_code == 202
    place.await_state("canceled")
    until(lambda: place.receiver.events[-1:] == [("progress", "canceled")])
    until(lambda: place.spool == [])


def test_a_waiting_job_is_canceled_at_once_and_its_engine_never_asked(
    place: Place,
) -> None:
    # Long enough to be seen in every state.
    place.cli.set(delay=500)
    place.start(GATEWAY_MAX_RUNS="1")
    place.analyze("job-1")
    place.await_state("extracting", "job-1")
    (occupant,) = runs(place)
    os.kill(occupant, signal.SIGSTOP)
    place.analyze("job-2")
    assert place.post("/cancel/job-2").status_code == 202
    place.await_state("canceled", "job-2")
    os.kill(occupant, signal.SIGCONT)
    place.await_state("completed", "job-1")
    until(lambda: place.spool == [])
    sent = [
        (one["type"], one["status"])
        for one in place.receiver.documents
        if one["jobId"] == "job-2"
    ]
    assert sent == [("progress", "canceled")]


def test_a_request_to_cancel_survives_a_kill_of_the_gateway(
    place: Place,
) -> None:
    # Long enough to be seen in every state.
    place.cli.set(delay=500)
    place.start(GATEWAY_MAX_RUNS="1")
    place.analyze("job-1")
    place.await_state("generating_chapters", "job-1")
    place.analyze("job-2")
    assert place.post("/cancel/job-2").status_code == 202
    place.programs[-1].kill()
    place.start(GATEWAY_MAX_RUNS="1")
    place.await_state("canceled", "job-2")
    place.await_state("completed", "job-1")


def test_no_process_outlives_a_gateway_that_was_killed(place: Place) -> None:
    # Long enough to be seen in every state.
    place.cli.set(delay=500)
    place.start()
    place.analyze()
    place.await_state("generating_chapters")
    assert len(runs(place)) == 1
    place.programs[-1].kill()
    until(lambda: runs(place) == [], seconds=10)


def test_a_run_that_was_killed_is_tried_again(place: Place) -> None:
    # Long enough to be seen in every state.
    place.cli.set(delay=500)
    place.start()
    place.analyze()
    place.await_state("generating_chapters")
    os.kill(runs(place)[0], signal.SIGKILL)
    place.await_state("completed")
    assert place.get("/jobs/job-1").json()["run"] == 2


def test_a_run_that_does_not_touch_its_job_is_repeated_and_its_request_kept(
    place: Place,
) -> None:
    # Long enough to be seen in every state.
    place.cli.set(delay=500)
    place.start()
    place.analyze()
    place.await_state("extracting")
    place.stop()
    refusing = place.start(ENGINE="static")  # the job began with another
    until(
        lambda: (
            [line["exit_code"] for line in refusing.events(TRIED_AGAIN)][:2]
            == [78, 78]
        )
    )
    place.stop()
    assert len(place.spool) == 1
    place.start()
    place.await_state("completed")
    until(lambda: place.spool == [])


def test_the_final_event_arrives_although_the_webhook_was_away_and_the_gateway_killed(
    place: Place,
) -> None:
    place.receiver.reply = lambda delivery: Reply(
        status=503 if delivery.document["type"] == "complete" else 200
    )
    first = place.start(CALLBACK_GIVE_UP_SECONDS="1")
    place.analyze()
    until(
        lambda: (
            [line["exit_code"] for line in first.events(TRIED_AGAIN)][:2]
            == [75, 75]
        )
    )
    assert place.state() == "completed"
    assert place.get("/status").json()["givenUp"] == []
    first.kill()
    second = place.start(CALLBACK_GIVE_UP_SECONDS="1")
    until(lambda: bool(second.events(TRIED_AGAIN)))
    place.receiver.reply = lambda _: Reply()
    until(lambda: place.spool == [])
    assert place.receiver.events[-1] == ("complete", "completed")
    assert place.get("/jobs/job-1").json()["pendingCallbacks"] == []


def test_two_gateways_do_not_share_their_requests(place: Place) -> None:
    place.start()
    second = place.start()
    assert second.wait(20) == 78
    assert "another gateway uses" in second.log.read_text()
