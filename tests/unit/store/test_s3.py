"""The S3 store's requests, and how it treats answers that real servers seldom give."""

import base64
import hashlib
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest

from tests.support.certificates import self_signed
from tests.support.servers.canned import CannedServer, answer, fault, serving
from tests.support.servers.server import S3Server
from tests.support.tcp_server import TcpServer, tcp_server
from worker.errors import (
    ConflictError,
    ExistsError,
    MissingError,
    StoreConfigError,
    StoreUnavailableError,
    WorkerError,
)
from worker.store.s3 import S3Store
from worker.store.s3_client import S3Access, S3Client

TEXT: Final = "text/plain"
ETAG: Final = 'ETag: "841a2d689ad86bd1611447453c22c6fc"\r\n'
DATE: Final = "Date: Mon, 23 Nov 2026 12:00:00 GMT\r\n"
MODIFIED: Final = "Last-Modified: Mon, 23 Nov 2026 11:59:20 GMT\r\n"
HTML: Final = "Content-Type: text/html; charset=utf-8\r\n"
LISTING: Final = b"""<?xml version="1.0"?><ListBucketResult><IsTruncated>true</IsTruncated>
<Contents><Key>job/b</Key><Size>1</Size><LastModified>2026-11-23T12:00:00Z</LastModified></Contents>
<Contents><Key>job/a</Key><Size>1</Size><LastModified>2026-11-23T12:00:00Z</LastModified></Contents>
</ListBucketResult>"""


def store_of(canned: CannedServer) -> S3Store:
    return S3Store("bucket", "", canned.server.access)


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    return self_signed(tmp_path)


def test_a_creation_sends_its_condition_and_the_digest_of_its_body() -> None:
    with serving(answer("200 OK", headers=ETAG)) as canned:
        store_of(canned).create("job/a", b"body", TEXT)
    (asked,) = canned.requests
    digest = hashlib.sha256(b"body")
    assert asked.line == "PUT /bucket/job/a HTTP/1.1"
    assert asked.body == b"body"
    assert asked.headers["If-None-Match"] == "*"
    assert asked.headers["Content-Type"] == TEXT
    assert asked.headers["x-amz-content-sha256"] == digest.hexdigest()
    assert (
        asked.headers["x-amz-checksum-sha256"]
        == base64.b64encode(digest.digest()).decode()
    )


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
@pytest.mark.parametrize("from_file", [False, True])
def test_over_tls_too_a_body_is_sent_in_one_piece_with_its_digest_signed(
    tls: tuple[ssl.SSLContext, Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    from_file: bool,
    variable: str,
) -> None:
    (tmp_path / "body").write_bytes(b"body")
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    monkeypatch.setenv(variable, str(tls[1]))
    with serving(answer("200 OK", headers=ETAG), tls[0]) as canned:
        store_of(canned).put(
            "job/a", tmp_path / "body" if from_file else b"body", TEXT
        )
    (asked,) = canned.requests
    assert asked.body == b"body"
    assert (
        asked.headers["x-amz-content-sha256"]
        == hashlib.sha256(b"body").hexdigest()
    )
    assert asked.headers["If-None-Match"] is None
    assert asked.headers["Transfer-Encoding"] is None
    # With this header, a server can refuse a file before it is sent.
    expectation = "100-continue" if from_file else None
    assert asked.headers["Expect"] == expectation


def test_a_certificate_that_is_not_trusted_is_a_fault_of_the_configuration(
    tls: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with (
        serving(answer("200 OK"), tls[0]) as canned,
        pytest.raises(StoreConfigError, match="AWS_CA_BUNDLE"),
    ):
        store_of(canned).get("job/a")


def test_a_certificate_for_another_server_is_a_fault_of_the_configuration(
    tls: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tls[1]))
    with serving(answer("200 OK"), tls[0]) as canned:
        named = canned.server.endpoint_url
        url = named.replace("localhost", "127.0.0.1")
        access = replace(canned.server.access, endpoint_url=url)
        with pytest.raises(StoreConfigError, match="AWS_CA_BUNDLE"):
            S3Store("bucket", "", access).get("job/a")


def test_the_certificates_are_read_once_for_all_connections(
    tls: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tls[1]))
    reply = answer("200 OK", b"body", headers=ETAG)
    with serving(reply, tls[0]) as canned:
        store = store_of(canned)
        store.get("job/a")
        tls[1].unlink()
        assert store.get("job/b") == b"body"


