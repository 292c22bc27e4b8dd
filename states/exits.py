"""The exit codes, named as in sysexits.h, and what each means for the job."""

from enum import IntEnum, StrEnum
from typing import Final


class Exit(IntEnum):
    """How a process ends."""

    OK = 0
    USAGE = 64
    DATA_ERROR = 65
    UNAVAILABLE = 69
    SOFTWARE = 70
    TEMPORARY = 75
    REPLACED = 76
    REFUSED = 77
    CONFIG = 78
    SIGINT = 130
    SIGTERM = 143


class Fate(StrEnum):
    """The condition in which a run leaves its job."""

    OVER = "over"
    RESUMABLE = "resumable"
    FAILED = "failed"
    UNTOUCHED = "untouched"


FATES: Final = {
    Exit.OK: Fate.OVER,
    Exit.USAGE: Fate.UNTOUCHED,
    Exit.DATA_ERROR: Fate.FAILED,
    Exit.UNAVAILABLE: Fate.FAILED,
    Exit.SOFTWARE: Fate.RESUMABLE,
    Exit.TEMPORARY: Fate.RESUMABLE,
    Exit.REPLACED: Fate.RESUMABLE,
    Exit.REFUSED: Fate.FAILED,
    Exit.CONFIG: Fate.UNTOUCHED,
    Exit.SIGINT: Fate.RESUMABLE,
    Exit.SIGTERM: Fate.RESUMABLE,
}

FINAL_CODES: Final = frozenset(
    code
    for code, fate in FATES.items()
    if fate in {Fate.FAILED, Fate.UNTOUCHED}
)
"""Codes after which a job without a checkpoint is not retried: it would end with the same code."""

MEANING: Final = {
    Exit.OK: "completed, or canceled as asked",
    Exit.USAGE: "bad command line",
    Exit.DATA_ERROR: (
        "no such job, branch or repository, or it is empty, too large or damaged"
    ),
    Exit.UNAVAILABLE: "the engine is not available, or its key was refused",
    Exit.SOFTWARE: "a bug in the worker; the traceback is in the log",
    Exit.TEMPORARY: "temporary fault; run it again",
    Exit.REPLACED: "another run has taken the job over",
    Exit.REFUSED: "the git host, the store or the platform refused our credentials",
    Exit.CONFIG: "wrong configuration; nothing was touched",
    Exit.SIGINT: "interrupted (SIGINT); run it again to resume",
    Exit.SIGTERM: "stopped (SIGTERM); run it again to resume",
}
