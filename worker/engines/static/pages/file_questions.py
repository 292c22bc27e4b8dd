"""Questions about files, by their headings, landmarks and lines."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from worker.engines.static.pages import evidence, markdown, outline
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.pages.exercise import Question, choice
from worker.engines.static.pages.outline import NamedPlace
from worker.engines.static.reading.language import label

_FEWEST_WORDS: Final = 4
_MOST_FILES: Final = 3
_MOST_OTHERS: Final = 12
"""Files that are looked through for a word."""


def asked(facts: CourseFacts, chapter: Chapter) -> Iterator[Question]:
    """Yield questions on a chapter's files: one at least, if one of them is there."""
    paths = [
        path for path in chapter.unit.file_paths if path in facts.analysis.files
    ]
    own = [one for one in outline.marks(facts, chapter) if one.title]
    marks = [
        one
        for path in paths[:_MOST_FILES]
        for one in outline.marks_of(facts, path)
        if one.title
    ]
    found = (
        _below(facts, chapter),
        _following(own, marks),
        _file_of(facts, own, paths),
        _line_of(facts, own),
    )
    yield from (one for one in found if one is not None)
    yield from (_length(facts, path) for path in paths[:1])


def _place(mark: NamedPlace) -> str:
    return markdown.place(mark.path, (mark.line, mark.line))


def _below(facts: CourseFacts, chapter: Chapter) -> Question | None:
    """Ask under which heading of its file something is said."""
    for path, position in chapter.unit.headings:
        headings = (
            facts.file(path).headings if path in facts.analysis.files else ()
        )
        if (
            position >= len(headings)
            or len(headings[position].lead.split()) < _FEWEST_WORDS
        ):
            continue
        heading = headings[position]
        return choice(
            "Where does it say so?",
            f"Under which heading of {markdown.code(path)} is this sentence: “{markdown.text(heading.lead)}”",
            markdown.text(heading.title),
            [
                markdown.text(one.title)
                for one in headings
                if one.lead != heading.lead
            ],
            f"The heading is at {markdown.place(path, (heading.line, heading.line))}.",
        )
    return None


def _following(
    own: list[NamedPlace], marks: list[NamedPlace]
) -> Question | None:
    """Ask what comes after one of the chapter's marks in its file."""
    for one, two in pairwise(marks):
        if one in own and one.path == two.path and one.title != two.title:
            return choice(
                "What comes next?",
                f"Which of these comes right after “{markdown.text(one.title)}” in {markdown.code(one.path)}?",
                markdown.text(two.title),
                [
                    markdown.text(other.title)
                    for other in marks
                    if other.title not in {one.title, two.title}
                ],
                f"It is at {_place(two)}; “{markdown.text(one.title)}” at {_place(one)}.",
            )
    return None


def _file_of(
    facts: CourseFacts, own: list[NamedPlace], paths: list[str]
) -> Question | None:
    """Ask which file has a word that no other file has."""
    others: list[str] = []
    for chapter in facts.chapters:
        own_paths = chapter.unit.file_paths
        others += [path for path in own_paths if path in facts.analysis.files]
    candidates = dict.fromkeys([*paths, *others])
    for place in own:
        word = evidence.named(place.title)
        rest = [path for path in candidates if path != place.path]
        silent = [
            path
            for path in rest[:_MOST_OTHERS]
            if not any(map(word.search, facts.texts.lines(path)))
        ]
        question = choice(
            "In which file?",
            "Which of these files would you open for "
            f"“{markdown.text(place.title)}”?",
            markdown.code(place.path),
            [markdown.code(path) for path in silent],
            f"It is at {_place(place)}.",
        )
        if question is not None:
            return question
    return None


def _line_of(facts: CourseFacts, marks: list[NamedPlace]) -> Question | None:
    for one in marks[-1:]:
        return Question(
            title="On which line?",
            asks=f"Find “{markdown.text(one.title)}” in {markdown.code(one.path)}. On which line is it?",
            answer=f"On line {one.line}: {markdown.code(evidence.quoted(facts, one.path, one.line))}.",
        )
    return None


def _length(facts: CourseFacts, path: str) -> Question:
    file = facts.file(path)
    lines = facts.texts.lines(path)
    last = next(
        (
            number
            for number in range(len(lines), 0, -1)
            if lines[number - 1].strip()
        ),
        0,
    )
    said = (
        f" The last line that is not empty is line {last}: {markdown.code(evidence.quoted(facts, path, last))}."
        if last
        else ""
    )
    return Question(
        title="How much is there?",
        asks=f"Open {markdown.code(path)} ({label(file.language)}). "
        "How many lines does it have, and what does the last one say?",
        answer=f"{file.lines:,} lines.{said}",
    )
