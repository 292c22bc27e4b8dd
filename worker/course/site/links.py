"""Where the links of a page lead: to the course's own pages, over https, or nowhere."""

import re
from collections.abc import Mapping
from posixpath import dirname, join, normpath
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from worker.course.site.contents import FOLDER

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)

_HOST: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*(:\d+)?", re.IGNORECASE)


class Links:
    """Resolves links by the course's files."""

    def __init__(
        self,
        names: Mapping[str, str],
        anchors: Mapping[str, frozenset[str]],
        files: frozenset[str],
    ) -> None:
        """Take the name of the page for each path, the anchors of each page, and other files."""
        self._names = names
        self._anchors = anchors
        self._files = files

    def resolve(self, path: str, href: str) -> str | None:
        """Return where a link of a file leads from that file's page; None for nowhere.

        Of links out of the course, only those over https are kept.
        """
        if _SCHEME.match(href):
            return _outside(href)
        if href.startswith("/") or "\\" in unquote(href):
            return None
        target, _, fragment = href.partition("#")
        to_page, to_root = f"{FOLDER}/", ""
        if path in self._names:
            to_page, to_root = "", "../"
        resolved = path
        if target:
            resolved = normpath(join(dirname(path), unquote(target)))
        if name := self._names.get(resolved):
            return self._to_page(to_page + name, name, target, fragment)
        if resolved in self._files:
            return to_root + quote(resolved)
        return None

    def _to_page(
        self, place: str, name: str, target: str, fragment: str
    ) -> str | None:
        """Return a link to a page; an anchor that is not there is left out."""
        anchor = unquote(fragment)
        if anchor not in self._anchors[name]:
            return place if target else None
        return f"{place if target else ''}#{quote(anchor)}"


def _outside(href: str) -> str | None:
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    if parts.scheme != "https" or not _HOST.fullmatch(parts.netloc):
        return None
    return href
