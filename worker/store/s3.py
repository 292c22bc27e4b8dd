"""Objects in S3 and its look-alikes.

The SDK tries nothing again: a conditional PUT whose answer was lost would meet its own object, and the SDK could not
tell. It reads nothing ambient either, neither files nor metadata services: what `S3Access` does not say does not count.
"""

import base64
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as UnconnectedError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from worker.errors import StoreConfigError, StoreUnavailableError
from worker.store.answers import Answer, GarbledError, StrangerError, inspect, meaning, moment
from worker.store.port import Entry, Head

if TYPE_CHECKING:
    # Types only: the package is not installed with the program.
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 20
"""So long a server may be silent before it counts as away."""
CONNECTIONS: Final = 32
"""Kept open at most: one for each thread that talks to the store; more threads would open their own each time."""
PAGE: Final = 1000
"""The most keys that S3 lists or deletes in one call."""
EMPTY_PAGES: Final = 1000
"""So many in a row may say that the listing goes on."""
CHUNK_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Access:
    """How an S3 server is reached; without an endpoint it is that of AWS in the region."""

    endpoint_url: str | None
    public_endpoint_url: str | None
    """Where the readers of signed URLs see the server, if not at `endpoint_url`."""
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(repr=False)
    connect_seconds: float = CONNECT_SECONDS
    read_seconds: float = READ_SECONDS


