"""A plain folder as a source, with a commit made of its files."""

import errno
import hashlib
import os
import posixpath
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from states.stages import STAGES
from worker.errors import DataError, TemporaryError, WorkerError
from worker.source.files import (
    FileEntry,
    chunks,
    has_content,
    is_too_long,
    log_left_out,
    regular_files,
)
from worker.source.limits import SourceLimits
from worker.source.port import Revision
from worker.system.disk import on_disk
from worker.system.gitignore import NAME, rules_for

_PREFIX: Final = "folder-"
_DIGITS: Final = 40
_NO_BRANCH: Final = "HEAD"
_COURSE: Final = tuple(info.file for info in STAGES if info.file)
"""The files that identify an exported course."""
_CHANGED: Final = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
"""Errors of opening a file that was a regular file a moment ago."""


class FolderSource:
    """A plain folder.

    Its commit is `folder-` and 40 hexadecimal digits, a hash of names and contents.
    """

    def __init__(self, path: Path, limits: SourceLimits) -> None:
        self._path = path
        self._limits = limits

    def resolve(self) -> Revision:
        """Return the commit for the files as they are now."""
        return Revision(commit=self._read(None), branch=_NO_BRANCH)

    def checkout(self, commit: str | None, tree: Path) -> str:
        """Copy the files, and return their commit.

        Raises DataError if they do not match the requested commit.
        """
        present = self._read(tree)
        if commit not in {None, present}:
            raise DataError(
                f"{self._path}: its files have changed since the job began: start a new job",
                code="commit_not_found",
            )
        return present

    def _read(self, tree: Path | None) -> str:
        """Copy the files to `tree`; return their commit."""
        digest = hashlib.sha256()
        entries = self._entries(logs=tree is not None)
        if tree is not None:
            _make_folders(tree, entries)
        for entry in entries:
            copy = None
            if tree is not None:
                copy = tree / entry.name
            content_digest = self._read_file(entry, copy)
            mode = b"\x000"
            if entry.executable:
                mode = b"\x001"
            digest.update(os.fsencode(entry.name))
            digest.update(mode)
            digest.update(content_digest)
        name = digest.hexdigest()[:_DIGITS]
        return f"{_PREFIX}{name}"

    def _entries(self, *, logs: bool) -> list[FileEntry]:
        ignored = list[str]()
        too_long = list[str]()
        # guard: of a plain folder, what an ignore file names stays out of the snapshot
        is_ignored = rules_for(self._path.resolve())

        def leaves_out(path: str) -> bool:
            if is_ignored(path):
                ignored.append(path)
                return True
            if is_too_long(path):
                too_long.append(path)
                return True
            return False

        with on_disk(self._path, self._unreadable):
            entries = regular_files(self._path, leaves_out)
        if logs:
            log_left_out(ignored, f"named by {NAME}")
            log_left_out(too_long, "the path is too long")
        entries = _without_courses(entries)
        if not has_content(entry.name for entry in entries):
            raise _empty(self._path, ignored)
        self._check_limits(entries)
        return entries

    def _check_limits(self, entries: list[FileEntry]) -> None:
        sizes = [(entry.name, entry.size) for entry in entries]
        try:
            self._limits.check(
                str(self._path),
                size=sum(size for _, size in sizes),
                files=len(sizes),
                file_sizes=sizes,
            )
        except DataError as error:
            advice = f"add to {NAME} what the course should not cover"
            raise DataError(f"{error}: {advice}", code=error.code) from error

    def _read_file(self, entry: FileEntry, copy: Path | None) -> bytes:
        """Copy a file to `copy`; return its digest."""
        digest = hashlib.sha256()
        if copy is None:
            for chunk in self._content(entry):
                digest.update(chunk)
            return digest.digest()
        with on_disk(copy):
            with copy.open("xb") as file:
                for chunk in self._content(entry):
                    digest.update(chunk)
                    file.write(chunk)
            mode = 0o644
            if entry.executable:
                mode = 0o755
            copy.chmod(mode)
        return digest.digest()

    def _content(self, entry: FileEntry) -> Iterator[bytes]:
        """Yield a file's content; raise TemporaryError if it is not of the listed size."""
        path = f"{self._path}/{entry.name}"
        left = entry.size
        with on_disk(path, self._unreadable), _open_regular(path) as file:
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
            return self._changing(error.filename)
        return DataError(
            f"{error.filename}: cannot be read ({error.strerror}): make it readable, "
            f"add it to {NAME}, or move it out of the folder",
            code="repository_unreadable",
        )

    def _changing(self, path: str) -> TemporaryError:
        return TemporaryError(
            f"{path}: the file is changing: wait until no program writes to {self._path}, "
            f"or add it to {NAME}, then run this again",
            code="repository_changing",
        )


def _make_folders(tree: Path, entries: list[FileEntry]) -> None:
    with on_disk(tree):
        for folder in {posixpath.dirname(entry.name) for entry in entries}:
            (tree / folder).mkdir(parents=True, exist_ok=True)


def _open_regular(path: str) -> BinaryIO:
    """Open a file if it is still a regular one, without following a link or blocking on a pipe."""
    # guard: a link that takes a file's place is not followed
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(path, flags)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    reason = os.strerror(errno.ENOENT)
    raise FileNotFoundError(errno.ENOENT, reason, path)


def _empty(path: Path, ignored: list[str]) -> DataError:
    fault = "the folder is empty, or has no regular files: name a folder with source code"
    if ignored:
        fault = f"all files are ignored: remove from {NAME} what the course should cover"
    message = f"{path}: {fault}"
    return DataError(message, code="repository_empty")


def _without_courses(entries: list[FileEntry]) -> list[FileEntry]:
    """Leave out exported courses: otherwise each export would change the commit."""
    names = {entry.name for entry in entries}
    courses = set()
    for name in names:
        folder, _, _ = name.rpartition("/")
        if folder and _is_course(folder, names):
            courses.add(f"{folder}/")
    prefixes = tuple(courses)
    return [entry for entry in entries if not entry.name.startswith(prefixes)]


def _is_course(folder: str, names: set[str]) -> bool:
    files = {f"{folder}/{file}" for file in _COURSE}
    return files <= names
