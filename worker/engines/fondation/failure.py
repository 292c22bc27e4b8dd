"""Tells by what the CLI prints why it failed, and whether that may pass."""

import re
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from worker.engines.port import EngineFailedError
from worker.errors import DiskError

_SIGNALED: Final = 128


def _status(codes: str) -> str:
    """Return a pattern for HTTP statuses, as `API Error: 401`, `status code 401` or `"status":401`."""
    return rf"(?:^|error|status|code|http)\W{{0,4}}(?:{codes})\b"


_SIGNS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), temporary)
    for pattern, temporary in (
        # What may pass comes first, for where a line says both: trying again costs little.
        (_status(r"408|429|5\d\d"), True),
        (r"rate.?limit|too many requests|usage limit|overloaded", True),
        (
            r"\bE(?:CONNRESET|CONNREFUSED|CONNABORTED|TIMEDOUT|NOTFOUND|AI_AGAIN|PIPE|NETUNREACH|HOSTUNREACH)\b",
            True,
        ),
        (
            r"fetch failed|socket hang up|network error|connection error|timed? ?out|UND_ERR_",
            True,
        ),
        (
            r"internal server error|bad gateway|service unavailable|gateway timeout",
            True,
        ),
        (_status("401|403"), False),
        (
            r"authentication_error|permission_error|unauthorized|could not resolve authentication",
            False,
        ),
        (
            r"invalid (?:x-)?api.?key|api.?key\b.{0,40}\b(?:missing|required|not set|not found|must|invalid)\b",
            False,
        ),
        (r"\b(?:missing|no|set|provide|export)\b.{0,40}api.?key", False),
        (
            r"please run /login|not logged in|oauth token\b.{0,20}\b(?:expired|revoked|invalid)",
            False,
        ),
        # Somebody has to pay; the next run would only ask again.
        (r"credit balance is too low", False),
    )
)
_NO_ROOM: Final = re.compile(
    r"\b(?:ENOSPC|EDQUOT)\b(?!.*watch)|no space left on device|disk quota exceeded",
    re.IGNORECASE,
)
"""What Node and the tools that it starts say of a full disk.

Of too many watched files, it says ENOSPC, too.
"""
_MEANINGLESS: Final = re.compile(
    r"\s|at |Node\.js v|[\W\d_]*$|(?:file://)?/\S+:\d+$"
)
"""Begins lines that say nothing by themselves: of stack traces, and around them."""


def failure(code: int, lines: Iterable[str]) -> EngineFailedError:
    """Return the failure of a CLI process, by its exit code and its last errors."""
    newest_first = list(reversed(list(lines)))
    line, temporary = _reason(newest_first)
    said = f": {line}" if line else ""
    if code > _SIGNALED:
        return EngineFailedError(
            f"the Fondation CLI was killed by {_signal_name(code)}{said}",
            temporary=True,
        )
    return EngineFailedError(
        f"the Fondation CLI ended with exit code {code}{said}",
        temporary=temporary,
    )


def disk_fault(lines: Iterable[str], folder: Path) -> DiskError | None:
    """Return what the CLI says of the disk that its folder is on, or None."""
    line = next((line for line in lines if _NO_ROOM.search(line)), None)
    if line is None:
        return None
    return DiskError(
        f"{folder}: the Fondation CLI says `{line}`: make room there, then run this again"
    )


def permanent(lines: Iterable[str]) -> str | None:
    """Return the line that says that trying again will not help, or None."""
    line, temporary = _reason(list(reversed(list(lines))))
    return None if temporary else line


def _reason(newest_first: list[str]) -> tuple[str, bool]:
    """Return the line that says most, and whether what it says may pass; what nobody knows may."""
    for line in newest_first:
        for sign, temporary in _SIGNS:
            if sign.search(line):
                return line, temporary
    return next(
        (line for line in newest_first if not _MEANINGLESS.match(line)), ""
    ), True


def _signal_name(code: int) -> str:
    try:
        name = signal.Signals(code - _SIGNALED).name
    except ValueError:
        return f"signal {code - _SIGNALED}"
    return f"{name} (out of memory, most likely)" if name == "SIGKILL" else name
