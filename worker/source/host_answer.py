"""A git host's answer, and the error that it means.

It is read from git's trace of HTTP headers, not from its messages: those are for people,
and differ from version to version. In the trace git blots out authorizations, and nobody
but this module sees it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urljoin

from states.addresses import page_hint
from states.repository_url import without_credentials
from worker.errors import DataError, RefusedError, TemporaryError, WorkerError

TRACE: Final = {"GIT_TRACE_CURL": "1", "GIT_TRACE_CURL_NO_DATA": "1"}
"""The variables that make git write the trace to stderr."""

_HEADER: Final = re.compile(rb"\d\d:\d\d:\d\d\.\d+ \S+ +<= Recv header: (.*)")
_STATUS: Final = re.compile(rb"HTTP/[\d.]+ (\d{3})")
_TRACE_LINE: Final = re.compile(rb"\d\d:\d\d:\d\d\.\d+ ")
_MAX_REASON: Final = 300
_OF_A_NEWER_GIT: Final = re.compile(
    r"repository extension|-only extension|repo(sitory)? (format )?version|'extensions\.|hash algorithm",
    re.IGNORECASE,
)
_NEWER_GIT: Final = "a newer git has made it, so install that git here"
_ASKED: Final = "/info/refs"
_DAMAGE: Final = b"fsck error"


class UnavailableError(TemporaryError):
    """The git host does not answer, or says that it cannot now.

    `retry_after` in seconds, where it said so.
    """

    code = "git_unavailable"

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """Take one line, and the pause that the host asks for, in seconds."""
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True, kw_only=True, slots=True)
class HostAnswer:
    """A host's last answer to a failed command; `status` is None if there was none."""

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
        target = urljoin(f"{address}{_ASKED}", self.headers["location"]).split(
            "?"
        )[0]
        return target.removesuffix(_ASKED) if target.endswith(_ASKED) else None

    @property
    def is_redirect(self) -> bool:
        """Whether the host redirects."""
        return (
            self.status in {301, 302, 303, 307, 308}
            and "location" in self.headers
        )

    @property
    def is_git(self) -> bool:
        """Whether the server speaks git's protocol."""
        return self.headers.get("content-type", "").startswith(
            "application/x-git-"
        )


def read_answer(stderr: bytes, secrets: Sequence[str] = ()) -> HostAnswer:
    """Read git's trace on stderr, with its secrets removed."""
    for secret in secrets:
        stderr = stderr.replace(secret.encode(), b"***")
    status, headers = None, dict[str, str]()
    for line in stderr.splitlines():
        match = _HEADER.match(line)
        if match is None:
            continue
        if found := _STATUS.match(match[1]):
            status, headers = int(found[1]), {}
        name, colon, value = match[1].decode("latin-1").partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return HostAnswer(
        status=status,
        headers=headers,
        reason=reason(stderr),
        damaged=_DAMAGE in stderr,
    )


def reason(stderr: bytes) -> str:
    """Return git's error message, without secrets.

    Its lines after the first are indented, or stand behind a colon, and belong to it.
    """
    lines = [
        line
        for line in stderr.splitlines()
        if line.strip() and not _TRACE_LINE.match(line)
    ]
    faults = [
        number
        for number, line in enumerate(lines)
        if line.startswith((b"error: ", b"fatal: "))
    ]
    first = faults[0] if faults else 0
    message = lines[first : first + 1] or [b"it says nothing"]
    for line in lines[first + 1 :]:
        if not line.startswith((b" ", b"\t")) and not message[-1].endswith(
            b":"
        ):
            break
        message.append(line.strip())
    text = without_credentials(b" ".join(message).decode("utf-8", "replace"))
    said = "".join(
        character if character.isprintable() else " " for character in text
    )[:_MAX_REASON]
    return f"{said}: {_NEWER_GIT}" if _OF_A_NEWER_GIT.search(said) else said


def failure(
    answer: HostAnswer, address: str, *, has_token: bool
) -> WorkerError:
    """Return the error that a failed command means for the user."""
    match answer.status:
        case None | 200:
            return _broken(answer, address)
        case status if (
            status in {408, 429} or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        ):
            return _unavailable(answer, address)
        case 403 if "retry-after" in answer.headers:
            return _unavailable(answer, address)
        case 401 | 403 if has_token:
            return RefusedError(
                f"{address}: the git host does not accept GITHUB_TOKEN (status {answer.status}): it may have expired, "
                "or lack the right to read this repository's contents",
                code="git_refused",
            )
        case 401 | 403 | 404 | 410 | 451:
            private = (
                "GITHUB_TOKEN may not read it"
                if has_token
                else "it is private: then set GITHUB_TOKEN"
            )
            what = (
                page_hint(address)
                or f"there is no such repository, or {private}"
            )
            return DataError(f"{address}: {what}", code="repository_not_found")
    return _elsewhere(answer, address)


def _unavailable(answer: HostAnswer, address: str) -> WorkerError:
    asked = answer.headers.get("retry-after", "")
    return UnavailableError(
        f"{address}: the git host answers with status {answer.status}: try again later",
        float(asked) if asked.isdecimal() else None,
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
        f"{address}: the git host cannot be reached, or broke off: {answer.reason}"
    )


def _elsewhere(answer: HostAnswer, address: str) -> WorkerError:
    hint = page_hint(address) or ""
    if answer.is_redirect:
        target = reason(
            (answer.moved(address) or answer.headers["location"]).encode()
        )
        return DataError(
            f"{address}: the host points to {target}, which is not followed with a token: if that is the repository, "
            f"give that address{hint and f'; {hint}'}",
            code="repository_moved",
        )
    what = hint or "give the repository's own address"
    return DataError(
        f"{address}: what answers there (status {answer.status}) is no git server: {what}",
        code="not_git",
    )
