"""What the project's own guide says of a subject: the paragraphs that open its chapter."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, takewhile
from operator import itemgetter
from typing import Final, NamedTuple

from worker.engines.static.facts import (
    TYPES,
    Definition,
    Heading,
    Kind,
    Role,
)
from worker.engines.static.pages import citations, examples, markdown, meaning
from worker.engines.static.pages.course import Chapter, CourseFacts, remembered
from worker.engines.static.parsing.identifiers import parts, word_set, words_of
from worker.engines.static.prose.code_blocks import begins_code
from worker.engines.static.prose.docstrings import (
    MOST_SHOWN,
    paragraphs,
    sentences,
)
from worker.engines.static.prose.lists import is_item, short_list
from worker.engines.static.reading.roles import (
    Guidance,
    file_stem,
    guidance,
    is_readme,
)

_MOST_PARAGRAPHS: Final = 3
_MOST_WORDS: Final = 150
_FEWEST_WORDS: Final = 12
"""Of a passage; a shorter one opens nothing."""
_FEWEST_OF_ITEM: Final = 3
_MOST_CHARACTERS: Final = 700
"""Of a paragraph before a list."""
_TABLES: Final = ("|", "+-", ".. list-table", ".. csv-table")
_SHORTEST_NAME: Final = 4
"""Letters of a name that a heading may mean."""
_ENOUGH: Final = 3
"""Score of a passage about the subject."""
_DEFINED: Final = 2
"""Bonus for a passage that defines its subject."""
_MOST_NAMED: Final = 3
_UNDERLINE: Final = re.compile(r"\s*([=\-~^\"'`#*+.:_])\1{2,}\s*$")
_NO_PROSE: Final = re.compile(
    r"\s|Default\b|\.\. |:\w[\w -]*:|[-*+|>] |\d+[.)] |[<{%|\\\[!@#]|---|===|\+-|:::"
)
_DANGLING: Final = re.compile(
    r"(?i)\||`/\w"
    r"|\b(?=[abfhlnpst])"  # in a third of the time: most words begin otherwise
    r"(?:(?:(?:below|above)(?! (?:an?|another|the|it)\b)"
    r"|following|previous|next|(?:this|these) (?:page|section"
    r"|document|chapter|guide|tutorial|example|code)s?|here(?:'s| is| are))\b"
    r"|like this\b|as follows\b|see `|let.s\b)"
    r"|^(?:for (?:more|details|further|example)|see\b|refer\b|read more|sounds\b)"
)
"""A sentence that points at something else on its page."""
_LEADING: Final = re.compile(
    r"\b(?:as follows|(?:[Tt]he )?following|[Hh]ere(?:'s| is| are)|like this)\b"
)
"""What points at the list below a sentence."""
_POINTING: Final = re.compile(
    r"(?:See|Refer|Read|For (?:more|details|further))\b"
)
"""A sentence that only leads to another place."""
_GOING_ON: Final = re.compile(
    r"(?:What|You just|For instance|This|That|These|It|They|Also|However|"
    r"Because|But|Then|So|As (?:such|you)"
    r"|There (?:are|is)|Another|In addition|Similarly|Note|Every method|Each of|All of"
    r"|In \w+ \d[\d.]*)\b"
    r"|(?:\S+ ){1,5}also\b"
)
"""How a paragraph begins that goes on from another."""
_ENDS: Final = re.compile(r"[.!?][`)\"]*$")
_ANNOUNCING: Final = re.compile(r"(?<=\w{3}):$")
"""The end of a sentence before code; the sentence says as much without it."""
_SHORT_SENTENCE: Final = 40
_ENDING: Final = re.compile(r"(?<=\w\w\w)(?:ing|es|ed|s|e)$")
_CODE_NAME: Final = re.compile(r"(?<=[`.])(\w+)(?:\(\))?`")
"""The last name in a code span."""
_METHOD: Final = re.compile(r"`(\w+)(?:\(\))?` method\b")
_DEFINING: Final = re.compile(r"(?:(?:An?|The) )?(\w+) (?:is|are)\b")
"""How a paragraph begins that says what something is."""
_PLURAL: Final = re.compile(r"[A-Za-z -]+s")
_JOINT: Final = re.compile(
    r"(?i)\b(?:and|or|of|for|with|in|to|from|by|on|works?|is|are|an?|the|your)\b|[^\w\s-]+"
)
"""What separates the phrases of a heading."""
_ROLE: Final = re.compile(r"`([^`<\n]+?)(?:\s*<[^`>]*>)?`:[\w:]+:")
"""A role after its text."""
_STOP_WORDS: Final = word_set(
    "a an and the of to for from with your using about how what"
)
_GUIDANCE: Final = {
    Guidance.FIRST: 0.5,
    Guidance.GUIDE: 0.5,
    Guidance.OTHER: 0,
    Guidance.REFERENCE: -1,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """The first paragraphs of a section, as Markdown without markup."""

    path: str
    first: int
    last: int
    title: str
    texts: tuple[str, ...]
    listing: str
    """The list that the last text announces, as Markdown; or nothing."""


class Section(NamedTuple):
    """A heading of a document, and the words below it."""

    heading: Heading
    words: set[str]
    lower_words: set[str]


class Paragraph(NamedTuple):
    """A paragraph, or the beginning of it, that stands by itself."""

    first: int
    last: int
    text: str
    listing: str = ""


def opening(facts: CourseFacts, chapter: Chapter) -> Passage | None:
    """Return what opens a chapter; no passage opens two."""
    openings = _assigned(facts)
    return openings.get(chapter.position)


def rendered(passage: Passage) -> list[str]:
    """Return a passage as blocks of Markdown, the last of which names its source."""
    title = markdown.text(passage.title)
    document = "the guide"
    path = passage.path
    if is_readme(path):
        document = "the README"
    place = markdown.place(path, (passage.first, passage.last))
    source = f"(From {document}, “{title}”, {place}.)"
    return [*map(markdown.prose, passage.texts), passage.listing, source]


@remembered
def _assigned(facts: CourseFacts) -> dict[int, Passage]:
    """Give each chapter the passage that is worth most for it, the clearest cases first."""
    rated = [
        (worth, chapter.position, passage)
        for chapter in facts.chapters
        for worth, passage in _rated(facts, chapter)
    ]
    rated.sort(key=itemgetter(0), reverse=True)
    openings: dict[int, Passage] = {}
    taken: set[tuple[str, int]] = set()
    for _, position, passage in rated:
        place = passage.path, passage.first
        if position not in openings and place not in taken:
            openings[position] = passage
            taken.add(place)
    for chapter in facts.chapters:
        told = _of_undocumented(facts, chapter)
        if told is not None:
            openings.setdefault(chapter.position, told)
    return openings


def _of_undocumented(facts: CourseFacts, chapter: Chapter) -> Passage | None:
    """Return what introduces the section that shows most names of undocumented subjects."""
    named = facts.named(chapter)
    if any(map(citations.purpose, named)):
        return None
    names = frozenset(subject.name for subject in named)
    best = None
    most = 1
    for path in paths(facts):
        for heading, words, _ in sections(facts, path):
            passage = None
            if len(names & words) > most:
                passage = _introducing(facts, path, heading)
            if passage is not None:
                best = passage
                most = len(names & words)
    return best


def _introducing(
    facts: CourseFacts, path: str, heading: Heading
) -> Passage | None:
    """Return the opening of a section, or of the document with the same title."""
    headed = [
        (other, beginning)
        for other in paths(facts)
        for beginning in facts.file(other).headings[:1]
        if beginning.title == heading.title
    ]
    openings = (_passage(facts, *place) for place in [(path, heading), *headed])
    return next(filter(None, openings), None)


class _Subjects:
    """What a chapter's title names, and the words that name it in prose."""

    def __init__(self, named: Sequence[Definition]) -> None:
        by_name = {subject.name: subject for subject in named}
        self.each = list(by_name.values())
        self.first = named[0]
        self.names = set(by_name)
        self.letters = tuple(map(_letters, by_name))
        self.spellings: set[str] = set()
        for name in by_name:
            self.spellings |= _spellings(name)
        purpose = citations.purpose(self.first)
        self.purpose = set(_words(purpose))


