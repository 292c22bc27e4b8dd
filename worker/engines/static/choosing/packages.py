"""The packages that the code is divided into: folders of one chapter's size."""

from collections import Counter
from collections.abc import Iterable, Mapping
from posixpath import commonpath, dirname

from worker.engines.static.facts import SourceFile


class Packages:
    """Divides the code by its folders."""

    def __init__(
        self, paths: Iterable[str], files: Mapping[str, SourceFile], most: int
    ) -> None:
        """Take the files that define something, and the number of chapters for them."""
        sources = sorted(set(paths))
        folders = [dirname(path) for path in sources]
        self._lines: Counter[str] = Counter()
        for path in sources:
            for folder in _above(path):
                self._lines[folder] += files[path].lines
        common = ""
        if folders and all(folders):
            common = commonpath(folders)
        self._outer = 0
        """How many folders all files have in common."""
        if common:
            self._outer = len(common.split("/"))
        total = sum(files[path].lines for path in sources)
        self._chapter = total / max(1, most)

    def chapter(self, path: str) -> str:
        """Return the outermost folder of a file that is no larger than an average chapter.

        It may be empty.
        """
        for folder in _above(path):
            if self._lines[folder] <= self._chapter:
                return folder
        return ""

    def part(self, path: str) -> str:
        """Return the folder of a file right below what all files have in common."""
        folders = path.split("/")[:-1]
        return "/".join(folders[: self._outer + 1])

    def is_inside(self, path: str) -> bool:
        """Tell whether a file lies in such a folder, not beside them."""
        return path.count("/") > self._outer


def _above(path: str) -> Iterable[str]:
    """Yield the folders of a file, the outermost first."""
    folders = path.split("/")[:-1]
    for depth in range(1, len(folders) + 1):
        yield "/".join(folders[:depth])
