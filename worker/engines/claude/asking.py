"""The part of a model that pages need: answers to questions."""

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
    """Answers questions; `Model` does it, and so does the tests' stand-in."""

    def check(self) -> None:
        """Raise EngineFailedError if the model certainly cannot be called."""

    def begin(self, workspace: Workspace) -> None:
        """Begin a stage."""

    def answers(
        self, questions: Sequence[Question]
    ) -> Iterator[tuple[int, Outcome]]:
        """Yield the answer to each question with its index, as they come."""

    def fell_back(self, stage: Stage, path: str) -> None:
        """Record that an item is made without the model."""

    def usage(self) -> Usage | None:
        """Return the usage of the job's calls; None until they have been read."""

    def pause(self) -> None:
        """Begin no calls until `unpause`."""

    def unpause(self) -> None:
        """Continue."""

    def stop(self) -> None:
        """Begin no more calls in this stage."""
