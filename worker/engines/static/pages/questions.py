"""Questions about the code that a chapter shows, with answers that follow from it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from worker.engines.static.facts import Definition
from worker.engines.static.pages import (
    citations,
    failures,
    key_places,
    markdown,
)
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.parsing.function_facts import Expression
from worker.engines.static.prose.phrases import number

_FEWEST: Final = 3
_MOST: Final = 5
"""Results of a function that are worth a question, and can be told apart."""
_LONGEST: Final = 160
"""Characters of a result with its conditions."""


class Question(NamedTuple):
    """A question and its answer, both Markdown."""

    text: str
    answer: str


def asked(facts: CourseFacts, chapter: Chapter) -> list[Question]:
    """Ask when the function with the most results returns each of them."""
    functions = [
        place.definition
        for place in key_places.chosen(facts, chapter)
        if place.definition is not None
    ]
    results = {
        function: returned
        for function in functions
        if (returned := _results(facts, function))
    }
    if not results:
        return []
    function = max(results, key=lambda function: len(results[function]))
    count = number(len(results[function]))
    text = (
        f"When does {citations.name(function)} return each of its "
        f"{count} results?"
    )
    return [Question(text, markdown.bullets(_rows(results[function])))]


def _results(facts: CourseFacts, function: Definition) -> list[Expression]:
    """Return the results of a function if a reader can tell them apart; else none."""
    inside = facts.function(function.index)
    if inside is None:
        return []
    results = [
        result
        for result in inside.returns
        if result.text
        and failures.failing_call(facts, function, result.text) is None
    ]
    is_clear = (
        len({result.text for result in results}) == len(results)
        and len({result.conditions for result in results}) == len(results)
        and not any("…" in result.text for result in results)
        and all(len(row) <= _LONGEST for row in _rows(results))
    )
    if is_clear and _FEWEST <= len(results) <= _MOST:
        return results
    return []


def _rows(results: Sequence[Expression]) -> list[str]:
    """Return each result behind its conditions; what an earlier row has is not excluded again."""
    rows: list[str] = []
    told: set[str] = set()
    for result in results:
        new = tuple(
            condition
            for condition in result.conditions
            if condition.removeprefix("unless ") not in told
        )
        words = failures.condition(new) or "otherwise"
        if rows and len(new) < len(result.conditions) and new:
            words = f"else {words}"
        rows.append(
            f"{words[:1].upper()}{words[1:]}: {markdown.code(result.text)}."
        )
        if len(new) == 1:
            told.add(new[0].removeprefix("if "))
    return rows
