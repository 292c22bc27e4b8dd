"""Asks for the items of a stage, sends faulty answers back, and keeps what passes."""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from states.codec import JsonObject
from states.stages import Stage
from worker.engines.claude.asking import Asking
from worker.engines.claude.failures import UnusableAnswerError
from worker.engines.claude.model import Question
from worker.engines.claude.questions import repaired
from worker.engines.port import EngineFailedError, Item

LOG = logging.getLogger(__name__)

REPAIRS: Final = 2
"""How many times an answer is sent back."""
_LOGGED: Final = 20
"""How many faults of an answer are logged."""
_LONGEST_LOGGED: Final = 160
_SHARE: Final = 3
"""One item in this many may be made without the model."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageDraft:
    """A page made from an answer, without its faulty parts."""

    text: str
    faults: list[str]
    is_enough: bool
    """Whether enough is left to publish it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """An item to make: the question, how to read its answer, and what to do if there is none."""

    path: str
    question: Question
    draft: Callable[[JsonObject], PageDraft]
    fallback: Callable[[], str]


@dataclass(kw_only=True, slots=True)
class _Attempt:
    task: Task
    question: Question
    drafts: list[PageDraft] = field(default_factory=list)

    def best(self) -> PageDraft | None:
        """Return the draft to publish: the longest one."""
        fitting = [draft for draft in self.drafts if draft.is_enough]
        return max(fitting, key=lambda draft: len(draft.text), default=None)


def made(
    model: Asking, stage: Stage, tasks: Sequence[Task], whole: int
) -> Iterator[Item]:
    """Yield the items of a stage as they are completed; `whole` is how many it has in all.

    Items without a usable answer come last, made without the model. Raises EngineFailedError if
    there are too many of them.
    """
    without: list[Task] = []
    attempts = []
    for task in tasks:
        attempt = _Attempt(task=task, question=task.question)
        attempts.append(attempt)
    for repair in range(1, REPAIRS + 2):
        again: list[_Attempt] = []
        questions = [attempt.question for attempt in attempts]
        for index, outcome in model.answers(questions):
            attempt = attempts[index]
            is_open = _take(attempt, outcome, repair)
            if is_open:
                again.append(attempt)
                continue
            draft = attempt.best()
            if draft is None:
                without.append(attempt.task)
            else:
                yield _item(attempt.task, draft.text)
        # In the order of the questions, whichever answer came first.
        again.sort(key=attempts.index)
        attempts = again
        if not attempts:
            break
    yield from _without_model(model, stage, without, whole)


def _take(
    attempt: _Attempt, outcome: JsonObject | UnusableAnswerError, repair: int
) -> bool:
    """Read an answer; return whether it is sent back."""
    purpose = attempt.question.purpose
    if isinstance(outcome, UnusableAnswerError):
        LOG.warning(
            "no usable answer", extra={"call": purpose, "reason": str(outcome)}
        )
        return False
    draft = attempt.task.draft(outcome)
    attempt.drafts.append(draft)
    if not draft.faults:
        attempt.drafts = [draft]
        return False
    LOG.info(
        "an answer has faults",
        extra={"call": purpose, "faults": len(draft.faults)},
    )
    for fault in draft.faults[:_LOGGED]:
        LOG.info(
            "a fault",
            extra={"call": purpose, "fault": fault[:_LONGEST_LOGGED]},
        )
    if repair > REPAIRS:
        return False
    answer = json.dumps(outcome, ensure_ascii=False, indent=1)
    attempt.question = repaired(
        attempt.task.question, answer, draft.faults, repair
    )
    return True


def _without_model(
    model: Asking, stage: Stage, tasks: Sequence[Task], whole: int
) -> Iterator[Item]:
    # guard: fallbacks: a course is not made without the model
    if len(tasks) > max(1, whole // _SHARE):
        raise EngineFailedError(
            f"{len(tasks)} of {whole} items of {stage} have no usable answer: "
            "try another model, or ENGINE=static",
            temporary=False,
            code="too_many_fallbacks",
        )
    for task in tasks:
        # guard: fallbacks: one is recorded before its item is made
        model.fell_back(stage, task.path)
        LOG.warning("made without the model", extra={"path": task.path})
        yield _item(task, task.fallback())


def _item(task: Task, text: str) -> Item:
    return Item(path=task.path, body=f"{text}\n".encode())
