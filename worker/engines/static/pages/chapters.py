"""Writes the chapters: what the subject is, an example, its code, its failures, a test."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from worker.engines.static.facts import Definition, Kind
from worker.engines.static.pages import (
    call_path,
    citations,
    diagrams,
    examples,
    excerpts,
    failures,
    guide,
    key_places,
    leads,
    markdown,
    mermaid,
    parameters,
    purposes,
    walkthrough,
)
from worker.engines.static.pages.course import (
    Chapter,
    CourseFacts,
    is_function,
    remembered,
)
from worker.engines.static.pages.key_places import KeyPlace
from worker.engines.static.prose import deprecation
from worker.engines.static.prose.docstrings import paragraphs, sentences
from worker.engines.static.prose.parameters import described_parameters
from worker.engines.static.prose.phrases import SHAPE, listed, new_words

_CALLS: Final = 3
_PARAGRAPHS: Final = 3
_SENTENCES: Final = 3
"""Of the documentation of a function that is shown."""
_NEW_WORDS: Final = 3
"""Of a sentence that explains what a function uses."""
_MEMBERS: Final = 3
_SUBTYPES: Final = 5
_POINTER: Final = re.compile(
    r"`/\w|^(?:For (?:more|details|further)|See\b|Refer\b|Read more|Changed in)"
)
"""A sentence that only leads to another page."""
_EXTENDED: Final = {
    Kind.INTERFACE: ("implements", "implemented"),
    Kind.TRAIT: ("implements", "implemented"),
    Kind.MODULE: ("includes", "included"),
}
"""What a type does with one that it does not extend."""
_NO_LETTER: Final = re.compile(r"\b\w+::|[\W_]+")
"""What a sentence does not differ by: a namespace, or no letter."""


def written(facts: CourseFacts, chapter: Chapter) -> str:
    title = f"Chapter {chapter.entry.index}: {markdown.text(chapter.name)}"
    shown = walkthrough.rendered(facts, chapter)
    extents = {step.extent for step in walkthrough.steps(facts, chapter)}
    for example in examples.best(facts, chapter):
        if example.extent not in extents:
            shown.append(examples.rendered(facts, example))
    places = key_places.chosen(facts, chapter)
    parts = map(citations.described, _parts(facts, chapter))
    shown_code = [place.excerpt for place in places]
    failing = failures.sentences(facts, chapter, shown_code)
    cautions = failures.cautions(facts, chapter)
    return markdown.document(
        markdown.heading(1, title),
        *_introduction(facts, chapter, places),
        _section("Example", examples.elsewhere(facts, chapter), *shown),
        _section("Options", *_options(facts, chapter)),
        *_code_sections(facts, chapter, places),
        _section("Other parts", markdown.bullets(parts)),
        _section("What can go wrong", markdown.bullets(failing)),
        _section("Good to know", markdown.bullets(cautions)),
        _section("Connections", _connections(facts, chapter)),
    )


def _section(title: str, *blocks: str) -> str:
    """Return blocks below a heading; nothing if all of them are empty."""
    body = markdown.document(*blocks)
    if body:
        return markdown.document(markdown.heading(2, title), body)
    return ""


def _introduction(
    facts: CourseFacts,
    chapter: Chapter,
    places: Sequence[KeyPlace],
) -> list[str]:
    """Return what the subject is for, in the words of its guide, else of its source."""
    described = list(_purposes(facts, chapter, places))
    is_one = len(facts.named(chapter)) <= 1
    told = markdown.bullets(described)
    if is_one:
        told = markdown.document(*described)
    passage = guide.opening(facts, chapter)
    if passage is not None:
        return [told, *guide.rendered(passage)]
    description = _description(facts, chapter)
    blocks = [told, markdown.prose(description)]
    if is_one or not (described or description):
        blocks += _more(facts, chapter)
    if not chapter.unit.symbols:
        paths = [markdown.code(path) for path in chapter.unit.file_paths]
        if paths:
            files = listed(paths, 4)
            blocks.append(f"It is in {files}.")
    return blocks


def _purposes(
    facts: CourseFacts,
    chapter: Chapter,
    places: Sequence[KeyPlace],
) -> Iterator[str]:
    """Yield the purposes of subjects that neither the guide nor the code section states."""
    introduced = _introduced(facts, chapter)
    shown = _definitions(places)
    named = facts.named(chapter)
    is_one = len(named) <= 1
    for subject in named:
        purpose = purposes.told(facts, subject)
        is_told = _plain(purpose.sentence) in introduced
        is_weak = is_one and purposes.is_bare(subject, purpose.sentence)
        if is_told or (introduced and is_weak):
            continue
        if purpose.place or subject not in shown:
            yield purposes.described(facts, subject)


def _introduced(facts: CourseFacts, chapter: Chapter) -> str:
    """Return the letters of what introduces a chapter: its guide's words, or its description."""
    passage = guide.opening(facts, chapter)
    if passage is None:
        return _plain(_description(facts, chapter))
    return _plain(" ".join(passage.texts))