def _rated(
    facts: CourseFacts,
    chapter: Chapter,
) -> Iterator[tuple[float, Passage]]:
    named = facts.named(chapter)
    if not named:
        return
    subjects = _Subjects(named)
    for path in paths(facts):
        first = _first(facts, subjects, path)
        for heading in _near(facts, subjects, path, first):
            passage = _passage(facts, path, heading)
            if passage is None:
                continue
            is_first = heading is first
            if is_first or _is_headed(facts, subjects, passage):
                worth = _worth(facts, subjects, passage) + is_first
                if worth >= _ENOUGH:
                    yield worth, passage


def _first(
    facts: CourseFacts,
    subjects: _Subjects,
    path: str,
) -> Heading | None:
    """Return the first section of a document that names a subject, if its opening does."""
    mentions = facts.analysis.mentions
    is_mentioned = any(
        path in mentions.get(name, ()) for name in subjects.names
    )
    if not is_mentioned:
        return None
    for heading, words, _ in sections(facts, path):
        if not subjects.names.isdisjoint(words):
            passage = _passage(facts, path, heading)
            if passage is not None and _names_one(subjects, passage):
                return heading
            return None
    return None


def _names_one(subjects: _Subjects, passage: Passage) -> bool:
    text = " ".join(passage.texts)
    words = words_of(text)
    return not subjects.names.isdisjoint(words)


