"""What the errors of S3 servers mean to the worker."""

import pytest

from worker.errors import (
    ConflictError,
    ExistsError,
    MissingError,
    StoreConfigError,
    StoreRefusedError,
    StoreUnavailableError,
)
from worker.store.s3_errors import ErrorResponse, meaning

URL = "s3://bucket/prefix"


@pytest.mark.parametrize(
    ("status", "code", "doing", "kind"),
    [
        (301, "PermanentRedirect", "read", StoreConfigError),
        (307, "TemporaryRedirect", "read", StoreConfigError),
        (400, "AuthorizationHeaderMalformed", "list", StoreConfigError),
        (400, "BadDigest", "write", StoreUnavailableError),
        (400, "ExpiredToken", "list", StoreRefusedError),
        (400, "InvalidArgument", "write", StoreConfigError),
        (400, "InvalidToken", "write", StoreRefusedError),
        (400, "RequestTimeout", "write", StoreUnavailableError),
        (400, "XAmzContentSHA256Mismatch", "write", StoreUnavailableError),
        (401, "Unauthorized", "read", StoreRefusedError),
        (403, "403", "read", StoreRefusedError),
        (403, "AccessDenied", "delete", StoreRefusedError),
        (403, "ExpiredToken", "read", StoreRefusedError),
        (403, "InvalidAccessKeyId", "write", StoreRefusedError),
        (403, "RequestTimeTooSkewed", "write", StoreConfigError),
        (403, "SignatureDoesNotMatch", "list", StoreRefusedError),
        (404, "404", "read", MissingError),
        (404, "404", "write", StoreConfigError),
        (404, "NoSuchBucket", "read", StoreConfigError),
        (404, "NoSuchKey", "read", MissingError),
        (405, "MethodNotAllowed", "write", StoreConfigError),
        (408, "", "read", StoreUnavailableError),
        (409, "ConditionalRequestConflict", "write", ConflictError),
        (409, "OperationAborted", "write", ConflictError),
        (412, "PreconditionFailed", "create", ExistsError),
        (412, "PreconditionFailed", "write", StoreUnavailableError),
        (412, "PreconditionFailed", "read", StoreUnavailableError),
        (412, "PreconditionFailed", "list", StoreUnavailableError),
        (412, "PreconditionFailed", "delete", StoreUnavailableError),
        (429, "TooManyRequests", "read", StoreUnavailableError),
        (500, "InternalError", "read", StoreUnavailableError),
        (501, "NotImplemented", "write", StoreConfigError),
        (503, "SlowDown", "list", StoreUnavailableError),
        (507, "XMinioStorageFull", "write", StoreUnavailableError),
    ],
)
def test_an_answer_becomes_the_error_that_says_what_to_do(
    status: int, code: str, doing: str, kind: type[Exception]
) -> None:
    error = meaning(
        ErrorResponse(status=status, code=code, message="so\nit is"), doing, URL
    )
    assert type(error) is kind
    assert str(error).startswith(f"cannot {doing} at {URL}: HTTP {status}")
    assert "\n" not in str(error)


def test_a_missing_bucket_is_to_be_created() -> None:
    error = meaning(
        ErrorResponse(status=404, code="NoSuchBucket", message=""), "write", URL
    )
    assert "create it, or correct STORE_URL" in str(error)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (("20261123T120000Z", "2026-11-23T12:20:30Z"), "by 1230 seconds"),
        (
            ("nonsense", "2026-11-23T12:20:30Z"),
            "the store's clock says Mon, 23 Nov 2026 12:20:30 GMT",
        ),
        (
            ("20261123T120000Z", "2026-11-23T12:20:30"),
            "the store's clock says Mon, 23 Nov 2026 12:20:30 GMT",
        ),
        (None, "the store's clock says Mon, 23 Nov 2026 12:20:30 GMT"),
    ],
)
def test_the_offset_of_a_wrong_clock_is_reported(
    times: tuple[str, str] | None, message: str
) -> None:
    sent_at = "Mon, 23 Nov 2026 12:20:30 GMT"
    answer = ErrorResponse(
        status=403,
        code="RequestTimeTooSkewed",
        message="",
        sent_at=sent_at,
        times=times,
    )
    assert str(meaning(answer, "read", URL)).endswith(
        f"this machine's clock is wrong: set it ({message})"
    )
