"""The port to an engine: what turns a repository into the files of a course, stage by stage."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from states.stages import Stage


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """The folders that an engine works in."""

    source: Path
    """The repository's files, to be read only. Hostile: see every name and every byte as data."""
    output: Path
    """The course so far: files of earlier stages, and this stage's finished items."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A finished piece of a stage: a file of the course."""

    path: str
    """Relative to the course's folder, as `chapters/chapter_1_context.md`."""
    body: bytes


class EngineFailedError(Exception):
    """The engine could not finish a stage; the reason may pass (`temporary`) or not."""

    def __init__(self, message: str, *, temporary: bool) -> None:
        """Take one line for the user, and whether trying again may help."""
        super().__init__(message)
        self.temporary = temporary


class NoMaterialError(EngineFailedError):
    """The repository holds nothing that a course could be about."""

    def __init__(self, message: str) -> None:
        """Take one line for the user."""
        super().__init__(message, temporary=False)


class EngineOutdatedError(EngineFailedError):
    """The engine cannot continue from a finished stage: that stage must be made again."""

    def __init__(self, message: str, stage: Stage) -> None:
        """Take one line for the user, and the stage."""
        super().__init__(message, temporary=True)
        self.stage = stage


class Engine(Protocol):
    """Makes the six stages after `clone`."""

    name: str
    version: str
    """Raised with every change of output; items of different versions are never mixed."""

    def check(self) -> None:
        """Raise EngineFailedError if the engine cannot work here at all."""

    def produce(self, stage: Stage, workspace: Workspace) -> Iterator[Item]:
        """Make the missing items of a stage; yield each as soon as it is complete.

        Runs in a thread of its own. Raises EngineFailedError.
        """

    def pause(self) -> None:
        """Stop working until `unpause`; called from another thread."""

    def unpause(self) -> None:
        """Go on working."""

    def stop(self) -> None:
        """End the work in hand, children included.

        `produce` then ends soon, by returning or raising.
        """


class NoEngine:
    """The engine of a run that makes nothing: it only cancels a job or delivers events."""

    name = "none"
    version = "0"

    def check(self) -> None:
        """Refuse."""
        raise EngineFailedError(
            "this run was not meant to make anything", temporary=False
        )

    def produce(self, stage: Stage, workspace: Workspace) -> Iterator[Item]:
        """Refuse."""
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
