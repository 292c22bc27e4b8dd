"""The port to a source: where a repository's files come from."""

from pathlib import Path
from typing import NamedTuple, Protocol


class Revision(NamedTuple):
    """A branch and its commit; `branch` is `HEAD` where there is none."""

    commit: str
    branch: str


class Source(Protocol):
    """A repository on a git host or on this machine.

    Both methods raise DataError (the repository cannot be read), RefusedError (the host does
    not accept our token), TemporaryError (the host does not answer, or the run is being
    stopped) or ConfigError (git is not installed).
    """

    def resolve(self) -> Revision:
        """Return the commit that the branch points to now."""

    def checkout(self, commit: str | None, tree: Path) -> str:
        """Fill an empty folder with the files of a commit, and return the commit.

        Without a commit, the one that the branch points to is taken. Only regular files are
        written, byte for byte: no `.git`, no symlinks, no submodules.
        """


class InvalidSnapshotError(Exception):
    """A snapshot is damaged, or was not written by us."""


class Packer(Protocol):
    """Packs a folder into one file, and unpacks it."""

    def pack(self, tree: Path, file: Path) -> None:
        """Write a folder's files into one file; the same files give the same bytes."""

    def unpack(self, file: Path, tree: Path) -> None:
        """Fill an empty folder from such a file, or raise InvalidSnapshotError."""
