"""What an S3 server means by an error, and what its reader has to do about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

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
_ELSE: Final = "check STORE_URL, AWS_ENDPOINT_URL_S3 and AWS_REGION"
_REFUSED: Final = (
    "check the access key and its secret, this machine's clock, and that the key may read, write, list and delete there"
)


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


def meaning(answer: Answer, doing: str, url: str) -> Exception:
    """Return the error that an answer stands for; `doing` is `read`, `write`, `list` or `delete`."""
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
    if answer.code in _PASSING:
        return StoreUnavailableError
    return _KINDS.get(answer.status, StoreUnavailableError if answer.status >= 500 else StoreConfigError)  # noqa: PLR2004


def _skew(answer: Answer) -> str:
    try:
        ours, theirs = (datetime.fromisoformat(time) for time in answer.times or ())
        return f"by {abs((ours - theirs).total_seconds()):.0f} seconds"
    except (ValueError, TypeError):
        return f"the store's says {answer.sent_at}"
