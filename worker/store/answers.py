"""What an S3 server means by an error, and what its reader has to do about it."""

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
    "BadDigest",  # damaged on its way
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
    "NoSuchBucket": "there is no such bucket: create it, or mend STORE_URL",
    "NotImplemented": "this server cannot do that: take another store",
    "PermanentRedirect": "the bucket is elsewhere: check AWS_REGION and AWS_ENDPOINT_URL_S3",
    "RequestTimeTooSkewed": "this machine's clock is off: set it",
}
"""Codes that a person has to do something about, and what."""
_ROOTS: Final = {"ListObjectsV2": "ListBucketResult", "DeleteObjects": "DeleteResult"}
"""What the body of an answer is, where it has one that is no object."""
_ROOT: Final = re.compile(rb"\s*(?:<[?!][^>]*>\s*)*<(?:[\w.-]+:)?([\w.-]+)")
_DATE: Final = re.compile(r"\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d (?:[A-Z]{3}|[+-]\d{4})")
_ELSE: Final = "check STORE_URL, AWS_ENDPOINT_URL_S3 and AWS_REGION"
_REFUSED: Final = (
    "check the access key and its secret, this machine's clock, and that the key may read, write, list and delete there"
)


class StrangerError(Exception):
    """What answers is no S3 server; the message says what it answers."""


class GarbledError(Exception):
    """An answer of an S3 server cannot be read; the message says what is wrong with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An error as a server sent it; one to HEAD has no body, so that only its status counts."""

    status: int
    code: str
    message: str
    sent_at: str = ""
    """The server's time, as its `Date` header has it."""
    times: tuple[str, str] | None = None
    """Where the request's time is refused: that, and the server's (ISO 8601)."""


def inspect(operation: str, status: int, headers: Mapping[str, str], body: bytes | None) -> None:
    """Raise StrangerError or GarbledError for what no S3 server answers.

    `headers` are found whatever their case; `body` is None for an object's content.
    """
    if status >= 300:  # noqa: PLR2004 - HTTP's own number
        _inspect_error(status, headers, body or b"")
    elif "content-length" not in headers and "transfer-encoding" not in headers:
        raise GarbledError(f"HTTP {status}, broken off in its headers")
    elif operation in _ROOTS:
        _inspect_document(_ROOTS[operation], status, headers, body or b"")
    elif operation.endswith("Object") and not _is_about_an_object(operation, headers, body):
        raise StrangerError(f"HTTP {status}, {_looks(headers, body)}")


def _inspect_error(status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Look at an answer whose status says nothing by itself."""
    if status >= 500 or status in _KINDS.keys() - {404} or _root(body) == "Error":  # noqa: PLR2004 - HTTP's own numbers
        return
    if status < 400 and "x-amz-bucket-region" not in headers:  # noqa: PLR2004 - HTTP's own number
        where = _printable(headers.get("location", "").partition("?")[0]) or "nowhere"
        raise StrangerError(f"HTTP {status}, a redirect to {where}")
    if body:
        raise StrangerError(f"HTTP {status}, {_looks(headers, body)}")


def _inspect_document(expected: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    root = _root(body)
    if root not in {expected, "Error"}:
        raise StrangerError(f"HTTP {status}, {_looks(headers, body)}")
    try:
        document = ET.fromstring(body)  # noqa: S314 - as the SDK does a moment later
    except ET.ParseError as error:
        raise GarbledError(f"HTTP {status}, broken off or garbled: {error}") from error
    if root == "Error":
        code, message = document.findtext("{*}Code"), document.findtext("{*}Message")
        raise GarbledError(f"HTTP {status}, and yet an error: {_printable(f'{code} {message}')}")


def _root(body: bytes | None) -> str:
    found = _ROOT.match(body or b"")
    return found[1].decode() if found else ""


def _is_about_an_object(operation: str, headers: Mapping[str, str], body: bytes | None) -> bool:
    """Tell whether an answer has what S3 says of every object, of which none is a web page.

    The `ETag` of a web server may be weak; an answer to PUT may have any type, if it has no content.
    """
    is_page = headers.get("content-type", "").startswith("text/html")
    if is_page and (body or operation != "PutObject"):
        return False
    return headers.get("etag", "").startswith('"') or "x-amz-request-id" in headers


def _looks(headers: Mapping[str, str], body: bytes | None) -> str:
    kind = _printable(headers.get("content-type", "")) or "no content type"
    what = "a web page" if "html" in kind or _root(body).lower() == "html" else "an answer that is none of S3's"
    return f"{what} ({kind})"


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)[:200].strip()


def moment(text: str) -> datetime:
    """Return the time of a `Date` header; of several, the earliest, by which an object is youngest."""
    moments = [parsedate_to_datetime(found) for found in _DATE.findall(text)]
    if not moments:
        raise ValueError(f"no Date, but {text!r}")
    return min(found.replace(tzinfo=found.tzinfo or UTC) for found in moments)


def meaning(answer: Answer, doing: str, url: str) -> Exception:
    """Return the error that an answer stands for; `doing` is `create`, `read`, `write`, `list` or `delete`."""
    kind = _kind(answer, doing)
    advice = ""
    if kind is StoreRefusedError:
        advice = f"; {_REFUSED}"
    elif kind is StoreConfigError:
        advice = f"; {_CONFIG.get(answer.code, _ELSE)}"
    if answer.code == "RequestTimeTooSkewed":
        advice += f" ({_skew(answer)})"
    reason = " ".join(f"{answer.code} {answer.message}".split()) or "no reason given"
    return kind(f"cannot {doing} at {url}: HTTP {answer.status}, {reason}{advice}")


def _kind(answer: Answer, doing: str) -> type[Exception]:
    if answer.code in _CONFIG or (answer.status == 404 and doing != "read"):  # noqa: PLR2004 - HTTP's own number
        return StoreConfigError
    if answer.code in _PASSING or (answer.status == 412 and doing != "create"):  # noqa: PLR2004 - the same
        return StoreUnavailableError
    return _KINDS.get(answer.status, StoreUnavailableError if answer.status >= 500 else StoreConfigError)  # noqa: PLR2004


def _skew(answer: Answer) -> str:
    try:
        ours, theirs = (datetime.fromisoformat(time) for time in answer.times or ())
        return f"by {abs((ours - theirs).total_seconds()):.0f} seconds"
    except (ValueError, TypeError):
        return f"the store's says {answer.sent_at}"
