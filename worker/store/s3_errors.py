"""What an S3 server's errors mean, and what to do about them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
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

_PASSING: Final = {
    "BadDigest",  # damaged in transit
    "IncompleteBody",
    "RequestTimeout",
    "SlowDown",
    "ThrottlingException",
    "TooManyRequests",
    "XAmzContentSHA256Mismatch",
}
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
_CONFIG: Final = {
    "AuthorizationHeaderMalformed": "check AWS_REGION",
    "IllegalLocationConstraintException": "check AWS_REGION",
    "NoSuchBucket": "there is no such bucket: create it, or correct STORE_URL",
    "NotImplemented": "this server does not implement the request: use another store",
    "PermanentRedirect": "the bucket is elsewhere: check AWS_REGION and AWS_ENDPOINT_URL_S3",
    "RequestTimeTooSkewed": "this machine's clock is wrong: set it",
}
"""Codes that need a person, and what that person has to do."""
_ROOTS: Final = {
    "ListObjectsV2": "ListBucketResult",
    "DeleteObjects": "DeleteResult",
}
"""The root element of an answer's body, for answers that are not an object's content."""
_ROOT: Final = re.compile(rb"\s*(?:<[?!][^>]*>\s*)*<(?:[\w.-]+:)?([\w.-]+)")
_DATE: Final = re.compile(
    r"\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d (?:[A-Z]{3}|[+-]\d{4})"
)
_ELSE: Final = "check STORE_URL, AWS_ENDPOINT_URL_S3 and AWS_REGION"
_REFUSED: Final = (
    "check the access key and its secret, this machine's clock, and that the key may "
    "read, write, list and delete there"
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


def inspect(
    operation: str, status: int, headers: Mapping[str, str], body: bytes | None
) -> None:
    """Raise NotS3Error or GarbledError for an answer that no S3 server gives.

    `headers` ignores case; `body` is None for an object's content.
    """
    if status >= 300:  # noqa: PLR2004 - HTTP's own number
        _inspect_error(status, headers, body or b"")
    elif "content-length" not in headers and "transfer-encoding" not in headers:
        raise GarbledError(f"HTTP {status}, truncated within its headers")
    elif operation in _ROOTS:
        _inspect_document(_ROOTS[operation], status, headers, body or b"")
    elif operation.endswith("Object") and not _is_about_an_object(
        operation, headers, body
    ):
        raise NotS3Error(f"HTTP {status}, {_looks(headers, body)}")


def _inspect_error(
    status: int, headers: Mapping[str, str], body: bytes
) -> None:
    """Check an error whose status is not conclusive."""
    if (
        status >= 500  # noqa: PLR2004 - HTTP's own numbers
        or status in _KINDS.keys() - {404}
        or _root(body) == "Error"
    ):
        return
    if status < 400 and "x-amz-bucket-region" not in headers:  # noqa: PLR2004 - HTTP's own number
        where = (
            _printable(headers.get("location", "").partition("?")[0])
            or "nowhere"
        )
        raise NotS3Error(f"HTTP {status}, a redirect to {where}")
    if body:
        raise NotS3Error(f"HTTP {status}, {_looks(headers, body)}")


def _inspect_document(
    expected: str, status: int, headers: Mapping[str, str], body: bytes
) -> None:
    root = _root(body)
    if root not in {expected, "Error"}:
        raise NotS3Error(f"HTTP {status}, {_looks(headers, body)}")
    try:
        document = ET.fromstring(body)  # noqa: S314 - as the SDK does a moment later
    except ET.ParseError as error:
        raise GarbledError(
            f"HTTP {status}, truncated or garbled: {error}"
        ) from error
    if root == "Error":
        code, message = (
            document.findtext("{*}Code"),
            document.findtext("{*}Message"),
        )
        raise GarbledError(
            f"HTTP {status}, and yet an error: {_printable(f'{code} {message}')}"
        )


def _root(body: bytes | None) -> str:
    match = _ROOT.match(body or b"")
    return match[1].decode() if match else ""


def _is_about_an_object(
    operation: str, headers: Mapping[str, str], body: bytes | None
) -> bool:
    """Tell whether an answer has the headers of an S3 object, and is not a web page.

    A web server's `ETag` may be weak. An answer to PUT may have any type if it is empty.
    """
    is_page = headers.get("content-type", "").startswith("text/html")
    if is_page and (body or operation != "PutObject"):
        return False
    return (
        headers.get("etag", "").startswith('"') or "x-amz-request-id" in headers
    )


def _looks(headers: Mapping[str, str], body: bytes | None) -> str:
    media_type = (
        _printable(headers.get("content-type", "")) or "no content type"
    )
    if "html" in media_type or _root(body).lower() == "html":
        return f"a web page ({media_type})"
    return f"an answer that S3 does not give ({media_type})"


def _printable(text: str) -> str:
    characters = [char if char.isprintable() else " " for char in text[:200]]
    return "".join(characters).strip()


def moment(text: str) -> datetime:
    """Return the time of a `Date` header.

    Of several dates, that is the earliest: by it, an object's age is least.
    """
    moments: list[datetime] = []
    for date in _DATE.findall(text):
        parsed = parsedate_to_datetime(date)
        moments.append(parsed.replace(tzinfo=parsed.tzinfo or UTC))
    if not moments:
        raise ValueError(f"no Date, but {text!r}")
    return min(moments)


def meaning(answer: ErrorResponse, doing: str, url: str) -> Exception:
    """Return the error that an answer means.

    `doing` is `create`, `read`, `write`, `list` or `delete`.
    """
    kind = _kind(answer, doing)
    advice = ""
    if kind is StoreRefusedError:
        advice = f"; {_REFUSED}"
    elif kind is StoreConfigError:
        advice = f"; {_CONFIG.get(answer.code, _ELSE)}"
    if answer.code == "RequestTimeTooSkewed":
        advice += f" ({_skew(answer)})"
    reason = (
        " ".join(f"{answer.code} {answer.message}".split()) or "no reason given"
    )
    return kind(
        f"cannot {doing} at {url}: HTTP {answer.status}, {reason}{advice}"
    )


def _kind(answer: ErrorResponse, doing: str) -> type[Exception]:
    if answer.code in _CONFIG or (answer.status == 404 and doing != "read"):  # noqa: PLR2004 - HTTP's own number
        return StoreConfigError
    if answer.code in _PASSING or (answer.status == 412 and doing != "create"):  # noqa: PLR2004 - the same
        return StoreUnavailableError
    if answer.status in _KINDS:
        return _KINDS[answer.status]
    if answer.status >= 500:  # noqa: PLR2004 - HTTP's own number
        return StoreUnavailableError
    return StoreConfigError


def _skew(answer: ErrorResponse) -> str:
    try:
        ours, theirs = (
            datetime.fromisoformat(time) for time in answer.times or ()
        )
        return f"by {abs((ours - theirs).total_seconds()):.0f} seconds"
    except (ValueError, TypeError):
        return f"the store's clock says {answer.sent_at}"
