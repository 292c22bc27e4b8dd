"""How much a repository may bring."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from worker.errors import DataError

_MIB: Final = 1 << 20
_NEARLY_ALL: Final = 0.9
_MOST: Final = 0.5
_NAMED: Final = 3
_WORTH_NAMING: Final = 0.02

Parts = Iterable[tuple[str, int]]
"""Files: their paths and their sizes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceLimits:
    """Of one repository: the size of its files in bytes, their number, and the seconds that fetching them may take."""

    size: int = 1024 * _MIB
    files: int = 200_000
    seconds: float = 1800

    def check(self, name: str, *, size: int, files: int = 0, parts: Parts = ()) -> None:
        """Raise DataError if that is too much for a repository; it names the largest parts."""
        if files > self.files:
            counted = [
                f"{path} ({n} files)"
                for path, n in largest((path, 1) for path, _ in parts)
            ]
            raise _too_large(
                f"{name}: it has more than {self.files} files", "many", counted
            )
        if size > self.size:
            sized = [f"{path} ({n / _MIB:.0f} MiB)" for path, n in largest(parts)]
            raise _too_large(
                f"{name}: it is larger than {self.size / _MIB:g} MiB", "large", sized
            )


def largest(parts: Parts) -> list[tuple[str, int]]:
    """Return the files and folders that hold most, side by side.

    A folder that holds nearly all is looked into, unless what is in it is of all sizes.
    """
    files, prefix = list(parts), ""
    while True:
        totals = Counter[str]()
        for path, size in files:
            below, slash, _ = path.removeprefix(prefix).partition("/")
            totals[prefix + below + slash] += size
        found = totals.most_common(_NAMED)
        total = sum(totals.values())
        if prefix and sum(size for _, size in found) < _MOST * total:
            return [(prefix, total)]
        if (
            not found
            or found[0][1] < _NEARLY_ALL * total
            or not found[0][0].endswith("/")
        ):
            return [
                (path, size) for path, size in found if size > _WORTH_NAMING * total
            ]
        prefix = found[0][0]
        files = [(path, size) for path, size in files if path.startswith(prefix)]


def _too_large(fault: str, much: str, parts: list[str]) -> DataError:
    where = f"; its largest parts are {', '.join(parts)}" if parts else ""
    return DataError(
        f"{fault}, which is too {much} for a course{where}", code="repository_too_large"
    )
