"""Lists the parameters of public functions, in the words of their documentation."""

from collections import Counter
from typing import Final

from worker.engines.static.facts import Definition
from worker.engines.static.pages import examples, key_places, markdown
from worker.engines.static.pages.course import (
    Chapter,
    CourseFacts,
    is_function,
    remembered,
)
from worker.engines.static.parsing.grammar import MAX_DOC
from worker.engines.static.parsing.identifiers import words_of
from worker.engines.static.prose.parameters import described_parameters
from worker.engines.static.prose.phrases import new_words

_FEWEST: Final = 2
_MOST: Final = 12
_NEW_WORDS: Final = 2
"""Of a sentence that says more than the name of its parameter."""
_CONSTRUCTORS: Final = frozenset(
    {"__init__", "__construct", "constructor", "initialize"}
)

_Row = tuple[str, str]
"""A parameter, and the sentence on it."""


def listed(facts: CourseFacts, position: int, definition: Definition) -> str:
    """Return the parameters of what a chapter shows that no page has explained yet."""
    key = position, definition.index
    return _lists(facts).get(key, "")


@remembered
def _lists(facts: CourseFacts) -> dict[tuple[int, int], str]:
    """Return the list below each definition that chapters show, each row once in a course."""
    lists: dict[tuple[int, int], str] = {}
    explained: set[_Row] = set()
    for chapter in facts.chapters:
        made = constructors(facts, chapter)
        shown = [
            place.definition for place in key_places.chosen(facts, chapter)
        ]
        definitions = dict.fromkeys((*made, *shown))
        for definition in definitions:
            if definition is None or not _is_public(definition):
                continue
            rows = _rows(facts, definition)
            new = [row for row in rows if row not in explained]
            if not new or len(rows) < _FEWEST:
                continue
            key = chapter.position, definition.index
            used = _most_used(facts, chapter, definition, new)
            explained.update(used)
            lists[key] = _rendered(rows, new, used)
    return lists


def constructors(facts: CourseFacts, chapter: Chapter) -> list[Definition]:
    """Return the constructors of a chapter's types that no code of it shows."""
    shown = [place.definition for place in key_places.chosen(facts, chapter)]
    made = [
        key_places.constructor(facts, subject)
        for subject in facts.named(chapter)
    ]
    return [maker for maker in made if maker and maker not in shown]


def _is_public(definition: Definition) -> bool:
    return definition.public and is_function(definition)


def _most_used(
    facts: CourseFacts,
    chapter: Chapter,
    definition: Definition,
    rows: list[_Row],
) -> list[_Row]:
    """Return the rows; of many, those whose names the code and the examples use most."""
    if len(rows) <= _MOST:
        return rows
    code = facts.text(definition)
    words = Counter(words_of(code))
    for example in examples.best(facts, chapter):
        for line in examples.lines(facts, example):
            words.update(words_of(line))
    ranked = sorted(rows, key=lambda row: words[row[0]], reverse=True)
    return [row for row in rows if row in ranked[:_MOST]]


def _rendered(rows: list[_Row], new: list[_Row], shown: list[_Row]) -> str:
    lead = "Its parameters:"
    if len(new) < len(rows):
        lead = "Its parameters, except those explained before:"
    items = [
        f"{markdown.code(name)}: {markdown.prose(sentence)}"
        for name, sentence in shown
    ]
    more = ""
    left = len(new) - len(shown)
    if left:
        more = f"The documentation describes {left} more."
    return markdown.document(lead, markdown.bullets(items), more)


def _rows(facts: CourseFacts, definition: Definition) -> list[_Row]:
    """Return what is said of parameters, in the order of the signature, then of the comment."""
    described = _described(facts, definition)
    return [
        (name, described[name])
        for name in _in_order(facts, definition, list(described))
        if len(new_words(name, described[name])) >= _NEW_WORDS
    ]


def _described(facts: CourseFacts, definition: Definition) -> dict[str, str]:
    """Return the sentences on parameters; a constructor's may be in its type's documentation."""
    described = _read(definition)
    is_constructor = definition.name in _CONSTRUCTORS
    if not described and is_constructor and definition.parent is not None:
        described = _read(facts.definitions[definition.parent])
    return described


def _read(definition: Definition) -> dict[str, str]:
    """Read the parameters in a documentation; the last may be cut if that is very long."""
    described = described_parameters(definition.doc)
    if len(definition.doc) >= MAX_DOC and described:
        described.popitem()
    return described


def _in_order(
    facts: CourseFacts, function: Definition, names: list[str]
) -> list[str]:
    """Return the names in the order of the signature, then those that any name stands for."""
    inside = facts.function(function.index)
    if inside is None:
        return []
    signature = [name.strip("*&.") for name in inside.parameters]
    takes_any = any(name.startswith("**") for name in inside.parameters)
    places = {name: place for place, name in enumerate(signature)}
    kept = [
        name
        for name in names
        if takes_any or name.startswith(":") or _root(name) in places
    ]
    return sorted(kept, key=lambda name: places.get(_root(name), len(places)))


def _root(name: str) -> str:
    """Return the parameter that a name is a part of: `options` of `options.root`."""
    return name.strip("*").partition(".")[0]
