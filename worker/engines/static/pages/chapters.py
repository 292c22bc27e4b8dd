"""Writes the chapters: what the subject is, an example, its code, its failures, its tests."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from states.course_paths import item_path
from states.stages import Stage
from worker.engines.port import Item
from worker.engines.static.facts import Definition
from worker.engines.static.pages import (
    citations,
    connections,
    diagrams,
    examples,
    excerpts,
    failures,
    key_places,
    markdown,
    mermaid,
    project_tests,
)
from worker.engines.static.pages.course import Chapter, CourseFacts, is_function
from worker.engines.static.pages.examples import Example, Origin
from worker.engines.static.pages.key_places import KeyPlace
from worker.engines.static.prose.docstrings import (
    first_sentence,
    paragraphs,
    sentences,
)
from worker.engines.static.prose.phrases import article, listed

_EXAMPLES: Final = 2
_TESTS: Final = 5
_CALLS: Final = 3
_PARAGRAPHS: Final = 3
_SENTENCES: Final = 3
"""Of the documentation of a function that is shown."""
_FEW_WORDS: Final = 3
"""New words of a sentence that only repeats a name."""
_MEMBERS: Final = 8
_DOCUMENT_ROLE: Final = re.compile(r"`/\w")
"""A reference to a page of the project's documentation, which is not here."""


def items(facts: CourseFacts, output: Path) -> Iterator[Item]:
    """Write the chapters that `output` lacks, in the order of the course."""
    for chapter in facts.chapters:
        path = item_path(Stage.GENERATE_CHAPTERS, chapter.entry)
        if not (output / path).exists():
            yield Item(path=path, body=f"{written(facts, chapter)}\n".encode())


def written(facts: CourseFacts, chapter: Chapter) -> str:
    """Return a chapter."""
    title = f"Chapter {chapter.entry.index}: {markdown.text(chapter.name)}"
    shown = examples.best(facts, chapter, _EXAMPLES)
    places = key_places.chosen(facts, chapter)
    return markdown.document(
        markdown.heading(1, title),
        _project(facts, chapter),
        _introduction(facts, chapter),
        _section("Example", *_examples(facts, shown)),
        _section("The code", *_places(facts, chapter, places)),
        _section("Other parts", _members(facts, chapter, places)),
        _section(
            "What can go wrong",
            markdown.bullets(failures.sentences(facts, chapter)),
        ),
        _section(
            "Good to know",
            markdown.bullets(failures.cautions(facts, chapter)),
        ),
        _section("Tests", _tests(facts, chapter, shown)),
        _section("Connections", *_connections(facts, chapter)),
        _next(facts, chapter),
    )


def _section(title: str, *blocks: str) -> str:
    """Return blocks below a heading; nothing if all of them are empty."""
    body = markdown.document(*blocks)
    return markdown.document(markdown.heading(2, title), body) if body else ""


def _project(facts: CourseFacts, chapter: Chapter) -> str:
    """Return what the first chapter says of the whole project; nothing for the others."""
    if chapter.position:
        return ""
    chapters_map = diagrams.chapters_map(facts)
    return markdown.document(
        markdown.heading(2, "The project"),
        connections.with_places(facts, facts.summary),
        markdown.fence(chapters_map.split("\n"), mermaid.TAG)
        if chapters_map
        else "",
        markdown.heading(2, "What it is"),
    )


def _introduction(facts: CourseFacts, chapter: Chapter) -> str:
    """Return what the chapter is about, in the words of its source."""
    description = markdown.prose(chapter.description)
    return markdown.document(
        description or f"This chapter is about {markdown.text(chapter.name)}.",
        *_more(facts, chapter),
        _kind(facts, chapter),
    )


def _more(facts: CourseFacts, chapter: Chapter) -> list[str]:
    """Return the paragraphs of the subject's documentation that the description leaves out."""
    known = _letters(chapter.description)
    for doc in _docs(facts, chapter):
        kept: list[str] = []
        for paragraph in paragraphs(doc, _PARAGRAPHS):
            new = [
                sentence
                for sentence in sentences(paragraph)
                if _letters(sentence)[:60] not in known
                and not sentence.endswith(":")
                and not _DOCUMENT_ROLE.search(sentence)
            ]
            if new:
                kept.append(markdown.prose(" ".join(new)))
        if kept:
            return kept
    return []


def _docs(facts: CourseFacts, chapter: Chapter) -> Iterator[str]:
    """Yield documentation: the first symbol's, then the first file's."""
    for symbol in facts.symbols(chapter)[:1]:
        yield symbol.doc
    for path in chapter.unit.file_paths[:1]:
        if path in facts.analysis.files:
            yield facts.file(path).doc


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _kind(facts: CourseFacts, chapter: Chapter) -> str:
    """Say what the subject is and where: `Signer` is a class in `signer.py:76-266`."""
    symbols = facts.symbols(chapter)
    if not symbols:
        return _files(chapter)
    subject = symbols[0]
    kind = article(str(subject.kind))
    said = [
        f"{citations.name(subject)} is {kind} in {citations.extent(subject)}."
    ]
    if subject.bases:
        bases = [markdown.code(base) for base in subject.bases]
        said.append(f"It extends {listed(bases, 4)}.")
    subtypes = [
        markdown.code(subtype.name) for subtype in facts.subtypes(subject.index)
    ]
    if subtypes and "is the base of" not in chapter.description:
        said.append(f"It is extended by {listed(subtypes, 5)}.")
    return " ".join(said)


def _files(chapter: Chapter) -> str:
    paths = [markdown.code(path) for path in chapter.unit.file_paths]
    return f"It is in {listed(paths, 4)}." if paths else ""