def _near(
    facts: CourseFacts,
    subjects: _Subjects,
    path: str,
    first: Heading | None,
) -> Iterator[Heading]:
    """Yield the headings of a document that may be about subjects."""
    beginning = facts.file(path).headings[:1]
    for heading, _, lower_words in sections(facts, path):
        if subjects.spellings.isdisjoint(lower_words):
            continue
        title = _letters(heading.title)
        is_named = any(letters in title for letters in subjects.letters)
        words = _words(heading.title)
        is_kind = subjects.purpose.issuperset(words)
        if is_named or is_kind or heading in (first, *beginning):
            yield heading


def _is_headed(
    facts: CourseFacts,
    subjects: _Subjects,
    passage: Passage,
) -> bool:
    """Whether a document begins with a passage, or its heading is about a subject.

    A longer heading in the singular (`Child Template`) means another thing, unless the
    passage has the name.
    """
    title = passage.title
    beginning, *_ = facts.file(passage.path).headings
    if title == beginning.title:
        return True
    phrases = list(map(_letters, _JOINT.split(title)))
    endings = [
        phrase for phrase in phrases if phrase.endswith(subjects.letters)
    ]
    if _names_one(subjects, passage):
        words = _words(title)
        return bool(endings) or subjects.purpose.issuperset(words)
    if phrases == endings and _PLURAL.fullmatch(title):
        return True
    return not set(endings).isdisjoint(subjects.letters)


@cache
def _letters(name: str) -> str:
    """Return the letters of a name or a phrase in the singular."""
    letters = re.sub(r"[\W_]", "", name.lower())
    return letters.removesuffix("s")


def _worth(facts: CourseFacts, subjects: _Subjects, passage: Passage) -> float:
    """Rate a passage by its heading and its words; 0 if it is not about the first subject."""
    of_first = _of_text(facts, subjects.first, passage)
    if not of_first or _is_of_another(facts, subjects, passage):
        return 0
    worth = _of_headings(facts, subjects, passage)
    for subject in subjects.each:
        worth += _of_text(facts, subject, passage)
    worth += _of_opening(subjects.first, passage)
    return worth + _GUIDANCE[guidance(passage.path)]


def _is_of_another(
    facts: CourseFacts,
    subjects: _Subjects,
    passage: Passage,
) -> bool:
    """Whether a heading names something else, or a passage a method of the same name."""
    title = passage.title
    is_other = title in facts.by_name and title not in subjects.names
    if is_other and title.lower() in subjects.names:
        return True
    if subjects.first.kind is not Kind.FUNCTION:
        return False
    text = " ".join(passage.texts)
    methods = _METHOD.findall(text)
    return subjects.first.name in methods


def _of_opening(subject: Definition, passage: Passage) -> float:
    """Rate whether a passage defines a subject, or names it in its first sentence."""
    sentence, *_ = sentences(passage.texts[0])
    named = set(_CODE_NAME.findall(sentence))
    defining = _DEFINING.match(sentence)
    if defining is not None:
        word = defining[1]
        named.add(word)
        if subject.kind in TYPES:
            named.add(word.capitalize())
    if named.isdisjoint({subject.name, f"{subject.name}s"}):
        return 0
    return _DEFINED


def _spellings(name: str) -> set[str]:
    """Return the words that are a name in prose: in lower case, one or many."""
    lower = name.lower()
    return {lower, f"{lower}s"}


