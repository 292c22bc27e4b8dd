"""Keeps secrets of a repository out of prompts."""

import re
from collections.abc import Sequence
from typing import Final

REMOVED: Final = "[secret removed]"

_TOKEN: Final = re.compile(
    r"\b(?:"
    r"(?:AKIA|ASIA)[A-Z0-9]{16}"
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}"
    r"|glpat-[A-Za-z0-9_-]{16,}"
    r"|sk-[A-Za-z0-9_-]{16,}|[rsp]k_(?:live|test)_[A-Za-z0-9]{16,}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}"
    r"|AIza[A-Za-z0-9_-]{30,}"
    r"|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{40,}"
    r"|SCW[A-Z0-9]{17}"
    r"|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"
    r")"
)
_ASSIGNED: Final = re.compile(
    r"(?i)((?:password|passwd|secret|token|api_?key|access_?key|credential)s?"
    r"[\"']?\s*[:=]\s*)([\"'])(?=[^\"'\s]*\d)([A-Za-z0-9+/=_.-]{20,})\2"
)
"""A long random text assigned to a name that suggests a secret."""
_IN_ADDRESS: Final = re.compile(r"(\b\w+://[^\s/:@]*:)[^\s/:@]+(@)")
_BEGIN: Final = re.compile(r"-----BEGIN [A-Z0-9 ]*-----")
_END: Final = re.compile(r"-----END [A-Z0-9 ]*-----")
_ENVIRONMENT: Final = re.compile(r"(?:^|/)\.env(?:\.[^/]*)?$")


def is_secret_file(path: str) -> bool:
    """Whether a file is never sent: `.env`, `.env.local` and so on."""
    return _ENVIRONMENT.search(path) is not None


def scrubbed(lines: Sequence[str]) -> list[str]:
    """Return lines without their secrets; the number of lines does not change."""
    clean: list[str] = []
    is_inside = False
    for line in lines:
        begins = _BEGIN.search(line) is not None
        # guard: prompts: secrets are not sent
        is_hidden = is_inside or begins
        clean.append(REMOVED if is_hidden else _without_tokens(line))
        is_inside = is_hidden and not _END.search(line)
    return clean


def _without_tokens(line: str) -> str:
    shown = _TOKEN.sub(REMOVED, line)
    shown = _IN_ADDRESS.sub(rf"\1{REMOVED}\2", shown)
    return _ASSIGNED.sub(rf"\1\2{REMOVED}\2", shown)
