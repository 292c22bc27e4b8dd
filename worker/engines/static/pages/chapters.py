"""Writes the chapters: what the subject is, an example, its code, its failures, a test."""

import re
from collections import defaultdict
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
    name = markdown.text(chapter.name)
    title = f"Chapter {chapter.entry.index}: {name}"
    elsewhere = examples.elsewhere(facts, chapter)
    shown = _examples(facts, chapter)
    places = key_places.chosen(facts, chapter)
    members = _parts(facts, chapter)
    parts = map(citations.described, members)
    shown_code = [place.excerpt for place in places]
    failing = failures.sentences(facts, chapter, shown_code)
    cautions = failures.cautions(facts, chapter)
    page = markdown.document(
        markdown.heading(1, title),
        *_introduction(facts, chapter, places),
        _section("Example", elsewhere, *shown),
        _section("Options", *_options(facts, chapter)),
        *_code_sections(facts, chapter, places),
        _section("Other parts", markdown.bullets(parts)),
        _section("What can go wrong", markdown.bullets(failing)),
        _section("Good to know", markdown.bullets(cautions)),
    )
    connections = _connections(facts, chapter, page)
    return markdown.document(page, _section("Connections", connections))


def _examples(facts: CourseFacts, chapter: Chapter) -> list[str]:
    """Return the walkthrough, and the best examples that are not steps of it."""
    shown = walkthrough.rendered(facts, chapter)
    steps = walkthrough.steps(facts, chapter)
    extents = {step.extent for step in steps}
    for example in examples.best(facts, chapter):
        if example.extent not in extents:
            block = examples.rendered(facts, example)
            shown.append(block)
    return shown


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
    named = facts.named(chapter)
    is_one = len(named) <= 1
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
    unit = chapter.unit
    if not unit.symbols:
        paths = [markdown.code(path) for path in unit.file_paths]
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
        sentence = purpose.sentence
        is_told = _plain(sentence) in introduced
        is_weak = is_one and purposes.is_bare(subject, sentence)
        if is_told or (introduced and is_weak):
            continue
        if purpose.place or subject not in shown:
            yield purposes.described(facts, subject)


def _introduced(facts: CourseFacts, chapter: Chapter) -> str:
    """Return the letters of what introduces a chapter: its guide's words, or its description."""
    passage = guide.opening(facts, chapter)
    if passage is None:
        description = _description(facts, chapter)
        return _plain(description)
    words = " ".join(passage.texts)
    return _plain(words)


def _description(facts: CourseFacts, chapter: Chapter) -> str:
    """Return the description without what the chapter says in its place.

    That is its own name, and its kind alone; all of it, if a guide says better what one of the
    subjects is.
    """
    named = facts.named(chapter)
    told = [purposes.told(facts, subject) for subject in named]
    is_own = chapter.description == chapter.unit.description
    if is_own and any(purpose.place for purpose in told):
        return ""
    kept = [
        sentence
        for sentence in sentences(chapter.description)
        if not SHAPE.fullmatch(sentence) and not sentence.endswith("…")
    ]
    name = f"`{chapter.name}`: "
    text = " ".join(kept)
    return text.removeprefix(name)


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
        words = " ".join([description, *earlier, *told])
        introduced = _plain(words)
        kept: list[str] = []
        for paragraph in paragraphs(doc, _PARAGRAPHS):
            new = _new_sentences(paragraph, introduced)
            if new:
                text = " ".join(new)
                kept.append(markdown.prose(text))
        if kept:
            return kept
    return []


def _new_sentences(paragraph: str, introduced: str) -> list[str]:
    """Return the whole sentences of a paragraph that say something new, and lead nowhere."""
    new = []
    for sentence in sentences(paragraph):
        is_whole = sentence.endswith((".", "!", "?", ")"))
        is_pointer = _POINTER.search(sentence) is not None
        beginning = _plain(sentence)[:60]
        is_new = beginning not in introduced
        if is_new and is_whole and not is_pointer:
            new.append(sentence)
    return new


