"""A platform runs a job on a real S3 server.

The web app's webhook receives its events, and readers follow their URLs.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.acceptance.conftest import NAME, TOKEN, Platform
from tests.support.contract import faults
from tests.support.git_server import Fault, GitServer
from tests.support.receiver import Delivery, Reply
from tests.support.user import course_files
from worker import __version__

pytestmark = pytest.mark.parametrize(
    "s3_server", ["minio", "ceph"], indirect=True
)

MESSAGES = [
    "Cloning repository",
    "Extracting core abstractions",
    "Analyzing component relationships",
    "Determining chapter order",
    "Generating chapter content",
    "Reviewing and enhancing chapters",
    "Creating interactive tutorials",
    "Gathering output files",
]


def announced(document: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield a callback's files, fetched by their URLs and checked against the callback."""
    for file in document["files"]:
        with urlopen(file["url"]) as answer:
            body = answer.read()
        assert len(body) == file["size"]
        assert hashlib.sha256(body).hexdigest() == file["sha256"]
        assert file["type"] == (
            "yaml" if file["path"].endswith(".yaml") else "markdown"
        )
        yield file["path"], body


def test_the_webhook_receives_each_step_as_in_the_contract(
    platform: Platform,
) -> None:
    platform.run()
    documents = platform.receiver.documents
    assert [fault for document in documents for fault in faults(document)] == []
    steps = [
        (
            document["type"],
            document["status"],
            document["step"],
            document["message"],
        )
        for document in documents
    ]
    statuses = ["cloning", *["analyzing"] * 6, "gathering"]
    places = [*range(1, 8), 7]
    expected = [
        ("progress", *expected)
        for expected in zip(statuses, places, MESSAGES, strict=True)
    ]
    assert steps[:-1] == expected
    assert steps[-1][:3] == ("complete", "completed", 7)
    assert {
        (document["jobId"], document["run"], document["totalSteps"])
        for document in documents
    } == {("job-1", 1, 7)}
    assert all(
        document["progress"] == document["message"] for document in documents
    )
    sequences = [document["sequence"] for document in documents]
    assert sequences == sorted(set(sequences))


def test_each_callback_has_the_headers_by_which_it_is_known(
    platform: Platform,
) -> None:
    platform.run()
    for delivery in platform.receiver.deliveries:
        assert delivery.headers["x-job-token"] == TOKEN
        assert (
            delivery.headers["idempotency-key"]
            == f"job-1-{delivery.document['sequence']}"
        )
        assert (
            delivery.headers["user-agent"] == f"fondation-worker/{__version__}"
        )
        assert delivery.headers["content-type"] == "application/json"
        assert "webhook-signature" not in delivery.headers


def test_urls_in_callbacks_give_the_announced_bytes_of_each_stage_and_at_last_of_all(
    platform: Platform,
) -> None:
    platform.run()
    *progress, complete = platform.receiver.documents
    by_stage = [dict(announced(document)) for document in progress]
    folders = [
        sorted({path.split("/")[0] for path in files}) for files in by_stage
    ]
    assert folders == [
        [],
        [],
        ["step1_abstractions.yaml"],
        ["step2_relationships.yaml"],
        ["step3_order.yaml"],
        ["chapters"],
        ["reviewed-chapters"],
        ["tutorials"],
    ]
    everything = dict(announced(complete))
    assert everything == {
        path: body for files in by_stage for path, body in files.items()
    }
    assert everything == course_files(platform.course("fetched"))
    assert complete["filesCount"] == len(everything)
    assert all(
        file["uri"].startswith(platform.store.url) for file in complete["files"]
    )
    with urlopen(complete["manifestUrl"]) as answer:
        assert json.load(answer)["state"] == "completed"


def test_a_run_of_a_job_that_is_over_ends_at_once_and_says_nothing(
    platform: Platform,
) -> None:
    platform.run()
    sent, keys = (
        len(platform.receiver.deliveries),
        [entry.key for entry in platform.store.entries("")],
    )
    platform.run()
    assert len(platform.receiver.deliveries) == sent
    assert [entry.key for entry in platform.store.entries("")] == keys


