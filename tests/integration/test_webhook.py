"""The web app's webhook, over real HTTP."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.support.receiver import Receiver, Reply, receiving
from worker.callbacks.port import Answer, UnreachableError
from worker.callbacks.webhook import HttpWebhook, signature
from worker.runtime import SystemRuntime
from worker.settings import CallbackSettings, Secret

KEY = base64.b64encode(b"k" * 24).decode()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def post(url: str, body: bytes = b"{}", *, signing_key: str | None = None) -> Answer:
    settings = CallbackSettings(
        url=url,
        token=Secret("the-token"),
        signing_key=Secret(signing_key) if signing_key else None,
        give_up_seconds=1,
    )
    with closing(HttpWebhook(settings, SystemRuntime(), "1.2.3")) as webhook:
        return webhook.post(body, "job-7", lambda: 5)


def test_an_event_is_posted_with_the_headers_of_the_contract(receiver: Receiver) -> None:
    answer = post(receiver.url, b'{"a": 1}')
    [delivery] = receiver.deliveries
    assert answer.status_code == 200
    assert delivery.body == b'{"a": 1}'
    assert delivery.headers["x-job-token"] == "the-token"
    assert delivery.headers["idempotency-key"] == "job-7"
    assert delivery.headers["user-agent"] == "fondation-worker/1.2.3"
    assert delivery.headers["content-type"] == "application/json"
    assert "webhook-signature" not in delivery.headers


def test_a_signature_is_that_of_the_standards_own_example() -> None:
    headers = signature(
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_signed_event_can_be_verified_by_its_receiver(receiver: Receiver) -> None:
    post(receiver.url, signing_key=KEY)
    headers = receiver.deliveries[0].headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{{}}".encode()
    expected = base64.b64encode(hmac.new(b"k" * 24, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-id"] == "job-7"
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with receiving() as elsewhere:
        receiver.reply = lambda _: Reply(status=307, headers={"Location": elsewhere.url})
        assert post(receiver.url).status_code == 307
        assert elsewhere.deliveries == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("", None), ("soon", None), ("-1", None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0)],
)
def test_the_pause_that_the_receiver_asks_for_is_read(receiver: Receiver, header: str, seconds: float | None) -> None:
    receiver.reply = lambda _: Reply(status=429, headers={"Retry-After": header})
    answer = post(receiver.url)
    assert (answer.status_code, answer.retry_after) == (429, seconds)


def test_a_receiver_that_hangs_up_is_no_answer(receiver: Receiver) -> None:
    receiver.reply = lambda _: Reply(status=0)
    with pytest.raises(UnreachableError):
        post(receiver.url)


def test_nobody_there_is_no_answer_and_the_address_is_not_repeated() -> None:
    with pytest.raises(UnreachableError) as raised:
        post("http://127.0.0.1:9/secret-path")
    assert "secret-path" not in str(raised.value)
