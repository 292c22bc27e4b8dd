"""What a review adds to a chapter: terms to explain, missing links, parts not mentioned."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Reference, Role
from worker.engines.static.pages import evidence, markdown
from worker.engines.static.pages.checker import links
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.prose.docstrings import first_sentence
from worker.engines.static.prose.phrases import counted, listed

_MOST_WORDS: Final = 10
_MOST_LINKS: Final = 8
_MOST_PARTS: Final = 12
_MOST_TESTS: Final = 5
_SHORTEST: Final = 3
"""Letters of a name that a glossary explains."""
_IDENTIFIER: Final = re.compile(r"[^\W\d][\w$]*")
_LONG_SIGNATURE: Final = 80


def words(
    facts: CourseFacts, chapter: Chapter, page: str
) -> list[tuple[str, str, str]]:
    """Return the rows of a glossary: what the page names, but what belongs elsewhere.

    The most frequent first.
    """
    said = Counter(_IDENTIFIER.findall(page))
    found: dict[str, Definition] = {}
    for reference, index in _beyond(facts, chapter):
        one = facts.definitions[index]
        if reference.sure and one.name in said and len(one.name) >= _SHORTEST:
            found.setdefault(one.name, one)
    ranked = sorted(
        found.values(),
        key=lambda one: (
            not (one.doc or one.kind in TYPES),
            -said[one.name],
            one.index,
        ),
    )
    return [_word(facts, chapter, one) for one in ranked[:_MOST_WORDS]]


def _beyond(
    facts: CourseFacts, chapter: Chapter
) -> Iterator[tuple[Reference, int]]:
    """Yield what a chapter's definitions use, then what uses them, with the reference."""
    own = facts.family(chapter.unit.owned)
    inside = set(own)
    for index in own:
        yield from (
            (one, one.target)
            for one in facts.out[index]
            if one.target not in inside
        )
    for index in own:
        for one in facts.into[index]:
            if one.source is not None and one.source not in inside:
                yield one, one.source


def _word(
    facts: CourseFacts, chapter: Chapter, one: Definition
) -> tuple[str, str, str]:
    doc = first_sentence(one.doc)
    meaning = markdown.prose(doc) if doc else _plainly(one)
    at = markdown.place(one.path, (one.line, one.line))
    owner = facts.owner(one.index)
    elsewhere = owner is not None and owner is not chapter
    return (
        markdown.code(one.qualified),
        meaning,
        f"{at}; {linked(owner)}" if elsewhere and owner is not None else at,
    )


def _plainly(one: Definition) -> str:
    article = "an" if str(one.kind).startswith(("e", "i")) else "a"
    return f"{article} {one.kind}: {markdown.code(markdown.cut(one.signature or one.name, _LONG_SIGNATURE))}"


def linked(chapter: Chapter) -> str:
    """Return a link to a chapter."""
    return markdown.link(
        f"Chapter {chapter.entry.index}, {markdown.text(chapter.name)}",
        chapter.file,
    )


def missing_links(facts: CourseFacts, chapter: Chapter, page: str) -> list[str]:
    """Return a sentence for each related chapter that the page does not link."""
    known = {*links(page), chapter.file}
    found: dict[str, str] = {}
    for reference, index in _beyond(facts, chapter):
        owner = facts.owner(index)
        if (
            owner is None
            or owner.file in known | found.keys()
            or not reference.sure
        ):
            continue
        if (site := evidence.use(facts, reference)) is not None:
            target = markdown.code(
                facts.definitions[reference.target].qualified
            )
            at = markdown.place(site.path, (site.line, site.line))
            found[owner.file] = (
                f"{linked(owner)}: {target} is used at {at}: {markdown.code(site.code)}"
            )
    return list(found.values())[:_MOST_LINKS]


def passed_over(facts: CourseFacts, chapter: Chapter, page: str) -> list[str]:
    """Return sentences on parts that the page does not mention, and on undocumented ones."""
    public = [
        facts.definitions[index] for index in facts.family(chapter.unit.owned)
    ]
    public = [
        one for one in public if one.public and not one.name.startswith("_")
    ]
    if not public:
        return []
    said = set(_IDENTIFIER.findall(page))
    unnamed, silent = (
        [one for one in public if one.name not in said],
        [one for one in public if not one.doc],
    )
    found = []
    if unnamed:
        count = counted(len(unnamed), "public part is", "public parts are")
        found.append(
            f"{count.capitalize()} not mentioned above: {_places(unnamed)}."
        )
    speaking = [one for one in public if one.doc]
    if silent and speaking:
        few, what, rare = (
            (silent, "nothing", "")
            if len(silent) <= len(speaking)
            else (speaking, "something", "only ")
        )
        who = "itself" if len(few) == 1 else "themselves"
        some = f"{rare}{counted(len(few), 'says', 'say')} {what} of {who} in a comment"
        found.append(
            f"Of {counted(len(public), 'public part')}, {some}: {_places(few)}."
        )
    return found


def _places(found: Sequence[Definition]) -> str:
    said = [
        f"{markdown.code(one.qualified)} ({markdown.place(one.path, (one.line, one.line))})"
        for one in found
    ]
    return listed(said, _MOST_PARTS)


def tests(facts: CourseFacts, chapter: Chapter, page: str) -> list[str]:
    """Return lines of tests of the chapter's subject that the page does not mention."""
    found = evidence.mentions(facts, chapter, Role.TEST, _MOST_TESTS)
    shown = [
        (markdown.place(site.path, (site.line, site.line)), site.code)
        for site in found
    ]
    return [
        f"{at}: {markdown.code(code)}" for at, code in shown if at not in page
    ]
