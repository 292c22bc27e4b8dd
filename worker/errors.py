"""All errors, grouped by what the user has to do.

WorkerError
├── UsageError              64  correct the command line
├── DataError               65  name an existing, usable job, branch or repository
├── EngineUnavailableError  69  install the engine, or correct its key
├── BugError                70  report it
│   └── StoreError                an answer that the caller should have handled
│       ├── ExistsError                 a create-only PUT met an object
│       ├── MissingError                there is no such object
│       └── ConflictError               two writers at once: try again
├── TemporaryError          75  run it again
│   ├── UnavailableError          the git host does not answer (worker/source/host_answer.py)
│   ├── DiskError                 a local disk is full or faulty (worker/system/disk.py)
│   ├── EngineTroubleError        the engine could not finish a stage
│   ├── WaitingError              the job waits for a model's provider
│   └── BusyError                 another run works on the job
├── ReplacedError           76  do nothing: another run continues
├── RefusedError            77  correct the credentials
├── ConfigError             78  correct the configuration
└── StoreFaultError             a store's fault, which may pass
    ├── StoreUnavailableError     75  it does not answer, or cannot now
    ├── StoreRefusedError         77  it refuses our credentials
    ├── StoreConfigError          78  its address or bucket is wrong, or it is not a store
    ├── DamagedCheckpointError    65  what it returns is not a checkpoint
    └── UnknownFormatError        78  it returns a checkpoint of another version

Before a job is claimed, a StoreFaultError ends the command at once, with its own code. A run
that has claimed its job tries again for STORE_GIVE_UP_SECONDS, and then ends with 75 (with
77 if it was refused all that time). The job never fails for it: if the store accepts the
record of the failure, the fault has passed.

DamagedError        a finished stage's artifact is damaged: the run repeats that stage
└── OutdatedError   the engine cannot continue from a finished stage: the run makes it again
"""

from typing import ClassVar

from states.exits import Exit
from states.stages import Stage
from states.usage import Waiting


class WorkerError(Exception):
    """The root of all errors that end a command, with a message for the user."""

    exit: ClassVar[Exit] = Exit.SOFTWARE
    code: str = "internal"
    """A short name for machines: `errorCode` in callbacks."""

    def __init__(self, message: str, *, code: str | None = None) -> None:
        """Take a one-line message: what happened, and what to do next."""
        super().__init__(message)
        self.code = code or self.code


class UsageError(WorkerError):
    """The command line is wrong."""

    exit = Exit.USAGE
    code = "usage"


class DataError(WorkerError):
    """The job, branch or repository does not exist, or cannot be used."""

    exit = Exit.DATA_ERROR
    code = "not_found"


class EngineUnavailableError(WorkerError):
    """The engine is missing, or its key was refused."""

    exit = Exit.UNAVAILABLE
    code = "engine_unavailable"


class BugError(WorkerError):
    """The program has a bug."""


class TemporaryError(WorkerError):
    """Running it again may help."""

    exit = Exit.TEMPORARY
    code = "temporary"


class DiskError(TemporaryError):
    """A local disk is full or faulty."""

    code = "disk"


class EngineTroubleError(TemporaryError):
    """The engine could not finish a stage, for a reason that may pass."""

    code = "engine_failed"


class WaitingError(TemporaryError):
    """The job has to wait for a model's provider; trying again at once would not help."""

    code = "waiting"

    def __init__(self, message: str, waiting: Waiting) -> None:
        super().__init__(message)
        self.waiting = waiting


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
    """A store answers with an error, answers wrongly, or does not answer; the fault may pass."""


class StoreUnavailableError(StoreFaultError):
    """The store does not answer, or reports that it is temporarily unavailable."""

    exit = Exit.TEMPORARY
    code = "store_unavailable"


class StoreRefusedError(StoreFaultError):
    """The store refuses our credentials."""

    exit = Exit.REFUSED
    code = "store_refused"


class StoreConfigError(StoreFaultError):
    """The store's address or bucket is wrong, or the server is not a store."""

    exit = Exit.CONFIG
    code = "store_config"


class DamagedCheckpointError(StoreFaultError):
    """The store returns a checkpoint that is damaged."""

    exit = Exit.DATA_ERROR
    code = "damaged"


class UnknownFormatError(StoreFaultError):
    """The store returns a checkpoint that another version of this program wrote."""

    exit = Exit.CONFIG
    code = "unknown_format"


class StoreError(BugError):
    """A store's answer that callers must handle; if it reaches the top, that is a bug."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)


class ExistsError(StoreError):
    """A create-only PUT found an object under its key."""


class MissingError(StoreError):
    """There is no object under the key."""


class ConflictError(StoreError):
    """Another process is writing the same key at this moment (409); try again."""


class DamagedError(Exception):
    """An artifact of a finished stage is missing or damaged."""

    new_generation: ClassVar[bool] = False
    """Whether the stage and all later ones are made again, without their stored items."""

    def __init__(self, stage: Stage, path: str) -> None:
        super().__init__(
            f"{path} of stage {stage} is missing or damaged in the store"
        )
        self.stage = stage


class OutdatedError(DamagedError):
    """The engine cannot continue from a finished stage, although it is undamaged."""

    new_generation = True

    def __init__(self, stage: Stage, reason: str) -> None:
        Exception.__init__(self, reason)
        self.stage = stage
