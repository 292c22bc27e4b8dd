"""A plain folder as a source: what lies there, under a name that is made of it."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from states.stages import STAGES
from worker.disk import on_disk
from worker.errors import NoInputError
from worker.source.limits import Limits
from worker.source.port import Revision
from worker.source.tree import Entry, chunks, regular_files

_PREFIX: Final = "folder-"
_DIGITS: Final = 40
_NO_BRANCH: Final = "HEAD"
_COURSE: Final = tuple(info.file for info in STAGES if info.file)
"""By these files a course is known."""


class FolderSource:
    """The source that is a folder; its commit is `folder-` and 40 hexadecimal digits over names and contents."""

    def __init__(self, path: Path, limits: Limits) -> None:
        """Take the folder, which is there."""
        self._path = path
        self._limits = limits

    def resolve(self) -> Revision:
        """Return what lies there now."""
        return Revision(commit=self._read(None), branch=_NO_BRANCH)

    def checkout(self, commit: str | None, tree: Path) -> str:
        """Copy the files, and return the commit that they are; raise NoInputError if another one was asked for."""
        found = self._read(tree)
        if commit not in {None, found}:
            raise NoInputError(
                f"{self._path}: its files have changed since the job began: start a new job", code="commit_not_found"
            )
        return found

    def _read(self, tree: Path | None) -> str:
        entries = self._entries()
        digest = hashlib.sha256()
        for entry in entries:
            content = self._take(entry, tree / entry.name if tree else None)
            digest.update(b"%b\0%d%b" % (os.fsencode(entry.name), entry.executable, content))
        return _PREFIX + digest.hexdigest()[:_DIGITS]

    def _entries(self) -> list[Entry]:
        with on_disk(self._path, _unreadable):
            entries = regular_files(self._path)
        entries = _without_courses(entries)
        if not entries:
            raise NoInputError(f"{self._path}: the folder is empty", code="repository_empty")
        self._limits.check(str(self._path), size=sum(entry.size for entry in entries), files=len(entries))
        return entries

    def _take(self, entry: Entry, copy: Path | None) -> bytes:
        """Return the digest of a file, which is copied on the way."""
        digest = hashlib.sha256()
        if copy is None:
            for chunk in self._content(entry):
                digest.update(chunk)
            return digest.digest()
        with on_disk(copy):
            copy.parent.mkdir(parents=True, exist_ok=True)
            with copy.open("xb") as file:
                for chunk in self._content(entry):
                    digest.update(chunk)
                    file.write(chunk)
            copy.chmod(0o755 if entry.executable else 0o644)
        return digest.digest()

    def _content(self, entry: Entry) -> Iterator[bytes]:
        path = self._path / entry.name
        with on_disk(path, _unreadable), path.open("rb") as file:
            yield from chunks(file)


def _without_courses(entries: list[Entry]) -> list[Entry]:
    """Leave out courses that were written into the folder: with them, each run would be about something else."""
    names = {entry.name for entry in entries}
    folders = {name.rpartition("/")[0] for name in names if "/" in name}
    courses = tuple(f"{folder}/" for folder in folders if all(f"{folder}/{file}" in names for file in _COURSE))
    return [entry for entry in entries if not entry.name.startswith(courses)]


def _unreadable(error: OSError) -> NoInputError:
    return NoInputError(
        f"{error.filename}: cannot be read ({error.strerror}): make it readable, or take it out of the folder",
        code="repository_unreadable",
    )
