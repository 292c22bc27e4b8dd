"""Subprocesses: started without a shell, watched, and ended with all descendants.

Each has a guardian (worker/system/guardian.py), a process between it and us that holds the
end of a pipe whose other end only we hold. What we write there are signals for the
process's group; when we close it, or the kernel closes it because we are no more, killed
without a chance to clean up, the guardian kills all that descends from the process.
"""

import os
import selectors
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from io import FileIO
from pathlib import Path
from typing import Final

from worker.system.runtime import Flag, Runtime

MAX_LINE: Final = 64 * 1024
"""The longest line that is kept whole, in bytes."""
MAX_OUTPUT: Final = 1024 * 1024
"""How many bytes at the end of an output are kept."""

_GUARDIAN: Final = str(Path(__file__).with_name("guardian.py"))
_CHUNK: Final = 64 * 1024
_LOOK_SECONDS: Final = 0.1
_KILL_SECONDS: Final = 2.0
_LINGER_SECONDS: Final = 0.5


class MissingProgramError(Exception):
    """The program is missing on this machine; the message is its name."""


class ProcessTimeoutError(Exception):
    """A process exceeded its time, and was killed."""


class ProcessStoppedError(Exception):
    """A process was killed because the run is being stopped."""


class Stream(StrEnum):
    """A standard stream of a process."""

    STDOUT = "stdout"
    STDERR = "stderr"


Take = Callable[[Stream, bytes], None]
"""Gets a process's output as it comes, in a thread.

And nothing (`b""`) at a stream's end.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A program, found by the PATH of `env`, which is its whole environment."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    input: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """The end of a process; `code` is its exit code, or 128 + the signal."""

    code: int
    stdout: bytes
    stderr: bytes


class Process:
    """A process and all its descendants."""

    last_output: float
    """When it last wrote (or was started), by the Runtime's monotonic clock."""

    def __init__(self, command: Command, runtime: Runtime, take: Take) -> None:
        """Start it, or raise MissingProgramError."""
        self._runtime = runtime
        self._take = take
        self._code: int | None = None
        self._ended = runtime.flag()
        self.last_output = runtime.monotonic()
        self._guardian, self._control = _start(command)
        runtime.spawn(f"process-{self._guardian.pid}", self._follow)

    def wait(self, seconds: float) -> int | None:
        """Wait until it has ended and its output is read, at most `seconds`.

        Return its code as in Finished, or None.
        """
        return self._code if self._ended.wait(seconds) else None

    def pause(self) -> None:
        """Pause its group."""
        self._signal(signal.SIGSTOP)

    def unpause(self) -> None:
        """Continue its group."""
        self._signal(signal.SIGCONT)

    def stop(self, grace_seconds: float) -> None:
        """Ask its group to end; after a while, kill what is left."""
        self._signal(signal.SIGTERM, signal.SIGCONT)
        self.wait(grace_seconds)
        self.kill()

    def kill(self) -> None:
        """Kill it with its descendants; do nothing if it has ended."""
        self._control.close()
        if self.wait(_KILL_SECONDS) is None:
            self._guardian.kill()

    def _signal(self, *signals: signal.Signals) -> None:
        # Once the guardian has ended, the pipe is broken, or closed.
        with suppress(BrokenPipeError, ValueError):
            self._control.write(bytes(signals))

    def _follow(self) -> None:
        try:
            with (
                self._guardian,
                self._control,
                selectors.DefaultSelector() as selector,
            ):
                self._read(selector)
        finally:
            code = self._guardian.wait()
            self._code = code if code >= 0 else 128 - code
            self._ended.set()

    def _read(self, selector: selectors.BaseSelector) -> None:
        for stream, pipe in (
            (Stream.STDOUT, self._guardian.stdout),
            (Stream.STDERR, self._guardian.stderr),
        ):
            assert pipe is not None  # noqa: S101 - as it was started
            selector.register(pipe, selectors.EVENT_READ, stream)
        while selector.get_map():
            # Asked first: what the guardian wrote before it ended is then ready.
            ended = self._guardian.poll() is not None
            ready = selector.select(_LINGER_SECONDS)
            if ended and not ready:
                return  # whoever still holds a pipe has escaped, and is not waited for
            for key, _ in ready:
                chunk = os.read(key.fd, _CHUNK)
                if chunk:
                    self.last_output = self._runtime.monotonic()
                else:
                    selector.unregister(key.fileobj)
                self._take(key.data, chunk)


