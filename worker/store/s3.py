"""Objects in S3 and compatible servers."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote, unquote_plus
from xml.etree import ElementTree as ET

from botocore.exceptions import BotoCoreError
from urllib3.exceptions import HTTPError

from worker.errors import StoreConfigError, StoreUnavailableError
from worker.store.port import ObjectEntry, ObjectHead
from worker.store.s3_client import (
    AnsweredError,
    S3Access,
    S3Client,
    S3Request,
    S3Response,
    query,
)
from worker.store.s3_errors import (
    ErrorResponse,
    GarbledError,
    NotS3Error,
    meaning,
    moment,
)

PAGE: Final = 1000
"""How many keys S3 lists or deletes in one request."""
EMPTY_PAGES: Final = 1000
"""How many empty pages in a row a listing may have."""
CHUNK_BYTES: Final = 1024 * 1024
_UNREADABLE: Final = (
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""The exceptions that an answer with missing or malformed parts raises when it is read."""
_IN_XML: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;", "\n": "&#10;"}
)
"""How a key is written in XML, which would take line ends for spaces."""


class S3Store:
    """Objects in a bucket, below a prefix that may be empty; threads share one client."""

    def __init__(self, bucket: str, prefix: str, access: S3Access) -> None:
        """Make the client; this sends no request."""
        self._bucket = bucket
        folders = prefix.strip("/")
        prefix = ""
        if folders:
            prefix = f"{folders}/"
        self._prefix = prefix
        self._access = access
        self._client = S3Client(access, bucket)
        self.url = f"s3://{bucket}/{self._prefix}".rstrip("/")

    def create(self, key: str, body: bytes, media_type: str) -> float | None:
        """Store an object under a key that has none yet."""
        # guard: create-only PUT: in S3
        return self._put(key, body, hashlib.sha256(body), media_type, "create")

    def put(
        self, key: str, body: bytes | Path, media_type: str
    ) -> float | None:
        """Store an object; a file is streamed in one request."""
        if isinstance(body, bytes):
            return self._put(key, body, hashlib.sha256(body), media_type)
        with body.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
            file.seek(0)
            return self._put(key, file, digest, media_type)

    def copy(self, source: str, target: str) -> None:
        """Copy an object within the bucket; its metadata is copied, too."""
        place = quote(f"{self._bucket}/{self._prefix}{source}", safe="/~")
        request = S3Request(
            operation="CopyObject",
            method="PUT",
            key=self._prefix + target,
            headers={"x-amz-copy-source": place},
        )
        with self._translating("copy"):
            self._client.send(request)

    def get(self, key: str) -> bytes:
        with self._translating("read"):
            answer = self._get(key)
            _check_length(answer, len(answer.body))
            return answer.body

    def download(self, key: str, path: Path) -> None:
        """Stream an object's content to a file."""
        with self._translating("read"):
            answer = self._get(key, is_streamed=True)
            with path.open("wb") as file:
                file.writelines(answer.stream.stream(CHUNK_BYTES))
                _check_length(answer, file.tell())

    def head(self, key: str) -> ObjectHead:
        """Return an object's size and age: the answer's `Date` minus its `Last-Modified`."""
        request = S3Request(
            operation="HeadObject", method="HEAD", key=self._prefix + key
        )
        with self._translating("read"):
            headers = self._client.send(request).headers
            # guard: clocks: time is the store's
            now = moment(headers["date"]).timestamp()
            return ObjectHead(
                size=int(headers["content-length"]),
                modified=moment(headers["last-modified"]).timestamp(),
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
            request = self._deletion(keys[first : first + PAGE])
            with self._translating("delete"):
                document = _document(self._client.send(request))
            fault = document.find("{*}Error")
            if fault is not None:
                raise meaning(_refusal(fault), "delete", self.url)

    def sign(self, key: str, expires_seconds: int) -> str:
        """Return a URL signed with SigV4, for the public endpoint."""
        return self._client.sign(self._prefix + key, expires_seconds)

    def uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{self._prefix}{key}"

    def _page(
        self, prefix: str, start_after: str, size: int
    ) -> tuple[list[ObjectEntry], bool]:
        """Return the next entries, and whether they are the last; skip empty pages."""
        # An object that a console made for the prefix itself sorts before this.
        start = {"start_after": self._prefix + start_after}
        passed: set[str] = set()
        with self._translating("list"):
            while len(passed) < EMPTY_PAGES:
                page = self._listed(prefix, size, start)
                entries = []
                for item in page.iterfind("{*}Contents"):
                    entry = self._entry(item, prefix)
                    entries.append(entry)
                is_last = _text(page, "IsTruncated") != "true"
                # guard: a listing: an empty page is not its end if more follow
                if entries or is_last:
                    return entries, is_last
                token = _text(page, "NextContinuationToken")
                if token in passed:
                    break
                passed.add(token)
                start = {"continuation_token": token}
            raise GarbledError("an endless listing of empty pages")

    def _listed(
        self, prefix: str, size: int, start: dict[str, str]
    ) -> ET.Element:
        parameters = query(
            list_type="2",
            encoding_type="url",
            prefix=self._prefix + prefix,
            max_keys=str(size),
            **start,
        )
        request = S3Request(
            operation="ListObjectsV2", method="GET", query=parameters
        )
        page = _document(self._client.send(request))
        if page.findtext("{*}EncodingType") == "url":
            for key in page.iterfind("{*}Contents/{*}Key"):
                key.text = unquote_plus(key.text or "")
        return page

    def _entry(self, item: ET.Element, prefix: str) -> ObjectEntry:
        key = _text(item, "Key")
        if not key.startswith(self._prefix + prefix):
            raise GarbledError(
                f"a listing with {key!r}, which was not asked for"
            )
        modified = datetime.fromisoformat(_text(item, "LastModified"))
        return ObjectEntry(
            key=key.removeprefix(self._prefix),
            size=int(_text(item, "Size")),
            modified=modified.replace(
                tzinfo=modified.tzinfo or UTC
            ).timestamp(),
        )

    def _get(self, key: str, *, is_streamed: bool = False) -> S3Response:
        request = S3Request(
            operation="GetObject",
            method="GET",
            key=self._prefix + key,
            is_streamed=is_streamed,
        )
        return self._client.send(request)

    def _put(
        self,
        key: str,
        body: bytes | IO[bytes],
        digest: "hashlib._Hash",
        media_type: str,
        doing: str = "write",
    ) -> float | None:
        headers = {
            "Content-Type": media_type,
            "x-amz-checksum-sha256": base64.b64encode(digest.digest()).decode(),
        }
        if doing == "create":
            headers["If-None-Match"] = "*"
        request = S3Request(
            operation="PutObject",
            method="PUT",
            key=self._prefix + key,
            headers=headers,
            body=body,
            sha256=digest.hexdigest(),
        )
        with self._translating(doing):
            answer = self._client.send(request)
        with suppress(*_UNREADABLE):
            return moment(answer.headers["date"]).timestamp()
        # The object is stored, although the time is unknown.
        return None

    def _deletion(self, keys: list[str]) -> S3Request:
        objects = ""
        for key in keys:
            name = f"{self._prefix}{key}".translate(_IN_XML)
            objects += f"<Object><Key>{name}</Key></Object>"
        body = f"<Delete><Quiet>true</Quiet>{objects}</Delete>".encode()
        # Older servers require this header.
        md5 = hashlib.md5(body, usedforsecurity=False).digest()
        return S3Request(
            operation="DeleteObjects",
            method="POST",
            query="delete",
            headers={"Content-MD5": base64.b64encode(md5).decode()},
            body=body,
            sha256=hashlib.sha256(body).hexdigest(),
        )

    @contextmanager
    def _translating(self, doing: str) -> Iterator[None]:
        try:
            yield
        except AnsweredError as error:
            raise meaning(error.answer, doing, self.url) from error
        except (BotoCoreError, HTTPError) as error:
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
        if isinstance(error, HTTPError):
            kind = type(error).__name__
            return StoreUnavailableError(
                f"{failure}: the server {server} does not answer ({kind})"
            )
        reason = " ".join(str(error).split())
        return StoreConfigError(f"{failure}: {reason}")


def _document(answer: S3Response) -> ET.Element:
    assert answer.document is not None  # noqa: S101 - of an operation whose answers are documents
    return answer.document


def _text(element: ET.Element, name: str) -> str:
    text = element.findtext(f"{{*}}{name}")
    if text is None:
        raise KeyError(name)
    return text


def _check_length(answer: S3Response, length: int) -> None:
    """Raise GarbledError for a body that ends early.

    An answer without a length is refused, too: truncation could not be detected.
    """
    announced = int(answer.headers["content-length"])
    if length != announced:
        raise GarbledError(f"{length} of {announced} bytes")


def _refusal(fault: ET.Element) -> ErrorResponse:
    """Return the error of one object in the answer to a request for several."""
    code = fault.findtext("{*}Code", "")
    status = 503
    if code == "AccessDenied":
        status = 403
    return ErrorResponse(
        status=status,
        code=code,
        message=fault.findtext("{*}Message", ""),
    )
