"""The program `fondation-worker`."""

import os
import sys
from contextlib import suppress
from typing import NoReturn

from worker.cli import main


def program() -> NoReturn:
    """Run the command line and leave at once: threads that still wait for an answer are not waited for."""
    code = main(sys.argv[1:], os.environ)
    with suppress(BrokenPipeError):  # whoever read our output has gone; there is nobody left to tell
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    program()
