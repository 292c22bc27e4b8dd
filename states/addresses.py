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
_GITEA_KINDS: Final = {"branch", "tag", "commit"}
_OWNER_AND_NAME: Final = 2
_GITEA_KIND: Final = 3
"""The position of the kind in the path of a page on Gitea."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Page:
    """The parts of a page's address; `kind` is empty for the repository itself."""

    repository: Sequence[str]
    kind: str = ""
    rest: Sequence[str] = ()


def address_fault(text: str) -> str | None:
    """Return advice for an address that is not a repository's own, or None."""
    try:
        address = _as_https(text)
        parts = urlsplit(address or "")
        _ = parts.port
    except ValueError:
        return None
    if not address:
        return None
    fault = _fault(parts)
    if fault or address == text:
        return fault
    advice = _advice(parts, _any_page(parts))
    return f"it is not the repository's own address: {advice}"


def _fault(parts: SplitResult) -> str | None:
    page = _marked_page(parts)
    if page is None:
        page = _Page(repository=_path(parts))
    host = _host(parts)
    if page.kind:
        advice = _advice(parts, page)
        return f"it is the address of a page: {advice}"
    if host == _GITHUB and len(page.repository) == 1:
        return (
            f"it lacks the repository's name: give https://{_GITHUB}/owner/name"
        )
    if parts.query or parts.fragment:
        advice = _advice(parts, _any_page(parts))
        return f"it contains a `?` or a `#`: {advice}"
    if host in _KNOWN and host != parts.hostname:
        advice = _advice(parts, page)
        return f"it is not the repository's own address: {advice}"
    return None


def page_hint(address: str) -> str | None:
    """Return advice for an address without a repository, if it looks like a page."""
    parts = urlsplit(address)
    page = _any_page(parts)
    if not page.kind:
        return None
    advice = _advice(parts, page)
    return f"it looks like the address of a page: {advice}"


def _as_https(text: str) -> str | None:
    """Return the https address that a text leads to, or None if it is unclear."""
    scp_form = _SCP.fullmatch(text)
    if scp_form:
        host, path = scp_form.groups()
        return f"https://{host}/{path}"
    if _BARE.fullmatch(text):
        return f"https://{text}"
    if _SHORT.fullmatch(text):
        return f"https://{_GITHUB}/{text}"
    parts = urlsplit(text)
    if parts.scheme in _SCHEMES and parts.hostname:
        return f"https://{parts.hostname}{parts.path}"
    is_web_address = parts.scheme in {"https", "http"} and parts.hostname
    if is_web_address and "@" not in text:
        return text
    return None


def _marked_page(parts: SplitResult) -> _Page | None:
    """Read a page's address by its host's own scheme, which no repository's address follows."""
    path = _path(parts)
    if "-" in path[_OWNER_AND_NAME:]:
        return _gitlab_page(path)
    if path[2:3] == ["src"] and len(path) > _GITEA_KIND:
        kind = path[_GITEA_KIND]
        if kind in _GITEA_KINDS:
            return _gitea_page(path)
    if _host(parts) in {_GITHUB, "bitbucket.org", "codeberg.org"}:
        return _plain_page(path)
    return None


def _gitlab_page(path: list[str]) -> _Page:
    """Read `group/name/-/kind/rest`."""
    mark = path.index("-", _OWNER_AND_NAME)
    after_mark = path[mark + 1 :] or ["-"]
    return _Page(
        repository=path[:mark], kind=after_mark[0], rest=after_mark[1:]
    )


def _gitea_page(path: list[str]) -> _Page:
    """Read `owner/name/src/kind/rest`."""
    kind = path[_GITEA_KIND]
    return _Page(
        repository=path[:_OWNER_AND_NAME],
        kind="commit" if kind == "commit" else "src",
        rest=path[_GITEA_KIND + 1 :],
    )


def _plain_page(path: list[str]) -> _Page:
    """Read `owner/name/kind/rest`, or a repository's own address."""
    repository = path[:_OWNER_AND_NAME]
    page = path[_OWNER_AND_NAME:]
    if not page:
        return _Page(repository=repository)
    return _Page(repository=repository, kind=page[0], rest=page[1:])


def _any_page(parts: SplitResult) -> _Page:
    """Read a page's address by the scheme that most hosts have in common."""
    page = _marked_page(parts)
    if page is not None:
        return page
    path = _path(parts)
    page = _plain_page(path)
    if page.kind in _PAGES:
        return page
    return _Page(repository=path)


def _advice(parts: SplitResult, page: _Page) -> str:
    name = "/".join(page.repository)
    host = _host(parts)
    if parts.port:
        host = f"{host}:{parts.port}"
    url = f"give {parts.scheme}://{host}/{name}"
    branch = _branch(page)
    if branch:
        options = f"--branch {branch}, or BRANCH={branch}"
        if len(page.rest) > 1:
            options += "; or more of what follows, if its name contains a slash"
        return f"{url} and the branch {branch} ({options})"
    is_commit = page.kind in _OF_A_BRANCH and page.rest
    if is_commit or page.kind in _OF_CHANGES:
        return f"{url} and a branch or tag that has the change (--branch, or BRANCH)"
    return url


def _branch(page: _Page) -> str | None:
    """Return the branch or tag of a page, as far as one part of the address shows."""
    rest = list(page.rest)
    is_release = page.kind == "releases" and rest[:1] == ["tag"]
    if is_release:
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
    if ":" in host:
        return f"[{host}]"
    return host


def _path(parts: SplitResult) -> list[str]:
    return [part for part in parts.path.split("/") if part]