def _docs(facts: CourseFacts, chapter: Chapter) -> Iterator[str]:
    """Yield documentation: the only subject's, or the first file's where no subject has any."""
    named = facts.named(chapter)
    if any(subject.doc for subject in named):
        if len(named) == 1:
            yield named[0].doc
        return
    paths = chapter.unit.file_paths
    if not paths:
        return
    first = paths[0]
    if first in facts.analysis.files:
        file = facts.file(first)
        yield file.doc


def _plain(text: str) -> str:
    folded = text.casefold()
    return _NO_LETTER.sub("", folded)


def _options(facts: CourseFacts, chapter: Chapter) -> Iterator[str]:
    """Yield the parameters of constructors that the chapter does not show."""
    for maker in parameters.constructors(facts, chapter):
        rows = parameters.listed(facts, chapter.position, maker)
        if rows:
            name = citations.name(maker)
            place = citations.start(maker)
            yield f"The constructor is {name} ({place})."
            yield rows


def _code_sections(
    facts: CourseFacts, chapter: Chapter, places: Sequence[KeyPlace]
) -> list[str]:
    """Return what users call, and below a heading of its own how that works."""
    shown = _definitions(places)
    drawing = diagrams.calls(facts, chapter, shown)
    blocks: list[str] = []
    inner: list[str] = []
    for place in places:
        block = _block(facts, chapter, place, places, drawing)
        if place.is_inside:
            inner.append(block)
        else:
            blocks.append(block)
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
    name = citations.name(definition)
    shown = _definitions(places)
    is_later = place != places[0]
    said = _said(facts, chapter, place, definition, shown, drawing)
    return markdown.document(
        markdown.heading(3, name),
        excerpts.rendered(facts, place.excerpt, said, folds=is_later),
        _calls(facts, chapter, definition),
        parameters.listed(facts, chapter.position, definition),
    )


def _text_place(facts: CourseFacts, place: KeyPlace) -> str:
    path = markdown.code(place.excerpt.path)
    title = markdown.text(place.title) or path
    excerpt = excerpts.rendered(facts, place.excerpt, "It reads")
    return markdown.document(markdown.heading(3, title), excerpt)


def _said(
    facts: CourseFacts,
    chapter: Chapter,
    place: KeyPlace,
    definition: Definition,
    shown: Sequence[Definition],
    drawing: str,
) -> str:
    """Return what is said before the code of a place: its words, and calls that are not drawn."""
    words = ""
    if not _shows_documentation(facts, place, definition):
        notice = deprecation.notice(definition)
        deprecated = markdown.prose(notice)
        words = _words(facts, chapter, definition)
        words = f"{deprecated} {words}".strip()
    is_drawn = f'"{definition.qualified}()"' in drawing
    if not words:
        if is_drawn:
            return leads.shape(facts, definition)
        return leads.sentences(facts, definition, shown)
    position = shown.index(definition)
    above = shown[:position][-1:]
    is_clear = any(
        definition in key_places.called_by(facts, caller) for caller in above
    )
    if is_clear or is_drawn:
        return words
    lead = leads.reached(facts, definition, shown)
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
    name = definition.name
    if text.startswith(f"{name} "):
        rest = text.removeprefix(name)
        text = f"`{name}`{rest}"
    return markdown.prose(text)


def _calls(facts: CourseFacts, chapter: Chapter, definition: Definition) -> str:
    """Explain the functions and types that a function uses and that no page has explained yet."""
    explained = _explained(facts)
    key = chapter.position, definition.index
    rows = []
    for target in explained.get(key, []):
        name = citations.name(target)
        linked = _linked(facts, chapter, target.index)
        row = citations.described(target)
        rows.append(row.replace(name, linked, 1))
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
            best = _best_targets(facts, chapter, targets)
            seen.update(target.index for target in best)
            key = chapter.position, definition.index
            explained[key] = best
    return explained


