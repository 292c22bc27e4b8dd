"""What a chapter's subjects are, each in a sentence: its own, or a better one of a guide."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from worker.engines.static.facts import TYPES, Definition
from worker.engines.static.pages import citations, guide, markdown, meaning
from worker.engines.static.pages.course import CourseFacts
from worker.engines.static.prose.docstrings import paragraphs, sentences
from worker.engines.static.reading.roles import guidance

_FEW_WORDS: Final = 4
"""New words of a sentence that only repeats a name."""
_BARE_WORDS: Final = 3
_MOST_WORDS: Final = 45
_WORD: Final = re.compile(r"[a-z]+|[^\W\d_a-z]")
_NO_PLAIN: Final = re.compile(r"[^a-z]")
_DEFINING: Final = re.compile(
    r"(?:(An?|The) )?(?:`@?(?:[\w.]*\.)?(\w+)`"
    r"(?: (?:decorator|function|method|class|type|object))?|(\w+)) "
    r"(?:is (?:an?|the|one|used)|can be used|lets|allows|enables"
    r"|(?:takes|returns|represents|provides|holds|keeps|implements) an?)\b"
)
"""How a sentence begins that says what something is."""
_MAKING: Final = re.compile(
    r"[A-Z]\w+ .* (?:returns?|gives you) an? `?@?(?:[\w.]*\.)?(\w+)`?"
    r"(?: (?:instance|object))?\."
)
_USE: Final = re.compile(r"(?:This|It) can be used to ")
_BARE: Final = re.compile(r"An? (\w+)\.")
"""A documentation that only names the kind of thing."""


class Purpose(NamedTuple):
    """What a definition is, and the document that says it; its own documentation has no place."""

    sentence: str
    place: str = ""


def says_more(definition: Definition) -> bool:
    """Whether the documentation says more than the words of the name."""
    doc = citations.purpose(definition)
    return new_words(definition, doc) > _FEW_WORDS


def is_bare(definition: Definition, sentence: str) -> bool:
    """Whether a sentence says hardly anything but the words of the name."""
    return new_words(definition, sentence) <= _BARE_WORDS


def new_words(definition: Definition, sentence: str) -> int:
    """Count the words of a sentence that the name of a definition does not hold."""
    all_words = _WORD.findall(sentence.casefold())
    words = {word.rstrip("s") for word in all_words}
    squeezed = _NO_PLAIN.sub("", definition.qualified.casefold())
    return len([word for word in words if word not in squeezed])


def described(facts: CourseFacts, definition: Definition) -> str:
    """Return a definition's name, its place and what it is."""
    purpose = told(facts, definition)
    if purpose.sentence == citations.purpose(definition):
        return citations.described(definition)
    named = f"{citations.name(definition)} ({citations.start(definition)})"
    described = f"{named}: {markdown.prose(purpose.sentence)}"
    if purpose.place:
        return f"{described} ({purpose.place})"
    return described


def told(facts: CourseFacts, definition: Definition) -> Purpose:
    """Return what a definition is: its first sentence, unless that says little and another more."""
    key = ("purpose", definition.index)
    return facts.remembered(key, lambda: _told(facts, definition))


def _told(facts: CourseFacts, definition: Definition) -> Purpose:
    own = Purpose(citations.purpose(definition))
    if says_more(definition):
        return own
    documented = (
        sentence
        for paragraph in paragraphs(definition.doc)
        for sentence in sentences(paragraph)
    )
    nouns = {definition.name.lower(), definition.name.capitalize()}
    better = _defining(documented, definition, nouns)
    if better:
        return Purpose(better)
    return next(_in_guides(facts, definition), own)


def _in_guides(facts: CourseFacts, definition: Definition) -> Iterator[Purpose]:
    """Yield the sentences of guides that define something, those that are read first before."""
    name = definition.name.lower()
    project = facts.analysis.project.name.lower()
    is_project = name == project
    if is_project or meaning.is_ambiguous(facts, definition):
        return
    nouns = _nouns(definition)
    spellings = {definition.name, *nouns}
    paths = sorted(guide.paths(facts), key=guidance)
    for path in paths:
        for section in guide.sections(facts, path):
            if spellings.isdisjoint(section.words):
                continue
            for block in guide.blocks(facts, path, section.heading, spellings):
                told = sentences(block.text)
                found = _defining(told, definition, nouns)
                if found:
                    extent = block.first, block.last
                    place = markdown.place(path, extent)
                    yield Purpose(found, place)


def _nouns(definition: Definition) -> set[str]:
    """Return the words of prose for a type."""
    if definition.kind not in TYPES:
        return set()
    nouns = {definition.name.lower()}
    bare = _BARE.fullmatch(citations.purpose(definition))
    if bare is not None:
        nouns.add(bare[1].lower())
    return nouns


def _defining(
    told: Iterable[str], definition: Definition, nouns: set[str]
) -> str:
    """Return the sentence of a paragraph that says what something is, or what makes it."""
    making = ""
    for sentence in told:
        if making and _USE.match(sentence):
            return f"{making} {sentence}".replace("`@", "`")
        making = ""
        defining = _DEFINING.match(sentence)
        if defining is not None and _is_short(sentence):
            article, code, word = defining.groups()
            is_noun = word in nouns and article in {"A", "An"}
            if is_noun or definition.name in {code, word}:
                return sentence
        made = _MAKING.fullmatch(sentence)
        if made is not None and made[1] == definition.name:
            making = sentence
    return ""


def _is_short(sentence: str) -> bool:
    return len(sentence.split()) <= _MOST_WORDS