@pytest.mark.parametrize("of_the_store", [True, False])
def test_a_proxy_is_asked_for_a_tunnel_to_a_store_over_tls_alone(
    tls: tuple[ssl.SSLContext, Path],
    monkeypatch: pytest.MonkeyPatch,
    *,
    of_the_store: bool,
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tls[1]))
    proxied = "https" if of_the_store else "http"
    url = f"{proxied}://store.invalid:9000"
    context = None if of_the_store else tls[0]
    with serving(answer("403 Forbidden"), context) as canned:
        monkeypatch.setenv(f"{proxied}_proxy", canned.server.endpoint_url)
        access = replace(canned.server.access, endpoint_url=url)
        with pytest.raises(WorkerError):
            S3Store("bucket", "", access).get("job/a")
    lines = [asked.line.rpartition(" ")[0] for asked in canned.requests]
    forwarded = f"GET {url}/bucket/job/a"
    assert lines == [
        "CONNECT store.invalid:9000" if of_the_store else forwarded
    ]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (fault("300 Multiple Choices", "Odd"), StoreConfigError),
        (fault("409 Conflict", "ConditionalRequestConflict"), ConflictError),
        (fault("412 Precondition Failed", "PreconditionFailed"), ExistsError),
        (fault("501 Not Implemented", "NotImplemented"), StoreConfigError),
        (fault("503 Slow Down", "SlowDown"), StoreUnavailableError),
        (answer("500 Internal Server Error", b"<html>"), StoreUnavailableError),
        (
            answer("502 Bad Gateway", b"<html>a proxy</html>"),
            StoreUnavailableError,
        ),
        (b"", StoreUnavailableError),
        (b"HTTP/1.1 20", StoreUnavailableError),
        (b"SSH-2.0-OpenSSH\r\n", StoreUnavailableError),
    ],
)
def test_the_sdk_retries_nothing(reply: bytes, kind: type[Exception]) -> None:
    with serving(reply) as canned, pytest.raises(kind):
        store_of(canned).create("job/a", b"body", TEXT)
    assert len(canned.requests) == 1


def test_a_body_that_ends_early_is_not_an_object(tmp_path: Path) -> None:
    with serving(answer("200 OK", b"half", length=8, headers=ETAG)) as canned:
        with pytest.raises(StoreUnavailableError):
            store_of(canned).get("job/a")
        with pytest.raises(StoreUnavailableError):
            store_of(canned).download("job/a", tmp_path / "copy")


def test_an_answer_that_ends_in_its_headers_does_not_count(
    tmp_path: Path,
) -> None:
    for headers in (
        b"",
        b"Date: Mon, 23 Nov 2026 12:00:00 GMT\r\n",
        b"Last-Modified: Mon, 23 No",
        b"Date: Mon, 2",
    ):
        with serving(b"HTTP/1.1 200 OK\r\n" + headers) as canned:
            for call in every_call(
                store_of(canned), tmp_path / "copy"
            ).values():
                with pytest.raises(
                    StoreUnavailableError, match="cannot be read"
                ):
                    call()


PAGE: Final = (
    b"<!doctype html><html><head><title>Sign in</title></head><br></html>"
)
OTHER_SERVERS: Final = {
    "a web page": (
        answer("200 OK", PAGE, headers=HTML),
        "HTTP 200, a web page",
    ),
    "a web page with a weak ETag": (
        answer("200 OK", PAGE, headers=f'{HTML}ETag: W/"1"\r\n'),
        "HTTP 200, a web page",
    ),
    "a static web page": (
        answer("200 OK", PAGE, headers=HTML + ETAG),
        "HTTP 200, a web page",
    ),
    "an API": (
        answer(
            "200 OK",
            b'{"ok": true}',
            headers="Content-Type: application/json\r\n",
        ),
        "application/json",
    ),
    "another XML": (
        answer("200 OK", b"<feed><entry/></feed>"),
        "HTTP 200, not an S3 response",
    ),
    "nothing": (answer("200 OK"), "HTTP 200, not an S3 response"),
    "a login": (
        answer("302 Found", headers="Location: https://login.example.org/\r\n"),
        "to https://login.example.org/",
    ),
    "https": (
        answer(
            "301 Moved Permanently",
            PAGE,
            headers="Location: https://127.0.0.1/b\r\n",
        ),
        "HTTP 301, a redirect",
    ),
    "nowhere": (
        answer("308 Permanent Redirect"),
        "HTTP 308, a redirect to nowhere",
    ),
}


