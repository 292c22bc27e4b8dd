"""Asks about files of which nothing is known but their headings, their landmarks and their lines."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from worker.engines.static.language import label
from worker.engines.static.writing import evidence, markdown, outline
from worker.engines.static.writing.book import Book, Chapter
from worker.engines.static.writing.outline import Mark
from worker.engines.static.writing.question import Question, choice

_FEWEST_WORDS: Final = 4


def asked(book: Book, chapter: Chapter) -> Iterator[Question]:
    """Yield questions on a chapter's files: one at least, if one of them is there."""
    marks = [one for one in outline.marks(book, chapter) if one.title]
    paths = [path for path in chapter.unit.file_paths if path in book.analysis.files]
    found = (_below(book, chapter), _following(marks), _file_of(marks, paths), _line_of(book, marks))
    yield from (one for one in found if one is not None)
    yield from (_length(book, path) for path in paths[:1])


def _place(mark: Mark) -> str:
    return markdown.place(mark.path, (mark.line, mark.line))


def _below(book: Book, chapter: Chapter) -> Question | None:
    """Ask under which heading something is said."""
    found = [
        (path, book.file(path).headings[position])
        for path, position in chapter.unit.headings
        if path in book.analysis.files and position < len(book.file(path).headings)
    ]
    telling = [(path, one) for path, one in found if len(one.lead.split()) >= _FEWEST_WORDS]
    for path, heading in telling:
        return choice(
            "Where is it said?",
            f"Under which heading does this stand: “{markdown.text(heading.lead)}”",
            markdown.text(heading.title),
            [markdown.text(one.title) for _, one in found if one.lead != heading.lead],
            f"The heading stands at {markdown.place(path, (heading.line, heading.line))}.",
        )
    return None


def _following(marks: list[Mark]) -> Question | None:
    """Ask what comes after what."""
    for one, two in pairwise(marks):
        if one.path == two.path and one.line < two.line:
            between = [other for other in marks if other.path == one.path and one.line < other.line < two.line]
            return choice(
                "What comes next?",
                f"Which of these comes right after “{markdown.text(one.title)}” in {markdown.code(one.path)}?",
                markdown.text((between or [two])[0].title),
                [markdown.text(other.title) for other in marks if other not in {one, two}],
                f"It stands at {_place(two)}; “{markdown.text(one.title)}” at {_place(one)}.",
            )
    return None


def _file_of(marks: list[Mark], paths: list[str]) -> Question | None:
    """Ask which file holds something; its name must be in one only."""
    for one in marks:
        holders = {other.path for other in marks if other.title.casefold() == one.title.casefold()}
        if len(holders) == 1:
            return choice(
                "In which file?",
                f"Which file would you open for “{markdown.text(one.title)}”?",
                markdown.code(one.path),
                [markdown.code(path) for path in paths],
                f"It stands at {_place(one)}.",
            )
    return None


def _line_of(book: Book, marks: list[Mark]) -> Question | None:
    for one in marks[-1:]:
        return Question(
            title="On which line?",
            asks=f"Find “{markdown.text(one.title)}” in {markdown.code(one.path)}. On which line does it stand?",
            answer=f"On line {one.line}: {markdown.code(evidence.quoted(book, one.path, one.line))}.",
        )
    return None


def _length(book: Book, path: str) -> Question:
    file = book.file(path)
    lines = book.texts.lines(path)
    last = next((number for number in range(len(lines), 0, -1) if lines[number - 1].strip()), 0)
    said = (
        f" The last that is not empty is line {last}: {markdown.code(evidence.quoted(book, path, last))}."
        if last
        else ""
    )
    return Question(
        title="How much is there?",
        asks=f"Open {markdown.code(path)} ({label(file.language)}). How many lines has it, and what does the last say?",
        answer=f"{file.lines:,} lines.{said}",
    )
