"""The beginning of a chapter: its subject, its place in the order, its facts."""

import re
from collections.abc import Iterator
from typing import Final

from worker.engines.static.facts import TYPES, Definition, Kind, Role
from worker.engines.static.pages import diagrams, evidence, markdown
from worker.engines.static.pages.course import Chapter, CourseFacts, is_function
from worker.engines.static.prose.docstrings import (
    first_sentence,
    paragraphs,
    sentences,
)
from worker.engines.static.prose.phrases import counted, listed
from worker.engines.static.reading.language import label

_MOST_ROWS: Final = 9
_MOST_QUOTED: Final = 2
_LONG_SIGNATURE: Final = 70
_PLACE: Final = re.compile(r"\(([^()\s][^()]*):(\d+)\)")
_DOCSTRINGS: Final = frozenset({"python"})


def overview(facts: CourseFacts, chapter: Chapter) -> str:
    """Return what the first chapter says of the whole project; nothing for the others."""
    if chapter.position:
        return ""
    drawing = diagrams.chapters_map(facts)
    count = counted(len(facts.chapters), "chapter")
    arrows = (
        " Arrows show how the chapters' subjects are related."
        if "-->" in drawing
        else ""
    )
    return markdown.document(
        markdown.heading(2, "The project in brief"),
        with_places(facts, facts.summary),
        f"The course has {count}.{arrows}" if drawing else "",
        markdown.fence(drawing.split("\n"), "mermaid") if drawing else "",
    )


def with_places(facts: CourseFacts, raw: str) -> str:
    """Return prose of the course's, in which `(path:line)` is a place in the repository."""
    pieces: list[str] = []
    end = 0
    for match in _PLACE.finditer(raw):
        if match[1] in facts.analysis.files:
            line = int(match[2])
            pieces += [
                markdown.prose(raw[end : match.start()]),
                f"({markdown.place(match[1], (line, line))})",
            ]
            end = match.end()
    pieces.append(markdown.prose(raw[end:]))
    return re.sub(
        r" ([.,;:])", r"\1", " ".join(piece for piece in pieces if piece)
    )


def motivation(facts: CourseFacts, chapter: Chapter) -> str:
    """Return what the chapter is about, in the words of the course and those of the source."""
    said = (
        markdown.prose(chapter.description)
        or f"This chapter is about {markdown.code(chapter.name)}."
    )
    why = with_places(facts, chapter.reasoning)
    return markdown.document(
        said, _quoted(facts, chapter), f"Why here: {why}" if why else ""
    )


def _quoted(facts: CourseFacts, chapter: Chapter) -> str:
    """Quote what the documentation says beyond the description."""
    for doc, path, line, word in _docs(facts, chapter):
        known = _letters(chapter.description)
        left = [
            " ".join(
                one
                for one in sentences(paragraph)
                if _letters(one)[:60] not in known and one[-1:] != ":"
            )
            for paragraph in paragraphs(doc, _MOST_QUOTED + 1)
        ]
        shown = [markdown.prose(one) for one in left if len(one.split()) > 3][  # noqa: PLR2004 - a sentence
            :_MOST_QUOTED
        ]
        if shown:
            return markdown.document(
                f"The {word} at {markdown.place(path, (line, line))} continues:",
                markdown.quote(shown),
            )
    return ""


def _letters(said: str) -> str:
    return re.sub(r"\W+", "", said).casefold()


def _docs(
    facts: CourseFacts, chapter: Chapter
) -> Iterator[tuple[str, str, int, str]]:
    """Yield documentation and its place: the first symbol's, then the first file's."""
    for index in chapter.unit.symbols[:1]:
        one = facts.definitions[index]
        word = (
            "docstring"
            if facts.file(one.path).language in _DOCSTRINGS
            else "comment"
        )
        yield one.doc, one.path, one.line, word
    for path in chapter.unit.file_paths[:1]:
        if path in facts.analysis.files:
            yield facts.file(path).doc, path, 1, "beginning of the file"


