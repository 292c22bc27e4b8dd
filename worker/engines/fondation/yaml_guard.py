"""Keeps stored YAML files in place while an older CLI, run again, rewrites them.

Such a CLI does all steps in one process. Run again for a stage that is not finished, it
begins with the three YAML files, and a model does not write the same twice. What it makes
of them may only be taken if it is made of the stored ones. Putting these back after it has
written its own would come too late: it reads them at once.

So each stored file is held by a lease (fcntl(2), F_SETLEASE): whoever opens it waits until
the holder lets go. If it is opened for writing, a new copy is put in its place first: the
CLI then writes into a file that has no name any more, and what it reads afterwards is the
stored one. If it is opened for reading, that is noted. A CLI that does not read what it has
written goes on with what it has in memory: then nothing of what it makes is taken, unless
it wrote the same again, and the course has to be made anew.

Where the file system knows no leases, the CLI's own files stay in their place, and must be
the same.
"""

import fcntl
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from states.stages import Stage
from worker.course.formats import MAX_ITEM_BYTES
from worker.engines.fondation.output_files import RejectedError, read_item
from worker.engines.fondation.yaml_names import normalized
from worker.engines.port import EngineOutdatedError


class YamlGuard:
    """Keeps the files of finished stages in an output folder."""

    def __init__(self, output: Path, bodies: Mapping[str, bytes]) -> None:
        """Keep these files, which are in the folder, by their paths."""
        self._kept = [
            _GuardedFile(output, path, body) for path, body in bodies.items()
        ]

    def look(self) -> None:
        """Let go whoever waits; to be called all the while."""
        for kept in self._kept:
            kept.look()

    def check(self) -> None:
        """Raise EngineOutdatedError if the CLI's next files may not fit the stored ones."""
        for kept in self._kept:
            if not kept.is_obeyed():
                raise EngineOutdatedError(
                    f"the Fondation CLI, which cannot do single steps, has made another {kept.path} than the stored "
                    "one and goes on with that: the course has to be made anew",
                    Stage.EXTRACT,
                )

    def close(self) -> None:
        """Keep nothing any more."""
        for kept in self._kept:
            kept.close()


class _GuardedFile:
    """One file that is kept."""

    def __init__(self, output: Path, path: str, body: bytes) -> None:
        self.path = path
        self._output = output
        self._body = body
        self._read = False
        self._written: int | None = (
            None  # what the CLI has written: a descriptor of a file without a name
        )
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

    def is_obeyed(self) -> bool:
        if self._written is not None:
            return self._read or self._holds(self._written)
        if _is(self._output / self.path, self._file):
            return self._holds(self._file)
        try:
            return (
                normalized(self.path, read_item(self._output, self.path))
                == self._body
            )
        except RejectedError:
            return False

    def close(self) -> None:
        for descriptor in (self._written, self._file):
            if descriptor is not None:
                os.close(descriptor)  # which ends the lease

    def _put_back(self) -> None:
        """Put a new copy in the place of the file that the CLI is about to write to, and let it."""
        copy = self._output / f".{self.path}.kept"
        copy.write_bytes(self._body)
        old, self._file = self._file, os.open(copy, os.O_RDONLY)
        self._leased = _lease(self._file)
        copy.replace(self._output / self.path)
        self._read = False
        fcntl.fcntl(old, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        if self._written is not None:
            os.close(self._written)
        self._written = old

    def _holds(self, descriptor: int) -> bool:
        """Tell whether a file has the stored content, give or take white space around names."""
        return (
            normalized(self.path, os.pread(descriptor, MAX_ITEM_BYTES, 0))
            == self._body
        )


def _is(path: Path, descriptor: int) -> bool:
    """Tell whether a file that is open is still in its place.

    To open it again would wait for our own lease.
    """
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except OSError:
        return False


def _lease(descriptor: int) -> bool:
    """Have whoever opens a file wait for us; tell whether that can be had."""
    try:
        # Not SIGIO, which ends a process that does not expect it; we look ourselves.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except OSError:
        return False
    return True