class LineSplitter:
    """Splits output into lines: `Process(command, runtime, LineSplitter(on_line).take)`."""

    def __init__(self, on_line: Callable[[Stream, str], None]) -> None:
        """Pass each line on without its end.

        `on_line` must be quick, since the process waits for it in the end.
        """
        self._on_line = on_line
        self._rest = dict.fromkeys(Stream, b"")

    def take(self, stream: Stream, chunk: bytes) -> None:
        """Take a piece of output."""
        *lines, rest = (self._rest[stream] + chunk).split(b"\n")
        if not chunk and rest:
            lines, rest = [rest], b""
        self._rest[stream] = rest[:MAX_LINE]
        for line in lines:
            self._on_line(
                stream,
                line[:MAX_LINE].decode("utf-8", "replace").removesuffix("\r"),
            )


class _Tails:
    def __init__(self, size: int) -> None:
        self._size = size
        self._kept = {stream: bytearray() for stream in Stream}

    def take(self, stream: Stream, chunk: bytes) -> None:
        kept = self._kept[stream]
        kept += chunk
        if len(kept) > 2 * self._size or (not chunk and len(kept) > self._size):
            del kept[: -self._size]

    def __getitem__(self, stream: Stream) -> bytes:
        return bytes(self._kept[stream])


def run(
    command: Command,
    runtime: Runtime,
    *,
    timeout_seconds: float,
    stop: Flag | None = None,
    watch: Callable[[], None] = lambda: None,
    max_output: int = MAX_OUTPUT,
) -> Finished:
    """Run a process to its end.

    It is killed if it takes too long (raises ProcessTimeoutError), when `stop` is set
    (ProcessStoppedError), or when `watch`, which is called all the while, raises anything.
    """
    outputs = _Tails(max_output)
    process = Process(command, runtime, outputs.take)
    deadline = runtime.monotonic() + timeout_seconds
    try:
        while (code := process.wait(_LOOK_SECONDS)) is None:
            if stop is not None and stop.is_set():
                raise ProcessStoppedError(command.argv[0])
            if runtime.monotonic() >= deadline:
                raise ProcessTimeoutError(
                    f"{command.argv[0]} took longer than {timeout_seconds:g} seconds"
                )
            watch()
    finally:
        process.kill()
    return Finished(
        code=code, stdout=outputs[Stream.STDOUT], stderr=outputs[Stream.STDERR]
    )


def _start(command: Command) -> tuple[subprocess.Popen[bytes], FileIO]:
    program = shutil.which(
        command.argv[0], path=command.env.get("PATH", os.defpath)
    )
    if program is None:
        raise MissingProgramError(command.argv[0])
    control, ours = os.pipe()
    stdin = _file_of(command.input or b"")
    try:
        guardian = subprocess.Popen(  # noqa: S603 - a list of arguments, and no shell
            [
                sys.executable,
                "-I",
                "-S",
                _GUARDIAN,
                str(control),
                program,
                *command.argv[1:],
            ],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=command.env,
            cwd=command.cwd,
            pass_fds=(control,),
            start_new_session=True,
            bufsize=0,
        )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(control)
        os.close(stdin)
    return guardian, os.fdopen(ours, "wb", buffering=0)


def _file_of(content: bytes) -> int:
    """Return a file in memory with this content, for a process's standard input."""
    file = os.memfd_create("input")
    os.write(file, content)
    os.lseek(file, 0, os.SEEK_SET)
    return file