def _description(facts: CourseFacts, chapter: Chapter) -> str:
    """Return the description without what the chapter says in its place.

    That is its own name, and its kind alone; all of it, if a guide says better what one of the
    subjects is.
    """
    told = [purposes.told(facts, subject) for subject in facts.named(chapter)]
    is_own = chapter.description == chapter.unit.description
    if is_own and any(purpose.place for purpose in told):
        return ""
    kept = [
        sentence
        for sentence in sentences(chapter.description)
        if not SHAPE.fullmatch(sentence) and not sentence.endswith("…")
    ]
    name = f"`{chapter.name}`: "
    return " ".join(kept).removeprefix(name)


@remembered
def _more(facts: CourseFacts, chapter: Chapter) -> list[str]:
    """Return the paragraphs of the subject's documentation that no page has said yet."""
    earlier = [
        paragraph
        for other in facts.chapters[: chapter.position]
        if guide.opening(facts, other) is None
        for paragraph in _more(facts, other)
    ]
    description = _description(facts, chapter)
    for doc in _docs(facts, chapter):
        options = described_parameters(doc).items()
        told = [f"{name} {text}" for name, text in options]
        introduced = _plain(" ".join([description, *earlier, *told]))
        kept: list[str] = []
        for paragraph in paragraphs(doc, _PARAGRAPHS):
            new = [
                sentence
                for sentence in sentences(paragraph)
                if _plain(sentence)[:60] not in introduced
                and sentence.endswith((".", "!", "?", ")"))
                and not _POINTER.search(sentence)
            ]
            if new:
                kept.append(markdown.prose(" ".join(new)))
        if kept:
            return kept
    return []


def _docs(facts: CourseFacts, chapter: Chapter) -> Iterator[str]:
    """Yield documentation: the only subject's, or the first file's where no subject has any."""
    named = facts.named(chapter)
    if any(subject.doc for subject in named):
        if len(named) == 1:
            yield named[0].doc
        return
    for path in chapter.unit.file_paths[:1]:
        if path in facts.analysis.files:
            yield facts.file(path).doc


def _plain(text: str) -> str:
    return _NO_LETTER.sub("", text.casefold())


def _options(facts: CourseFacts, chapter: Chapter) -> Iterator[str]:
    """Yield the parameters of constructors that the chapter does not show."""
    for maker in parameters.constructors(facts, chapter):
        rows = parameters.listed(facts, chapter.position, maker)
        if rows:
            named = f"{citations.name(maker)} ({citations.start(maker)})"
            yield f"The constructor is {named}."
            yield rows


def _code_sections(
    facts: CourseFacts, chapter: Chapter, places: Sequence[KeyPlace]
) -> list[str]:
    """Return what users call, and below a heading of its own how that works."""
    drawing = diagrams.calls(facts, chapter, _definitions(places))
    blocks: list[str] = []
    inner: list[str] = []
    for place in places:
        block = _block(facts, chapter, place, places, drawing)
        (inner if place.is_inside else blocks).append(block)
    drawn = mermaid.fenced(drawing)
    if blocks and inner:
        return [
            _section("The code", *blocks),
            _section("How it works", drawn, *inner),
        ]
    return [_section("The code", drawn, *blocks, *inner)]


def _block(
    facts: CourseFacts,
    chapter: Chapter,
    place: KeyPlace,
    places: Sequence[KeyPlace],
    drawing: str,
) -> str:
    definition = place.definition
    if definition is None:
        return _text_place(facts, place)
    return markdown.document(
        markdown.heading(3, citations.name(definition)),
        _said(facts, chapter, place, _definitions(places), drawing),
        excerpts.rendered(facts, place.excerpt),
        _calls(facts, chapter, definition),
        parameters.listed(facts, chapter.position, definition),
    )


def _text_place(facts: CourseFacts, place: KeyPlace) -> str:
    path = markdown.code(place.excerpt.path)
    title = markdown.text(place.title) or path
    excerpt = excerpts.rendered(facts, place.excerpt)
    return markdown.document(markdown.heading(3, title), excerpt)


