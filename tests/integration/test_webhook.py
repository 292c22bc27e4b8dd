"""The web app's webhook, over real HTTP."""

import base64
import hashlib
import hmac
import time
from contextlib import closing
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from tests.support.receiver import Receiver, Reply, receiving
from tests.support.tcp_server import answering, tcp_server
from worker.outbox.port import UnreachableError, WebhookResponse
from worker.outbox.webhook import HttpWebhook, _pause, signature
from worker.settings.callback import CallbackSettings
from worker.settings.reader import Secret
from worker.system.runtime import SystemRuntime

KEY = base64.b64encode(b"k" * 24).decode()


def post(
    url: str, body: bytes = b"{}", *, signing_key: str | None = None
) -> WebhookResponse:
    settings = CallbackSettings(
        url=url,
        token=Secret("the-token"),
        signing_key=Secret(signing_key) if signing_key else None,
    )
    with closing(HttpWebhook(settings, SystemRuntime(), "1.2.3")) as webhook:
        return webhook.post(body, "job-7", lambda: 5)


def test_an_event_is_posted_with_the_headers_of_the_contract(
    receiver: Receiver,
) -> None:
    answer = post(receiver.url, b'{"a": 1}')
    [delivery] = receiver.deliveries
    assert answer.status_code == 200
    assert delivery.body == b'{"a": 1}'
    assert delivery.headers["x-job-token"] == "the-token"
    assert delivery.headers["idempotency-key"] == "job-7"
    assert delivery.headers["user-agent"] == "fondation-worker/1.2.3"
    assert delivery.headers["content-type"] == "application/json"
    assert "webhook-signature" not in delivery.headers


def test_a_signature_matches_the_standards_own_example() -> None:
    headers = signature(
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert (
        headers["webhook-signature"]
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_a_signed_event_can_be_verified_by_its_receiver(
    receiver: Receiver,
) -> None:
    post(receiver.url, signing_key=KEY)
    headers = receiver.deliveries[0].headers
    signed = (
        f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{{}}".encode()
    )
    expected = base64.b64encode(
        hmac.new(b"k" * 24, signed, hashlib.sha256).digest()
    ).decode()
    assert headers["webhook-id"] == "job-7"
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with receiving() as elsewhere:
        receiver.reply = lambda _: Reply(
            status=307, headers={"Location": elsewhere.url}
        )
        assert post(receiver.url).status_code == 307
        assert elsewhere.deliveries == []


@pytest.mark.parametrize(
    ("location", "reported"),
    [
        ("https://other.test/hook?token=s3cret", "https://other.test"),
        ("https://me:s3cret@other.test:8443/hook", "https://other.test:8443"),
        ("/hook/", "http://{receiver}"),
        ("https://other.test:port/", None),
    ],
)
def test_only_the_server_of_a_redirect_is_reported(
    receiver: Receiver, location: str, reported: str | None
) -> None:
    receiver.reply = lambda _: Reply(status=301, headers={"Location": location})
    expected = reported and reported.format(
        receiver=urlsplit(receiver.url).netloc
    )
    assert post(receiver.url).redirect == expected


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("1.5", 1.5),
        (" 7 ", 7),
        ("301", 300),
        ("9" * 400, None),
        ("1e300", 300),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("7, 7", None),
        ("999999999", 300),
        ("1000000000", 0),
        ("999999999999", 300),
        ("1000000000000", 0),
        ("1764300000", 0),
        ("1764300000000", 0),
        ("32503680000", 300),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 9999 07:28:00 GMT", 300),
        ("Wed, 21 Oct 99999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 -0000", None),
    ],
)
def test_the_pause_that_the_receiver_asks_for_is_read_and_bounded(
    receiver: Receiver, header: str, seconds: float | None
) -> None:
    receiver.reply = lambda _: Reply(
        status=429, headers={"Retry-After": header}
    )
    answer = post(receiver.url)
    assert answer.status_code == 429
    assert answer.retry_after == seconds


@pytest.mark.parametrize("unit", [1, 1000])
def test_a_time_instead_of_a_pause_is_waited_for(unit: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    moment = int(now.timestamp()) + 100
    assert _pause(str(moment * unit), now) == 100


def test_the_first_valid_one_of_several_pauses_counts() -> None:
    with tcp_server(
        answering(
            b"HTTP/1.1 503 No\r\nRetry-After: soon\r\nRetry-After: 9\r\n\r\n"
        )
    ) as server:
        assert post(server.url).retry_after == 9


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\ntext",
        b"HTTP/1.1 202 Accepted\r\nContent-Encoding: br, unknown\r\nContent-Length: 9\r\n\r\ntext",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\ntext!",
        b"HTTP/1.0 200 OK\r\n\r\n",
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n"
            b"Link: </>\r\n\r\nHTTP/1.1 201 Created\r\n\r\n"
        ),
    ],
)
def test_a_2xx_acknowledges_with_any_body(answer: bytes) -> None:
    with tcp_server(answering(answer)) as server:
        assert post(server.url).status_code // 100 == 2


def test_a_body_that_never_ends_is_not_waited_for() -> None:
    chunks = [b"1\r\n.\r\n"] * 99
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with tcp_server(answering(head, *chunks, pause=0.2)) as server:
        began = time.monotonic()
        assert post(server.url).status_code == 200
        assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "answer",
    [b"", b"no HTTP\r\n\r\n", b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nContent-Le"],
)
def test_a_text_that_is_not_an_answer_does_not_count(answer: bytes) -> None:
    with (
        tcp_server(answering(answer)) as server,
        pytest.raises(UnreachableError),
    ):
        post(server.url)


def test_a_name_and_a_password_in_the_address_are_given(
    receiver: Receiver,
) -> None:
    post(receiver.url.replace("://", "://me:p%40ss@"))
    assert (
        receiver.deliveries[0].headers["authorization"] == "Basic bWU6cEBzcw=="
    )


def test_a_receiver_without_tls_needs_no_certificates(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    assert post(receiver.url).status_code == 200
    with pytest.raises(FileNotFoundError):
        post(receiver.url.replace("http:", "https:"))


def test_a_receiver_that_hangs_up_has_not_answered(receiver: Receiver) -> None:
    receiver.reply = lambda _: Reply(status=0)
    with pytest.raises(UnreachableError):
        post(receiver.url)


def test_a_refused_connection_has_no_answer_and_the_address_is_not_repeated() -> (
    None
):
    with pytest.raises(UnreachableError) as raised:
        post("http://127.0.0.1:9/secret-path")
    assert "secret-path" not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(
            f"http://{'secret' * 11}.test/",
            id="a label of more than 63 letters",
        ),
        pytest.param("http://secret..test/", id="an empty label"),
        pytest.param(
            f"http://{'secret.' * 40}test/",
            id="a name of more than 253 letters",
        ),
        pytest.param("http://sécret\udc80.test/", id="a name that is not text"),
        pytest.param(
            "http://secret\udc80:secret@receiver.test/",
            id="a user that is not text",
        ),
        pytest.param(
            "http://receiver.test/secret\udc80", id="a path that is not text"
        ),
    ],
)
def test_an_address_that_cannot_be_encoded_is_unreachable(
    address: str,
) -> None:
    with pytest.raises(UnreachableError) as raised:
        post(address)
    assert "secret" not in str(raised.value)
