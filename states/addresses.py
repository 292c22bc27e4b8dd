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
_AZURE_HOSTS: Final = {"ssh.dev.azure.com", "vs-ssh.visualstudio.com"}
_AZURE: Final = re.compile("/v3/([^/]+/[^/]+)/([^/]+)")
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
_OWNER_AND_NAME: Final = 2


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
        # Reading the port checks it.
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
    if page.kind:
        advice = _advice(parts, page)
        return f"it is the address of a page: {advice}"
    host = _host(parts)
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
    """Return the https form of an address, or None if the text has none."""
    scp_form = _SCP.fullmatch(text)
    if scp_form:
        host, path = scp_form.groups()
        return _over_https(host, f"/{path}")
    if _BARE.fullmatch(text):
        return f"https://{text}"
    if _SHORT.fullmatch(text):
        return f"https://{_GITHUB}/{text}"
    return _web_address(text)


def _web_address(url: str) -> str | None:
    parts = urlsplit(url)
    scheme = parts.scheme
    host = parts.hostname
    if not host:
        return None
    if scheme in _SCHEMES:
        return _over_https(host, parts.path)
    if scheme in {"https", "http"} and "@" not in url:
        return url
    return None


def _over_https(host: str, path: str) -> str:
    """Return the https form of an address for another protocol."""
    azure = _AZURE.fullmatch(path)
    if azure and host in _AZURE_HOSTS:
        return f"https://dev.azure.com/{azure[1]}/_git/{azure[2]}"
    return f"https://{host}{path}"


def _marked_page(parts: SplitResult) -> _Page | None:
    """Read the address of a page on a host whose scheme no repository's address follows."""
    path = _path(parts)
    if "-" in path[_OWNER_AND_NAME:]:
        return _gitlab_page(path)
    match path:
        # Gitea
        case [owner, name, "src", "commit", *rest]:
            return _Page(repository=[owner, name], kind="commit", rest=rest)
        case [owner, name, "src", "branch" | "tag", *rest]:
            return _Page(repository=[owner, name], kind="src", rest=rest)
    if _host(parts) in {_GITHUB, "bitbucket.org", "codeberg.org"}:
        return _plain_page(path)
    return None


def _gitlab_page(path: list[str]) -> _Page:
    """Read `group/name/-/kind/rest`."""
    mark = path.index("-", _OWNER_AND_NAME)
    repository = path[:mark]
    match path[mark + 1 :]:
        case [kind, *rest]:
            return _Page(repository=repository, kind=kind, rest=rest)
        case _:
            return _Page(repository=repository, kind="-")


def _plain_page(path: list[str]) -> _Page:
    """Read `owner/name/kind/rest`, or a repository's own address."""
    match path:
        case [owner, name, kind, *rest]:
            return _Page(repository=[owner, name], kind=kind, rest=rest)
        case _:
            return _Page(repository=path)


def _any_page(parts: SplitResult) -> _Page:
    """Read the address of a page in the scheme that most hosts share."""
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
    port = parts.port
    if port:
        host = f"{host}:{port}"
    url = f"give {parts.scheme}://{host}/{name}"
    branch = _branch(page)
    if branch:
        options = f"--branch {branch}, or BRANCH={branch}"
        if len(page.rest) > 1:
            options += (
                "; if its name contains a slash, add the parts that follow"
            )
        return f"{url} and the branch {branch} ({options})"
    kind = page.kind
    is_commit = kind in _OF_A_BRANCH and page.rest
    if is_commit or kind in _OF_CHANGES:
        return f"{url} and a branch or tag that has the change (--branch, or BRANCH)"
    return url


def _branch(page: _Page) -> str | None:
    """Return a page's branch or tag, or the first part of one that contains a slash."""
    match _ref(page):
        case ["refs", "heads" | "tags"]:
            return None
        case ["refs", "heads" | "tags", name, *_] | [name, *_]:
            branch = unquote(name)
        case _:
            return None
    if not branch.isprintable() or _COMMIT.fullmatch(branch):
        return None
    return branch


def _ref(page: _Page) -> Sequence[str]:
    """Return the parts of a page's address that begin with a branch or tag."""
    match page.kind, *page.rest:
        case "releases", "tag", *rest:
            return rest
        case "tags", *rest:
            return rest
        case kind, *rest if kind in _OF_A_BRANCH:
            return rest
        case _:
            return ()


def _host(parts: SplitResult) -> str:
    """Return the host; for known hosts, without `www.`."""
    host = parts.hostname or ""
    bare = host.removeprefix("www.")
    if bare in _KNOWN:
        return bare
    if ":" in host:
        return f"[{host}]"
    return host


def _path(parts: SplitResult) -> list[str]:
    names = parts.path.split("/")
    return [name for name in names if name]
