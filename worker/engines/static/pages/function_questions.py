"""Questions about functions: calls, failures, parameters, stored and returned values."""

from typing import Final

from worker.engines.static.facts import TYPES, Definition
from worker.engines.static.pages import (
    evidence,
    key_places,
    markdown,
    notes,
    quiz_subjects,
    remarks,
)
from worker.engines.static.pages.course import Chapter, CourseFacts, is_function
from worker.engines.static.pages.exercise import Question, choice, mixed
from worker.engines.static.parsing.function_facts import (
    Call,
    FunctionFacts,
    Raise,
)
from worker.engines.static.prose.phrases import counted, listed
from worker.engines.static.reading.language import Language

_FEWEST_CALLS: Final = 3
_MOST_CALLS: Final = 5
_FEWEST_PARAMETERS: Final = 3
_MOST_DEFAULT: Final = 40
_LEAST_RETURNED: Final = 6
"""Characters of an expression that says something."""
_VALUES: Final = {Language.PYTHON: ("None", "True", "0", '""')}
_OTHER_VALUES: Final = ("null", "true", "0", '""')


def sequence(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask in which order a function calls others of the project."""
    function, calls = _longest_sequence(facts, chapter)
    if function is None:
        return None
    calls = calls[:_MOST_CALLS]
    names = [markdown.code(call.name) for call in calls]
    places = [
        f"{markdown.code(call.name)} on line {call.line}" for call in calls
    ]
    where = markdown.place(function.path, (function.line, function.end_line))
    asks = (
        f"{markdown.code(function.qualified)} ({where}) calls these. "
        "In which order do the calls first appear in its source?"
    )
    return Question(
        title="In which order?",
        asks=asks,
        shown=(markdown.bullets(mixed(names, asks)),),
        answer=f"{', '.join(places)}. When it runs, branches may skip some of them.",
    )


def _longest_sequence(
    facts: CourseFacts, chapter: Chapter
) -> tuple[Definition | None, list[Call]]:
    """Return the function with the most calls, if they are enough, and its calls."""
    longest: list[Call] = []
    caller: Definition | None = None
    for function, anatomy in quiz_subjects.functions(facts, chapter):
        calls = _calls(facts, function, anatomy)
        if len(calls) >= _FEWEST_CALLS and len(calls) > len(longest):
            caller, longest = function, calls
    return caller, longest


def _calls(
    facts: CourseFacts, one: Definition, anatomy: FunctionFacts
) -> list[Call]:
    """Return the first call of each definition of the project, at most one a line."""
    targets = remarks.targets_of(facts, one.index)
    first: dict[str, Call] = {}
    for call in sorted(anatomy.calls, key=lambda call: (call.line, call.end)):
        if call.name in targets and call.name != one.name:
            first.setdefault(call.name, call)
    lines = [call.line for call in first.values()]
    return [call for call in first.values() if lines.count(call.line) == 1]


def failing(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask under which condition something fails."""
    for one, failure in notes.failures(facts, chapter):
        if failure.what and failure.under.startswith("if "):
            return _condition(facts, chapter, one, failure)
    return None


def _condition(
    facts: CourseFacts, chapter: Chapter, one: Definition, failure: Raise
) -> Question | None:
    right = markdown.code(failure.under.removeprefix("if "))
    anatomies = [
        anatomy
        for other, anatomy in quiz_subjects.functions(facts, chapter)
        if other.path == one.path
    ]
    own = facts.anatomy(one.index)
    decisions = [
        said
        for anatomy in ([own] if own is not None else []) + anatomies
        for said in anatomy.decisions
    ]
    return choice(
        "When does it fail?",
        f"In {markdown.code(one.qualified)}, on line {failure.line}, there is {markdown.code(failure.what)}. "
        "Which is the innermost condition around it?",
        right,
        [markdown.code(decision.said) for decision in decisions],
        f"See {markdown.place(one.path, (failure.line, failure.line))}, and the branch around it.",
    )


def blank(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Show a line in which a name of the project is missing."""
    for function, anatomy in quiz_subjects.functions(facts, chapter):
        for call in _calls(facts, function, anatomy):
            line = evidence.quoted(facts, function.path, call.line)
            if _is_telling(line, call.name):
                return _blank_in(facts, chapter, function, call)
    return None


def _is_telling(line: str, name: str) -> bool:
    """Tell whether a line has a name once, and enough besides, but not too much."""
    if len(evidence.named(name).findall(line)) != 1:
        return False
    return 2 * len(name) < len(line) < evidence.MAX_SAID


def _blank_in(
    facts: CourseFacts, chapter: Chapter, function: Definition, call: Call
) -> Question | None:
    line = evidence.quoted(facts, function.path, call.line)
    target = remarks.targets_of(facts, function.index)[call.name]
    others = [
        *_siblings(facts, function, target),
        *quiz_subjects.others(facts, chapter, target),
    ]
    wrong = [other.name for other in others if other.name[:2] != "__"]
    where = f"On line {call.line} of {markdown.code(function.path)}"
    with_gap = markdown.code(evidence.named(call.name).sub("____", line))
    return choice(
        "Which name is missing?",
        f"{where}, in {markdown.code(function.qualified)}, a name is "
        f"missing here: {with_gap}. Which one?",
        markdown.code(call.name),
        [markdown.code(name) for name in wrong],
        f"The line is {markdown.code(line)}; "
        f"the name is defined at {quiz_subjects.at(target)}.",
    )


def _siblings(
    facts: CourseFacts, one: Definition, like: Definition
) -> list[Definition]:
    """Return neighbours of a definition, of the same sort, that a function does not name."""
    named = remarks.targets_of(facts, one.index)
    beside = (
        facts.definitions[like.parent].members
        if like.parent is not None
        else ()
    )
    found = [facts.definitions[index] for index in beside]
    return [
        other
        for other in found
        if is_function(other) == is_function(like) and other.name not in named
    ]


def default(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask for a parameter's default."""
    for one, anatomy in quiz_subjects.functions(facts, chapter):
        usual = [
            parameter
            for parameter in anatomy.parameters
            if 0 < len(parameter.default) <= _MOST_DEFAULT
        ]
        for parameter in usual:
            wrong = [markdown.code(other.default) for other in usual]
            wrong += [
                markdown.code(said)
                for said in _VALUES.get(
                    facts.file(one.path).language, _OTHER_VALUES
                )
            ]
            function = markdown.code(one.qualified)
            return choice(
                "What is the default?",
                f"Which value does the parameter {markdown.code(parameter.name)} of {function} have by default?",
                markdown.code(parameter.default),
                wrong,
                f"See the signature at {quiz_subjects.at(one)}.",
            )
    return None


def state(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask which attribute a constructor sets."""
    main = quiz_subjects.main(facts, chapter)
    if main.kind not in TYPES:
        return None
    maker = key_places.constructor(facts, chapter, main)
    anatomy = facts.anatomy(maker.index) if maker is not None else None
    if maker is None or anatomy is None or not anatomy.assigned:
        return None
    attributes = [assigned.said for assigned in anatomy.assigned]
    members = [facts.definitions[index].name for index in main.members]
    wrong = [
        markdown.code(name)
        for name in members
        if name not in attributes and not name.startswith("__")
    ]
    first = anatomy.assigned[0]
    line = evidence.quoted(facts, maker.path, first.line)
    names = [markdown.code(name) for name in attributes]
    return choice(
        "What does it store?",
        f"Which of these does {markdown.code(maker.qualified)} store in the object?",
        markdown.code(first.said),
        wrong,
        f"On line {first.line} of {markdown.code(maker.path)}: "
        f"{markdown.code(line)}. In all, it sets "
        f"{counted(len(names), 'attribute')}: {listed(names, 8)}.",
    )


def returned(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask what a function gives back in the end."""
    ends = [
        (one, anatomy.returns[-1])
        for one, anatomy in quiz_subjects.functions(facts, chapter)
        if anatomy.returns
        and len(anatomy.returns[-1].said) >= _LEAST_RETURNED
        and one.name[:2] != "__"
    ]
    for one, last in ends:
        function, where = (
            markdown.code(one.qualified),
            markdown.place(one.path, (one.line, one.end_line)),
        )
        return choice(
            "What does it return?",
            f"What does {function} ({where}) return at its end, if it does not return earlier?",
            markdown.code(last.said),
            [markdown.code(other.said) for _, other in ends],
            f"Line {last.line} says {markdown.code(evidence.quoted(facts, one.path, last.line))}.",
        )
    return None


def taken(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask for the order of a function's parameters."""
    for one, anatomy in quiz_subjects.functions(facts, chapter):
        names = [
            markdown.code(parameter.name) for parameter in anatomy.parameters
        ][:_MOST_CALLS]
        if len(set(names)) == len(names) >= _FEWEST_PARAMETERS:
            first = " first" if len(anatomy.parameters) > len(names) else ""
            asks = f"{markdown.code(one.qualified)} has these parameters{first}. In which order?"
            return Question(
                title="Which parameters does it have?",
                asks=asks,
                shown=(markdown.bullets(mixed(names, asks)),),
                answer=f"{', '.join(names)}: see {quiz_subjects.at(one)}.",
            )
    return None
