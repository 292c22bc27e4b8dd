"""Notes on a chapter's code: failures, inputs from outside, abstract parts, deprecations.

Each is said only where it was found, with its place.
"""

import re
from collections.abc import Iterator
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Kind
from worker.engines.static.pages import evidence, markdown
from worker.engines.static.pages.course import Chapter, CourseFacts, is_function
from worker.engines.static.parsing.function_facts import Raise
from worker.engines.static.prose.docstrings import first_sentence
from worker.engines.static.prose.phrases import counted, listed

_MOST_FUNCTIONS: Final = 150
_MOST_LINES: Final = 4000
_MOST: Final = 6
_EMPTY: Final = 2
"""Statements of a method that does nothing: a docstring and a failure."""

_SETTING: Final = re.compile(
    r"(?:os\.environ(?:\.get)?[\[(]|os\.getenv\(|process\.env(?:\.|\[)|os\.(?:Getenv|LookupEnv)\(|env::var(?:_os)?\("
    r"|System\.getenv\(|\bgetenv\(|\bENV\[|import\.meta\.env\.)\s*[\"']?([A-Z][A-Z\d_]{2,})\b"
)
_REMARK: Final = re.compile(
    r"(?:#|//|/\*|\*|--|;)\s*\b(TODO|FIXME|HACK|XXX|BUG)\b[:( ]"
)
_ABSTRACT: Final = re.compile(r"\babstract\b")
_OLD: Final = re.compile(r"\bdeprecated\b|DeprecationWarning", re.IGNORECASE)
_SPOKEN: Final = {
    "raises": "raised",
    "throws": "thrown",
    "panics": "a panic",
    "returns an error": "an error returned",
}


def failures(
    facts: CourseFacts, chapter: Chapter
) -> list[tuple[Definition, Raise]]:
    """Return the named failures of a chapter's functions, each at its first place."""
    found: dict[str, tuple[Definition, Raise]] = {}
    for one in functions(facts, chapter):
        anatomy = facts.anatomy(one.index)
        for failure in anatomy.raises if anatomy is not None else ():
            if failure.what or failure.message:
                found.setdefault(
                    failure.what or failure.message, (one, failure)
                )
    return list(found.values())


def functions(facts: CourseFacts, chapter: Chapter) -> list[Definition]:
    """Return a chapter's functions and methods, its symbols' first."""
    indexes = [
        index
        for one in (*chapter.unit.symbols, *chapter.unit.owned)
        for index in facts.family([one])
    ]
    found = (facts.definitions[index] for index in dict.fromkeys(indexes))
    return [one for one in found if is_function(one)][:_MOST_FUNCTIONS]


def failure_rows(
    facts: CourseFacts, chapter: Chapter
) -> list[tuple[str, str, str]]:
    """Return the rows of a table: what, where, and under which condition or with which words."""
    rows = []
    for one, failure in failures(facts, chapter)[:_MOST]:
        what = (
            markdown.code(failure.what)
            if failure.what
            else _SPOKEN[failure.verb]
        )
        where = f"{markdown.place(one.path, (failure.line, failure.line))} in {markdown.code(one.qualified)}"
        rows.append((what, where, _when(failure)))
    return rows


def _when(failure: Raise) -> str:
    said = {
        "if ": "if",
        "else of if ": "unless",
        "the handler of ": "after catching",
    }
    for beginning, spoken in said.items():
        if failure.under.startswith(beginning):
            return f"{spoken} {markdown.code(failure.under.removeprefix(beginning))}"
    return (
        f"saying {markdown.code(failure.message)}"
        if failure.message
        else "under no condition"
    )


def remarks(facts: CourseFacts, chapter: Chapter) -> list[str]:
    """Return everything else, a sentence each."""
    return [
        *_settings(facts, chapter),
        *_subclassing(facts, chapter),
        *_old(facts, chapter),
        *_unfinished(facts, chapter),
    ]