def every_call(store: S3Store, path: Path) -> dict[str, Callable[[], object]]:
    return {
        "get": lambda: store.get("job/a"),
        "head": lambda: store.head("job/a"),
        "download": lambda: store.download("job/a", path),
        "entries": lambda: list(store.entries("job/")),
        "put": lambda: store.put("job/a", b"body", TEXT),
        "create": lambda: store.create("job/a", b"body", TEXT),
        "delete": lambda: store.delete(["job/a"]),
    }


@pytest.mark.parametrize("kind", OTHER_SERVERS)
def test_a_server_that_is_not_s3_is_named_with_its_address_and_its_answer(
    kind: str, tmp_path: Path
) -> None:
    reply, expected = OTHER_SERVERS[kind]
    with serving(reply) as canned:
        for name, call in every_call(
            store_of(canned), tmp_path / "copy"
        ).items():
            with pytest.raises(
                StoreConfigError, match="check AWS_ENDPOINT_URL_S3"
            ) as raised:
                call()
            assert expected in str(raised.value), name
            assert canned.server.endpoint_url in str(raised.value)
            assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (b"<ListBucketResult><IsTruncated>fal", "truncated"),
        (
            b"<ListBucketResult><IsTruncated>false</Is></ListBucketResult>",
            "garbled",
        ),
        (b"<ListBucketResult></ListBucketResult>", "IsTruncated"),
        (
            b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents/></ListBucketResult>",
            "Key",
        ),
        (LISTING.replace(b"2026-11-23T12:00:00Z", b"soon"), "soon"),
        (LISTING.replace(b"<Size>1", b"<Size>one"), "one"),
        (LISTING.replace(b"job/", b"bob/"), "'bob/b', which was not asked for"),
        (
            LISTING[: LISTING.index(b"<Contents>")] + b"</ListBucketResult>",
            "NextContinuationToken",
        ),
        (
            b"<Error><Code>InternalError</Code><Message>Try again.</Message></Error>",
            "HTTP 200, but an error",
        ),
    ],
)
def test_a_garbled_listing_is_refused(reply: bytes, expected: str) -> None:
    with (
        serving(answer("200 OK", reply)) as canned,
        pytest.raises(StoreUnavailableError, match=expected) as raised,
    ):
        list(store_of(canned).entries("job/"))
    assert "HTTP 500" not in str(raised.value)


@pytest.mark.parametrize(
    "status", ["400 Bad Request", "404 Not Found", "405 Method Not Allowed"]
)
def test_an_error_from_another_server_is_not_taken_for_s3s(
    status: str, tmp_path: Path
) -> None:
    """A proxy answers 404 for an unknown path: that does not mean that objects are missing."""
    with serving(
        answer(
            status,
            b"404 page not found",
            headers="Content-Type: text/plain\r\n",
        )
    ) as canned:
        calls = every_call(store_of(canned), tmp_path / "copy")
        del calls["head"]  # an answer without a body tells nothing
        for call in calls.values():
            with pytest.raises(StoreConfigError, match="is not an S3 store"):
                call()


@pytest.mark.parametrize(
    ("headers", "age"),
    [
        (f"{DATE}{DATE}Last-Modified: Mon, 23 Nov 2026 11:59:20 GMT\r\n", 40),
        (
            f"{DATE}Date: Mon, 23 Nov 2026 11:59:50 GMT\r\n{MODIFIED}",
            30,
        ),
        (
            f"Date: Mon, 23 Nov 2026 12:00:00 -0000\r\n{MODIFIED}",
            40,
        ),
        ("Last-Modified: Mon, 23 Nov 2026 11:59:20 GMT\r\n", None),
        (DATE, None),
        (
            "Date: yesterday\r\nLast-Modified: Mon, 23 Nov 2026 11:59:20 GMT\r\n",
            None,
        ),
        (
            f"Date: Mon, 99 Nov 2026 12:00:00 GMT\r\n{MODIFIED}",
            None,
        ),
        (f"{DATE}Last-Modified: yesterday\r\n", None),
    ],
)
def test_the_age_is_read_from_the_dates_of_an_answer_if_they_are_usable(
    headers: str, age: int | None
) -> None:
    with serving(answer("200 OK", length=7, headers=headers + ETAG)) as canned:
        store = store_of(canned)
        if age is not None:
            assert store.head("job/a").age == age
            return
        with pytest.raises(StoreUnavailableError, match="cannot be read"):
            store.head("job/a")


