"""What an S3 server's errors mean, and what to do about them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final
from xml.etree import ElementTree as ET

from worker.errors import (
    ConflictError,
    ExistsError,
    MissingError,
    StoreConfigError,
    StoreRefusedError,
    StoreUnavailableError,
)
from worker.system.logs import printable

_PASSING: Final = {
    # The body was damaged in transit.
    "BadDigest",
    "IncompleteBody",
    "RequestTimeout",
    "SlowDown",
    "ThrottlingException",
    "TooManyRequests",
    "XAmzContentSHA256Mismatch",
}
_CREDENTIALS: Final = {"ExpiredToken", "InvalidToken", "TokenRefreshRequired"}
"""Codes that refuse a session token, whatever the status."""
_MAX_SHOWN: Final = 200
_NOT_FOUND: Final = 404
_READING: Final = {"read", "copy"}
"""Requests that a missing object answers with 404."""
_PRECONDITION_FAILED: Final = 412
_SERVER_ERROR: Final = 500
_KINDS: Final[dict[int, type[Exception]]] = {
    401: StoreRefusedError,
    403: StoreRefusedError,
    404: MissingError,
    408: StoreUnavailableError,
    409: ConflictError,
    412: ExistsError,
    429: StoreUnavailableError,
    501: StoreConfigError,
}
_CONCLUSIVE: Final = _KINDS.keys() - {_NOT_FOUND}
"""Statuses that mean the same on any server."""
_CONFIG: Final = {
    "AuthorizationHeaderMalformed": "check AWS_REGION",
    "IllegalLocationConstraintException": "check AWS_REGION",
    "NoSuchBucket": "there is no such bucket: create it, or correct STORE_URL",
    "NotImplemented": "this server does not implement the request: use another store",
    "PermanentRedirect": "the bucket is elsewhere: check AWS_REGION and AWS_ENDPOINT_URL_S3",
    "RequestTimeTooSkewed": "this machine's clock is wrong: set it",
}
"""Codes that need an operator, and what the operator has to do."""
_ROOTS: Final = {
    "CopyObject": "CopyObjectResult",
    "ListObjectsV2": "ListBucketResult",
    "DeleteObjects": "DeleteResult",
}
"""The root element of an answer's body, for answers that are not an object's content."""
_ROOT: Final = re.compile(rb"\s*(?:<[?!][^>]*>\s*)*<(?:[\w.-]+:)?([\w.-]+)")
_DATE: Final = re.compile(
    r"\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d (?:[A-Z]{3}|[+-]\d{4})"
)
_DATES: Final = 8
"""How many dates are cached: all answers within a second have the same one."""
_OTHER_ADVICE: Final = "check STORE_URL, AWS_ENDPOINT_URL_S3 and AWS_REGION"
_REFUSED: Final = (
    "check the access key and its secret (and the session token), this machine's clock, and "
    "that the key may read, write, list and delete there"
)


class NotS3Error(Exception):
    """The server is not an S3 server; the message describes its answer."""


class GarbledError(Exception):
    """An S3 server's answer cannot be read; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorResponse:
    """An error as a server sent it; the answer to HEAD has only a status."""

    status: int
    code: str
    message: str
    sent_at: str = ""
    """The server's time, from its `Date` header."""
    times: tuple[str, str] | None = None
    """The request's time and the server's (ISO 8601), if the former was refused."""
    region: str = ""
    """Where the bucket is, if the answer names it."""


def inspect(
    operation: str, status: int, headers: Mapping[str, str], body: bytes | None
) -> ET.Element | None:
    """Raise NotS3Error or GarbledError for an answer that no S3 server gives.

    `headers` ignores case; `body` is None for an object's content. Returns the body of an
    answer that is a document.
    """
    if status >= 300:  # noqa: PLR2004 - HTTP's own number
        _inspect_error(status, headers, body or b"")
        return None
    has_length = "content-length" in headers
    if not has_length and "transfer-encoding" not in headers:
        raise GarbledError(f"HTTP {status}, truncated within its headers")
    root = _ROOTS.get(operation)
    if root is not None:
        return _inspect_document(root, status, headers, body or b"")
    if not _is_about_an_object(operation, headers, body):
        raise _not_s3(status, headers, body)
    return None


def _inspect_error(
    status: int, headers: Mapping[str, str], body: bytes
) -> None:
    """Raise NotS3Error for an error that no S3 server gives."""
    if status >= _SERVER_ERROR or status in _CONCLUSIVE:
        return
    if _root(body) == "Error":
        return
    is_redirect = status < 400  # noqa: PLR2004 - HTTP's own number
    if is_redirect and "x-amz-bucket-region" not in headers:
        location = headers.get("location", "")
        target = _printable(location.partition("?")[0])
        raise NotS3Error(f"HTTP {status}, a redirect to {target or 'nowhere'}")
    if body:
        raise _not_s3(status, headers, body)


