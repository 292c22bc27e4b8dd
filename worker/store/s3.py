"""Objects in S3 and compatible servers.

The SDK must not retry: a conditional PUT whose answer was lost would meet its own object,
and the SDK could not tell. Nor does it read configuration files or metadata services:
`S3Access` is its whole configuration.
"""

import base64
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Literal, cast

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.exceptions import ConnectionError as UnconnectedError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from worker.errors import StoreConfigError, StoreUnavailableError
from worker.store.port import ObjectEntry, ObjectHead
from worker.store.s3_errors import (
    ErrorResponse,
    GarbledError,
    NotS3Error,
    inspect,
    meaning,
    moment,
)

if TYPE_CHECKING:
    # Types only: the package is not installed with the program.
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 20
"""How long a server may be silent before it counts as unavailable."""
CONNECTIONS: Final = 32
"""How many connections are kept open: one for each thread that uses the store."""
PAGE: Final = 1000
"""How many keys S3 lists or deletes in one request."""
EMPTY_PAGES: Final = 1000
"""How many empty pages in a row a listing may have."""
CHUNK_BYTES: Final = 1024 * 1024
_SILENCE: Final = (
    UnconnectedError,
    HTTPClientError,
    IncompleteReadError,
    ResponseParserError,
    HTTPError,
)
"""What the SDK raises for a missing, truncated or foreign answer."""
_UNREADABLE: Final = (
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What the SDK raises for an answer with missing or malformed parts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Access:
    """How to reach an S3 server; without an endpoint it is AWS in that region."""

    endpoint_url: str | None
    public_endpoint_url: str | None
    """The endpoint in signed URLs, if it differs from `endpoint_url`."""
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(repr=False)
    connect_seconds: float = CONNECT_SECONDS
    read_seconds: float = READ_SECONDS


_SESSION: Final[dict[str, Any]] = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
    "ignore_configured_endpoint_urls": (None, None, True, None),
}
"""Keeps the SDK from reading its own profile and files."""