@remembered
def sections(facts: CourseFacts, path: str) -> list[Section]:
    """Return the sections of a document."""
    lines = facts.texts.lines(path)
    in_order = []
    for heading in facts.file(path).headings:
        below = "\n".join(lines[heading.line : heading.end_line])
        words = set(words_of(below))
        lower_words = set(map(str.lower, words))
        section = Section(heading, words, lower_words)
        in_order.append(section)
    return in_order


@remembered
def paths(facts: CourseFacts) -> list[str]:
    """Return the guides."""
    guides = []
    for path, file in facts.analysis.files.items():
        is_guide = examples.is_guide(file) or file_stem(path) == "internals"
        if file.role is Role.DOCUMENT and is_guide:
            guides.append(path)
    return guides


def _of_headings(
    facts: CourseFacts,
    subjects: _Subjects,
    passage: Passage,
) -> float:
    """Rate how much a heading, or the name of its document, names some subjects."""
    titles = _words(passage.title)
    beginning, *_ = facts.file(passage.path).headings
    name = _squeezed(subjects.first.name)
    worth = 0.0
    if subjects.purpose.issuperset(titles):
        worth = 2
    if name == _squeezed(facts.analysis.project.name):
        return 2 * worth
    worth += _of_title(name, titles)
    for other in subjects.each[1:]:
        other_name = _squeezed(other.name)
        worth += _of_title(other_name, titles) / 2
    is_beginning = passage.title == beginning.title
    if is_beginning and name == _squeezed(file_stem(passage.path)):
        worth += 3
    return worth


