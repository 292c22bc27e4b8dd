"""The body of a callback."""

import json
from dataclasses import replace
from typing import Any

import pytest

from states import decisions
from states.callback_body import (
    FileLink,
    body,
    fits,
    idempotency_key,
)
from states.exits import Exit
from states.manifest import CallbackEvent
from states.stages import Stage
from states.usage import Usage, usage_document
from tests.support.builders import AT, completed, entered, error

LIMIT = 524_288
"""512 KiB, as the reference says."""
LINK = FileLink(
    path="step1_abstractions.yaml",
    type="yaml",
    size=3,
    sha256="a" * 64,
    url="https://store/x?signature",
    uri="s3://bucket/x",
    expires_at=AT,
)


def written(
    event: CallbackEvent, links: list[FileLink], files_count: int | None = None
) -> dict[str, Any]:
    count = len(links) if files_count is None else files_count
    document: dict[str, Any] = json.loads(
        body("job-1", event, links, files_count=count, manifest_url="https://m")
    )
    return document


def test_progress_says_what_the_contract_asks_for() -> None:
    event = entered(Stage.ANALYZE).outbox.pending[-1]
    assert written(event, [LINK]) == {
        "jobId": "job-1",
        "type": "progress",
        "status": "analyzing",
        "step": 3,
        "totalSteps": 7,
        "message": "Analyzing component relationships",
        "progress": "Analyzing component relationships",
        "timestamp": AT,
        "sequence": 5,
        "run": 1,
        "files": [
            {
                "path": "step1_abstractions.yaml",
                "type": "yaml",
                "size": 3,
                "sha256": "a" * 64,
                "url": "https://store/x?signature",
                "uri": "s3://bucket/x",
                "expiresAt": AT,
            }
        ],
    }


def test_completion_adds_duration_count_and_manifest() -> None:
    document = written(completed().outbox.pending[-1], [LINK])
    assert document["type"] == "complete"
    assert document["duration"] == 10.5
    assert document["filesCount"] == 1
    assert document["manifestUrl"] == "https://m"


def test_the_usage_of_paid_calls_is_reported_if_it_is_given() -> None:
    event = completed().outbox.pending[-1]
    usage = Usage(prices_dated="2026-01-01")
    raw = body(
        "job-1", event, [], files_count=0, manifest_url="https://m", usage=usage
    )
    assert json.loads(raw)["usage"] == usage_document(usage)
    assert "usage" not in written(event, [])


def test_failure_adds_the_error() -> None:
    event = decisions.fail(
        entered(Stage.ORDER), error(Exit.DATA_ERROR)
    ).outbox.pending[-1]
    document = written(event, [])
    assert document["error"] == "it broke"
    assert document["errorCode"] == "broken"
    assert document["retryable"] is False


def test_an_error_comes_with_all_that_other_events_say() -> None:
    manifest = decisions.fail(entered(Stage.ORDER), error(Exit.DATA_ERROR))
    document = written(manifest.outbox.pending[-1], [])
    assert document["jobId"] == "job-1"
    assert document["type"] == "error"
    assert document["status"] == "failed"
    assert document["step"] == 4


def test_a_course_that_took_no_time_says_so() -> None:
    event = replace(completed().outbox.pending[-1], duration=None)
    assert written(event, [])["duration"] == 0.0


def test_a_body_of_exactly_the_limit_has_its_files() -> None:
    event = replace(completed().outbox.pending[-1], message="")
    padding = LIMIT - len(
        json.dumps(written(event, [LINK]), separators=(",", ":"))
    )
    # A body has the message twice; if the padding is odd, the URL takes the last character.
    url = LINK.url + "x" * (padding % 2)
    for more, files in ((0, True), (1, False)):
        full = replace(event, message="x" * (padding // 2 + more))
        document = written(full, [replace(LINK, url=url)])
        assert ("files" in document) is files
        assert ("filesTruncated" in document) is not files


def test_as_many_files_may_fit_as_the_shortest_links_have_room() -> None:
    assert fits(LIMIT // 256)
    assert not fits(LIMIT // 256 + 1)


@pytest.mark.parametrize("count", [1500, 5000])
def test_a_body_never_exceeds_its_limit_and_says_what_it_left_out(
    count: int,
) -> None:
    event = completed().outbox.pending[-1]
    links = (
        [replace(LINK, url="https://store/" + "x" * 600)] * count
        if fits(count)
        else []
    )
    raw = body(
        "job-1", event, links, files_count=count, manifest_url="https://m"
    )
    document = json.loads(raw)
    assert len(raw) <= LIMIT
    assert document["filesTruncated"] is True
    assert "files" not in document
    assert document["filesCount"] == count


def test_the_idempotency_key_consists_of_job_and_sequence() -> None:
    assert (
        idempotency_key("job-1", completed().outbox.pending[-1]) == "job-1-11"
    )


def test_texts_that_are_not_unicode_do_not_stop_a_callback() -> None:
    event = replace(completed().outbox.pending[-1], message="\udcff")
    assert "?" in written(event, [])["message"]