class S3Store:
    """Objects in a bucket, below a prefix that may be empty; threads share one client."""

    def __init__(self, bucket: str, prefix: str, access: S3Access) -> None:
        """Make the client; this sends no request."""
        self._bucket = bucket
        folders = prefix.strip("/")
        self._prefix = f"{folders}/" if folders else ""
        self._access = access
        self._client = _client(access, access.endpoint_url, bucket)
        self.url = f"s3://{bucket}/{self._prefix}".rstrip("/")

    def create(self, key: str, body: bytes, media_type: str) -> float | None:
        """Store an object under a key that has none yet."""
        # guard: create-only PUT: in S3
        return self._put(
            key,
            body,
            hashlib.sha256(body).digest(),
            media_type,
            IfNoneMatch="*",
        )

    def put(
        self, key: str, body: bytes | Path, media_type: str
    ) -> float | None:
        """Store an object; a file is streamed in one request."""
        if isinstance(body, bytes):
            return self._put(
                key, body, hashlib.sha256(body).digest(), media_type
            )
        with body.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
            file.seek(0)
            return self._put(key, file, digest, media_type)

    def copy(self, source: str, target: str) -> None:
        """Copy an object within the bucket; its metadata is copied, too."""
        with self._translating("copy"):
            self._client.copy_object(
                Bucket=self._bucket,
                Key=self._prefix + target,
                CopySource={
                    "Bucket": self._bucket,
                    "Key": self._prefix + source,
                },
            )

    def get(self, key: str) -> bytes:
        with self._translating("read"):
            return self._body(key).read()

    def download(self, key: str, path: Path) -> None:
        """Stream an object's content to a file."""
        with self._translating("read"):
            body = self._body(key)
            with path.open("wb") as file:
                file.writelines(body.iter_chunks(CHUNK_BYTES))

    def head(self, key: str) -> ObjectHead:
        """Return an object's size and age: the answer's `Date` minus its `Last-Modified`."""
        with self._translating("read"):
            answer = self._client.head_object(
                Bucket=self._bucket, Key=self._prefix + key
            )
            # guard: clocks: time is the store's
            now = moment(
                answer["ResponseMetadata"]["HTTPHeaders"]["date"]
            ).timestamp()
            return ObjectHead(
                size=answer["ContentLength"],
                modified=answer["LastModified"].timestamp(),
                now=now,
            )

    def entries(
        self, prefix: str, *, start_after: str = "", limit: int | None = None
    ) -> Iterator[ObjectEntry]:
        """Yield objects, page by page; refuse a server that does not sort by key."""
        while limit is None or limit > 0:
            size = PAGE
            if limit is not None:
                size = min(limit, PAGE)
            page, is_last = self._page(prefix, start_after, size)
            for entry in page:
                if entry.key <= start_after:
                    raise StoreConfigError(
                        f"the store {self.url} does not list objects in the order of their keys: "
                        "use another store"
                    )
                yield entry
                start_after = entry.key
            if is_last:
                return
            limit = None if limit is None else limit - len(page)

    def delete(self, keys: list[str]) -> None:
        """Delete objects, a thousand per request."""
        for first in range(0, len(keys), PAGE):
            objects: list[ObjectIdentifierTypeDef] = [
                {"Key": self._prefix + key}
                for key in keys[first : first + PAGE]
            ]
            with self._translating("delete"):
                answer = self._client.delete_objects(
                    Bucket=self._bucket,
                    Delete={"Objects": objects, "Quiet": True},
                )
            faults = answer.get("Errors", [])
            if faults:
                raise meaning(_refusal(faults[0]), "delete", self.url)

    def sign(self, key: str, expires_seconds: int) -> str:
        """Return a URL signed with SigV4, for the public endpoint."""
        return self._signer.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": self._prefix + key},
            ExpiresIn=expires_seconds,
        )

    def uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{self._prefix}{key}"

    @cached_property
    def _signer(self) -> "S3Client":
        public = self._access.public_endpoint_url
        if public is None:
            return self._client
        return _client(self._access, public, self._bucket)

    def _page(
        self, prefix: str, start_after: str, size: int
    ) -> tuple[list[ObjectEntry], bool]:
        """Return the next entries, and whether they are the last; skip empty pages."""
        # An object that a console made for the prefix itself sorts before this.
        start: dict[str, Any] = {"StartAfter": self._prefix + start_after}
        passed: set[str] = set()
        with self._translating("list"):
            while len(passed) < EMPTY_PAGES:
                page = self._client.list_objects_v2(
                    Bucket=self._bucket,
                    Prefix=self._prefix + prefix,
                    MaxKeys=size,
                    **start,
                )
                entries = [
                    self._entry(item, prefix)
                    for item in page.get("Contents", [])
                ]
                # guard: a listing: an empty page that goes on is not its end
                if entries or not page["IsTruncated"]:
                    return entries, not page["IsTruncated"]
                token = page["NextContinuationToken"]
                if token in passed:
                    break
                passed.add(token)
                start = {"ContinuationToken": token}
            raise GarbledError("an endless listing of empty pages")

    def _entry(self, item: Mapping[str, Any], prefix: str) -> ObjectEntry:
        key = item["Key"]
        if not key.startswith(self._prefix + prefix):
            raise GarbledError(
                f"a listing with {key!r}, which was not asked for"
            )
        return ObjectEntry(
            key=key.removeprefix(self._prefix),
            size=item["Size"],
            modified=item["LastModified"].timestamp(),
        )

    def _body(self, key: str) -> "StreamingBody":
        answer = self._client.get_object(
            Bucket=self._bucket, Key=self._prefix + key
        )
        # Without a length, a truncated body would go unnoticed.
        if "ContentLength" not in answer:
            raise KeyError("ContentLength")
        return answer["Body"]

    def _put(
        self,
        key: str,
        body: bytes | IO[bytes],
        digest: bytes,
        media_type: str,
        **condition: Any,  # noqa: ANN401 - the SDK's own parameters
    ) -> float | None:
        with self._translating("create" if condition else "write"):
            answer = self._client.put_object(
                Bucket=self._bucket,
                Key=self._prefix + key,
                Body=body,
                ContentType=media_type,
                ChecksumSHA256=base64.b64encode(digest).decode(),
                **condition,
            )
        with suppress(*_UNREADABLE):
            return moment(
                answer["ResponseMetadata"]["HTTPHeaders"]["date"]
            ).timestamp()
        # The object is stored, although the time is unknown.
        return None

    @contextmanager
    def _translating(self, doing: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            raise meaning(_answer(error), doing, self.url) from error
        except (BotoCoreError, ResponseParserError, HTTPError) as error:
            raise self._unanswered(error, doing) from error
        except NotS3Error as error:
            failure = self._failure(doing)
            raise StoreConfigError(
                f"{failure}: the server at {self._server} is not an S3 store ({error}): "
                "check AWS_ENDPOINT_URL_S3 (https or http?), and any proxy"
            ) from error
        except (GarbledError, *_UNREADABLE) as error:
            failure = self._failure(doing)
            raise StoreUnavailableError(
                f"{failure}: the answer of {self._server} cannot be read ({error}); "
                "check that no proxy changes it"
            ) from error

    def _failure(self, doing: str) -> str:
        return f"cannot {doing} at {self.url}"

    @property
    def _server(self) -> str:
        return self._access.endpoint_url or f"AWS in {self._access.region}"

    def _unanswered(self, error: Exception, doing: str) -> Exception:
        server = self._server
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return StoreConfigError(
                f"the certificate of the store {server} is not trusted: check AWS_CA_BUNDLE"
            )
        failure = self._failure(doing)
        if isinstance(error, _SILENCE):
            kind = type(error).__name__
            return StoreUnavailableError(
                f"{failure}: the server {server} does not answer ({kind})"
            )
        reason = " ".join(str(error).split())
        return StoreConfigError(f"{failure}: {reason}")


def _refusal(fault: Mapping[str, Any]) -> ErrorResponse:
    """Return the error of one object in the answer to a request for several."""
    code = fault.get("Code", "")
    return ErrorResponse(
        status=403 if code == "AccessDenied" else 503,
        code=code,
        message=fault.get("Message") or "",
    )


def _answer(error: ClientError) -> ErrorResponse:
    response = cast("dict[str, Any]", error.response)
    fault = response.get("Error", {})
    metadata = response["ResponseMetadata"]
    headers = metadata["HTTPHeaders"]
    ours = fault.get("RequestTime")
    theirs = fault.get("ServerTime")
    return ErrorResponse(
        status=metadata["HTTPStatusCode"],
        code=fault.get("Code", ""),
        message=fault.get("Message") or "",
        sent_at=headers.get("date", "another time"),
        times=(ours, theirs) if ours and theirs else None,
    )


def _client(
    access: S3Access, endpoint_url: str | None, bucket: str
) -> "S3Client":
    # Making clients is not thread-safe, so each has its own session; using them is.
    core = botocore.session.Session(session_vars=_SESSION)
    session = boto3.session.Session(botocore_session=core)
    client = session.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=access.region,
        aws_access_key_id=access.access_key,
        aws_secret_access_key=access.secret_key,
        aws_session_token=access.session_token,
        config=_config(access, _addressing_style(endpoint_url, bucket)),
    )
    events = client.meta.events
    events.register("before-call.s3.DeleteObjects", _add_md5)
    # The SDK's own handlers turn a web page with status 200 into an HTTP 500. Of two matching
    # patterns, the one with the earlier wildcard runs first.
    # guard: a store that is none: a page that comes with 200
    events.register("before-parse.*.*", _inspect)
    return client


