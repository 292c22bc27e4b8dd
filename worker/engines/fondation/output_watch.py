"""Tells which files of the output are complete while the CLI still writes.

A file exists, empty, before its text is in it, and a long text may come in pieces: it is
complete when it has been closed after writing, or moved to its place, which inotify tells.
Where that is not to be had, a file is taken for complete when it has not changed between
two looks.
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from states.stages import STAGES
from worker.engines.fondation.inotify import EventsLostError, Inotify
from worker.system.runtime import Runtime

LOOK_SECONDS: Final = 0.15
"""Between two looks at all files."""

FOLDERS: Final = ("", *(f"{info.folder}/" for info in STAGES if info.folder))
"""The folders of the output, as its files' paths begin."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputChanges:
    """What has happened to the output since the last time."""

    complete: tuple[str, ...] = ()
    """Paths, relative to the output folder."""
    alive: bool = False
    """Whether anything has."""


class OutputWatch:
    """Watches an output folder from now on."""

    def __init__(self, output: Path, runtime: Runtime) -> None:
        """Begin; what is there is not told again unless it changes."""
        folders = {prefix: output / prefix for prefix in FOLDERS}
        self._looks = PollingWatch(folders, runtime)
        self._inotify: Inotify | None = None
        try:
            self._inotify = Inotify(folders)
        except OSError:
            return

    def wait(self, seconds: float) -> OutputChanges:
        """Return what has happened, as soon as something has."""
        if self._inotify is not None:
            try:
                events = self._inotify.wait(seconds)
            except EventsLostError:
                self.close()
            else:
                complete = tuple(
                    dict.fromkeys(
                        event.path for event in events if event.complete
                    )
                )
                return OutputChanges(complete=complete, alive=bool(events))
        return self._looks.wait(seconds)

    def close(self) -> None:
        """Watch with open eyes no more."""
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None


_Look = tuple[int, int, int]


class PollingWatch:
    """Looks at all files again and again."""

    def __init__(self, folders: Mapping[str, Path], runtime: Runtime) -> None:
        """Take what is there for known."""
        self._folders = folders
        self._runtime = runtime
        self._next = float("-inf")
        self._last = self._look()
        self._told = dict(self._last)

    def wait(self, seconds: float) -> OutputChanges:
        """Return what has happened, after so many seconds.

        Nothing, if it is not yet time to look again.
        """
        self._runtime.flag().wait(seconds)
        now = self._runtime.monotonic()
        if now < self._next:
            return OutputChanges()
        self._next = now + LOOK_SECONDS
        look, last = self._look(), self._last
        complete = tuple(
            path
            for path, seen in look.items()
            if seen == last.get(path) != self._told.get(path)
        )
        self._told |= {path: look[path] for path in complete}
        self._last = look
        return OutputChanges(complete=complete, alive=look != last)

    def _look(self) -> dict[str, _Look]:
        found = {}
        for prefix, folder in self._folders.items():
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        status = entry.stat(follow_symlinks=False)
                        if stat.S_ISREG(status.st_mode):
                            found[prefix + entry.name] = (
                                status.st_ino,
                                status.st_size,
                                status.st_mtime_ns,
                            )
            except OSError:  # gone, or another thing than a folder
                continue
        return found
