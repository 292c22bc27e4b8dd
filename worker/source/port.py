"""The port to a source: where a repository's files come from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """What a branch points to; `branch` is `HEAD` where there is none."""

    commit: str
    branch: str


class Source(Protocol):
    """A repository, wherever it lies.

    Both methods raise DataError (it cannot be had), RefusedError (the host does not accept
    our token), TemporaryError (the host is away, or the run is being stopped) or
    ConfigError (git is not installed).
    """

    def resolve(self) -> Revision:
        """Return what the branch points to now."""

    def checkout(self, commit: str | None, tree: Path) -> str:
        """Fill an empty folder with the files of a commit (None: what the branch points to), and return the commit.

        Regular files only: no `.git`, no symlinks, no submodules; their bytes as they are
        in the repository.
        """


class InvalidSnapshotError(Exception):
    """A snapshot is damaged, or was not written by us."""


class Packer(Protocol):
    """Makes one file of a folder, and a folder of that file."""

    def pack(self, tree: Path, file: Path) -> None:
        """Write a folder's files into one file: the same bytes for the same files."""

    def unpack(self, file: Path, tree: Path) -> None:
        """Fill an empty folder from such a file, or raise InvalidSnapshotError."""
