"""A model in the tests' own process that answers the engine's questions at once."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from states.stages import Stage
from states.usage import Usage
from tests.support.messages_api.answers import Manner, lesson
from worker.engines.claude.asking import Outcome
from worker.engines.claude.model import Question
from worker.engines.port import Workspace


class FakeModel:
    """Answers in one manner, or by a function."""

    def __init__(
        self,
        manner: Callable[[Question], Manner | Outcome] | Manner = Manner.GOOD,
    ) -> None:
        self.questions: list[Question] = []
        self.fallbacks: Counter[Stage] = Counter()
        self._manner = manner

    def check(self) -> None:
        pass

    def begin(self, workspace: Workspace) -> None:
        pass

    def answers(
        self, questions: Sequence[Question]
    ) -> Iterator[tuple[int, Outcome]]:
        # In reverse, because the engine must not rely on the order.
        for index, question in reversed(list(enumerate(questions))):
            self.questions.append(question)
            yield index, self._answer(question)

    def _answer(self, question: Question) -> Outcome:
        manner = self._manner
        if not isinstance(manner, Manner):
            manner_or_answer = manner(question)
            if not isinstance(manner_or_answer, Manner):
                return manner_or_answer
            manner = manner_or_answer
        text = json.dumps(lesson(question.system, question.prompt, manner))
        outcome: Outcome = json.loads(text)
        return outcome

    def fell_back(self, stage: Stage, path: str) -> None:
        assert path
        self.fallbacks[stage] += 1

    def usage(self) -> Usage | None:
        return None

    def pause(self) -> None:
        pass

    def unpause(self) -> None:
        pass

    def stop(self) -> None:
        pass
