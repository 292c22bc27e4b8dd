"""A store that is missing, not a store, or not a fence: one line, and the right exit code."""

import pytest

from states.keys import checkpoint_key
from tests.acceptance.conftest import Platform
from tests.support.servers.process import free_port
from tests.support.user import CommandResult

WRONG = [
    (
        {"AWS_SECRET_ACCESS_KEY": "wrong"},
        77,
        "check the access key and its secret",
    ),
    (
        {"STORE_URL": "s3://no-such-bucket-anywhere/x"},
        78,
        "no-such-bucket-anywhere",
    ),
]


def last_line(result: CommandResult) -> str:
    assert "Traceback" not in result.err
    return result.err.splitlines()[-1]


@pytest.mark.parametrize("s3_server", ["minio", "ceph"], indirect=True)
@pytest.mark.parametrize(("changes", "code", "expected"), WRONG)
def test_a_store_that_refuses_our_key_is_named_at_once(
    platform: Platform, changes: dict[str, str], code: int, expected: str
) -> None:
    process = platform.user.start("run", **changes)
    result = platform.user.ends(process)
    assert result.code == code, result.err
    assert expected in last_line(result)
    assert "None" not in last_line(result)
    assert platform.receiver.deliveries == []


@pytest.mark.parametrize("s3_server", ["minio"], indirect=True)
def test_a_store_that_does_not_answer_is_waited_for_and_then_it_is_75(
    platform: Platform,
) -> None:
    unused_url = f"http://127.0.0.1:{free_port()}"
    result = platform.run(
        code=75, AWS_ENDPOINT_URL_S3=unused_url, STORE_GIVE_UP_SECONDS="1"
    )
    assert "check that it runs and can be reached from here" in last_line(
        result
    )
    assert "retrying" in result.err


@pytest.mark.parametrize("s3_server", ["rclone"], indirect=True)
def test_a_store_that_is_not_a_fence_is_refused_with_what_it_did(
    platform: Platform,
) -> None:
    result = platform.run(code=78)
    assert "overwrote" in last_line(result)
    assert "ALLOW_UNFENCED_STORE=1" in last_line(result)
    assert list(platform.store.entries("")) == []
    platform.run(ALLOW_UNFENCED_STORE="1")
    assert platform.receiver.events[-1] == ("complete", "completed")


@pytest.mark.parametrize("s3_server", ["minio"], indirect=True)
def test_a_job_of_another_version_of_the_program_is_refused_by_both_names_and_left_alone(
    platform: Platform,
) -> None:
    key = checkpoint_key("job-1", 1)
    platform.store.put(key, b'{"format": 99}', "application/json")
    result = platform.run(code=78)
    assert "format 99" in last_line(result)
    assert "formats 1, 2 and 3" in last_line(result)
    assert [entry.key for entry in platform.store.entries("")] == [key]
