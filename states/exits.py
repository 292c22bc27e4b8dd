"""The exit codes, and what each means for the job (the names are those of sysexits.h where it has one)."""

from enum import IntEnum, StrEnum
from typing import Final


class Exit(IntEnum):
    """How a process ends."""

    OK = 0
    USAGE = 64
    NO_INPUT = 65
    UNAVAILABLE = 69
    SOFTWARE = 70
    TEMPORARY = 75
    REPLACED = 76
    REFUSED = 77
    CONFIG = 78
    SIGINT = 130
    SIGTERM = 143


class Leaves(StrEnum):
    """In which condition a run that ends with a code leaves its job."""

    OVER = "over"
    RESUMABLE = "resumable"
    FAILED = "failed"
    UNTOUCHED = "untouched"


LEAVES: Final = {
    Exit.OK: Leaves.OVER,
    Exit.USAGE: Leaves.UNTOUCHED,
    Exit.NO_INPUT: Leaves.FAILED,
    Exit.UNAVAILABLE: Leaves.FAILED,
    Exit.SOFTWARE: Leaves.RESUMABLE,
    Exit.TEMPORARY: Leaves.RESUMABLE,
    Exit.REPLACED: Leaves.RESUMABLE,
    Exit.REFUSED: Leaves.FAILED,
    Exit.CONFIG: Leaves.UNTOUCHED,
    Exit.SIGINT: Leaves.RESUMABLE,
    Exit.SIGTERM: Leaves.RESUMABLE,
}

MEANING: Final = {
    Exit.OK: "completed, or canceled as asked",
    Exit.USAGE: "bad command line",
    Exit.NO_INPUT: "what was asked for cannot be had: no such job, branch or repository; empty or too large; damaged",
    Exit.UNAVAILABLE: "the engine is not available, or its key was refused",
    Exit.SOFTWARE: "a bug in the worker; the traceback is in the log",
    Exit.TEMPORARY: "temporary: run it again",
    Exit.REPLACED: "another run has taken the job over",
    Exit.REFUSED: "the git host, the store or the platform refused our credentials",
    Exit.CONFIG: "wrong configuration; nothing was touched",
    Exit.SIGINT: "interrupted (SIGINT); run it again to go on",
    Exit.SIGTERM: "stopped (SIGTERM); run it again to go on",
}
