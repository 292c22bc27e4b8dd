"""Signatures, against those of the SDK's own signer."""

from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from worker.store.s3_signer import Signer

AT: Final = datetime(2026, 11, 29, 23, 59, 59, tzinfo=UTC)
LATER: Final = AT + timedelta(seconds=2)
HOST: Final = "store.example:9000"
REGION: Final = "fr-par"
SHA256: Final = "0" * 64
KEYS: Final = ("AKIDEXAMPLE/x", "a secret/+", "token/+=")


def authorization(
    sdk: S3SigV4Auth | S3SigV4QueryAuth, request: AWSRequest, at: datetime
) -> tuple[str, str]:
    """Return the SDK's list of signed headers, and its signature, at a time."""
    request.context["timestamp"] = f"{at:%Y%m%dT%H%M%SZ}"
    canonical = sdk.canonical_request(request)
    text = sdk.string_to_sign(request, canonical)
    names = sdk.signed_headers(sdk.headers_to_sign(request))
    return names, sdk.signature(text, request)


@pytest.mark.parametrize("token", [None, KEYS[2]])
@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("PUT", "/bucket/job/chapters/%C3%A4%20b%2Bc~%25.md"),
        ("POST", "/bucket?delete"),
        ("GET", "/?list-type=2&max-keys=10&prefix=job%2Fa%20b&start-after="),
    ],
)
def test_a_request_is_signed_as_the_sdk_signs_it(
    method: str, target: str, token: str | None
) -> None:
    access_key, secret_key, _ = KEYS
    signer = Signer(access_key, secret_key, token)
    sdk = S3SigV4Auth(Credentials(access_key, secret_key, token), "s3", REGION)
    given = {"Host": HOST, "Content-Type": "text/plain", "If-None-Match": "*"}
    # The second is of another day.
    for at in (AT, LATER, AT):
        headers = signer.headers(
            method, target, given, sha256=SHA256, region=REGION, at=at
        )
        authorized = headers.pop("Authorization")
        request = AWSRequest(method, f"http://{HOST}{target}", headers)
        names, signature = authorization(sdk, request, at)
        assert f"SignedHeaders={names}, " in authorized
        assert authorized.endswith(f"Signature={signature}")
        assert f"Credential={sdk.scope(request)}," in authorized
        assert headers.get("X-Amz-Security-Token") == token


@pytest.mark.parametrize("token", [None, KEYS[2]])
def test_a_url_is_signed_as_the_sdk_signs_it(token: str | None) -> None:
    access_key, secret_key, _ = KEYS
    path = "/bucket/job/a%20b.md"
    query = Signer(access_key, secret_key, token).query(
        path, host=HOST, region=REGION, at=AT, expires_seconds=604800
    )
    signed, _, signature = query.rpartition("&X-Amz-Signature=")
    sdk = S3SigV4QueryAuth(
        Credentials(access_key, secret_key, token), "s3", REGION
    )
    request = AWSRequest("GET", f"http://{HOST}{path}?{signed}")
    names, expected = authorization(sdk, request, AT)
    assert signature == expected
    fields = dict(parse_qsl(urlsplit(str(request.url)).query))
    assert fields.pop("X-Amz-Credential") == sdk.scope(request)
    assert fields.pop("X-Amz-Security-Token", None) == token
    assert fields == {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Date": "20261129T235959Z",
        "X-Amz-Expires": "604800",
        "X-Amz-SignedHeaders": names,
    }


def test_a_regions_key_is_not_taken_for_another_region() -> None:
    signer = Signer("key", "secret", None)

    def signature(region: str) -> str:
        return signer.query(
            "/b/a", host=HOST, region=region, at=AT, expires_seconds=60
        ).rpartition("=")[2]

    first = signature("fr-par")
    assert signature("nl-ams") != first
    assert signature("fr-par") == first