def _own_lines(
    facts: CourseFacts, chapter: Chapter
) -> Iterator[tuple[str, int, str]]:
    """Yield path, number and text of the lines of a chapter's definitions, or of its files."""
    spans = [
        (one.path, one.line, one.end_line)
        for index in chapter.unit.owned
        for one in [facts.definitions[index]]
    ]
    files = [
        path for path in chapter.unit.file_paths if path in facts.analysis.files
    ]
    left = _MOST_LINES
    for path, first, last in spans or [
        (path, 1, facts.file(path).lines) for path in files
    ]:
        for number, said in enumerate(
            facts.texts.lines(path)[first - 1 : min(last, first + left)], first
        ):
            yield path, number, said
        left -= last - first
        if left <= 0:
            return


def _settings(facts: CourseFacts, chapter: Chapter) -> list[str]:
    found: dict[str, str] = {}
    for path, number, said in _own_lines(facts, chapter):
        for name in _SETTING.findall(said):
            found.setdefault(
                name,
                f"{markdown.code(name)} ({markdown.place(path, (number, number))})",
            )
    if not found:
        return []
    word = (
        "an environment variable"
        if len(found) == 1
        else "environment variables"
    )
    return [f"It reads {word}: {listed(list(found.values()), _MOST)}."]


def _subclassing(facts: CourseFacts, chapter: Chapter) -> Iterator[str]:
    for index in chapter.unit.symbols[:1]:
        one = facts.definitions[index]
        if one.kind not in TYPES:
            continue
        children = [
            facts.definitions[child]
            for child in evidence.subtypes(facts, index)
        ]
        left = [
            facts.definitions[member]
            for member in one.members
            if _is_abstract(facts, facts.definitions[member])
        ]
        if left and one.kind not in {Kind.INTERFACE, Kind.TRAIT}:
            names = [
                f"{markdown.code(member.name)} ({markdown.place(member.path, (member.line, member.line))})"
                for member in left
            ]
            yield f"Left to subclasses: {listed(names, _MOST)}."
        if children:
            names = [
                f"{markdown.code(child.name)} ({markdown.place(child.path, (child.line, child.line))})"
                for child in children
            ]
            yield f"For examples of extending it, read {listed(names, 3)}."


def _is_abstract(facts: CourseFacts, one: Definition) -> bool:
    if any(
        "abstract" in decorator for decorator in one.decorators
    ) or _ABSTRACT.search(one.signature.partition("(")[0]):
        return True
    anatomy = facts.anatomy(one.index) if is_function(one) else None
    return (
        anatomy is not None
        and len(anatomy.statements) <= _EMPTY
        and any(
            failure.what in {"NotImplementedError", "NotImplemented"}
            for failure in anatomy.raises
        )
    )


def _old(facts: CourseFacts, chapter: Chapter) -> list[str]:
    """Name deprecated definitions, by their decorators or their documentation."""
    found = [
        one
        for one in (
            facts.definitions[index]
            for index in facts.family(chapter.unit.owned)
        )
        if any(_OLD.search(decorator) for decorator in one.decorators)
        or _OLD.search(first_sentence(one.doc)[:40])
    ]
    if not found:
        return []
    names = [
        f"{markdown.code(one.qualified)} ({markdown.place(one.path, (one.line, one.line))})"
        for one in found
    ]
    return [f"Marked as deprecated: {listed(names, _MOST)}."]


def _unfinished(facts: CourseFacts, chapter: Chapter) -> list[str]:
    found = [
        (path, number, said)
        for path, number, said in _own_lines(facts, chapter)
        if _REMARK.search(said)
    ]
    if not found:
        return []
    path, number, said = found[0]
    count = counted(
        len(found) - 1,
        "more such note follows",
        "more such notes follow",
    )
    more = f" ({count})" if len(found) > 1 else ""
    shown = markdown.code(markdown.cut(said.strip(), evidence.MAX_SAID))
    return [
        f"Its authors left a note at {markdown.place(path, (number, number))}: {shown}{more}."
    ]