def _best_targets(
    facts: CourseFacts, chapter: Chapter, targets: Sequence[Definition]
) -> list[Definition]:
    """Return the first targets, those that another chapter is about before the others."""

    def has_no_chapter(target: Definition) -> bool:
        subject_of = _subject_of(facts, chapter, target)
        return subject_of is None

    ranked = sorted(targets, key=has_no_chapter)
    best = ranked[:_CALLS]
    return [target for target in targets if target in best]


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
        said += map(_plain_purpose, told)
    parts = []
    named = facts.named(chapter)
    for part in facts.parts(chapter):
        if part.index in shown or not _documents_itself(facts, part):
            continue
        purpose = _plain_purpose(part)
        is_said = any(purpose in text for text in said)
        if not is_said:
            said.append(purpose)
            parts.append(part)
    unnamed = [part for part in parts if part not in named]
    ranked = _most_used_first(facts, chapter, unnamed)
    return ranked[:_MEMBERS]


def _plain_purpose(definition: Definition) -> str:
    purpose = citations.purpose(definition)
    return _plain(purpose)


def _most_used_first(
    facts: CourseFacts, chapter: Chapter, parts: Iterable[Definition]
) -> list[Definition]:
    """Sort parts: the symbols of the chapter, then what examples and the code use most."""
    used = key_places.uses(facts, chapter)
    symbols = chapter.unit.symbols

    def rank(part: Definition) -> tuple[bool, int, int]:
        users = facts.into[part.index]
        is_other = part.index not in symbols
        count = used[part.name]
        return is_other, -count, -len(users)

    return sorted(parts, key=rank)


def _documents_itself(facts: CourseFacts, definition: Definition) -> bool:
    name = definition.name
    is_public = definition.public and not name.startswith("_")
    if not is_public or not definition.doc:
        return False
    if definition.kind is Kind.CONSTANT or deprecation.notice(definition):
        return False
    parent = definition.parent
    if parent is not None and facts.definitions[parent].name == name:
        # A constructor.
        return False
    return purposes.says_more(definition)


def _connections(facts: CourseFacts, chapter: Chapter, page: str) -> str:
    """Return what a chapter's types extend, and what extends them: drawn, else in words."""
    drawing = diagrams.family(facts, chapter, page)
    if drawing:
        return mermaid.fenced(drawing)
    extensions = _extensions(facts, chapter)
    return markdown.bullets(extensions)


def _extensions(facts: CourseFacts, chapter: Chapter) -> Iterator[str]:
    named = facts.named(chapter)
    for symbol in named:
        name = citations.name(symbol)
        bases = facts.analysis.bases.get(symbol.index, ())
        for base in bases:
            definition = facts.definitions[base]
            verb, _ = _extending(symbol, definition)
            linked = _linked(facts, chapter, base)
            if linked == name:
                _, full = diagrams.type_names(facts, [symbol.index, base])
                linked = markdown.code(full)
            yield f"{name} {verb} {linked}."
        extending: dict[str, list[str]] = defaultdict(list)
        for subtype in facts.subtypes(symbol.index):
            if not (subtype.name.startswith("_") or subtype in named):
                _, verb = _extending(subtype, symbol)
                extending[verb].append(markdown.code(subtype.name))
        for verb, subtypes in extending.items():
            names = listed(subtypes, _SUBTYPES)
            yield f"{name} is {verb} by {names}."


def _linked(facts: CourseFacts, chapter: Chapter, index: int) -> str:
    definition = facts.definitions[index]
    name = citations.name(definition)
    subject_of = _subject_of(facts, chapter, definition)
    if subject_of is None:
        return name
    return markdown.link(name, subject_of.file)


def _extending(derived: Definition, base: Definition) -> tuple[str, str]:
    if derived.path.endswith(".go"):
        return "embeds", "embedded"
    if derived.kind in {Kind.INTERFACE, Kind.TRAIT}:
        return "extends", "extended"
    return _EXTENDED.get(base.kind, ("extends", "extended"))