def _said(
    facts: CourseFacts,
    chapter: Chapter,
    place: KeyPlace,
    shown: Sequence[Definition],
    drawing: str,
) -> str:
    """Return what is said before the code of a place: its words, and calls that are not drawn."""
    definition = place.definition
    if definition is None:
        return ""
    is_documented = _shows_documentation(facts, place, definition)
    words = ""
    if not is_documented:
        deprecated = markdown.prose(deprecation.notice(definition))
        words = _words(facts, chapter, definition)
        words = f"{deprecated} {words}".strip()
    lead = leads.reached(facts, definition, shown)
    above = shown[: shown.index(definition)][-1:]
    is_clear = any(
        definition in key_places.called_by(facts, caller) for caller in above
    )
    is_drawn = f'"{definition.qualified}()"' in drawing
    if lead and (is_drawn or (words and is_clear)):
        return words
    if not words and not is_documented:
        return leads.sentences(facts, definition, shown)
    return f"{words} {lead}".strip()


def _shows_documentation(
    facts: CourseFacts,
    place: KeyPlace,
    definition: Definition,
) -> bool:
    """Whether an excerpt has the docstring, which is so if it is short."""
    inside = facts.function(definition.index)
    if inside is None or inside.doc is None:
        return False
    shows = place.excerpt.shows
    return all(shows(definition.path, line) for line in inside.doc)


def _definitions(places: Sequence[KeyPlace]) -> list[Definition]:
    return [definition for _, definition in _defined(places)]


def _defined(
    places: Iterable[KeyPlace],
) -> Iterator[tuple[KeyPlace, Definition]]:
    for place in places:
        if place.definition is not None:
            yield place, place.definition


def _words(facts: CourseFacts, chapter: Chapter, definition: Definition) -> str:
    """Return the beginning of a definition's documentation that says more than its name."""
    is_said = guide.opening(facts, chapter) is None
    if is_said and facts.named(chapter) == [definition]:
        return ""
    introduced = _introduced(facts, chapter)
    words = [
        sentence
        for paragraph in paragraphs(definition.doc, 1)
        for sentence in sentences(paragraph)
    ]
    kept = [
        sentence
        for sentence in words[:_SENTENCES]
        if not sentence.endswith((":", "…"))
        and not _POINTER.search(sentence)
        and _plain(sentence) not in introduced
        and purposes.new_words(definition, sentence) > 1
    ]
    text = " ".join(kept)
    if text.startswith(f"{definition.name} "):
        rest = text.removeprefix(definition.name)
        text = f"`{definition.name}`{rest}"
    return markdown.prose(text)


def _calls(facts: CourseFacts, chapter: Chapter, definition: Definition) -> str:
    """Explain the functions and types that a function uses and that no page has explained yet."""
    targets = _explained(facts).get((chapter.position, definition.index), [])
    rows = []
    for target in targets:
        name = citations.name(target)
        linked = _linked(facts, chapter, target.index)
        rows.append(citations.described(target).replace(name, linked, 1))
    return markdown.bullets(rows)


def _subject_of(
    facts: CourseFacts, chapter: Chapter, definition: Definition
) -> Chapter | None:
    """Return the other chapter that is about a definition, and shows or names it."""
    owner = facts.owner(definition.index)
    if owner is None or owner is chapter:
        return None
    is_subject = definition.index in owner.unit.symbols
    if is_subject and definition.name in introduced(facts, owner):
        return owner
    return None


@remembered
def _explained(facts: CourseFacts) -> dict[tuple[int, int], list[Definition]]:
    """Return what each function that a chapter shows uses, each thing once in a course."""
    explained: dict[tuple[int, int], list[Definition]] = {}
    seen: set[int] = set()
    for chapter in facts.chapters:
        places = key_places.chosen(facts, chapter)
        shown = _definitions(places)
        for place, definition in _defined(places):
            purpose = citations.purpose(definition)
            targets = [
                target
                for target in _targets(facts, place)
                if target not in shown
                and target.index not in seen
                and not (purpose and citations.purpose(target) == purpose)
                and _is_worth_explaining(facts, chapter, target)
            ]
            ranked = sorted(
                targets,
                key=lambda target: _subject_of(facts, chapter, target) is None,
            )
            kept = ranked[:_CALLS]
            seen.update(target.index for target in kept)
            key = chapter.position, definition.index
            explained[key] = list(filter(kept.__contains__, targets))
    return explained


