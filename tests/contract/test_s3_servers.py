"""The contract of S3 servers beyond the port: refusals and signed URLs."""

from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from tests.support.servers.server import S3Server, ServerProgram
from tests.support.servers.shared import PROGRAMS
from tests.support.waiting import until
from worker.errors import (
    MissingError,
    StoreConfigError,
    StoreRefusedError,
    StoreUnavailableError,
)
from worker.store.s3 import S3Store

MARKDOWN: Final = "text/markdown; charset=utf-8"
real_servers = pytest.mark.parametrize(
    "s3_server", ["minio", "ceph"], indirect=True
)


def status(url: str) -> int:
    try:
        with urlopen(url, timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code


def test_a_signed_url_gives_the_object_and_its_type_to_anyone(
    s3_server: S3Server,
) -> None:
    store = s3_server.new_store()
    store.put("job/chapters/ä b+c%.md", b"# A chapter", MARKDOWN)
    url = store.sign("job/chapters/ä b+c%.md", 600)
    with urlopen(url, timeout=10) as answer:
        assert answer.read() == b"# A chapter"
        assert answer.headers["Content-Type"] == MARKDOWN


def test_a_signed_url_is_signed_with_sigv4_for_as_long_as_was_asked(
    s3_server: S3Server,
) -> None:
    query = parse_qs(
        urlsplit(s3_server.new_store().sign("job/a", 604800)).query
    )
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["604800"]
    assert query["X-Amz-SignedHeaders"] == ["host"]


def test_a_url_is_signed_for_the_endpoint_that_its_readers_see(
    s3_server: S3Server,
) -> None:
    seen = s3_server.endpoint_url.replace("127.0.0.1", "localhost")
    store = s3_server.new_store(public_endpoint_url=seen)
    store.put("job/a", b"body", MARKDOWN)
    url = store.sign("job/a", 60)
    assert url.startswith(f"{seen}/")
    assert status(url) == 200


@real_servers
def test_a_changed_url_is_refused(s3_server: S3Server) -> None:
    store = s3_server.new_store()
    store.put("job/a", b"body", MARKDOWN)
    store.put("job/b", b"body", MARKDOWN)
    url = store.sign("job/a", 600)
    assert status(url) == 200
    assert status(url.replace("/job/a?", "/job/b?")) == 403
    assert status(url.replace("X-Amz-Expires=600", "X-Amz-Expires=700")) == 403
    assert status(url.split("?", maxsplit=1)[0]) == 403


@real_servers
def test_a_signed_url_ends(s3_server: S3Server) -> None:
    store = s3_server.new_store()
    store.put("job/a", b"body", MARKDOWN)
    url = store.sign("job/a", 1)
    until(lambda: status(url) == 403)


@real_servers
@pytest.mark.parametrize(
    "change", [{"secret_key": "wrongwrong"}, {"access_key": "NOBODY"}]
)
def test_wrong_keys_are_refused_for_every_request(
    s3_server: S3Server, change: dict[str, str], tmp_path: Path
) -> None:
    store = s3_server.new_store(**change)
    calls: list[Callable[[], object]] = [
        lambda: store.get("job/a"),
        lambda: store.head("job/a"),
        lambda: store.download("job/a", tmp_path / "copy"),
        lambda: list(store.entries("job/")),
        lambda: store.create("job/a", b"", MARKDOWN),
        lambda: store.put("job/a", b"", MARKDOWN),
        lambda: store.delete(["job/a"]),
    ]
    for call in calls:
        with pytest.raises(
            StoreRefusedError, match="check the access key"
        ) as caught:
            call()
        assert not any(
            secret in str(caught.value)
            for secret in (s3_server.secret_key, "wrongwrong")
        )


def test_a_missing_bucket_is_a_fault_of_the_configuration(
    s3_server: S3Server,
) -> None:
    store = S3Store("no-such-bucket", "", s3_server.access)
    calls: list[Callable[[], object]] = [
        lambda: store.get("job/a"),
        lambda: list(store.entries("job/")),
        lambda: store.create("job/a", b"", MARKDOWN),
        lambda: store.put("job/a", b"", MARKDOWN),
        lambda: store.delete(["job/a"]),
    ]
    for call in calls:
        with pytest.raises(
            StoreConfigError, match=r"s3://no-such-bucket: .* create it"
        ):
            call()


@pytest.mark.parametrize("prefix", ["", "one", "one/two", "/one/two/"])
def test_objects_are_below_the_prefix_and_nothing_else_shows(
    s3_server: S3Server, prefix: str
) -> None:
    bucket = s3_server.new_bucket()
    whole, store = (
        S3Store(bucket, "", s3_server.access),
        S3Store(bucket, prefix, s3_server.access),
    )
    folder = f"{prefix.strip('/')}/".lstrip("/")
    store.put("job/a", b"body", MARKDOWN)
    assert whole.get(f"{folder}job/a") == b"body"
    assert store.uri("job/a") == f"s3://{bucket}/{folder}job/a"
    assert store.url == f"s3://{bucket}/{folder}".rstrip("/")
    if folder:
        whole.put(folder, b"", MARKDOWN)  # a folder as web consoles create it
        whole.put("zzz/job/a", b"", MARKDOWN)
    assert [entry.key for entry in store.entries("")] == ["job/a"]


@pytest.mark.parametrize("s3_server", ["moto", "minio"], indirect=True)
def test_a_server_that_is_stopped_is_not_available(
    s3_server: S3Server, tmp_path: Path
) -> None:
    # Other tests use the shared server, so this one stops a second server.
    program: ServerProgram = PROGRAMS[s3_server.name](tmp_path)
    store = program.start().new_store()
    store.put("job/a", b"body", MARKDOWN)
    program.stop()
    for call in (
        lambda: store.get("job/a"),
        lambda: store.create("job/b", b"", MARKDOWN),
    ):
        with pytest.raises(
            StoreUnavailableError, match=r"127\.0\.0\.1:\d+ does not answer"
        ):
            call()


@pytest.mark.parametrize("s3_server", ["rclone"], indirect=True)
def test_there_is_a_server_that_ignores_if_none_match(
    s3_server: S3Server,
) -> None:
    store = s3_server.new_store()
    store.create("job/checkpoints/1", b"first", MARKDOWN)
    store.create("job/checkpoints/1", b"second", MARKDOWN)
    assert store.get("job/checkpoints/1") == b"second"
    with pytest.raises(MissingError):
        store.get("job/checkpoints/2")
