"""What can go wrong, by what has to be done about it.

WorkerError
├── UsageError              64  mend the command line
├── DataError            65  what was asked for cannot be had
├── EngineUnavailableError  69  install the engine, or mend its key
├── BugError                70  report it
├── TemporaryError          75  run it again
│   ├── UnavailableError          the git host does not answer (worker/source/host_answer.py)
│   ├── DiskError                 a local disk is full, or does not work (worker/system/disk.py)
│   ├── EngineTroubleError        the engine could not finish a stage
│   └── BusyError                 another run works on the job
├── ReplacedError           76  nothing: another run goes on
├── RefusedError            77  mend the credentials
├── ConfigError             78  mend the configuration
└── StoreFaultError             what a store answers, and what need not be true a minute later: see below
    ├── StoreUnavailableError     75  it does not answer, or cannot now
    ├── StoreRefusedError         77  it refuses our credentials
    ├── StoreConfigError          78  its address or bucket is wrong, or what answers is no store
    ├── DamagedCheckpointError    65  what it gives back is no checkpoint
    └── UnknownFormatError        78  what it gives back is a checkpoint of another version of this program

A StoreFaultError ends a command at once with its own code, as long as the job is not
claimed. A run that has claimed its job tries again for STORE_GIVE_UP_SECONDS, and then ends
with 75 (77 if it was refused all that time); it is never recorded as the job's failure:
whatever could be written, the store has let through.

StoreError                      answers of a store that its caller decides upon
├── ExistsError                   a create-only PUT met an object
├── MissingError                  there is no such object
└── ConflictError                 two writers at once: try again

DamagedError                    a finished stage's artifact is gone: its run goes back to
that stage └── OutdatedError                 the engine cannot go on from a finished stage:
its run makes that stage anew
"""

from typing import ClassVar

from states.exits import Exit
from states.stages import Stage


class WorkerError(Exception):
    """The root of everything that ends a command, with a message for its user."""

    exit: ClassVar[Exit] = Exit.SOFTWARE
    code: str = "internal"
    """A short name for machines: `errorCode` in callbacks."""

    def __init__(self, message: str, *, code: str | None = None) -> None:
        """Take one line: what happened, and what to do next."""
        super().__init__(message)
        self.code = code or self.code


class UsageError(WorkerError):
    """The command line is wrong."""

    exit = Exit.USAGE
    code = "usage"


class DataError(WorkerError):
    """What was asked for cannot be had."""

    exit = Exit.DATA_ERROR
    code = "not_found"


class EngineUnavailableError(WorkerError):
    """The engine is not there, or its key was refused."""

    exit = Exit.UNAVAILABLE
    code = "engine_unavailable"


class BugError(WorkerError):
    """Something that cannot be, was."""


class TemporaryError(WorkerError):
    """Running it again may help."""

    exit = Exit.TEMPORARY
    code = "temporary"


class DiskError(TemporaryError):
    """A local disk is full, or does not work."""

    code = "disk"


class EngineTroubleError(TemporaryError):
    """The engine could not finish a stage, for a reason that may pass."""

    code = "engine_failed"


class BusyError(TemporaryError):
    """Another run works on the job."""

    code = "busy"


class ReplacedError(WorkerError):
    """Another run has taken the job over."""

    exit = Exit.REPLACED
    code = "replaced"


class RefusedError(WorkerError):
    """The git host or the platform refused our credentials."""

    exit = Exit.REFUSED
    code = "refused"


class ConfigError(WorkerError):
    """The configuration is wrong; nothing was touched."""

    exit = Exit.CONFIG
    code = "config"


class StoreFaultError(WorkerError):
    """A store answers with an error, wrongly, or not at all; that may pass."""


class StoreUnavailableError(StoreFaultError):
    """The store does not answer, or answers that it cannot now."""

    exit = Exit.TEMPORARY
    code = "store_unavailable"


class StoreRefusedError(StoreFaultError):
    """The store refuses our credentials."""

    exit = Exit.REFUSED
    code = "store_refused"


class StoreConfigError(StoreFaultError):
    """The store's address or its bucket is wrong, or what answers there is no store."""

    exit = Exit.CONFIG
    code = "store_config"


class DamagedCheckpointError(StoreFaultError):
    """What the store gives back is no checkpoint."""

    exit = Exit.DATA_ERROR
    code = "damaged"


class UnknownFormatError(StoreFaultError):
    """What the store gives back is a checkpoint of another version of this program."""

    exit = Exit.CONFIG
    code = "unknown_format"


class StoreError(Exception):
    """An answer of a store that its caller decides upon."""


class ExistsError(StoreError):
    """A create-only PUT met an object under its key."""


class MissingError(StoreError):
    """There is no object under that key."""


class ConflictError(StoreError):
    """Somebody writes the same key at this moment (409); try again."""


class DamagedError(Exception):
    """An artifact of a finished stage is missing or damaged."""

    anew: ClassVar[bool] = False
    """Whether nothing that is stored of the stage, and of those after it, may be used again."""

    def __init__(self, stage: Stage, path: str) -> None:
        """Remember which."""
        super().__init__(f"{path} of stage {stage} is missing or damaged in the store")
        self.stage = stage


class OutdatedError(DamagedError):
    """The engine cannot go on from what is stored of a finished stage, whole as it is."""

    anew = True

    def __init__(self, stage: Stage, reason: str) -> None:
        """Take the stage to be made anew."""
        Exception.__init__(self, reason)
        self.stage = stage
