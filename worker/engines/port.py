"""The port to an engine, which turns a repository into the files of a course, stage by stage."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from states.keys import CallName
from states.stages import Stage
from states.usage import Budget, Usage, Waiting


class CallStore(Protocol):
    """The objects of the job's paid calls, and the right to make such a call.

    Its methods may be called from several threads. They may raise a StoreFaultError, which
    `produce` does not catch.
    """

    def read(self) -> Iterator[tuple[CallName, bytes]]:
        """Yield the objects of all calls that any run of the job has recorded."""

    def create(self, name: CallName, body: bytes) -> bytes:
        """Store an object unless one of that name exists; return the content of the stored one."""

    def owns_alone(self) -> bool:
        """Whether only this run may act on the job: only then may a call begin.

        It holds the lease, and no run that it has replaced may hold one.
        """


class NoCalls:
    """The call store of an engine that makes no paid calls."""

    def read(self) -> Iterator[tuple[CallName, bytes]]:
        return iter(())

    def create(self, name: CallName, body: bytes) -> bytes:
        raise NotImplementedError(f"{name} cannot be stored here: {body!r}")

    def owns_alone(self) -> bool:
        return False


@dataclass(frozen=True, kw_only=True, slots=True)
class EarlierCourse:
    """The course of an earlier commit, which the new course updates."""

    diffs: Mapping[str, str]
    """The unified diffs of changed text files, by path; long ones are cut, some left out."""
    read: Callable[[str], bytes | None]
    """Returns a file of that course by its path, or None if it is not available."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """The folders that an engine works in."""

    source: Path
    """The repository's files, read-only and untrusted: treat every name and every byte as data."""
    output: Path
    """The course so far: files of earlier stages, and this stage's finished items."""
    calls: CallStore = field(default_factory=NoCalls)
    """The job's paid calls."""
    generation: int = 1
    """Counts from 1 how often the stage was started over; a new generation pays again."""
    budget: Budget | None = None
    """The limit set by an operator; it overrides the engine's own."""
    earlier: EarlierCourse | None = None
    """The course that this one updates, if any."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A finished piece of a stage: a file of the course."""

    path: str
    """Relative to the course's folder, such as `chapters/chapter_1_context.md`."""
    body: bytes


class EngineFailedError(Exception):
    """The engine could not finish a stage, for a temporary or a permanent reason."""

    def __init__(
        self, message: str, *, temporary: bool, code: str | None = None
    ) -> None:
        """Take a one-line message for the user; `temporary` says whether a retry may help.

        `code` is a short name for machines: `errorCode` in callbacks.
        """
        super().__init__(message)
        self.temporary = temporary
        self.code = code


class EngineConfigError(EngineFailedError):
    """The engine's configuration is wrong; the job is left as it is."""

    def __init__(self, message: str) -> None:
        """Take a one-line message for the user: which variable, and how to correct it."""
        super().__init__(message, temporary=False)


class EngineWaitingError(EngineFailedError):
    """The engine has to wait for a model's provider: the run ends, and a later one continues."""

    def __init__(self, message: str, waiting: Waiting) -> None:
        """Take a one-line message for the user, and the time until which to wait."""
        super().__init__(message, temporary=True)
        self.waiting = waiting


class NoMaterialError(EngineFailedError):
    """The repository contains nothing that a course could be about."""

    def __init__(self, message: str) -> None:
        """Take a one-line message for the user."""
        super().__init__(message, temporary=False)


class EngineOutdatedError(EngineFailedError):
    """The engine cannot continue from a finished stage: that stage must be made again."""

    def __init__(self, message: str, stage: Stage) -> None:
        """Take a one-line message for the user, and the stage."""
        super().__init__(message, temporary=True)
        self.stage = stage


class Engine(Protocol):
    """Makes the six stages after `clone`."""

    name: str
    version: str
    """Changes with every change of output; items of different versions are never mixed."""
    model: str | None
    """The model that it uses, if any."""
    language: str | None
    """The language that a model writes the course in."""

    def check(self) -> None:
        """Raise EngineFailedError if the engine cannot work here at all."""

    def prepare(self, output: Path) -> None:
        """Begin, in a thread, what the first stage would wait for; `output` as in Workspace.

        Called once, after `check` and before the source is there; never raises.
        """

    def produce(self, stage: Stage, workspace: Workspace) -> Iterator[Item]:
        """Make the missing items of a stage; yield each as soon as it is complete.

        Runs in a thread of its own. Raises EngineFailedError.
        """

    def pause(self) -> None:
        """Stop working until `unpause`; called from another thread."""

    def unpause(self) -> None:
        """Continue working."""

    def stop(self) -> None:
        """End the current work, child processes included.

        `produce` then ends soon, by returning or raising.
        """

    def usage(self) -> Usage | None:
        """Return the usage of the job's paid calls so far; None if it makes none.

        Called from another thread. Also None until the calls have been read.
        """


class NoEngine:
    """The engine of a run that only cancels a job or delivers events."""

    name = "none"
    version = "0"
    model: str | None = None
    language: str | None = None

    def check(self) -> None:
        raise EngineFailedError(
            "this run must not make anything", temporary=False
        )

    def prepare(self, output: Path) -> None:
        """Do nothing."""

    def produce(self, stage: Stage, workspace: Workspace) -> Iterator[Item]:
        raise EngineFailedError(
            f"there is no engine for {stage} in {workspace.output}",
            temporary=False,
        )

    def pause(self) -> None:
        """Do nothing."""

    def unpause(self) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""

    def usage(self) -> None:
        """Return None."""
