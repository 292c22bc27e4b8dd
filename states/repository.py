"""Names of repositories: what they look like, and when two of them mean the same."""

import re
from typing import Final
from urllib.parse import urlsplit

GITHUB: Final = "https://github.com"
_SHORT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


def is_short(repository: str) -> bool:
    """Tell whether a text is `owner/name`, a repository on GitHub."""
    return _SHORT.fullmatch(repository) is not None


def full_url(repository: str) -> str:
    """Return the URL of a repository that may be given as `owner/name`."""
    return f"{GITHUB}/{repository}" if is_short(repository) else repository


def normal_form(repository: str) -> str:
    """Return a form in which names of the same repository are equal.

    Upper and lower case of scheme and host, a default port, `.git`, slashes at the end and `owner/name` make no
    difference. The path's case does: not every host ignores it.
    """
    parts = urlsplit(full_url(repository))
    path = parts.path.rstrip("/").removesuffix(".git").rstrip("/")
    host = (parts.hostname or "").lower()
    port = f":{parts.port}" if parts.port not in {None, _DEFAULT_PORTS.get(parts.scheme.lower())} else ""
    return f"{parts.scheme.lower()}://{host}{port}{path}"


def short_name(repository: str) -> str:
    """Return the last word of a repository's name, of letters, digits, `.`, `_` and `-` only."""
    last = normal_form(repository).rsplit("/", 1)[-1]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip("-.") or "repository"
