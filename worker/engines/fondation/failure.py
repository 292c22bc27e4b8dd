"""Tells from the CLI's output why it failed, and whether a retry may help."""

import re
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.engines.port import EngineFailedError
from worker.errors import DiskError

_SIGNALED: Final = 128


def _status(codes: str) -> str:
    """Return a pattern for HTTP statuses: `API Error: 401`, `status code 401`, `"status":401`."""
    return rf"(?:^|error|status|code|http)\W{{0,4}}(?:{codes})\b"


def _patterns(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


_NETWORK_ERRORS: Final = (
    "CONNRESET|CONNREFUSED|CONNABORTED|TIMEDOUT"
    "|NOTFOUND|AI_AGAIN|PIPE|NETUNREACH|HOSTUNREACH"
)
_TEMPORARY: Final = _patterns(
    _status(r"408|429|5\d\d"),
    r"rate.?limit|too many requests|usage limit|overloaded",
    rf"\bE(?:{_NETWORK_ERRORS})\b",
    r"fetch failed|socket hang up|network error|connection error",
    r"timed? ?out|UND_ERR_",
    r"internal server error|bad gateway|service unavailable|gateway timeout",
)
_PERMANENT: Final = _patterns(
    _status("401|403"),
    r"authentication_error|permission_error|unauthorized",
    r"could not resolve authentication",
    r"invalid (?:x-)?api.?key",
    r"api.?key\b.{0,40}\b(?:missing|required|not set|not found|must|invalid)\b",
    r"\b(?:missing|no|set|provide|export)\b.{0,40}api.?key",
    r"please run /login|not logged in",
    r"oauth token\b.{0,20}\b(?:expired|revoked|invalid)",
    # Until the operator pays, every run would get the same answer.
    r"credit balance is too low",
)
_NO_ROOM: Final = re.compile(
    r"\b(?:ENOSPC|EDQUOT)\b(?!.*watch)|no space left on device|disk quota exceeded",
    re.IGNORECASE,
)
"""What Node and the tools that it starts print when the disk is full.

Node prints ENOSPC for too many watched files as well: such a line does not match.
"""
_MEANINGLESS: Final = re.compile(
    r"\s|at |Node\.js v|[\W\d_]*$|(?:file://)?/\S+:\d+$"
)
"""The beginning of lines that state no reason: stack traces, and the lines around them."""


def failure(code: int, lines: Iterable[str]) -> EngineFailedError:
    """Return the error for a CLI process, from its exit code and its last error lines."""
    reason = _reason(lines)
    ending = ""
    if reason.line:
        ending = f": {reason.line}"
    if code > _SIGNALED:
        return EngineFailedError(
            f"the Fondation CLI was killed by {_signal_name(code)}{ending}",
            temporary=True,
        )
    return EngineFailedError(
        f"the Fondation CLI ended with exit code {code}{ending}",
        temporary=reason.temporary,
    )


def disk_fault(lines: Iterable[str], folder: Path) -> DiskError | None:
    """Return an error if the CLI has printed that the disk of its folder is full."""
    for line in lines:
        if _NO_ROOM.search(line):
            return DiskError(
                f"{folder}: the Fondation CLI says `{line}`: "
                "make room there, then run this again"
            )
    return None


def permanent(lines: Iterable[str]) -> str | None:
    """Return the line that shows that a retry will not help, or None."""
    reason = _reason(lines)
    if reason.temporary:
        return None
    return reason.line


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reason:
    line: str
    temporary: bool


def _reason(lines: Iterable[str]) -> _Reason:
    """Return the newest known error; of unknown ones, a retry may help."""
    newest_first = list(lines)[::-1]
    for line in newest_first:
        # A line may match both: a retry costs little, so temporary errors come first.
        if _TEMPORARY.search(line):
            return _Reason(line=line, temporary=True)
        if _PERMANENT.search(line):
            return _Reason(line=line, temporary=False)
    for line in newest_first:
        if not _MEANINGLESS.match(line):
            return _Reason(line=line, temporary=True)
    return _Reason(line="", temporary=True)


def _signal_name(code: int) -> str:
    number = code - _SIGNALED
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
    if name == "SIGKILL":
        return "SIGKILL (probably out of memory)"
    return name
