"""Signatures of requests to S3: AWS Signature Version 4.

The SDK's signer derives the day's key for every request, and parses each URL three times.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
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
        self._latest = _Scope(name="", key=b"", credential="")

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
        scope = self._scope(time, region)
        signature = _signature(time, scope, canonical)
        signed["Authorization"] = (
            f"{_ALGORITHM} Credential={self._access_key}/{scope.name}, "
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
        scope = self._scope(time, region)
        token = ""
        if self._token:
            token = f"&X-Amz-Security-Token={_quoted(self._token)}"
        query = (
            f"X-Amz-Algorithm={_ALGORITHM}&X-Amz-Credential={scope.credential}"
            f"&X-Amz-Date={time}&X-Amz-Expires={expires_seconds}{token}"
            "&X-Amz-SignedHeaders=host"
        )
        canonical = f"GET\n{path}\n{query}\nhost:{host}\n\nhost\n{_UNSIGNED}"
        signature = _signature(time, scope, canonical)
        return f"{query}&X-Amz-Signature={signature}"

    def _scope(self, time: str, region: str) -> "_Scope":
        """Return the scope for a time and a region, which is usually the latest one."""
        name = f"{time[:8]}/{region}/s3/aws4_request"
        scope = self._latest
        if scope.name != name:
            key = f"AWS4{self._secret_key}".encode()
            for part in name.split("/"):
                key = _hmac(key, part)
            credential = _quoted(f"{self._access_key}/{name}")
            scope = _Scope(name=name, key=key, credential=credential)
            self._latest = scope
        return scope


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scope:
    """What a signature is valid for: a day, a region and a service."""

    name: str
    key: bytes = field(repr=False)
    credential: str
    """The form that a URL takes."""


def _signature(time: str, scope: _Scope, canonical: str) -> str:
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"{_ALGORITHM}\n{time}\n{scope.name}\n{digest}"
    return _hmac(scope.key, text).hex()


def _time(at: datetime) -> str:
    return at.strftime("%Y%m%dT%H%M%SZ")


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _quoted(text: str) -> str:
    return quote(text, safe="~")
