"""The program `fondation-worker`."""

import gc
import os
import signal
import sys
from collections.abc import Callable
from io import BufferedWriter, FileIO, TextIOWrapper
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, NoReturn, TextIO, cast

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_Handler = Callable[[int, FrameType | None], Any] | int | signal.Handlers | None
_STANDARD: Final = (0, 1, 2)
_YOUNG: Final = 20_000
"""How many new objects start a search for cycles: the usual 700 start hundreds at each start."""


def program() -> NoReturn:
    """Run the command line, and exit without waiting for blocked threads."""
    at_ctrl_c = _end_at_signals()
    gc.set_threshold(_YOUNG)
    # guard: files have the same names in every locale
    _name_files_in_utf8()
    # guard: standard streams that are closed are opened
    _open_standard_streams()
    spare_httpx_its_program()
    from worker.cli.main import main  # noqa: PLC0415 - see above

    signal.signal(signal.SIGINT, at_ctrl_c)
    code = main(sys.argv[1:], os.environ)
    sys.stderr.flush()
    os._exit(code)


def _end_at_signals() -> _Handler:
    """End at signals from now on; return the previous handler of SIGINT.

    Process 1 of a container ignores signals that it has no handler for. A run installs its own
    handlers, which save finished work; until then, including a long import, there is nothing to
    save.
    """
    # guard: signals that the parent has blocked are received
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGTERM, _end)
    at_ctrl_c = signal.getsignal(signal.SIGINT)
    # A shell's background process ignores SIGINT.
    if at_ctrl_c is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    return at_ctrl_c


def _end(number: int, _: object) -> NoReturn:
    os._exit(128 + number)


def spare_httpx_its_program() -> None:
    """Hide httpx's own command line, which it would load with click, rich and Pygments."""
    modules = cast("dict[str, object]", sys.modules)
    modules["httpx._main"] = None


def _name_files_in_utf8() -> None:
    """Restart in UTF-8 mode if the locale has another encoding; courses must not depend on it."""
    if sys.getfilesystemencoding() != "utf-8" and sys.executable:
        os.execv(  # noqa: S606 - no shell
            sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]]
        )


def _open_standard_streams() -> None:
    """Open closed standard streams, or the next files and pipes would be taken for them."""
    for descriptor in _STANDARD:
        try:
            os.fstat(descriptor)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(null, True)  # noqa: FBT003 - it takes no name
    sys.stdout = _writer(sys.stdout, FileIO(1, "w", closefd=False))
    sys.stderr = _writer(sys.stderr, _Log(2, "w", closefd=False))


def _writer(stream: TextIO | None, raw: FileIO) -> TextIOWrapper:
    """Return a stream that can write any text, in the encoding of the given one, if any."""
    encoding = "utf-8"
    if stream:
        encoding = stream.encoding
    is_line_by_line = raw.isatty() or isinstance(raw, _Log)
    return TextIOWrapper(
        BufferedWriter(raw),
        encoding,
        "backslashreplace",
        line_buffering=is_line_by_line,
    )


class _Log(FileIO):
    """A file that ignores write errors: a full disk or a lost terminal must not end a run."""

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write the text, or drop it."""
        try:
            return super().write(data)
        except OSError:
            # guard: a log that takes nothing changes nothing
            return memoryview(data).nbytes


if __name__ == "__main__":
    program()
