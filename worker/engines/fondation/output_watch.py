"""Detects complete files in the output while the CLI is still writing.

A file exists, empty, before its text is written, and a long text may be written in pieces. The file
is complete when it is closed after writing, or moved into place: inotify reports both. Without
inotify, a file counts as complete when it has not changed between two scans.
"""

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from states.stages import STAGES
from worker.engines.fondation.inotify import EventsLostError, Inotify
from worker.system.runtime import Runtime

SCAN_SECONDS: Final = 0.15
"""The time between two scans of all files."""

_FOLDERS: Final = [info.folder for info in STAGES if info.folder]
FOLDERS: Final = ("", *(f"{folder}/" for folder in _FOLDERS))
"""The folders of the output: the beginnings of its files' paths."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputChanges:
    """The changes of the output since the last call."""

    complete: tuple[str, ...] = ()
    """Paths, relative to the output folder."""
    alive: bool = False
    """Whether there was any change."""


class OutputWatch:
    """Watches an output folder, starting now."""

    def __init__(self, output: Path, runtime: Runtime) -> None:
        """Start; files that exist already are reported only if they change."""
        folders = {prefix: output / prefix for prefix in FOLDERS}
        self._polling = PollingWatch(folders, runtime)
        self._inotify: Inotify | None = None
        try:
            self._inotify = Inotify(folders)
        except OSError:
            return

    def wait(self, seconds: float) -> OutputChanges:
        """Return the next changes, or none after a time."""
        if self._inotify is None:
            return self._polling.wait(seconds)
        try:
            events = self._inotify.wait(seconds)
        except EventsLostError:
            self.close()
            return self._polling.wait(seconds)
        paths = [event.path for event in events if event.complete]
        complete = tuple(dict.fromkeys(paths))
        return OutputChanges(complete=complete, alive=bool(events))

    def wake(self) -> None:
        """Wait no more: nothing will change. Another thread may call this.

        Without inotify, waits are short anyway.
        """
        inotify = self._inotify
        if inotify is not None:
            inotify.wake()

    def close(self) -> None:
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None


_FileState = tuple[int, int, int]


class PollingWatch:
    """Scans all files at intervals."""

    def __init__(self, folders: Mapping[str, Path], runtime: Runtime) -> None:
        """Start; files that exist already are reported only if they change."""
        self._folders = folders
        self._runtime = runtime
        self._next_scan = float("-inf")
        self._last = self._scan()
        self._reported = dict(self._last)

    def wait(self, seconds: float) -> OutputChanges:
        """Return the changes after a time; none if the next scan is not yet due."""
        self._runtime.flag().wait(seconds)
        now = self._runtime.monotonic()
        if now < self._next_scan:
            return OutputChanges()
        self._next_scan = now + SCAN_SECONDS
        last = self._last
        states = self._scan()
        self._last = states
        complete = []
        for path, state in states.items():
            unchanged = state == last.get(path)
            if unchanged and state != self._reported.get(path):
                complete.append(path)
                self._reported[path] = state
        alive = states != last
        return OutputChanges(complete=tuple(complete), alive=alive)

    def _scan(self) -> dict[str, _FileState]:
        states: dict[str, _FileState] = {}
        for prefix, folder in self._folders.items():
            # A folder that is gone, or no longer a folder, has no files.
            with suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(status.st_mode):
                        path = prefix + entry.name
                        states[path] = _state(status)
        return states


def _state(status: os.stat_result) -> _FileState:
    return status.st_ino, status.st_size, status.st_mtime_ns