def test_a_listing_out_of_order_is_refused() -> None:
    with (
        serving(answer("200 OK", LISTING)) as canned,
        pytest.raises(StoreConfigError, match="order of their keys"),
    ):
        list(store_of(canned).entries("job/"))


def empty_page(token: int) -> bytes:
    content = (
        "<IsTruncated>true</IsTruncated>"
        f"<NextContinuationToken>{token}</NextContinuationToken>"
    )
    body = f"<ListBucketResult>{content}</ListBucketResult>"
    return answer("200 OK", body.encode())


def test_an_empty_truncated_page_is_not_the_end() -> None:
    last = LISTING.replace(b"true", b"false").replace(b"job/b", b"job/0")
    with serving(
        answer("200 OK", last),
        first=tuple(empty_page(number) for number in range(20)),
    ) as canned:
        assert [entry.key for entry in store_of(canned).entries("job/")] == [
            "job/0",
            "job/a",
        ]
    assert "start-after=" in canned.requests[0].line
    assert [
        f"continuation-token={number}" in asked.line
        for number, asked in enumerate(canned.requests[1:])
    ] == [True] * 20


def test_empty_pages_that_go_in_circles_are_no_listing() -> None:
    with serving(empty_page(1), first=(empty_page(2),)) as canned:
        with pytest.raises(
            StoreUnavailableError, match="an endless listing of empty pages"
        ):
            list(store_of(canned).entries("job/"))
        assert len(canned.requests) == 3


def test_a_clock_that_is_off_is_reported_with_the_stores_time() -> None:
    times = (
        "<RequestTime>20261123T110000Z</RequestTime>",
        "<ServerTime>2026-11-23T12:00:00Z</ServerTime>",
    )
    for more, expected in (
        (times, "by 3600 seconds"),
        ((), "Mon, 23 Nov 2026 12:00:00 GMT"),
    ):
        with (
            serving(
                fault("403 Forbidden", "RequestTimeTooSkewed", *more)
            ) as canned,
            pytest.raises(
                StoreConfigError, match=f"clock is wrong: set it .*{expected}"
            ),
        ):
            store_of(canned).get("job/a")


def test_an_object_that_the_store_would_not_delete_is_an_error() -> None:
    for code, kind in (
        ("AccessDenied", "AccessDenied"),
        ("InternalError", "InternalError"),
    ):
        body = f"<DeleteResult><Error><Key>job/a</Key><Code>{code}</Code></Error></DeleteResult>"
        with (
            serving(answer("200 OK", body.encode())) as canned,
            pytest.raises(Exception, match=kind),
        ):
            store_of(canned).delete(["job/a"])


def test_an_age_is_never_negative_and_counts_by_the_servers_clock() -> None:
    for written, age in (("11:59:20", 40), ("12:00:05", 0)):
        headers = (
            f"{DATE}Last-Modified: Mon, 23 Nov 2026 {written} GMT\r\n{ETAG}"
        )
        with serving(answer("200 OK", length=7, headers=headers)) as canned:
            head = store_of(canned).head("job/a")
        assert head.size == 7
        assert head.age == age


def test_a_write_returns_the_servers_time_or_none() -> None:
    date = "Date: Mon, 23 Nov 2026 12:00:00 GMT\r\n"
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
    for headers, moment in ((date, noon), ("", None), ("Date: noon\r\n", None)):
        with serving(
            answer("200 OK", headers=f'ETag: "1"\r\n{headers}')
        ) as canned:
            assert store_of(canned).put("job/a", b"body", TEXT) == moment


def test_a_server_that_is_silent_is_waited_for_as_long_as_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        access = replace(
            S3Server(name="silent", endpoint_url=url, log="").access,
            read_seconds=0.2,
        )
        with pytest.raises(StoreUnavailableError, match="ReadTimeoutError"):
            S3Store("bucket", "", access).put("job/a", b"body", TEXT)