def _examples(facts: CourseFacts, shown: Sequence[Example]) -> list[str]:
    return [examples.rendered(facts, example) for example in shown]


def _places(
    facts: CourseFacts, chapter: Chapter, places: Sequence[KeyPlace]
) -> list[str]:
    return [_place(facts, chapter, place, places) for place in places]


def _place(
    facts: CourseFacts,
    chapter: Chapter,
    place: KeyPlace,
    places: Sequence[KeyPlace],
) -> str:
    excerpt = excerpts.rendered(facts, place.excerpt)
    definition = place.definition
    if definition is None:
        title = markdown.text(place.title) or markdown.code(place.excerpt.path)
        return markdown.document(markdown.heading(3, title), excerpt)
    is_subject = definition.index in chapter.unit.symbols[:1]
    return markdown.document(
        markdown.heading(3, citations.name(definition)),
        "" if is_subject else _said(definition),
        excerpt,
        _calls(facts, chapter, definition, places),
    )


def _definitions(places: Sequence[KeyPlace]) -> list[Definition]:
    """Return the definitions that a page shows."""
    return [
        place.definition for place in places if place.definition is not None
    ]


def _said(definition: Definition) -> str:
    """Return the beginning of a definition's documentation."""
    said = [
        sentence
        for paragraph in paragraphs(definition.doc, 1)
        for sentence in sentences(paragraph)
    ]
    return markdown.prose(" ".join(said[:_SENTENCES]).rstrip(":"))


def _calls(
    facts: CourseFacts,
    chapter: Chapter,
    definition: Definition,
    places: Sequence[KeyPlace],
) -> str:
    """Explain the functions and types that a function uses and that the page does not show."""
    shown = {definition.index for definition in _definitions(places)}
    rows = []
    for target in _targets(facts, definition):
        if target.index in shown or not _says_more(target):
            continue
        owner = facts.owner(target.index)
        more = ""
        if owner is not None and owner is not chapter:
            more = f" See {citations.link(owner)}."
        rows.append(f"{_described(target)}{more}")
    if not rows:
        return ""
    return markdown.document("It uses:", markdown.bullets(rows[:_CALLS]))


def _targets(facts: CourseFacts, definition: Definition) -> list[Definition]:
    """Return what a function calls, in the order of its calls, each once."""
    if not is_function(definition):
        return []
    calls = facts.calls(definition.index)
    called = dict.fromkeys(target.index for _, target in calls)
    return [facts.definitions[index] for index in called]


def _members(
    facts: CourseFacts, chapter: Chapter, places: Sequence[KeyPlace]
) -> str:
    """List the chapter's other subjects, and public parts that document themselves."""
    shown = {definition.index for definition in _definitions(places)}
    others = [
        symbol
        for symbol in facts.symbols(chapter)[1:]
        if symbol.index not in shown and first_sentence(symbol.doc)
    ]
    explained = _explained(facts, places)
    family = facts.family(
        dict.fromkeys((*chapter.unit.symbols, *chapter.unit.owned))
    )
    parts = [
        facts.definitions[index]
        for index in family
        if index not in shown | explained
        and index not in chapter.unit.symbols
        and _documents_itself(facts.definitions[index])
    ]
    return markdown.bullets(
        _described(part) for part in [*others, *parts][:_MEMBERS]
    )


def _explained(facts: CourseFacts, places: Sequence[KeyPlace]) -> set[int]:
    explained: set[int] = set()
    for definition in _definitions(places):
        targets = _targets(facts, definition)
        explained.update(target.index for target in targets)
    return explained


def _documents_itself(definition: Definition) -> bool:
    return (
        definition.public
        and not definition.name.startswith("_")
        and _says_more(definition)
    )


def _described(definition: Definition) -> str:
    """Return a definition's name, its place, and the first sentence of its documentation."""
    doc = markdown.prose(first_sentence(definition.doc))
    named = f"{citations.name(definition)} ({citations.start(definition)})"
    return f"{named}: {doc}" if doc else named


def _says_more(definition: Definition) -> bool:
    """Tell whether the documentation says more than the words of the name."""
    doc = first_sentence(definition.doc).casefold()
    words = {word.rstrip("s") for word in re.findall(r"[a-z]+", doc)}
    squeezed = re.sub(r"[^a-z]", "", definition.qualified.casefold())
    return len([word for word in words if word not in squeezed]) > _FEW_WORDS


def _tests(
    facts: CourseFacts, chapter: Chapter, shown: Sequence[Example]
) -> str:
    tests = project_tests.found(facts, chapter)
    if any(example.origin is Origin.TEST for example in shown):
        tests = tests[1:]
    if not tests:
        return ""
    names = [project_tests.named(test) for test in tests[:_TESTS]]
    command = project_tests.command(facts, tests[0])
    return markdown.document(
        f"{'This test uses' if len(names) == 1 else 'These tests use'} it:",
        markdown.bullets(names),
        f"Run the first with {markdown.code(command)}." if command else "",
    )


def _connections(facts: CourseFacts, chapter: Chapter) -> list[str]:
    diagram = diagrams.drawn(facts, chapter)
    return [
        markdown.fence(diagram.split("\n"), mermaid.TAG) if diagram else "",
        markdown.bullets(connections.sentences(facts, chapter)),
    ]


def _next(facts: CourseFacts, chapter: Chapter) -> str:
    following = facts.chapters[chapter.position + 1 : chapter.position + 2]
    if not following:
        return ""
    return f"Next: {citations.link(following[0])}."