def _is_worth_explaining(
    facts: CourseFacts, chapter: Chapter, target: Definition
) -> bool:
    purpose = citations.purpose(target)
    if purpose.endswith("?") or purpose.startswith(("We ", "Internal ")):
        return False
    if _subject_of(facts, chapter, target) is not None:
        return purpose != ""
    new = new_words(target.qualified, purpose)
    if len(new) < _NEW_WORDS or not purposes.says_more(target):
        return False
    return not call_path.is_getter(facts, target)


def _targets(facts: CourseFacts, place: KeyPlace) -> list[Definition]:
    """Return what the shown lines of a function call, in their order, each once."""
    definition = place.definition
    if definition is None or not is_function(definition):
        return []
    shows = place.excerpt.shows
    path = definition.path
    calls = facts.calls(definition.index)
    called = dict.fromkeys(
        target.index for call, target in calls if shows(path, call.line)
    )
    return [facts.definitions[index] for index in called]


@remembered
def introduced(facts: CourseFacts, chapter: Chapter) -> set[str]:
    """Return the names that a chapter is named after, shows or lists."""
    places = key_places.chosen(facts, chapter)
    parts = _parts(facts, chapter)
    named = facts.named(chapter)
    return {
        definition.name
        for definition in (*named, *_definitions(places), *parts)
    }


@remembered
def _parts(facts: CourseFacts, chapter: Chapter) -> list[Definition]:
    """Return the public parts that document themselves, the most used first."""
    places = key_places.chosen(facts, chapter)
    shown = set()
    said = [_plain(chapter.description)]
    for place, definition in _defined(places):
        shown.add(definition.index)
        for target in _targets(facts, place):
            shown.add(target.index)
        base = leads.overridden(facts, definition)
        told = filter(None, (definition, base))
        said += [_plain(citations.purpose(each)) for each in told]
    parts = []
    for part in facts.parts(chapter):
        if part.index in shown or not _documents_itself(facts, part):
            continue
        purpose = _plain(citations.purpose(part))
        if not any(purpose in text for text in said):
            said.append(purpose)
            parts.append(part)
    used = key_places.uses(facts, chapter)
    symbols = chapter.unit.symbols

    def rank(part: Definition) -> tuple[bool, int, int]:
        users = facts.into[part.index]
        is_other = part.index not in symbols
        count = used[part.name]
        return is_other, -count, -len(users)

    named = facts.named(chapter)
    parts = [part for part in parts if part not in named]
    parts.sort(key=rank)
    return parts[:_MEMBERS]


def _documents_itself(facts: CourseFacts, definition: Definition) -> bool:
    name = definition.name
    if not definition.public or not definition.doc or name.startswith("_"):
        return False
    if definition.kind is Kind.CONSTANT or deprecation.notice(definition):
        return False
    parent = definition.parent
    if parent is not None and facts.definitions[parent].name == name:
        # A constructor.
        return False
    return purposes.says_more(definition)


def _connections(facts: CourseFacts, chapter: Chapter) -> str:
    """Return what a chapter's types extend, and what extends them: drawn, else in words."""
    family = mermaid.fenced(diagrams.family(facts, chapter))
    return family or markdown.bullets(_extensions(facts, chapter))


def _extensions(facts: CourseFacts, chapter: Chapter) -> Iterator[str]:
    named = facts.named(chapter)
    for symbol in named:
        name = citations.name(symbol)
        for base in facts.analysis.bases.get(symbol.index, ()):
            verb, _ = _extending(facts.definitions[base])
            if symbol.kind in {Kind.INTERFACE, Kind.TRAIT}:
                verb = "extends"
            yield f"{name} {verb} {_linked(facts, chapter, base)}."
        subtypes = [
            markdown.code(subtype.name)
            for subtype in facts.subtypes(symbol.index)
            if not (subtype.name.startswith("_") or subtype in named)
        ]
        if subtypes:
            _, verb = _extending(symbol)
            yield f"{name} is {verb} by {listed(subtypes, _SUBTYPES)}."


def _linked(facts: CourseFacts, chapter: Chapter, index: int) -> str:
    definition = facts.definitions[index]
    name = citations.name(definition)
    subject_of = _subject_of(facts, chapter, definition)
    if subject_of is None:
        return name
    return markdown.link(name, subject_of.file)


def _extending(base: Definition) -> tuple[str, str]:
    return _EXTENDED.get(base.kind, ("extends", "extended"))
