"""The part of a model that pages need: it answers questions."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from states.codec import JsonObject
from states.stages import Stage
from states.usage import Usage
from worker.engines.claude.failures import UnusableAnswerError
from worker.engines.claude.model import Question
from worker.engines.port import Workspace

Outcome = JsonObject | UnusableAnswerError


class Asking(Protocol):
    """Answers questions; implemented by `Model`, and by a stand-in in the tests."""

    def check(self) -> None:
        """Raise EngineFailedError if the model certainly cannot be called."""

    def begin(self, workspace: Workspace) -> None:
        """Begin a stage."""

    def answers(
        self, questions: Sequence[Question]
    ) -> Iterator[tuple[int, Outcome]]:
        """Yield each answer with the index of its question, as they arrive."""

    def fell_back(self, stage: Stage, path: str) -> None:
        """Record that an item is made without the model."""

    def usage(self) -> Usage | None:
        """Return the usage of the job's calls; None until the records have been read."""

    def pause(self) -> None:
        """Begin no calls until `unpause`."""

    def unpause(self) -> None:
        """Allow calls again."""

    def stop(self) -> None:
        """Begin no more calls in this stage."""
