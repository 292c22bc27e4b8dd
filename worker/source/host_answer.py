"""A git host's answer, and the error that it means.

The answer is read from git's trace of HTTP headers, because git's messages are for people and
differ from version to version. Git hides credentials in the trace, and only this module sees it.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import urljoin

from states.addresses import page_hint
from states.repository_url import without_credentials
from worker.errors import DataError, RefusedError, TemporaryError, WorkerError
from worker.system.logs import printable

TRACE: Final = {"GIT_TRACE_CURL": "1", "GIT_TRACE_CURL_NO_DATA": "1"}
"""The variables that make git write the trace to stderr."""

_HEADER: Final = re.compile(rb"\d\d:\d\d:\d\d\.\d+ \S+ +<= Recv header: (.*)")
_STATUS: Final = re.compile(rb"HTTP/[\d.]+ (\d{3})")
_TRACE_LINE: Final = re.compile(rb"\d\d:\d\d:\d\d\.\d+ ")
_MAX_REASON: Final = 300
_OF_A_NEWER_GIT: Final = re.compile(
    r"repository extension|-only extension|repo(sitory)? (format )?version"
    r"|'extensions\.|hash algorithm",
    re.IGNORECASE,
)
_NEWER_GIT: Final = "it was created by a newer git: install that version here"
_REDIRECTS: Final = {301, 302, 303, 307, 308}
_BUSY: Final = {408, 429}
_SERVER_ERROR: Final = 500
_ASKED: Final = "/info/refs"
_DAMAGE: Final = b"fsck error"


class UnavailableError(TemporaryError):
    """The git host does not answer, or is temporarily unavailable."""

    code = "git_unavailable"

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """Take a one-line message, and the pause that the host asks for, in seconds."""
        super().__init__(message)
        self.retry_after = retry_after


class HostAnswer(NamedTuple):
    """A host's last answer to a failed command; `status` is None if it did not answer."""

    status: int | None
    headers: dict[str, str]
    reason: str
    """Git's message, in one line."""
    damaged: bool
    """Whether git has found damaged objects."""

    def moved(self, address: str) -> str | None:
        """Return the repository's new address, or None if the host has not redirected."""
        if not self.is_redirect:
            return None
        asked = f"{address}{_ASKED}"
        location = urljoin(asked, self.headers["location"])
        target, _, _ = location.partition("?")
        if not target.endswith(_ASKED):
            return None
        return target.removesuffix(_ASKED)

    @property
    def is_redirect(self) -> bool:
        if self.status not in _REDIRECTS:
            return False
        return "location" in self.headers

    @property
    def is_git(self) -> bool:
        """Whether the server speaks git's protocol."""
        media_type = self.headers.get("content-type", "")
        return media_type.startswith("application/x-git-")


def read_answer(stderr: bytes, secrets: Sequence[str] = ()) -> HostAnswer:
    """Read git's trace on stderr, with its secrets removed."""
    for secret in secrets:
        stderr = stderr.replace(secret.encode(), b"***")
    status = None
    headers = dict[str, str]()
    for line in stderr.splitlines():
        match = _HEADER.match(line)
        if match is None:
            continue
        header = match[1]
        status_line = _STATUS.match(header)
        if status_line is not None:
            # The headers of earlier answers do not count.
            status = int(status_line[1])
            headers = {}
        text = header.decode("latin-1")
        name, colon, value = text.partition(":")
        if colon:
            name = name.strip().lower()
            headers[name] = value.strip()
    return HostAnswer(
        status=status,
        headers=headers,
        reason=reason(stderr),
        damaged=_DAMAGE in stderr,
    )


def reason(stderr: bytes) -> str:
    """Return git's error message in one line, without secrets."""
    message = b" ".join(_message_lines(stderr))
    text = without_credentials(message.decode("utf-8", "replace"))
    line = printable(text).replace("\t", " ")
    shown = line[:_MAX_REASON]
    if _OF_A_NEWER_GIT.search(shown):
        return f"{shown}: {_NEWER_GIT}"
    return shown


def _message_lines(stderr: bytes) -> list[bytes]:
    """Return the lines of git's first error, or of its first message if there is no error.

    A line belongs to the one above if it is indented, or if that ends with a colon.
    """
    lines = [line for line in stderr.splitlines() if _is_message(line)]
    if not lines:
        return [b"it says nothing"]
    first = 0
    for number, line in enumerate(lines):
        if line.startswith((b"error: ", b"fatal: ")):
            first = number
            break
    message = [lines[first]]
    for line in lines[first + 1 :]:
        is_indented = line.startswith((b" ", b"\t"))
        is_announced = message[-1].endswith(b":")
        if not is_indented and not is_announced:
            break
        message.append(line.strip())
    return message


def _is_message(line: bytes) -> bool:
    if not line.strip():
        return False
    return _TRACE_LINE.match(line) is None


def failure(
    answer: HostAnswer, address: str, *, has_token: bool
) -> WorkerError:
    """Return the error to report for a failed command."""
    match answer.status:
        case None | 200:
            return _broken(answer, address)
        case status if status in _BUSY or status >= _SERVER_ERROR:
            return _unavailable(answer, address)
        case 403 if "retry-after" in answer.headers:
            return _unavailable(answer, address)
        case 401 | 403 if has_token:
            return RefusedError(
                f"{address}: the git host does not accept GITHUB_TOKEN "
                f"(status {answer.status}): it may have expired, "
                "or lack the right to read this repository's contents",
                code="git_refused",
            )
        case 401 | 403 | 404 | 410 | 451:
            return _not_found(address, has_token=has_token)
    return _elsewhere(answer, address)


def _not_found(address: str, *, has_token: bool) -> DataError:
    fault = page_hint(address)
    if not fault and has_token:
        fault = "there is no such repository, or GITHUB_TOKEN may not read it"
    elif not fault:
        fault = "there is no such repository, or it is private: in that case, set GITHUB_TOKEN"
    return DataError(f"{address}: {fault}", code="repository_not_found")


def _unavailable(answer: HostAnswer, address: str) -> WorkerError:
    pause = answer.headers.get("retry-after", "")
    seconds = None
    if pause.isdecimal():
        seconds = float(pause)
    return UnavailableError(
        f"{address}: the git host answered with status {answer.status}: try "
        "again later",
        seconds,
    )


def _broken(answer: HostAnswer, address: str) -> WorkerError:
    if answer.status is not None and not answer.is_git:
        return _elsewhere(answer, address)
    if answer.damaged:
        return DataError(
            f"{address}: the repository is damaged: {answer.reason}",
            code="repository_invalid",
        )
    return UnavailableError(
        f"{address}: the git host cannot be reached, or closed the connection: "
        f"{answer.reason}"
    )


def _elsewhere(answer: HostAnswer, address: str) -> WorkerError:
    hint = page_hint(address) or ""
    if answer.is_redirect:
        return _redirected(answer, address, hint)
    advice = hint or "give the repository's own address"
    return DataError(
        f"{address}: what answers there (status {answer.status}) is not a git server: {advice}",
        code="not_git",
    )


def _redirected(answer: HostAnswer, address: str, hint: str) -> DataError:
    target = answer.moved(address) or answer.headers["location"]
    message = (
        f"{address}: the host redirects to {reason(target.encode())}, which "
        "is not followed: if that is the repository, give that address"
    )
    if hint:
        message += f"; {hint}"
    return DataError(message, code="repository_moved")
