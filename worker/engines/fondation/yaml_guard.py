"""Keeps stored YAML files in place while an older CLI, run again, rewrites them.

Such a CLI runs all steps in one process. Run again for an unfinished stage, it starts with the
three YAML files, and a model does not write the same text twice. Its next files may only be used if
they are based on the stored YAML files. Restoring these after the CLI has written its own would be
too late, because it reads them at once.

So each stored file is held by a lease (fcntl(2), F_SETLEASE): a process that opens it waits until
the holder releases it. If the file is opened for writing, a new copy is put in its place first: the
CLI then writes to a file without a name, and later reads the stored one. If the file is opened for
reading, that is recorded. A CLI that does not read the file after writing it continues with its own
version in memory. Then, unless both versions are the same, nothing else that it writes is used, and
the course has to be made again.

On file systems without leases, the CLI's own files stay in place, and must be the same.
"""

import fcntl
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from states.stages import Stage
from worker.course.formats import MAX_ITEM_BYTES
from worker.engines.fondation.output_files import RejectedFileError, read_item
from worker.engines.fondation.yaml_names import normalized
from worker.engines.port import EngineOutdatedError


class YamlGuard:
    """Keeps the files of finished stages in an output folder."""

    def __init__(self, output: Path, bodies: Mapping[str, bytes]) -> None:
        """Keep these files, given by path and content; they exist in the folder."""
        kept = []
        for path, body in bodies.items():
            guarded = _GuardedFile(output, path, body)
            kept.append(guarded)
        self._kept = kept

    def look(self) -> None:
        """Release processes that are waiting to open a file; must be called frequently."""
        for kept in self._kept:
            kept.look()

    def check(self) -> None:
        """Raise EngineOutdatedError if the CLI's next files may not fit the stored ones."""
        for kept in self._kept:
            if not kept.is_respected():
                raise EngineOutdatedError(
                    "the Fondation CLI, which cannot run single steps, has "
                    f"written a {kept.path} that differs from the stored one, "
                    "and continues with its own: the course has to be made "
                    "again",
                    Stage.EXTRACT,
                )

    def close(self) -> None:
        for kept in self._kept:
            kept.close()


class _GuardedFile:
    """A stored file, held by a lease."""

    def __init__(self, output: Path, path: str, body: bytes) -> None:
        self.path = path
        self._output = output
        self._body = body
        self._read = False
        # The CLI's version, if it has written one: the descriptor of a file without a name.
        self._written: int | None = None
        self._file = os.open(output / path, os.O_RDONLY)
        self._leased = _lease(self._file)

    def look(self) -> None:
        if not self._leased:
            return
        match fcntl.fcntl(self._file, fcntl.F_GETLEASE):
            case fcntl.F_UNLCK:
                self._put_back()
            case fcntl.F_RDLCK if not self._read:
                self._read = True
                fcntl.fcntl(self._file, fcntl.F_SETLEASE, fcntl.F_RDLCK)

    def is_respected(self) -> bool:
        """Whether the CLI works with the stored content."""
        if self._written is not None:
            return self._read or self._holds(self._written)
        if _is_same_file(self._output / self.path, self._file):
            return self._holds(self._file)
        try:
            replacement = read_item(self._output, self.path)
        except RejectedFileError:
            return False
        return self._is_stored(replacement)

    def close(self) -> None:
        for descriptor in (self._written, self._file):
            if descriptor is not None:
                # Closing the file ends its lease.
                os.close(descriptor)

    def _put_back(self) -> None:
        """Put a copy in place of the file that the CLI waits to write to, then let it write."""
        copy = self._output / f".{self.path}.kept"
        copy.write_bytes(self._body)
        old = self._file
        self._file = os.open(copy, os.O_RDONLY)
        self._leased = _lease(self._file)
        copy.replace(self._output / self.path)
        self._read = False
        fcntl.fcntl(old, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        if self._written is not None:
            os.close(self._written)
        self._written = old

    def _holds(self, descriptor: int) -> bool:
        return self._is_stored(os.pread(descriptor, MAX_ITEM_BYTES, 0))

    def _is_stored(self, body: bytes) -> bool:
        """Compare with the stored content, ignoring white space around names."""
        return normalized(self.path, body) == self._body


def _is_same_file(path: Path, descriptor: int) -> bool:
    """Whether a path still refers to an open file.

    Opening it again would wait for our own lease.
    """
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except OSError:
        return False


def _lease(descriptor: int) -> bool:
    """Take a lease on a file; return False if the file system has none."""
    try:
        # Not SIGIO, which ends a process that does not expect it; `look` polls instead.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except OSError:
        return False
    return True