def _inspect_document(
    expected: str, status: int, headers: Mapping[str, str], body: bytes
) -> ET.Element:
    root = _root(body)
    if root not in {expected, "Error"}:
        raise _not_s3(status, headers, body)
    try:
        document = ET.fromstring(body)  # noqa: S314 - as the SDK reads it
    except ET.ParseError as error:
        raise GarbledError(
            f"HTTP {status}, truncated or garbled: {error}"
        ) from error
    if root == "Error":
        code = document.findtext("{*}Code")
        message = document.findtext("{*}Message")
        fault = _printable(f"{code} {message}")
        raise GarbledError(f"HTTP {status}, but an error: {fault}")
    return document


def _root(body: bytes | None) -> str:
    """Return the name of a document's root element, or nothing."""
    match = _ROOT.match(body or b"")
    if match is None:
        return ""
    return match[1].decode()


def _is_about_an_object(
    operation: str, headers: Mapping[str, str], body: bytes | None
) -> bool:
    """Whether an answer has the headers of an S3 object, and is not a web page.

    A web server's `ETag` may be weak. An answer to PUT may have any type if it is empty.
    """
    is_page = headers.get("content-type", "").startswith("text/html")
    if is_page and (body or operation != "PutObject"):
        return False
    if "x-amz-request-id" in headers:
        return True
    etag = headers.get("etag", "")
    return etag.startswith('"')


def _not_s3(
    status: int, headers: Mapping[str, str], body: bytes | None
) -> NotS3Error:
    """Return the error for an answer of another kind of server."""
    content_type = _printable(headers.get("content-type", ""))
    media_type = content_type or "no content type"
    kind = "not an S3 response"
    if "html" in media_type or _root(body).lower() == "html":
        kind = "a web page"
    return NotS3Error(f"HTTP {status}, {kind} ({media_type})")


def _printable(text: str) -> str:
    start = text[:_MAX_SHOWN]
    line = printable(start).replace("\t", " ")
    return line.strip()


@lru_cache(maxsize=_DATES)
def moment(text: str) -> datetime:
    """Return the time of a `Date` header.

    Of several dates, it returns the earliest, by which an object is youngest.
    """
    moments: list[datetime] = []
    for date in _DATE.findall(text):
        parsed = parsedate_to_datetime(date)
        zone = parsed.tzinfo or UTC
        moments.append(parsed.replace(tzinfo=zone))
    if not moments:
        raise ValueError(f"no Date, but {text!r}")
    return min(moments)


def meaning(answer: ErrorResponse, doing: str, url: str) -> Exception:
    """Return the error that an answer means.

    `doing` is `create`, `read`, `write`, `copy`, `list` or `delete`.
    """
    kind = _kind(answer, doing)
    explanation = f"{answer.code} {answer.message}"
    words = explanation.split()
    reason = " ".join(words) or "no reason given"
    message = f"cannot {doing} at {url}: HTTP {answer.status}, {reason}"
    if kind is StoreRefusedError:
        message += f"; {_REFUSED}"
    elif kind is StoreConfigError:
        advice = _CONFIG.get(answer.code, _OTHER_ADVICE)
        message += f"; {advice}"
    if answer.code == "RequestTimeTooSkewed":
        skew = _skew(answer)
        message += f" ({skew})"
    return kind(message)


def _kind(answer: ErrorResponse, doing: str) -> type[Exception]:
    status = answer.status
    lacks_bucket = status == _NOT_FOUND and doing not in _READING
    if answer.code in _CONFIG or lacks_bucket:
        return StoreConfigError
    is_odd = status == _PRECONDITION_FAILED and doing != "create"
    if answer.code in _PASSING or is_odd:
        return StoreUnavailableError
    if answer.code in _CREDENTIALS:
        return StoreRefusedError
    if status in _KINDS:
        return _KINDS[status]
    if status >= _SERVER_ERROR:
        return StoreUnavailableError
    return StoreConfigError


def _skew(answer: ErrorResponse) -> str:
    """Say by how much the clocks of this machine and of the store differ."""
    unknown = f"the store's clock says {answer.sent_at}"
    if answer.times is None:
        return unknown
    try:
        ours, theirs = map(datetime.fromisoformat, answer.times)
        difference = ours - theirs
    except (ValueError, TypeError):
        return unknown
    seconds = abs(difference.total_seconds())
    return f"by {seconds:.0f} seconds"
