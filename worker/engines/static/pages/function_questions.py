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
    best: tuple[Definition, list[Call]] | None = None
    for one, anatomy in quiz_subjects.functions(facts, chapter):
        calls = _calls(facts, one, anatomy)
        if len(calls) >= _FEWEST_CALLS and (
            best is None or len(calls) > len(best[1])
        ):
            best = one, calls
    if best is None:
        return None
    one, calls = best
    calls = calls[:_MOST_CALLS]
    names = [markdown.code(call.name) for call in calls]
    places = [
        f"{markdown.code(call.name)} on line {call.line}" for call in calls
    ]
    where = markdown.place(one.path, (one.line, one.end_line))
    asks = (
        f"{markdown.code(one.qualified)} ({where}) calls these. "
        "In which order do the calls first appear in its source?"
    )
    return Question(
        title="In which order?",
        asks=asks,
        shown=(markdown.bullets(mixed(names, asks)),),
        answer=f"{', '.join(places)}. When it runs, branches may skip some of them.",
    )


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
    """Show a line in which a name of the project's is missing."""
    for one, anatomy in quiz_subjects.functions(facts, chapter):
        for call in _calls(facts, one, anatomy):
            line = evidence.quoted(facts, one.path, call.line)
            pattern = evidence.named(call.name)
            if (
                len(pattern.findall(line)) != 1
                or len(line) >= evidence.MAX_SAID
                or len(line) <= 2 * len(call.name)
            ):
                continue
            targets = remarks.targets_of(facts, one.index)
            like = targets[call.name]
            others = [
                *_siblings(facts, one, like),
                *quiz_subjects.others(facts, chapter, like),
            ]
            wrong = [
                markdown.code(other.name)
                for other in others
                if other.name[:2] != "__"
            ]
            return choice(
                "Which name is missing?",
                f"On line {call.line} of {markdown.code(one.path)}, in {markdown.code(one.qualified)}, a name is "
                f"missing here: {markdown.code(pattern.sub('____', line))}. Which one?",
                markdown.code(call.name),
                wrong,
                f"The line is {markdown.code(line)}; the name is defined at {quiz_subjects.at(like)}.",
            )
    return None


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
    """Ask where an attribute is set first."""
    main = quiz_subjects.main(facts, chapter)
    maker = (
        key_places.constructor(facts, chapter, main)
        if main.kind in TYPES
        else None
    )
    anatomy = facts.anatomy(maker.index) if maker is not None else None
    if maker is None or anatomy is None or not anatomy.assigned:
        return None
    known = {one.said for one in anatomy.assigned}
    wrong = [
        markdown.code(facts.definitions[index].name)
        for index in main.members
        if facts.definitions[index].name not in known
        and not facts.definitions[index].name.startswith("__")
    ]
    first, names = (
        anatomy.assigned[0],
        [markdown.code(one.said) for one in anatomy.assigned],
    )
    return choice(
        "What does it store?",
        f"Which of these does {markdown.code(maker.qualified)} store in the object?",
        markdown.code(first.said),
        wrong,
        f"On line {first.line} of {markdown.code(maker.path)}: "
        f"{markdown.code(evidence.quoted(facts, maker.path, first.line))}. In all, it sets "
        f"{counted(len(anatomy.assigned), 'attribute')}: {listed(names, 8)}.",
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