def test_an_undelivered_final_callback_is_delivered_by_the_platforms_retry(
    platform: Platform,
) -> None:
    platform.receiver.reply = refuse_the_end
    platform.run(code=75, CALLBACK_GIVE_UP_SECONDS="1")
    keys = [entry.key for entry in platform.store.entries("job-1/artifacts/")]
    pending = platform.user.run("status", "job-1", "--json").json[
        "pendingCallbacks"
    ]
    assert [document["status"] for document in pending] == ["completed"]
    first = platform.receiver.deliveries[-1]
    platform.receiver.reply = lambda _: Reply()
    platform.run()
    last = platform.receiver.deliveries[-1]
    assert last.headers["idempotency-key"] == first.headers["idempotency-key"]
    assert {**last.document, "files": [], "manifestUrl": ""} == {
        **first.document,
        "files": [],
        "manifestUrl": "",
    }
    assert [
        entry.key for entry in platform.store.entries("job-1/artifacts/")
    ] == keys


def refuse_the_end(delivery: Delivery) -> Reply:
    return Reply(status=503 if delivery.document["type"] == "complete" else 200)


def test_a_permanent_failure_is_reported_once_and_remembered(
    platform: Platform,
) -> None:
    platform.run(code=65, BRANCH="none")
    platform.run(code=65, BRANCH="none")
    [error] = [
        document
        for document in platform.receiver.documents
        if document["type"] == "error"
    ]
    assert faults(error) == []
    assert error["status"] == "failed"
    assert error["step"] == 1
    assert error["retryable"] is False
    assert "none" in error["error"]
    assert error["errorCode"]


def test_another_repository_under_the_same_name_is_refused_and_the_job_left_alone(
    platform: Platform,
) -> None:
    platform.run()
    before = [entry.key for entry in platform.store.entries("")]
    result = platform.run(
        code=78, REPOSITORY_URL="https://example.org/other/one"
    )
    assert "give this one another JOB_ID" in result.err
    assert [entry.key for entry in platform.store.entries("")] == before


def test_no_secret_is_in_any_log_or_object(
    platform: Platform, host: GitServer
) -> None:
    host.protect(NAME, "ghp-s3cret")
    host.fault(Fault(status=503))
    platform.run(GITHUB_TOKEN="ghp-s3cret", LOG_LEVEL="debug")
    secrets = [
        b"ghp-s3cret",
        TOKEN.encode(),
        platform.user.environment["AWS_SECRET_ACCESS_KEY"].encode(),
    ]
    output = "".join(run.out + run.err for run in platform.runs).encode()
    objects = b"".join(
        platform.store.get(entry.key) for entry in platform.store.entries("")
    )
    bodies = b"".join(
        delivery.body for delivery in platform.receiver.deliveries
    )
    assert [
        secret for secret in secrets if secret in output + objects + bodies
    ] == []
    assert b"X-Amz-Signature" not in output + objects


def test_urls_are_signed_for_the_stores_public_name(
    platform: Platform,
) -> None:
    endpoint = platform.user.environment["AWS_ENDPOINT_URL_S3"].replace(
        "127.0.0.1", "localhost"
    )
    platform.run(STORE_PUBLIC_ENDPOINT_URL=endpoint)
    complete = platform.receiver.documents[-1]
    assert all(file["url"].startswith(endpoint) for file in complete["files"])
    assert len(dict(announced(complete))) == complete["filesCount"]


def test_the_same_job_without_a_receiver_can_be_inspected_from_a_machine_that_knows_the_store(
    platform: Platform,
) -> None:
    platform.run()
    elsewhere = platform.user.home / "elsewhere"
    elsewhere.mkdir()
    user = replace(platform.user, home=elsewhere)
    links = user.run("urls", "job-1", "--expires", "1h", "--json").json
    assert dict(announced({"files": links})) == course_files(
        platform.course("fetched")
    )
    assert "X-Amz-Expires=3600" in links[0]["url"]


def test_a_run_writes_nowhere_but_below_its_work_folder_and_leaves_nothing_there(
    platform: Platform, tmp_path: Path
) -> None:
    work = tmp_path / "scratch"
    platform.run(WORK_DIR=str(work), HOME="/nonexistent", TMPDIR="/nonexistent")
    assert list(work.iterdir()) == []
    assert list(platform.user.home.iterdir()) == []
    assert platform.receiver.events[-1] == ("complete", "completed")
