"""Addresses of pages and push URLs, and the repository's own URL to give instead."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

_GITHUB: Final = "github.com"
_KNOWN: Final = {_GITHUB, "gitlab.com", "bitbucket.org", "codeberg.org"}
"""Hosts whose repositories are known to lie at owner/name, or deeper."""
_SCHEMES: Final = {"ssh", "git", "git+ssh", "ssh+git", "git+https", "git+http"}
_SCP: Final = re.compile(r"[\w.-]+@([A-Za-z0-9.-]+):(?!//)/?([^@]+)")
_BARE: Final = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]+)?/[^@]+")
_OF_A_BRANCH: Final = {
    "tree",
    "blob",
    "raw",
    "blame",
    "edit",
    "commits",
    "src",
    "branch",
    "find",
}
"""Pages whose address continues with the name of a branch."""
_OF_CHANGES: Final = {
    "commit",
    "pull",
    "pulls",
    "pull-requests",
    "merge_requests",
    "compare",
}
_PAGES: Final = {
    *_OF_A_BRANCH,
    *_OF_CHANGES,
    "releases",
    "tags",
    "branches",
    "issues",
    "wiki",
}
_SHORT: Final = re.compile(
    rf"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+/(({'|'.join(_PAGES)})(/[^@]*)?)?"
)
_COMMIT: Final = re.compile("[0-9a-f]{40}([0-9a-f]{24})?")
_GITEA_KINDS: Final = (["branch"], ["tag"], ["commit"])
_OWNER_AND_NAME: Final = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class _Page:
    """The parts of a page's address; `kind` is empty for the repository itself."""

    repository: Sequence[str]
    kind: str = ""
    rest: Sequence[str] = ()


def address_fault(text: str) -> str | None:
    """Say what to give instead of an address that is not a repository's own, or return None."""
    try:
        address = _as_https(text)
        parts = urlsplit(address or "")
        _ = parts.port
    except ValueError:
        return None
    fault = _fault(parts) if address else None
    if address in {None, text} or fault:
        return fault
    return f"it is not the repository's own address: {_advice(parts, _any_page(parts))}"


def _fault(parts: SplitResult) -> str | None:
    page = _marked_page(parts) or _Page(repository=_path(parts))
    host = _host(parts)
    if page.kind:
        return f"it is the address of a page: {_advice(parts, page)}"
    if host == _GITHUB and len(page.repository) == 1:
        return (
            f"it lacks the repository's name: give https://{_GITHUB}/owner/name"
        )
    if parts.query or parts.fragment:
        return f"it contains a `?` or a `#`: {_advice(parts, _any_page(parts))}"
    if host in _KNOWN and host != parts.hostname:
        return f"it is not the repository's own address: {_advice(parts, page)}"
    return None


def page_hint(address: str) -> str | None:
    """Say what to give instead of an address without a repository, if it looks like a page."""
    parts = urlsplit(address)
    page = _any_page(parts)
    if not page.kind:
        return None
    return f"it looks like the address of a page: {_advice(parts, page)}"


def _as_https(text: str) -> str | None:
    """Return the https address that a text leads to, or None if it is unclear."""
    if match := _SCP.fullmatch(text):
        return f"https://{match[1]}/{match[2]}"
    if _BARE.fullmatch(text):
        return f"https://{text}"
    if _SHORT.fullmatch(text):
        return f"https://{_GITHUB}/{text}"
    parts = urlsplit(text)
    if parts.scheme in _SCHEMES and parts.hostname:
        return f"https://{parts.hostname}{parts.path}"
    if parts.scheme in {"https", "http"} and parts.hostname and "@" not in text:
        return text
    return None


def _marked_page(parts: SplitResult) -> _Page | None:
    """Read a page's address by its host's own scheme, which no repository's address follows."""
    path = _path(parts)
    if "-" in path[_OWNER_AND_NAME:]:  # GitLab
        mark = path.index("-", _OWNER_AND_NAME)
        kind = path[mark + 1] if len(path) > mark + 1 else "-"
        return _Page(repository=path[:mark], kind=kind, rest=path[mark + 2 :])
    if path[2:3] == ["src"] and path[3:4] in _GITEA_KINDS:
        kind = "commit" if path[3] == "commit" else "src"
        return _Page(repository=path[:2], kind=kind, rest=path[4:])
    if _host(parts) in {_GITHUB, "bitbucket.org", "codeberg.org"}:
        return _Page(
            repository=path[:2], kind="".join(path[2:3]), rest=path[3:]
        )
    return None


def _any_page(parts: SplitResult) -> _Page:
    """Read a page's address by the scheme that most hosts have in common."""
    path = _path(parts)
    if page := _marked_page(parts):
        return page
    if path[2:3] and path[2] in _PAGES:
        return _Page(repository=path[:2], kind=path[2], rest=path[3:])
    return _Page(repository=path)


def _advice(parts: SplitResult, page: _Page) -> str:
    name = "/".join(page.repository)
    port = f":{parts.port}" if parts.port else ""
    url = f"give {parts.scheme}://{_host(parts)}{port}/{name}"
    branch = _branch(page)
    if branch:
        more = ""
        if len(page.rest) > 1:
            more = "; or more of what follows, if its name contains a slash"
        options = f"--branch {branch}, or BRANCH={branch}{more}"
        return f"{url} and the branch {branch} ({options})"
    if page.kind in _OF_CHANGES or (page.rest and page.kind in _OF_A_BRANCH):
        return f"{url} and a branch or tag that has the change (--branch, or BRANCH)"
    return url


def _branch(page: _Page) -> str | None:
    """Return the branch or tag of a page, as far as one part of the address tells."""
    rest = list(page.rest)
    if page.kind == "releases" and rest[:1] == ["tag"]:
        rest = rest[1:]
    elif page.kind not in {*_OF_A_BRANCH, "tags"}:
        return None
    if rest[:2] in (["refs", "heads"], ["refs", "tags"]):
        rest = rest[2:]
    if not rest:
        return None
    branch = unquote(rest[0])
    if not branch.isprintable() or _COMMIT.fullmatch(branch):
        return None
    return branch


def _host(parts: SplitResult) -> str:
    """Return the host, for known hosts without the `www.` of their pages."""
    host = parts.hostname or ""
    bare = host.removeprefix("www.")
    if bare in _KNOWN:
        return bare
    return f"[{host}]" if ":" in host else host


def _path(parts: SplitResult) -> list[str]:
    return [part for part in parts.path.split("/") if part]
