"""The failures of a call, and their consequences."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from worker.engines.claude.foreign import json_object
from worker.engines.port import EngineConfigError, EngineFailedError

_MAX_MESSAGE: Final = 300
_KEY_REFUSED: Final = {401, 403}
_PAYMENT: Final = 402
NOT_FOUND: Final = 404
_TOO_LARGE: Final = 413
_PASSING: Final = {408, 409, 429}
_SERVER_ERRORS: Final = 500
_REQUEST_ERRORS: Final = 400
_SPEND_CODE: Final = "enforced_spend_limit_reached"
_SPEND: Final = re.compile(
    r"api usage limits|spend(ing)? limit|credit balance", re.IGNORECASE
)
_TOO_LONG: Final = re.compile(
    r"too long|context (limit|window|length)", re.IGNORECASE
)


class UnusableAnswerError(Exception):
    """The model gives no usable answer to a question; other questions may still get one."""

    def __init__(self, reason: str) -> None:
        """Take one line."""
        super().__init__(reason)
        self.reason = reason


class AnswerLostError(Exception):
    """A request may have been answered and billed, but no complete answer came."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """An error answer, or no connection: nothing is billed."""

    reason: str
    """One line, without the text of the request."""
    status: int | None = None
    """None without a connection."""
    code: str = ""
    """The API's own code for the error's details."""
    is_from_api: bool = True
    retry_after: float | None = None
    request_id: str | None = None


class RejectedError(Exception):
    """A request was certainly not answered, and not billed."""

    def __init__(self, refusal: Refusal) -> None:
        """Take the refusal that came instead of an answer."""
        super().__init__(refusal.reason)
        self.refusal = refusal

    @property
    def may_pass(self) -> bool:
        """Whether the same request may succeed later."""
        status = self.refusal.status
        if status is None:
            return True
        if _is_billing(self.refusal):
            return False
        return status in _PASSING or status >= _SERVER_ERRORS

    def consequence(
        self, base_url: str, model: str
    ) -> EngineFailedError | UnusableAnswerError:
        """Return the error to raise for the stage, or for its question."""
        refusal = self.refusal
        reason = refusal.reason
        if _is_billing(refusal):
            return EngineFailedError(
                f"the account of the API key has no credit, or has reached a limit: {reason}; "
                "add credit or raise the limit, then resume the job",
                temporary=False,
                code="billing",
            )
        if refusal.status in _KEY_REFUSED:
            return EngineFailedError(
                f"the API at {base_url} refuses the key: {reason}; correct "
                "ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN, then resume the job",
                temporary=False,
                code="engine_key",
            )
        if refusal.status == _TOO_LARGE or _is_too_long(refusal):
            return UnusableAnswerError(f"the prompt is too long: {reason}")
        if not refusal.is_from_api:
            return EngineConfigError(
                f"the server at {base_url} does not speak the Messages API: {reason}; "
                "check ANTHROPIC_BASE_URL"
            )
        if refusal.status == NOT_FOUND:
            return EngineConfigError(
                f"ANTHROPIC_MODEL is {model!r}, which the API at {base_url} does not know: "
                f"{reason}; set it to a model that is not retired"
            )
        return EngineFailedError(
            f"the API at {base_url} rejects a request to {model}: {reason}",
            temporary=False,
            code="engine_request",
        )


def rejected(
    status: int, headers: Mapping[str, str], content: bytes
) -> RejectedError | AnswerLostError:
    """Return the error for a response other than 200.

    A proxy's error page does not show whether the request was processed.
    """
    error = _error(content)
    request_id = headers.get("request-id")
    if error is None and status >= _SERVER_ERRORS:
        return AnswerLostError(f"HTTP {status} from a proxy")
    message = "no reason given"
    code = ""
    if error is not None:
        kind, text = error.get("type"), error.get("message")
        message = one_line(f"{kind}: {text}")
        code = _code(error)
    refusal = Refusal(
        reason=f"HTTP {status}, {message}",
        status=status,
        code=code,
        is_from_api=error is not None or status == _TOO_LARGE,
        retry_after=_seconds(headers.get("retry-after")),
        request_id=request_id,
    )
    return RejectedError(refusal)


def one_line(text: str) -> str:
    """Return an untrusted text on one line, shortened, and without control characters."""
    printable = "".join(
        character if character.isprintable() else " " for character in text
    )
    return " ".join(printable.split())[:_MAX_MESSAGE]


def _error(content: bytes) -> dict[str, Any] | None:
    """Return the API's own description of an error, or None if the API did not send one."""
    document = json_object(content)
    if document is None:
        return None
    error = document.get("error")
    return error if isinstance(error, dict) else None


def _code(error: Mapping[str, Any]) -> str:
    details = error.get("details")
    if not isinstance(details, dict):
        return ""
    return str(details.get("error_code", ""))


def _seconds(text: str | None) -> float | None:
    if text is None or not re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text):
        return None
    return float(text)


def _is_billing(refusal: Refusal) -> bool:
    if refusal.status == _PAYMENT or refusal.code == _SPEND_CODE:
        return True
    is_refused = refusal.status in {_REQUEST_ERRORS, 403, 429}
    return is_refused and _SPEND.search(refusal.reason) is not None


def _is_too_long(refusal: Refusal) -> bool:
    is_request_error = refusal.status == _REQUEST_ERRORS
    return is_request_error and _TOO_LONG.search(refusal.reason) is not None
