"""Questions about a chapter's code and its tests, with answers that follow from them."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from worker.engines.static.facts import Definition
from worker.engines.static.pages import (
    breaking,
    citations,
    examples,
    failures,
    key_places,
    markdown,
    project_tests,
)
from worker.engines.static.pages.course import (
    Chapter,
    CourseFacts,
    remembered,
)
from worker.engines.static.pages.project_tests import ProjectTest
from worker.engines.static.parsing.function_facts import Expression
from worker.engines.static.prose.code_blocks import dedented
from worker.engines.static.prose.phrases import capital, number

_FEWEST: Final = 2
_MOST: Final = 5
"""Results of a function, or failures, that are worth a question."""
_LONGEST: Final = 160
"""Characters of a result with its conditions."""
_OTHERWISE: Final = "Otherwise"
"""The condition of a result that all other results leave."""
_MOST_TESTS: Final = 40
_LONGEST_TEST: Final = 14
"""Lines of a test that is shown."""
_LONGEST_FAILURE: Final = 240
"""Characters of a failure with its place and its conditions."""
_WITHOUT_VALUE: Final = r"\g<1>___\g<3>"
_PLAIN: Final = "text"
"""The tag of code that differs from the file's."""
_LITERAL: Final = (
    r"(?:[rbu]?\"(?:\\.|[^\"\\\n\ufffd])+\""
    r"|[rbu]?'(?:\\.|[^'\\\n\ufffd])+'|-?\b\d\d?(?:\.\d+)?\b)"
)
"""A text that could be decoded, or a small number: `200` is the status of any answer."""
_ITEMS: Final = rf"(?:{_LITERAL}|[][{{}},: ])+"
_EXPECTED: Final = re.compile(
    r"^([ \t]*(?:assert [^\"'=\n]+ == |if .+ != "
    r"|\S*(?:assert_eq!|assertEqual|(?:EXPECT|ASSERT)_EQ|[sS]trictEqual|deepEqual)\(.+, "
    r"|\S*(?:assert_equal|assertEquals?|assertSame|AreEqual|Equal|\.expect)[( ](?:t, |\d+, )?"
    r"|.*(?:expect|assertThat)\(.+\)\.(?:to(?:Be|Equal|StrictEqual)|isEqualTo|to eq)[( ]))"
    rf"({_LITERAL}|\[{_ITEMS}\]|\{{{_ITEMS}\}})"
    r"(\)*;?| \{|, .+)$",
    re.MULTILINE,
)
"""An assertion: the text before the expected value, the value, and the text after it."""


class QuestionWithAnswer(NamedTuple):
    """A question and its answer, both Markdown."""

    text: str
    answer: str


def asked(facts: CourseFacts, chapter: Chapter) -> list[QuestionWithAnswer]:
    """Ask what a test expects, and about the definitions that a chapter shows."""
    questions = list(_of_test(facts, chapter).values())
    definitions = facts.symbols(chapter)
    for place in key_places.chosen(facts, chapter):
        if place.definition is not None:
            definitions.append(place.definition)
    for words, find in _KINDS:
        name = ""
        rows: list[str] = []
        for definition in definitions:
            answers = find(facts, definition)
            if len(answers) > len(rows):
                name = citations.name(definition)
                rows = answers
        if rows:
            count = number(len(rows))
            text = words.format(name=name, count=count)
            answer = markdown.bullets(rows)
            questions.append(QuestionWithAnswer(text, answer))
    return questions


@remembered
def _of_test(
    facts: CourseFacts, chapter: Chapter
) -> dict[tuple[str, int], QuestionWithAnswer]:
    """Ask about the best test that no page shows and no earlier tutorial asks about."""
    shown = set()
    for example in examples.found(facts, chapter):
        place = example.path, example.first
        shown.add(place)
    change = breaking.change(facts, chapter)
    if change is not None:
        shown.add(change.test.place)
    earlier = facts.chapters[: chapter.position]
    for other in earlier:
        questions = _of_test(facts, other)
        shown.update(questions)
    best = project_tests.found(facts, chapter)[:_MOST_TESTS]
    for test in best:
        if test.place in shown:
            continue
        question = _expected(facts, test)
        if question is not None:
            value = _other_value(facts, test)
            text = markdown.document(question.text, value)
            return {test.place: QuestionWithAnswer(text, question.answer)}
    return {}