def _config(
    access: S3Access, addressing_style: Literal["path", "virtual"]
) -> Config:
    return Config(
        signature_version="s3v4",
        connect_timeout=access.connect_seconds,
        read_timeout=access.read_seconds,
        tcp_keepalive=True,
        max_pool_connections=CONNECTIONS,
        retries={"total_max_attempts": 1},
        # Many servers do not know the SDK's own checksums. All check the body's signed
        # SHA-256, which the SDK would omit over TLS.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={
            "addressing_style": addressing_style,
            "payload_signing_enabled": True,
        },
    )


def _addressing_style(
    endpoint_url: str | None, bucket: str
) -> Literal["path", "virtual"]:
    """Return where requests name the bucket.

    AWS wants it in the host's name, but has no certificate for names with dots.
    """
    if endpoint_url or "." in bucket:
        return "path"
    return "virtual"


def _inspect(
    operation_model: Any,  # noqa: ANN401 - the SDK's own
    response_dict: dict[str, Any],
    **_: object,
) -> None:
    """Check an answer before the SDK parses it; an object's content is not read."""
    body = response_dict["body"]
    content = None
    if isinstance(body, bytes):
        content = body
    inspect(
        operation_model.name,
        response_dict["status_code"],
        response_dict["headers"],
        content,
    )


def _add_md5(params: dict[str, Any], **_: object) -> None:
    """Add the header that older servers require for this request."""
    digest = hashlib.md5(params["body"], usedforsecurity=False).digest()
    params["headers"]["Content-MD5"] = base64.b64encode(digest).decode()