@pytest.mark.parametrize("over_tls", [False, True])
def test_an_answer_that_comes_a_byte_at_a_time_is_abandoned(
    tls: tuple[ssl.SSLContext, Path],
    monkeypatch: pytest.MonkeyPatch,
    *,
    over_tls: bool,
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tls[1]))
    reply = answer("200 OK", b"body", headers=ETAG)
    context = tls[0] if over_tls else None
    with serving(reply, context, piece_bytes=1, pause_seconds=0.02) as canned:
        access = replace(canned.server.access, read_seconds=0.3)
        store = S3Store("bucket", "", access)
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            store.get("job/a")


def test_an_answer_whose_time_is_up_between_two_reads_is_abandoned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hours = count(step=3600)
    monkeypatch.setattr(
        "worker.store.s3_connection._monotonic", lambda: next(hours)
    )
    with serving(answer("200 OK", b"body", headers=ETAG)) as canned:
        store = S3Store("bucket", "", canned.server.access)
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            store.get("job/a")


def test_a_large_answer_may_take_longer_than_a_silence() -> None:
    body = b"." * 40_000
    reply = answer("200 OK", body, headers=ETAG)
    with serving(reply, piece_bytes=2048, pause_seconds=0.03) as canned:
        access = replace(canned.server.access, read_seconds=0.3)
        assert S3Store("bucket", "", access).get("job/a") == body


def test_a_large_body_may_take_longer_than_a_connection() -> None:
    body = b"." * 6_000_000

    def handle(server: TcpServer, connection: socket.socket) -> None:
        while len(server.received) < len(body):
            server.received += connection.recv(65536)
            time.sleep(0.002)
        connection.sendall(answer("200 OK", headers=ETAG))

    with tcp_server(handle) as server:
        access = replace(
            S3Server(name="slow", endpoint_url=server.url, log="").access,
            connect_seconds=0.3,
        )
        began = time.monotonic()
        S3Store("bucket", "", access).put("job/a", body, TEXT)
        assert time.monotonic() - began > access.connect_seconds


def test_the_sdks_own_configuration_has_no_effect(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[this is no\nconfiguration")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AMBIENT")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "AMBIENT")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    with (
        serving(fault("404 Not Found", "NoSuchKey")) as canned,
        pytest.raises(MissingError),
    ):
        store_of(canned).get("job/a")
    (asked,) = canned.requests
    assert "Credential=ACCESSKEY/" in asked.headers["Authorization"]
    assert asked.headers["x-amz-security-token"] is None


def test_a_session_token_is_sent_and_is_part_of_signed_urls() -> None:
    with serving(answer("200 OK", headers=ETAG)) as canned:
        access = replace(canned.server.access, session_token="a/token+")
        store = S3Store("bucket", "", access)
        store.put("job/a", b"body", TEXT)
    (asked,) = canned.requests
    assert asked.headers["x-amz-security-token"] == "a/token+"
    assert "x-amz-security-token" in asked.headers["Authorization"]
    assert "X-Amz-Security-Token=a%2Ftoken%2B&" in store.sign("job/a", 60)


@pytest.mark.parametrize(
    ("public", "begin"),
    [
        (None, "http://127.0.0.1:1/bucket/job/a?"),
        ("https://files.example", "https://files.example/bucket/job/a?"),
    ],
)
def test_a_signed_url_leads_to_the_public_endpoint_if_there_is_one(
    public: str | None, begin: str
) -> None:
    url = "http://127.0.0.1:1"
    access = replace(
        S3Server(name="away", endpoint_url=url, log="").access,
        public_endpoint_url=public,
    )
    assert S3Store("bucket", "", access).sign("job/a", 60).startswith(begin)