def glance(facts: CourseFacts, chapter: Chapter) -> str:
    """Return the facts as a table."""
    rows = [(name, said) for name, said in _rows(facts, chapter) if said]
    return (
        markdown.document(
            markdown.heading(2, "At a glance"),
            markdown.table(("What", "In the source"), rows),
        )
        if rows
        else ""
    )


def _rows(facts: CourseFacts, chapter: Chapter) -> Iterator[tuple[str, str]]:
    symbols = [facts.definitions[index] for index in chapter.unit.symbols]
    if symbols:
        yield "Main part", _what(facts, symbols[0])
        yield (
            "In the same file",
            listed([markdown.code(one.name) for one in symbols[1:]], 6),
        )
    yield "Files", _files(facts, chapter)
    if symbols:
        yield (
            "Extends",
            listed([markdown.code(base) for base in symbols[0].bases], 4),
        )
        children = [
            markdown.code(facts.definitions[index].name)
            for index in evidence.subtypes(facts, symbols[0].index)
        ]
        yield "Extended by", listed(children, 5)
        using = evidence.using_files(facts, chapter)
        yield "Files that use it", _used(using)
        yield "Tests that mention it", _mentioned(facts, chapter, Role.TEST)
        yield "Examples", _mentioned(facts, chapter, Role.EXAMPLE)
        yield "Documents", _mentioned(facts, chapter, Role.DOCUMENT)


def _what(facts: CourseFacts, one: Definition) -> str:
    inside = [facts.definitions[index] for index in one.members]
    methods = sum(is_function(member) for member in inside)
    parts = [counted(methods, "method")] * bool(methods)
    if len(inside) > methods and one.kind is Kind.ENUM:
        parts.append(counted(len(inside) - methods, "variant"))
    with_ = f" with {listed(parts)}" if parts else ""
    article = "an" if str(one.kind).startswith(("e", "i")) else "a"
    at = markdown.place(one.path, (one.line, one.end_line))
    return (
        f"{markdown.code(one.qualified)}, {article} {one.kind}{with_}, at {at}"
    )


def _files(facts: CourseFacts, chapter: Chapter) -> str:
    shown = []
    for path in chapter.unit.file_paths:
        file = facts.analysis.files.get(path)
        if file is not None:
            shown.append(
                f"{markdown.code(path)} ({label(file.language)}, {file.lines:,} lines)"
            )
    return listed(shown, 3)


def _used(using: list[str]) -> str:
    if not using:
        return ""
    named = listed([markdown.code(path) for path in using], 3)
    return (
        f"{counted(len(using), 'other file')}: {named}"
        if len(using) > 1
        else named
    )


def _mentioned(facts: CourseFacts, chapter: Chapter, role: Role) -> str:
    paths = dict.fromkeys(
        path
        for index in chapter.unit.symbols[:3]
        for path in facts.analysis.mentions.get(
            facts.definitions[index].name, ()
        )
        if facts.file(path).role is role
    )
    return listed([markdown.code(path) for path in paths], 3)


def parts(facts: CourseFacts, chapter: Chapter) -> str:
    """Return the parts that a reader meets first, with what they say of themselves, as a table."""
    symbols = [facts.definitions[index] for index in chapter.unit.symbols]
    if symbols and symbols[0].kind in TYPES and len(symbols[0].members) > 1:
        chosen = [*diagrams.ranked_members(facts, symbols[0]), *symbols[1:]]
    else:
        chosen = symbols[symbols[0].kind in TYPES :] if len(symbols) > 1 else []
    if not chosen:
        return ""
    rows = [
        (
            markdown.code(one.name),
            markdown.place(one.path, (one.line, one.line)),
            _said(one),
        )
        for one in chosen[:_MOST_ROWS]
    ]
    return markdown.table(("Part", "Where", "Its own description"), rows)


def _said(one: Definition) -> str:
    """Return the first sentence of the documentation, or else the signature."""
    doc = first_sentence(one.doc)
    return (
        markdown.prose(doc)
        if doc
        else markdown.code(markdown.cut(one.signature, _LONG_SIGNATURE))
    )
