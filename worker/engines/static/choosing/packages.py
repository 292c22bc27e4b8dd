"""The packages that the code is divided into: folders of one chapter's size."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import PurePosixPath
from posixpath import commonpath, dirname
from typing import Final

from worker.engines.static.facts import Files

_PART: Final = 3.0
_HEADERS: Final = (".h", ".hh", ".hpp", ".hxx")


class Packages:
    """Divides the code by its folders."""

    def __init__(self, paths: Iterable[str], files: Files, most: int) -> None:
        """Take the files that define something, and the number of chapters for them."""
        sources = sorted(set(paths))
        self._lines: Counter[str] = Counter()
        self._coded: set[str] = set()
        """Folders with more than headers, which declare what is written elsewhere."""
        total = 0
        for path in sources:
            lines = files[path].lines
            total += lines
            is_coded = not path.endswith(_HEADERS)
            for folder in _folders(path):
                self._lines[folder] += lines
                if is_coded:
                    self._coded.add(folder)
        self._size = total / max(1, most)
        """Lines of an average chapter."""
        common = ""
        if sources:
            common = commonpath(map(dirname, sources))
        self._outer = len(PurePosixPath(common).parts)
        """How many folders all files have in common."""
        self.chapter = cache(self._chapter_of)
        self.part = cache(self._part_of)

    def _chapter_of(self, path: str) -> str:
        """Return the outermost folder of a file with code that is no larger than a chapter.

        It may be empty.
        """
        for folder in _folders(path):
            is_small = self._lines[folder] <= self._size
            if is_small and folder in self._coded:
                return folder
        return ""

    def _part_of(self, path: str) -> str:
        """Return the outermost folder of a file that is no larger than a few chapters.

        It lies below what all files have in common, unless the file lies right in that.
        """
        inner = _folders(path)[self._outer :]
        for folder in inner:
            if self._lines[folder] <= _PART * self._size:
                return folder
        return dirname(path)

    def is_inside(self, path: str) -> bool:
        """Whether a file lies deeper than right in what all files have in common."""
        return path.count("/") > self._outer


def is_interface(path: str) -> bool:
    """Whether a file lies where a project of C has the headers that others include."""
    return "include" in dirname(path).split("/")


def _folders(path: str) -> list[str]:
    """Return the folders that a file lies in, the outermost first."""
    folders: list[str] = []
    folder = dirname(path)
    while folder:
        folders.insert(0, folder)
        folder = dirname(folder)
    return folders
