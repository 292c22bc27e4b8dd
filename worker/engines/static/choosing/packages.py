"""The packages that the code is divided into: folders of one chapter's size."""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from posixpath import commonpath, dirname
from typing import Final

from worker.engines.static.facts import SourceFile

_PART: Final = 3.0
_HEADERS: Final = (".h", ".hh", ".hpp", ".hxx")


class Packages:
    """Divides the code by its folders."""

    def __init__(
        self, paths: Iterable[str], files: Mapping[str, SourceFile], most: int
    ) -> None:
        """Take the files that define something, and the number of chapters for them."""
        sources = sorted(set(paths))
        folders = [dirname(path) for path in sources]
        self._lines: Counter[str] = Counter()
        self._coded: set[str] = set()
        """Folders with more than headers, which declare what is written elsewhere."""
        for path in sources:
            for folder in _above(path):
                self._lines[folder] += files[path].lines
                if not path.endswith(_HEADERS):
                    self._coded.add(folder)
        common = ""
        if folders and all(folders):
            common = commonpath(folders)
        self._outer = 0
        """How many folders all files have in common."""
        if common:
            self._outer = len(common.split("/"))
        self.chapter = cache(self._chapter_of)
        self.part = cache(self._part_of)
        total = sum(files[path].lines for path in sources)
        self._size = total / max(1, most)
        """Lines of an average chapter."""

    def _chapter_of(self, path: str) -> str:
        """Return the outermost folder of a file with code that is no larger than a chapter.

        It may be empty.
        """
        for folder in _above(path):
            is_small = self._lines[folder] <= self._size
            if is_small and folder in self._coded:
                return folder
        return ""

    def _part_of(self, path: str) -> str:
        """Return the outermost folder of a file that is no larger than a few chapters.

        It lies below what all files have in common.
        """
        folders = path.split("/")[:-1]
        part = "/".join(folders[: self._outer + 1])
        for depth in range(self._outer + 1, len(folders) + 1):
            part = "/".join(folders[:depth])
            if self._lines[part] <= _PART * self._size:
                break
        return part

    def is_inside(self, path: str) -> bool:
        """Whether a file lies in such a folder, not beside them."""
        return path.count("/") > self._outer


def _above(path: str) -> Iterable[str]:
    """Yield the folders of a file, the outermost first."""
    folders = path.split("/")[:-1]
    for depth in range(1, len(folders) + 1):
        yield "/".join(folders[:depth])