def _of_title(name: str, titles: Sequence[str]) -> float:
    """Rate a heading's words: those of the name alone, or among a few others."""
    joined = "".join(titles)
    if len(name) < _SHORTEST_NAME:
        return 0
    if joined == name:
        return 7
    if name in titles or (name in joined and len(name) > len(joined) // 2):
        return 5 - len(titles) / 2
    return 0


def _of_text(
    facts: CourseFacts,
    subject: Definition,
    passage: Passage,
) -> float:
    """Rate how often a passage names a subject, as a word or as code."""
    text = " ".join(passage.texts)
    words = words_of(text.lower())
    is_named = not _spellings(subject.name).isdisjoint(words)
    if not is_named or not meaning.names(facts, subject, text):
        return 0
    named = _CODE_NAME.findall(text).count(subject.name)
    return 1 + min(named, _MOST_NAMED)


@cache
def _words(title: str) -> tuple[str, ...]:
    words = re.findall(r"[^\W_]+", title.lower())
    return tuple(_stemmed(word) for word in words if word not in _STOP_WORDS)


def _stemmed(word: str) -> str:
    return _ENDING.sub("", word)


@cache
def _squeezed(name: str) -> str:
    """Return the words of a name as one word, without endings."""
    return "".join(_stemmed(part.lower()) for part in parts(name))


def blocks(
    facts: CourseFacts,
    path: str,
    heading: Heading,
    spellings: set[str],
) -> Iterator[Paragraph]:
    """Yield the paragraphs of a section with one of these words.

    Each goes up to a sentence that needs another place.
    """
    lines = facts.texts.lines(path)[: heading.end_line]
    number = heading.line + 1
    while number <= len(lines):
        end = _end(lines, number)
        block = lines[number - 1 : end]
        words = words_of("\n".join(block))
        if not spellings.isdisjoint(words):
            text, _ = _prose(_sentences(block), first=False)
            if text:
                yield Paragraph(number, end, text)
        number = end + 1


def _end(lines: Sequence[str], number: int) -> int:
    """Return the last line of a paragraph; that of an empty line is itself."""
    end = number
    while end < len(lines) and lines[end - 1].strip() and lines[end].strip():
        if is_item(lines[end]):
            break
        end += 1
    return end


@remembered
def _passage(facts: CourseFacts, path: str, heading: Heading) -> Passage | None:
    """Return the beginning of a section, if it has enough prose."""
    lines = facts.texts.lines(path)
    shown: list[Paragraph] = []
    words = 0
    for block in islice(_blocks(lines, heading), _MOST_PARAGRAPHS):
        words += len(block.text.split())
        if shown and words > _MOST_WORDS:
            break
        shown.append(block)
    texts = tuple(block.text for block in shown if block.text)
    if len(" ".join(texts).split()) < _FEWEST_WORDS:
        return None
    return Passage(
        path=path,
        first=shown[0].first,
        last=shown[-1].last,
        title=heading.title,
        texts=texts,
        listing=shown[-1].listing,
    )


def _blocks(lines: Sequence[str], heading: Heading) -> Iterator[Paragraph]:
    """Yield the paragraphs before a section's first code."""
    section = lines[: heading.end_line]
    number = heading.line + 1
    found = False
    while number <= len(section):
        end = _end(section, number)
        paragraph, is_whole = _paragraph(section, number, first=not found)
        text = paragraph.text
        if text or (found and paragraph.listing):
            found = True
            yield paragraph
        if not is_whole:
            return
        line = section[end - 1]
        if found and line.strip() and (not text or begins_code(line)):
            return
        number = end + 1


def _paragraph(
    lines: Sequence[str], number: int, *, first: bool
) -> tuple[Paragraph, bool]:
    """Read a paragraph with the list that it announces, and whether more may follow it.

    A sentence before a list that is not shown is left out.
    """
    end = _end(lines, number)
    block = lines[number - 1 : end]
    below = next(filter(str.strip, lines[end:]), "")
    is_listed = is_item(below) or below.lstrip().startswith(_TABLES)
    told = _sentences(block)
    if is_listed:
        told = _sentences(block, _MOST_CHARACTERS)
    if not told or not told[-1].endswith(":") or not is_listed:
        text, is_whole = _prose(told, first=first)
        return Paragraph(number, end, text), is_whole
    *before, announcing = told
    text, is_whole = _prose(before, first=first)
    paragraph = Paragraph(number, end, text)
    if not is_whole:
        return paragraph, False
    return _with_list(paragraph, announcing, lines[end:]), False


def _with_list(
    paragraph: Paragraph, announcing: str, below: Sequence[str]
) -> Paragraph:
    """Return a paragraph with the list below it, if the list is short and stands by itself."""
    listed = short_list(below)
    items = list(map(_item, listed.items))
    words = " ".join(items).split()
    lead = _LEADING.sub("", announcing)
    is_dangling = _POINTING.match(lead) or _DANGLING.search(lead)
    if is_dangling or not all(items) or not 0 < len(words) <= _MOST_WORDS:
        return paragraph
    rows = list(map(markdown.prose, items))
    written = markdown.bullets(rows)
    if listed.is_numbered:
        written = markdown.steps(rows)
    sentence = markdown.prose(announcing)
    listing = markdown.document(sentence, written)
    last = paragraph.last + listed.length
    return paragraph._replace(last=last, listing=listing)


def _item(raw: str) -> str:
    """Return the sentences of an item that stand by themselves; nothing if they say nothing."""
    told = takewhile(
        lambda sentence: not _DANGLING.search(sentence), _sentences([raw])
    )
    text = " ".join(told)
    if len(text.split()) < _FEWEST_OF_ITEM:
        return ""
    return text


def _sentences(block: Sequence[str], longest: int = MOST_SHOWN) -> list[str]:
    kept = [line for line in block if not _UNDERLINE.match(line)]
    if not kept or _NO_PROSE.match(kept[0]):
        return []
    marked = _ROLE.sub(r"`\1`", "\n".join(kept))
    return [
        sentence
        for paragraph in paragraphs(marked, 1, longest)
        for sentence in sentences(paragraph)
    ]


def _prose(told: Sequence[str], *, first: bool) -> tuple[str, bool]:
    """Return the sentences of a paragraph up to one that does not stand by itself.

    And whether the section may continue after it: it is whole, or nothing of it is shown.
    """
    texts = list(takewhile(bool, map(_standing, told)))
    if first and texts and _GOING_ON.match(texts[0]):
        return "", False
    left_out = told[len(texts) :]
    return " ".join(texts), not texts or all(map(_POINTING.match, left_out))


def _standing(told: str) -> str:
    """Return a sentence as it stands by itself; nothing if it does not."""
    sentence = told
    is_long = len(told) > _SHORT_SENTENCE
    if is_long and told.endswith(":") and "this" not in told.split():
        sentence = _ANNOUNCING.sub(".", told)
    if not _ENDS.search(sentence) or _DANGLING.search(sentence):
        return ""
    return sentence
