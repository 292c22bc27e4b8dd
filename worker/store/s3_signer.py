"""Signatures of requests to S3: AWS Signature Version 4.

The SDK's signer derives the day's key for every request, and parses each URL three times.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_UNSIGNED: Final = "UNSIGNED-PAYLOAD"


class Signer:
    """Signs with one pair of keys; threads share it."""

    def __init__(
        self, access_key: str, secret_key: str, token: str | None
    ) -> None:
        self._access_key = access_key
        self._secret_key = secret_key
        self._token = token
        self._derived = ("", b"")
        """The scope of the last signature, and the key derived for it."""

    def headers(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        *,
        sha256: str,
        region: str,
        at: datetime,
    ) -> dict[str, str]:
        """Return the headers of a request, all of which are signed, and its signature.

        `headers` includes `Host`; `target` is path and query as they are sent, the latter in
        the order of its names; `sha256` is the body's digest in hexadecimal.
        """
        time = _time(at)
        signed = {
            **headers,
            "X-Amz-Content-SHA256": sha256,
            "X-Amz-Date": time,
        }
        if self._token:
            signed["X-Amz-Security-Token"] = self._token
        by_name = {name.lower(): signed[name] for name in signed}
        names = sorted(by_name)
        lines = "".join([f"{name}:{by_name[name]}\n" for name in names])
        listed = ";".join(names)
        path, _, query = target.partition("?")
        if query and "=" not in query:
            query += "="
        canonical = f"{method}\n{path}\n{query}\n{lines}\n{listed}\n{sha256}"
        scope = _scope(time, region)
        signature = self._signature(time, scope, canonical)
        signed["Authorization"] = (
            f"{_ALGORITHM} Credential={self._access_key}/{scope}, "
            f"SignedHeaders={listed}, Signature={signature}"
        )
        return signed

    def query(
        self,
        path: str,
        *,
        host: str,
        region: str,
        at: datetime,
        expires_seconds: int,
    ) -> str:
        """Return the query of a URL that anyone may GET, until it expires."""
        time = _time(at)
        scope = _scope(time, region)
        credential = _quoted(f"{self._access_key}/{scope}")
        token = ""
        if self._token:
            token = f"&X-Amz-Security-Token={_quoted(self._token)}"
        query = (
            f"X-Amz-Algorithm={_ALGORITHM}&X-Amz-Credential={credential}"
            f"&X-Amz-Date={time}&X-Amz-Expires={expires_seconds}{token}"
            "&X-Amz-SignedHeaders=host"
        )
        canonical = f"GET\n{path}\n{query}\nhost:{host}\n\nhost\n{_UNSIGNED}"
        signature = self._signature(time, scope, canonical)
        return f"{query}&X-Amz-Signature={signature}"

    def _signature(self, time: str, scope: str, canonical: str) -> str:
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"{_ALGORITHM}\n{time}\n{scope}\n{digest}"
        return _hmac(self._key(scope), text).hex()

    def _key(self, scope: str) -> bytes:
        """Return the key of a day, a region and a service."""
        derived_for, key = self._derived
        if derived_for != scope:
            key = f"AWS4{self._secret_key}".encode()
            for part in scope.split("/"):
                key = _hmac(key, part)
            self._derived = (scope, key)
        return key


def _time(at: datetime) -> str:
    return at.strftime("%Y%m%dT%H%M%SZ")


def _scope(time: str, region: str) -> str:
    return f"{time[:8]}/{region}/s3/aws4_request"


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _quoted(text: str) -> str:
    return quote(text, safe="~")
