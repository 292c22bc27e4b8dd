"""Where the links of a page lead: to the course's own pages, over https, or nowhere."""

import re
from collections.abc import Mapping
from posixpath import dirname, join, normpath
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from worker.course.site.contents import FOLDER, INDEX, README

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
        # A file with a page is read there; the others are in the course's folder.
        has_page = path in self._names
        resolved = _resolved(path, unquote(target))
        name = self._names.get(resolved)
        if name is not None:
            place = name
            if not has_page:
                place = f"{FOLDER}/{name}"
            return self._to_page(place, name, target, fragment)
        if resolved == README:
            resolved = INDEX
        elif resolved not in self._files:
            return None
        address = quote(resolved)
        if has_page:
            return f"../{address}"
        return address

    def _to_page(
        self, place: str, name: str, target: str, fragment: str
    ) -> str | None:
        """Return a link to a page; an anchor that does not exist is dropped."""
        page = ""
        if target:
            page = place
        anchor = unquote(fragment)
        if anchor not in self._anchors[name]:
            return page or None
        return f"{page}#{quote(anchor)}"


def _resolved(path: str, target: str) -> str:
    """Return the path that a relative link in a file names: the file itself if it is empty."""
    if not target:
        return path
    return normpath(join(dirname(path), target))


def _outside(href: str) -> str | None:
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    if parts.scheme != "https" or not _HOST.fullmatch(parts.netloc):
        return None
    return href
