"""How much a repository may bring."""

from dataclasses import dataclass

from worker.errors import NoInputError

_MIB = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Of one repository: the size of its files in bytes, their number, and the seconds that fetching them may take."""

    size: int = 1024 * _MIB
    files: int = 200_000
    seconds: float = 1800

    def check(self, name: str, *, size: int, files: int = 0) -> None:
        """Raise NoInputError if that is too much for a repository."""
        if files > self.files:
            raise NoInputError(
                f"{name}: it has more than {self.files} files, which is too many for a course",
                code="repository_too_large",
            )
        if size > self.size:
            raise NoInputError(
                f"{name}: it is larger than {self.size / _MIB:g} MiB, which is too large for a course",
                code="repository_too_large",
            )