def _other_value(facts: CourseFacts, test: ProjectTest) -> str:
    """Have the reader see how a test fails, if a command runs it."""
    command = project_tests.local_command(facts, test)
    if not command:
        return ""
    shown = markdown.code(command)
    return f"Then write another value there, and run {shown}. What does it say?"


def _expected(
    facts: CourseFacts, test: ProjectTest
) -> QuestionWithAnswer | None:
    """Ask what a short test expects, if its other lines do not give that away."""
    lines = facts.texts.lines(test.path)
    before = test.first - 2
    above, *rows = lines[before : test.last]
    is_marked = above.lstrip().startswith(("@", ")"))
    is_wide = any(len(row) > markdown.MAX_LINE for row in rows)
    if is_marked or is_wide or len(rows) > _LONGEST_TEST:
        return None
    code = "\n".join(dedented(rows))
    blanked = _EXPECTED.sub(_WITHOUT_VALUE, code)
    values = [value for _, value, _ in _EXPECTED.findall(code)]
    bare = [value.strip("\"'") for value in values]
    is_told = any(value in blanked for value in bare)
    if is_told or not values:
        return None
    name = markdown.code(test.name)
    shown = blanked.split("\n")
    text = markdown.document(
        f"What does {name} expect in place of `___`?",
        markdown.fence(shown, _PLAIN),
    )
    extent = test.first, test.last
    place = markdown.place(test.path, extent)
    answers = markdown.bullets(map(markdown.code, values))
    answer = markdown.document(f"It expects ({place}):", answers)
    return QuestionWithAnswer(text, answer)


def _failures(facts: CourseFacts, function: Definition) -> list[str]:
    """Return the ways in which a function fails, as sentences without their subject."""
    sentences = []
    subject = f"{citations.name(function)} "
    for failure in failures.of_functions(facts, [function]):
        sentence = failures.sentence(facts, failure)
        is_short = len(sentence) <= _LONGEST_FAILURE
        if is_short and failure.cause.conditions:
            predicate = sentence.removeprefix(subject)
            sentences.append(capital(predicate))
    if len(sentences) > _MOST:
        return []
    return sentences


def _results(facts: CourseFacts, function: Definition) -> list[str]:
    """Return the results of a function, if a reader can tell all of them apart."""
    inside = facts.function(function.index)
    if inside is None:
        return []
    results = inside.returns
    count = len(results)
    texts = {result.text for result in results}
    conditions = {result.conditions for result in results}
    is_clear = (
        _FEWEST <= count <= _MOST
        and len(texts) == len(conditions) == count
        and "" not in texts
        and not any("…" in text for text in texts)
    )
    if not is_clear:
        return []
    rows = _rows(
        [
            result
            for result in results
            if failures.failing_call(facts, function, result.text) is None
        ]
    )
    is_whole = len(rows) >= _FEWEST and rows[-1].startswith(_OTHERWISE)
    if is_whole and all(len(row) <= _LONGEST for row in rows):
        return rows
    return []


def _rows(results: Sequence[Expression]) -> list[str]:
    """Return each result behind its conditions; what an earlier row has is not excluded again.

    If a condition that an earlier row excludes holds again, a value has changed: return none.
    """
    rows: list[str] = []
    told: set[str] = set()
    for result in results:
        new = tuple(
            condition
            for condition in result.conditions
            if condition.removeprefix("unless ") not in told
        )
        held = {condition.removeprefix("if ") for condition in new}
        if told & held:
            return []
        words = failures.condition(new) or _OTHERWISE
        if rows and len(new) < len(result.conditions) and new:
            words = f"else {words}"
        sentence = f"{words}: {markdown.code(result.text)}."
        rows.append(capital(sentence))
        if len(new) == 1:
            alone = new[0].removeprefix("if ")
            told.add(alone)
    return rows


_KINDS: Final = (
    ("When does {name} return each of its {count} results?", _results),
    ("When does {name} itself fail, and how?", _failures),
)
"""Questions, and what finds the rows of their answers."""
