"""A plain folder as a source: what lies there, under a name that is made of it."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from states.stages import STAGES
from worker.errors import DataError, TemporaryError, WorkerError
from worker.source.files import (
    FileEntry,
    chunks,
    has_content,
    is_too_long,
    regular_files,
    tell_left_out,
)
from worker.source.limits import SourceLimits
from worker.source.port import Revision
from worker.system.disk import on_disk
from worker.system.gitignore import NAME, rules_for

_PREFIX: Final = "folder-"
_DIGITS: Final = 40
_NO_BRANCH: Final = "HEAD"
_COURSE: Final = tuple(info.file for info in STAGES if info.file)
"""By these files a course is known."""
_CHANGED: Final = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
"""What opening says of a file that was there a moment ago, as a regular one."""


class FolderSource:
    """The source that is a folder.

    Its commit is `folder-` and 40 hexadecimal digits over names and contents.
    """

    def __init__(self, path: Path, limits: SourceLimits) -> None:
        """Take the folder, which is there."""
        self._path = path
        self._limits = limits

    def resolve(self) -> Revision:
        """Return what lies there now."""
        return Revision(commit=self._read(None), branch=_NO_BRANCH)

    def checkout(self, commit: str | None, tree: Path) -> str:
        """Copy the files, and return the commit that they are.

        Raise DataError if another one was asked for.
        """
        found = self._read(tree)
        if commit not in {None, found}:
            raise DataError(
                f"{self._path}: its files have changed since the job began: start a new job",
                code="commit_not_found",
            )
        return found

    def _read(self, tree: Path | None) -> str:
        entries = self._entries(tells=tree is not None)
        digest = hashlib.sha256()
        for entry in entries:
            content = self._take(entry, tree / entry.name if tree else None)
            digest.update(
                b"%b\0%d%b" % (os.fsencode(entry.name), entry.executable, content)
            )
        return _PREFIX + digest.hexdigest()[:_DIGITS]

    def _entries(self, *, tells: bool) -> list[FileEntry]:
        ignored, long = list[str](), list[str]()
        # guard: of a plain folder, what an ignore file names stays out of the snapshot
        is_ignored = rules_for(self._path.resolve())

        def leaves_out(path: str) -> bool:
            reason = (
                ignored if is_ignored(path) else long if is_too_long(path) else None
            )
            if reason is not None:
                reason.append(path)
            return reason is not None

        with on_disk(self._path, self._unreadable):
            entries = regular_files(self._path, leaves_out)
        if tells:
            tell_left_out(ignored, f"named by {NAME}")
            tell_left_out(long, "the path is too long")
        entries = _without_courses(entries)
        if not has_content(entry.name for entry in entries):
            raise _empty(self._path, ignored)
        self._check_limits(entries)
        return entries

    def _check_limits(self, entries: list[FileEntry]) -> None:
        sizes = [(entry.name, entry.size) for entry in entries]
        size = sum(entry.size for entry in entries)
        try:
            self._limits.check(
                str(self._path), size=size, files=len(entries), parts=sizes
            )
        except DataError as error:
            advice = f"name in {NAME} what is no part of the project"
            raise DataError(f"{error}: {advice}", code=error.code) from error

    def _take(self, entry: FileEntry, copy: Path | None) -> bytes:
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

    def _content(self, entry: FileEntry) -> Iterator[bytes]:
        path, left = self._path / entry.name, entry.size
        with (
            on_disk(path, self._unreadable),
            os.fdopen(_open_regular(path), "rb") as file,
        ):
            for chunk in chunks(file):
                left -= len(chunk)
                if left < 0:
                    break
                yield chunk
        # guard: a file that changes while it is read is no part of a commit
        if left != 0:
            raise self._changing(path)

    def _unreadable(self, error: OSError) -> WorkerError:
        if error.errno in _CHANGED:
            return self._changing(Path(error.filename))
        return DataError(
            f"{error.filename}: cannot be read ({error.strerror}): make it readable, name it in "
            f"{NAME}, or take it out of the folder",
            code="repository_unreadable",
        )

    def _changing(self, path: Path) -> TemporaryError:
        return TemporaryError(
            f"{path}: it changes while it is read: wait until no program writes to {self._path}, "
            f"or name it in {NAME}, then run this again",
            code="repository_changing",
        )


def _open_regular(path: Path) -> int:
    """Open a file that was a regular one when it was listed: wait for no pipe, follow no link."""
    # guard: a link that takes a file's place is not followed
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if stat.S_ISREG(os.fstat(file).st_mode):
        return file
    os.close(file)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))


def _empty(path: Path, ignored: list[str]) -> DataError:
    if ignored:
        what = f"{NAME} names all that lies there: take out of it what the course is to be about"
    else:
        what = (
            "the folder is empty, or holds no regular file: give one with source code"
        )
    return DataError(f"{path}: {what}", code="repository_empty")


def _without_courses(entries: list[FileEntry]) -> list[FileEntry]:
    """Leave out courses that were written into the folder: with them, each run would be about something else."""
    names = {entry.name for entry in entries}
    folders = {name.rpartition("/")[0] for name in names if "/" in name}
    courses = tuple(
        f"{folder}/"
        for folder in folders
        if all(f"{folder}/{file}" in names for file in _COURSE)
    )
    return [entry for entry in entries if not entry.name.startswith(courses)]
