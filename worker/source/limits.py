"""Limits on the size of a repository."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from worker.errors import DataError

_MIB: Final = 1 << 20
_NEARLY_ALL: Final = 0.9
_MOST: Final = 0.5
_MAX_NAMED: Final = 3
_WORTH_NAMING: Final = 0.02

FileSize = tuple[str, int]
"""A file's path and its size; also a folder's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceLimits:
    """The limits of one repository."""

    size: int = 1024 * _MIB
    """The total size of its files, in bytes."""
    files: int = 200_000
    """The number of its files."""
    seconds: float = 1800
    """How long fetching it may take."""

    def check(
        self,
        name: str,
        *,
        size: int,
        files: int = 0,
        file_sizes: Iterable[FileSize] = (),
    ) -> None:
        """Raise DataError, with the largest parts, if a repository exceeds a limit."""
        parts = []
        if files > self.files:
            fault = f"it has more than {self.files} files"
            file_counts = [(path, 1) for path, _ in file_sizes]
            for path, count in largest(file_counts):
                parts.append(_with_count(path, count))
            raise _too_large(name, fault, parts)
        if size > self.size:
            limit = self.size / _MIB
            fault = f"it is larger than {limit:g} MiB"
            for path, total in largest(file_sizes):
                parts.append(_with_size(path, total))
            raise _too_large(name, fault, parts)


def largest(file_sizes: Iterable[FileSize]) -> list[FileSize]:
    """Return the largest files and folders; none of them contains another.

    A folder that holds nearly everything is replaced by its largest parts, unless these
    hold less than half of it together.
    """
    files = list(file_sizes)
    prefix = ""
    while True:
        totals = _totals(files, prefix)
        total = totals.total()
        top = totals.most_common(_MAX_NAMED)
        top_total = sum(size for _, size in top)
        if prefix and top_total < _MOST * total:
            return [(prefix, total)]
        folder = _dominant_folder(top, total)
        if folder is None:
            least = _WORTH_NAMING * total
            return [(path, size) for path, size in top if size > least]
        prefix = folder
        files = _below(files, folder)


def _below(files: list[FileSize], folder: str) -> list[FileSize]:
    """Return the files in a folder."""
    below = []
    for path, size in files:
        if path.startswith(folder):
            below.append((path, size))
    return below


def _totals(files: list[FileSize], prefix: str) -> Counter[str]:
    """Return the sizes of the files and folders directly below a prefix."""
    totals = Counter[str]()
    for path, size in files:
        below = path.removeprefix(prefix)
        name, slash, _ = below.partition("/")
        totals[prefix + name + slash] += size
    return totals


def _dominant_folder(top: list[FileSize], total: int) -> str | None:
    if not top:
        return None
    path, size = top[0]
    if not path.endswith("/"):
        return None
    if size < _NEARLY_ALL * total:
        return None
    return path


def _with_count(path: str, count: int) -> str:
    if count == 1:
        return f"{path} (1 file)"
    return f"{path} ({count} files)"


def _with_size(path: str, size: int) -> str:
    mebibytes = size / _MIB
    return f"{path} ({mebibytes:.0f} MiB)"


def _too_large(name: str, fault: str, parts: list[str]) -> DataError:
    message = f"{name}: the repository is too large for a course: {fault}"
    if parts:
        listed = ", ".join(parts)
        message = f"{message}; its largest parts: {listed}"
    return DataError(message, code="repository_too_large")