class S3Store:
    """Objects in a bucket, below a prefix, which may be empty; one client for all threads."""

    def __init__(self, bucket: str, prefix: str, access: S3Access) -> None:
        """Make the client; nothing is sent yet."""
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/".lstrip("/")
        self._access = access
        self._client = _client(access, access.endpoint_url, bucket)
        self.url = f"s3://{bucket}/{self._prefix}".rstrip("/")

    def create(self, key: str, body: bytes, media_type: str) -> None:
        """Store an object if there is none under that key."""
        self._put(key, body, hashlib.sha256(body).digest(), media_type, IfNoneMatch="*")

    def put(self, key: str, body: bytes | Path, media_type: str) -> float | None:
        """Store an object, whatever was there; a file is sent in one piece, as it is read."""
        if isinstance(body, bytes):
            return self._put(key, body, hashlib.sha256(body).digest(), media_type)
        with body.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
            file.seek(0)
            return self._put(key, file, digest, media_type)

    def get(self, key: str) -> bytes:
        """Return an object's content."""
        with self._translating("read"):
            return self._body(key).read()

    def download(self, key: str, path: Path) -> None:
        """Write an object's content to a file, as it arrives."""
        with self._translating("read"):
            body = self._body(key)
            with path.open("wb") as file:
                file.writelines(body.iter_chunks(CHUNK_BYTES))

    def head(self, key: str) -> Head:
        """Return an object's size and age: the answer's `Date` less its `Last-Modified`."""
        with self._translating("read"):
            answer = self._client.head_object(Bucket=self._bucket, Key=self._prefix + key)
            now = moment(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()
            return Head(size=answer["ContentLength"], modified=answer["LastModified"].timestamp(), now=now)

    def entries(self, prefix: str, *, start_after: str = "", limit: int | None = None) -> Iterator[Entry]:
        """Yield objects, page by page; a server that does not list in the order of keys is refused."""
        while limit is None or limit > 0:
            size = PAGE if limit is None else min(limit, PAGE)
            page, whole = self._page(prefix, start_after, size)
            for entry in page:
                if entry.key <= start_after:
                    raise StoreConfigError(
                        f"the store {self.url} does not list in the order of keys: take another store"
                    )
                yield entry
                start_after = entry.key
            if whole:
                return
            limit = None if limit is None else limit - len(page)

    def delete(self, keys: list[str]) -> None:
        """Delete objects, a thousand in one call."""
        for first in range(0, len(keys), PAGE):
            objects: list[ObjectIdentifierTypeDef] = [{"Key": self._prefix + key} for key in keys[first : first + PAGE]]
            with self._translating("delete"):
                answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})
            for fault in answer.get("Errors", []):
                status = 403 if fault.get("Code") == "AccessDenied" else 503
                refusal = Answer(status=status, code=fault.get("Code", ""), message=fault.get("Message") or "")
                raise meaning(refusal, "delete", self.url)

    def sign(self, key: str, expires_seconds: int) -> str:
        """Return a URL signed with SigV4, for the endpoint that its readers see."""
        return self._signer.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": self._prefix + key}, ExpiresIn=expires_seconds
        )

    def uri(self, key: str) -> str:
        """Return the object's name."""
        return f"s3://{self._bucket}/{self._prefix}{key}"

    @cached_property
    def _signer(self) -> "S3Client":
        public = self._access.public_endpoint_url
        return _client(self._access, public, self._bucket) if public else self._client

    def _page(self, prefix: str, start_after: str, size: int) -> tuple[list[Entry], bool]:
        """Return the next entries, and whether they are the last; pages that are empty and not the last are passed."""
        start: dict[str, Any] = {
            "StartAfter": self._prefix + start_after  # so a console's marker of the prefix itself is passed over
        }
        passed: set[str] = set()
        with self._translating("list"):
            while len(passed) < EMPTY_PAGES:
                page = self._client.list_objects_v2(
                    Bucket=self._bucket, Prefix=self._prefix + prefix, MaxKeys=size, **start
                )
                entries = [self._entry(item, prefix) for item in page.get("Contents", [])]
                if entries or not page["IsTruncated"]:
                    return entries, not page["IsTruncated"]
                token = page["NextContinuationToken"]
                if token in passed:
                    break
                passed.add(token)
                start = {"ContinuationToken": token}
            raise GarbledError("empty pages that do not come to an end")

    def _entry(self, item: Mapping[str, Any], prefix: str) -> Entry:
        key, modified = item["Key"], item["LastModified"]
        if not key.startswith(self._prefix + prefix):
            raise GarbledError(f"a list with {key!r}, which was not asked for")
        return Entry(key=key.removeprefix(self._prefix), size=item["Size"], modified=modified.timestamp())

    def _body(self, key: str) -> "StreamingBody":
        answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
        answer["ContentLength"]  # without it, nobody would notice that a body ends early
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
            return moment(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()
        return None  # it is stored all the same

    @contextmanager
    def _translating(self, doing: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            raise meaning(_answer(error), doing, self.url) from error
        except (BotoCoreError, ResponseParserError, HTTPError) as error:
            raise self._unanswered(error, doing) from error
        except StrangerError as error:
            raise StoreConfigError(
                f"cannot {doing} at {self.url}: what answers at {self._server} is no S3 store ({error}): "
                "check AWS_ENDPOINT_URL_S3 (https or http?), and any proxy on the way"
            ) from error
        except (GarbledError, *_UNREADABLE) as error:
            raise StoreUnavailableError(
                f"cannot {doing} at {self.url}: the answer of {self._server} cannot be read ({error}); "
                "see that nothing on the way changes it"
            ) from error

    @property
    def _server(self) -> str:
        return self._access.endpoint_url or f"AWS in {self._access.region}"

    def _unanswered(self, error: Exception, doing: str) -> Exception:
        server = self._server
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return StoreConfigError(
                f"the certificate of the store's server {server} is not trusted: check AWS_CA_BUNDLE"
            )
        if isinstance(error, _SILENCE):
            return StoreUnavailableError(
                f"cannot {doing} at {self.url}: the server {server} does not answer ({type(error).__name__})"
            )
        return StoreConfigError(f"cannot {doing} at {self.url}: {' '.join(str(error).split())}")


_SILENCE: Final = (UnconnectedError, HTTPClientError, IncompleteReadError, ResponseParserError, HTTPError)
"""No answer, half of one, or none of S3's."""
_UNREADABLE: Final = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What the SDK raises for an answer that lacks something, or has it in another form."""


def _answer(error: ClientError) -> Answer:
    fault: dict[str, Any] = dict(error.response.get("Error", {}))
    metadata: dict[str, Any] = dict(error.response["ResponseMetadata"])
    ours, theirs = fault.get("RequestTime"), fault.get("ServerTime")
    return Answer(
        status=metadata["HTTPStatusCode"],
        code=fault.get("Code", ""),
        message=fault.get("Message") or "",
        sent_at=metadata["HTTPHeaders"].get("date", "another time"),
        times=(ours, theirs) if ours and theirs else None,
    )


def _client(access: S3Access, endpoint_url: str | None, bucket: str) -> "S3Client":
    # A session of its own: making clients is not thread-safe, using them is.
    core = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
            "ignore_configured_endpoint_urls": (None, None, True, None),
        }
    )
    client = boto3.session.Session(botocore_session=core).client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=access.region,
        aws_access_key_id=access.access_key,
        aws_secret_access_key=access.secret_key,
        aws_session_token=access.session_token,
        config=Config(
            signature_version="s3v4",
            connect_timeout=access.connect_seconds,
            read_timeout=access.read_seconds,
            tcp_keepalive=True,
            max_pool_connections=CONNECTIONS,
            retries={"total_max_attempts": 1},
            # Servers that do not know the SDK's own checksums are many. All check the body's signed SHA-256, which
            # the SDK would leave out over TLS.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={
                # AWS wants the bucket in the host's name, but has no certificate for names with dots; others vary.
                "addressing_style": "path" if endpoint_url or "." in bucket else "virtual",
                "payload_signing_enabled": True,
            },
        ),
    )
    client.meta.events.register("before-call.s3.DeleteObjects", _add_md5)
    # Before the SDK's own handlers, which make an HTTP 500 of a page with 200: of two patterns that fit, the one with
    # the earlier wildcard goes first.
    client.meta.events.register("before-parse.*.*", _inspect)
    return client


def _inspect(operation_model: Any, response_dict: dict[str, Any], **_: object) -> None:  # noqa: ANN401 - the SDK's own
    """Look at an answer before the SDK does; the content of an object is not read."""
    body = response_dict["body"]
    content = body if isinstance(body, bytes) else None
    inspect(operation_model.name, response_dict["status_code"], response_dict["headers"], content)


def _add_md5(params: dict[str, Any], **_: object) -> None:
    """Add the header that older servers demand of this one call."""
    digest = hashlib.md5(params["body"], usedforsecurity=False).digest()
    params["headers"]["Content-MD5"] = base64.b64encode(digest).decode()
