"""Subprocesses: started without a shell, watched, and ended with all descendants.

Each process has a guardian (worker/system/guardian.py), a process between it and us. The
guardian holds one end of a pipe, and we hold the other. The bytes that we write are signals
for the process's group. When the pipe closes, because we close it or because we are killed
and the kernel does, the guardian kills the process and all its descendants.
"""

import os
import selectors
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from io import FileIO
from pathlib import Path
from typing import Final

from worker.system.environment import Environment
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
"""Gets a process's output as it comes, in a thread, and `b""` at the end of a stream."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A program, found by the PATH of `env`, which is its whole environment."""

    argv: tuple[str, ...]
    env: Environment
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

    def __init__(
        self,
        command: Command,
        runtime: Runtime,
        take: Take,
        *,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        """Start it, or raise MissingProgramError; `on_end` is called in a thread at its end."""
        self._runtime = runtime
        self._take = take
        self._on_end = on_end
        self._code: int | None = None
        self._ended = runtime.flag()
        self.last_output = runtime.monotonic()
        self._guardian, self._control = _start(command)
        runtime.spawn(f"process-{self._guardian.pid}", self._follow)

    def wait(self, seconds: float) -> int | None:
        """Wait until it has ended and its output is read, at most `seconds`.

        Return its code as in Finished, or None if it has not.
        """
        if self._ended.wait(seconds):
            return self._code
        return None

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def unpause(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self, grace_seconds: float) -> None:
        """Ask its group to end, and after `grace_seconds` kill what is left."""
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
            if code < 0:
                code = 128 - code
            self._code = code
            self._ended.set()
            self._on_end()

    def _read(self, selector: selectors.BaseSelector) -> None:
        """Pass the output on until both streams end."""
        outputs = {
            Stream.STDOUT: self._guardian.stdout,
            Stream.STDERR: self._guardian.stderr,
        }
        for stream, pipe in outputs.items():
            assert pipe is not None  # noqa: S101 - as it was started
            selector.register(pipe, selectors.EVENT_READ, stream)
        while selector.get_map():
            # Checked first, so that all output of an ended process is ready below.
            ended = self._guardian.poll() is not None
            ready = selector.select(_LINGER_SECONDS)
            if ended and not ready:
                # A process that still holds a pipe has escaped, and is not waited for.
                return
            for key, _ in ready:
                self._read_chunk(selector, key)

    def _read_chunk(
        self, selector: selectors.BaseSelector, key: selectors.SelectorKey
    ) -> None:
        chunk = os.read(key.fd, _CHUNK)
        if chunk:
            self.last_output = self._runtime.monotonic()
        else:
            selector.unregister(key.fileobj)
        self._take(key.data, chunk)


class LineSplitter:
    """Splits output into lines: `Process(command, runtime, LineSplitter(on_line).take)`."""

    def __init__(self, on_line: Callable[[Stream, str], None]) -> None:
        """Take the function that gets each line, without its end.

        It must be quick: the process waits when its pipe is full.
        """
        self._on_line = on_line
        self._rest = dict.fromkeys(Stream, b"")

    def take(self, stream: Stream, chunk: bytes) -> None:
        output = self._rest[stream] + chunk
        *lines, rest = output.split(b"\n")
        is_end = not chunk
        if is_end and rest:
            lines = [rest]
            rest = b""
        self._rest[stream] = rest[:MAX_LINE]
        for line in lines:
            text = line[:MAX_LINE].decode("utf-8", "replace")
            self._on_line(stream, text.removesuffix("\r"))


class _Tails:
    """The last bytes of each stream."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept = {stream: bytearray() for stream in Stream}

    def take(self, stream: Stream, chunk: bytes) -> None:
        kept = self._kept[stream]
        kept += chunk
        is_end = not chunk
        # Up to twice the size is kept until then, so that bytes are rarely moved.
        limit = self._size
        if not is_end:
            limit *= 2
        if len(kept) > limit:
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
    (ProcessStoppedError), or when `watch`, which is called several times a second, raises an
    exception.
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
        code=code,
        stdout=outputs[Stream.STDOUT],
        stderr=outputs[Stream.STDERR],
    )


def _start(command: Command) -> tuple[subprocess.Popen[bytes], FileIO]:
    """Start a guardian with a command; return it and our end of its control pipe."""
    program = _program(command)
    control, ours = os.pipe()
    stdin = _file_of(command.input or b"")
    guardian_argv = [sys.executable, "-I", "-S", _GUARDIAN, str(control)]
    try:
        guardian = subprocess.Popen(  # noqa: S603 - a list of arguments, and no shell
            [*guardian_argv, program, *command.argv[1:]],
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


def _program(command: Command) -> str:
    """Return the path of a command's program, or raise MissingProgramError."""
    name = command.argv[0]
    search_path = command.env.get("PATH", os.defpath)
    program = shutil.which(name, path=search_path)
    if program is None:
        raise MissingProgramError(name)
    return program


def _file_of(content: bytes) -> int:
    """Return a file in memory with this content, for a process's standard input."""
    file = os.memfd_create("input")
    os.write(file, content)
    os.lseek(file, 0, os.SEEK_SET)
    return file
