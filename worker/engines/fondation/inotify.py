"""Linux's inotify, which Python's library lacks: reports changes of files in some folders."""

import ctypes
import os
import select
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

IN_MODIFY: Final = 0x2
IN_CLOSE_WRITE: Final = 0x8
IN_MOVED_TO: Final = 0x80
IN_CREATE: Final = 0x100
IN_DELETE_SELF: Final = 0x400
IN_MOVE_SELF: Final = 0x800
IN_Q_OVERFLOW: Final = 0x4000
IN_IGNORED: Final = 0x8000

_ONLYDIR: Final = 0x1000000
_DONT_FOLLOW: Final = 0x2000000
_COMPLETE: Final = IN_CLOSE_WRITE | IN_MOVED_TO
_LOST: Final = IN_DELETE_SELF | IN_MOVE_SELF | IN_Q_OVERFLOW | IN_IGNORED
_MASK: Final = (
    _COMPLETE
    | IN_MODIFY
    | IN_CREATE
    | IN_DELETE_SELF
    | IN_MOVE_SELF
    | _ONLYDIR
    | _DONT_FOLLOW
)

_EVENT: Final = struct.Struct("iIII")
_BUFFER: Final = 64 * 1024


class EventsLostError(Exception):
    """Events were lost: there were too many, or a folder was replaced."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileEvent:
    """A file has changed; `complete` if it was closed after writing, or moved here."""

    path: str
    complete: bool


class Inotify:
    """Reports changes in some folders, starting now."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        """Watch folders; their files are reported as prefix and name.

        Raise OSError where inotify is not available.
        """
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._call(
            "inotify_init1", os.O_NONBLOCK | os.O_CLOEXEC
        )
        self._prefixes: dict[int, str] = {}
        # Guards its descriptor, which must not be written to once it is closed.
        self._waking = threading.Lock()
        self._alarm: int | None = os.eventfd(0)
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLIN)
        self._poll.register(self._alarm, select.POLLIN)
        try:
            for prefix, folder in folders.items():
                watch = self._call(
                    "inotify_add_watch",
                    self._descriptor,
                    os.fsencode(folder),
                    _MASK,
                )
                self._prefixes[watch] = prefix
        except OSError:
            self.close()
            raise

    def wait(self, seconds: float) -> list[FileEvent]:
        """Return the next events, or none after a time, or once woken; raise EventsLostError."""
        ready = dict(self._poll.poll(seconds * 1000))
        if self._descriptor not in ready:
            return []
        data = os.read(self._descriptor, _BUFFER)
        events = []
        offset = 0
        while offset < len(data):
            watch, mask, _, length = _EVENT.unpack_from(data, offset)
            start = offset + _EVENT.size
            offset = start + length
            padded = data[start:offset]
            name = os.fsdecode(padded.rstrip(b"\0"))
            if mask & _LOST:
                raise EventsLostError
            events.append(
                FileEvent(
                    path=self._prefixes[watch] + name,
                    complete=bool(mask & _COMPLETE),
                )
            )
        return events

    def wake(self) -> None:
        """End this wait and all later ones at once; called by any thread."""
        with self._waking:
            if self._alarm is not None:
                os.eventfd_write(self._alarm, 1)

    def close(self) -> None:
        os.close(self._descriptor)
        with self._waking:
            if self._alarm is not None:
                os.close(self._alarm)
                self._alarm = None

    def _call(self, name: str, *arguments: object) -> int:
        result: int = getattr(self._libc, name)(*arguments)
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return result