@pytest.mark.parametrize("spared", ["", "store.invalid"])
def test_the_proxy_of_the_environment_is_asked_unless_the_store_needs_none(
    spared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(answer("200 OK", headers=ETAG)) as canned:
        monkeypatch.setenv("HTTP_PROXY", canned.server.endpoint_url)
        monkeypatch.setenv("NO_PROXY", spared)
        monkeypatch.setenv("no_proxy", spared)
        url = "http://store.invalid:9000"
        access = replace(canned.server.access, endpoint_url=url)
        store = S3Store("bucket", "", access)
        if spared:
            with pytest.raises(StoreUnavailableError, match="does not answer"):
                store.put("job/a", b"body", TEXT)
        else:
            store.put("job/a", b"body", TEXT)
    lines = [asked.line for asked in canned.requests]
    expected = f"PUT {url}/bucket/job/a HTTP/1.1"
    assert lines == ([] if spared else [expected])


def test_without_an_endpoint_it_is_the_regions_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    access = S3Access(
        endpoint_url=None,
        public_endpoint_url=None,
        region="eu-west-3",
        access_key="key",
        secret_key="hidden",
        session_token="hidden too",
    )
    assert (
        S3Store("bucket", "", access)
        .sign("a", 60)
        .startswith("https://bucket.s3.eu-west-3.amazonaws.com/a?")
    )
    assert (
        S3Store("b.c", "", access)
        .sign("a", 60)
        .startswith("https://s3.eu-west-3.amazonaws.com/b.c/a?")
    )
    assert "hidden" not in repr(access)


def test_a_bucket_of_aws_is_listed_at_its_root() -> None:
    access = S3Access(
        endpoint_url=None,
        public_endpoint_url=None,
        region="cn-north-1",
        access_key="key",
        secret_key="hidden",
        session_token=None,
    )
    host = "s3.cn-north-1.amazonaws.com.cn"
    in_host = S3Client(access, "bucket")._place(None)
    in_path = S3Client(access, "b.c")._place(None)
    assert in_host.origin == f"https://bucket.{host}"
    assert in_host.path_of("") == "/"
    assert in_path.origin == f"https://{host}"
    assert in_path.path_of("") == "/b.c"


def test_a_deletion_has_the_digest_that_older_servers_demand() -> None:
    with serving(answer("200 OK", b"<DeleteResult/>")) as canned:
        store_of(canned).delete(["job/a", "job/b"])
    (asked,) = canned.requests
    assert asked.line == "POST /bucket?delete HTTP/1.1"
    assert (
        asked.headers["Content-MD5"]
        == base64.b64encode(
            hashlib.md5(asked.body, usedforsecurity=False).digest()
        ).decode()
    )


def test_a_deletion_names_its_objects_in_xml() -> None:
    key = "job/a&b<c>\r\nd"
    with serving(answer("200 OK", b"<DeleteResult/>")) as canned:
        store_of(canned).delete([key])
    (asked,) = canned.requests
    assert b"\r" not in asked.body
    document = ET.fromstring(asked.body)  # noqa: S314 - our own
    assert document.findtext("Object/Key") == key


def test_an_impossible_bucket_is_a_fault_of_the_configuration() -> None:
    with (
        serving(answer("200 OK")) as canned,
        pytest.raises(StoreConfigError, match="Invalid bucket name"),
    ):
        S3Store("no bucket", "", canned.server.access).get("job/a")


@pytest.mark.parametrize(
    "reply",
    [
        fault(
            "400 Bad Request",
            "AuthorizationHeaderMalformed",
            "<Region>eu-north-1</Region>",
        ),
        answer(
            "307 Temporary Redirect",
            headers="x-amz-bucket-region: eu-north-1\r\n",
        ),
    ],
)
def test_a_bucket_of_another_region_is_asked_again_with_that_regions_signature(
    reply: bytes, tmp_path: Path
) -> None:
    (tmp_path / "body").write_bytes(b"body")
    good = answer("200 OK", headers=ETAG)
    with serving(good, first=(reply,)) as canned:
        store = store_of(canned)
        store.put("job/a", tmp_path / "body", TEXT)
        store.put("job/b", b"body", TEXT)
        assert "%2Feu-north-1%2F" in store.sign("job/a", 60)
    regions = [
        asked.headers["Authorization"].split("/")[2]
        for asked in canned.requests
    ]
    assert regions == ["us-east-1", "eu-north-1", "eu-north-1"]
    assert {asked.body for asked in canned.requests} == {b"body"}


@pytest.mark.parametrize(
    "reply",
    [
        fault(
            "400 Bad Request",
            "AuthorizationHeaderMalformed",
            "<Region>us-east-1</Region>",
        ),
        fault(
            "400 Bad Request",
            "AuthorizationHeaderMalformed",
            "<Region>a.example.org/</Region>",
        ),
        fault("400 Bad Request", "AuthorizationHeaderMalformed"),
        fault("400 Bad Request", "InvalidRequest", "<Region>other</Region>"),
    ],
)
def test_a_redirect_without_another_region_is_a_fault_of_the_configuration(
    reply: bytes,
) -> None:
    with serving(reply) as canned:
        with pytest.raises(StoreConfigError, match=r"check .*AWS_REGION"):
            store_of(canned).get("job/a")
        assert len(canned.requests) == 1
