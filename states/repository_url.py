"""Repository names: checks them, and decides whether two mean the same repository."""

import re
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from states.addresses import address_fault
from states.url_patterns import SHORT_REPOSITORY, repository_pattern

GITHUB: Final = "https://github.com"
_SHORT: Final = re.compile(SHORT_REPOSITORY)
_MAX_FOLDER_BYTES: Final = 200
"""File systems allow 255 bytes for a name; the rest is left for suffixes."""
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


def is_short(repository: str) -> bool:
    """Whether a text is `owner/name`, a repository on GitHub."""
    return _SHORT.fullmatch(repository) is not None


def full_url(repository: str) -> str:
    """Return the URL of a repository that may be given as `owner/name`."""
    if is_short(repository):
        return f"{GITHUB}/{repository}"
    return repository


def normal_form(repository: str) -> str:
    """Return the normal form of a repository's name.

    Upper and lower case of scheme and host, a default port, `.git`, slashes at the end and
    `owner/name` make no difference. The path's case does, because not every host ignores it.
    """
    parts = urlsplit(full_url(repository))
    path = parts.path.rstrip("/")
    path = path.removesuffix(".git")
    path = path.rstrip("/")
    # `urlsplit` puts scheme and host into lower case.
    scheme = parts.scheme
    host = parts.hostname or ""
    if parts.port not in {None, _DEFAULT_PORTS.get(scheme)}:
        host = f"{host}:{parts.port}"
    return f"{scheme}://{host}{path}"


def short_name(repository: str) -> str:
    """Return the last part of a repository's name, in `A-Za-z0-9._-` only."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", _last_part(repository))
    return name.strip("-.") or "repository"


def folder_name(repository: str) -> str:
    """Return the last part of a repository's name, in any script, as a folder's name."""
    last = _last_part(repository)
    printable = "".join(_folder_character(character) for character in last)
    name = printable.lstrip("-.") or printable or "repository"
    beginning = name.encode()[:_MAX_FOLDER_BYTES]
    return beginning.decode(errors="ignore")


def _folder_character(character: str) -> str:
    if character == "/" or not character.isprintable():
        return "-"
    return character


def _last_part(repository: str) -> str:
    address = normal_form(repository)
    _, _, last = address.rpartition("/")
    return unquote(last)


def repository_fault(repository: str, *, allow_http: bool) -> str | None:
    """Return the fault of a remote repository's name, or None.

    It must be `https://host/path` or `owner/name`. `http://` is accepted for this machine,
    and elsewhere with `allow_http`.
    """
    if is_short(repository):
        return None
    if re.search(r"[\x00-\x20\x7f\\]", repository):
        return "it contains white space, a control character or a backslash"
    try:
        parts = urlsplit(repository)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"it is not a valid URL ({error})"
    may_use_http = allow_http or not host or _is_loopback(host)
    if parts.scheme == "http" and not may_use_http:
        return "http:// is accepted for this machine only: use https://, or set ALLOW_HTTP_GIT=1"
    return (
        address_fault(repository)
        or _url_fault(parts)
        or _shape_fault(repository, allow_http=allow_http)
    )


def without_credentials(repository: str) -> str:
    """Return a repository's name without user and password, for display."""
    return re.sub(r"//[^/@]*@", "//***@", repository)


def _url_fault(parts: SplitResult) -> str | None:
    if parts.username is not None or parts.password is not None:
        return "it contains a user name or a password: leave them out, and set GITHUB_TOKEN"
    if parts.query or parts.fragment:
        return "it contains a `?` or a `#`: give the repository's own URL"
    return None


def _shape_fault(repository: str, *, allow_http: bool) -> str | None:
    if re.fullmatch(repository_pattern(allow_http=allow_http), repository):
        return None
    return "it must be https://host/path, or owner/name for GitHub"


def branch_fault(branch: str) -> str | None:
    """Return the fault of a branch's or tag's name, or None.

    The rules are those of `git check-ref-format`.
    """
    parts = branch.split("/")
    if branch.startswith("-"):
        return "it must not begin with `-`"
    if re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{", branch):
        return (
            "it contains white space or one of `~ ^ : ? * [ \\ .. @{`, "
            "which git does not allow in a branch"
        )
    has_empty_part = not all(parts)
    if has_empty_part or branch.endswith("."):
        return (
            "it must not begin or end with `/`, contain `//`, or end with `.`"
        )
    for part in parts:
        if part.startswith(".") or part.endswith(".lock"):
            return "no part of it may begin with `.` or end with `.lock`"
    return None


def _is_loopback(host: str) -> bool:
    if host in {"localhost", "::1"}:
        return True
    return re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None
