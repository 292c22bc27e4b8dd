"""The program `fondation-worker`."""

import os
import signal
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import Final, NoReturn

_STANDARD: Final = (0, 1, 2)


def program() -> NoReturn:
    """Run the command line and leave at once: threads that still wait for an answer are not waited for."""
    # Process 1 of a container hears no signal that it has no handler for. A run installs its own, which saves what is
    # finished; until then, all this long import included, there is nothing to save.
    signal.signal(signal.SIGTERM, lambda number, _: os._exit(128 + number))
    _name_files_in_utf8()
    _open_standard_streams()
    from worker.cli import main  # noqa: PLC0415 - see above

    code = main(sys.argv[1:], os.environ)
    with suppress(OSError):  # nobody is left to be told
        sys.stderr.flush()
    os._exit(code)


def _name_files_in_utf8() -> None:
    """Start anew in UTF-8 mode where the locale has another encoding: a course is the same everywhere."""
    if sys.getfilesystemencoding() != "utf-8" and sys.executable:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 - no shell


def _open_standard_streams() -> None:
    """Open what was closed: else the next files and pipes would be taken for the standard streams."""
    for descriptor in _STANDARD:
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003 - it has no name for it
    sys.stdout = sys.stdout or _writer(1)
    sys.stderr = sys.stderr or _writer(2)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _writer(descriptor: int) -> TextIOWrapper:
    return open(descriptor, "w", encoding="utf-8", closefd=False)


if __name__ == "__main__":
    program()
