"""The program `fondation-worker`."""

import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn


def program() -> NoReturn:
    """Run the command line and leave at once: threads that still wait for an answer are not waited for."""
    # Process 1 of a container hears no signal that it has no handler for. A run installs its own, which saves what is
    # finished; until then, all this long import included, there is nothing to save.
    signal.signal(signal.SIGTERM, lambda number, _: os._exit(128 + number))
    from worker.cli import main  # noqa: PLC0415 - see above

    code = main(sys.argv[1:], os.environ)
    with suppress(BrokenPipeError):  # whoever read our output has gone; there is nobody left to tell
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    program()
