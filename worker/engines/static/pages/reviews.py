"""Writes the reviewed chapters: each chapter as it is, what a second look adds to it, and what was checked."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from states.course_paths import item_path
from states.stages import Stage
from worker.engines.port import Item
from worker.engines.static.facts import Analysis, Course
from worker.engines.static.pages import additions as second_look
from worker.engines.static.pages import chapters, markdown
from worker.engines.static.pages.checker import ClaimKind, Finding, checked
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.prose.phrases import capital, counted

_MOST_FAULTS: Final = 20
_HOW: Final = {
    ClaimKind.EXCERPT: "compared with the lines of the file, character by character",
    ClaimKind.PLACE: "looked up: the file is there, and has these lines",
    ClaimKind.REMARK: "what it quotes was looked for on the line that it names",
    ClaimKind.DIAGRAM: "read line by line: every line is one that Mermaid knows, and every arrow has two ends",
    ClaimKind.LINK: "followed to a page of this course",
}


def items(analysis: Analysis, course: Course, output: Path) -> Iterator[Item]:
    """Review the chapters in `output`, as far as their reviews are missing, in the order of the course."""
    book = CourseFacts(analysis, course)
    for chapter in book.chapters:
        path = item_path(Stage.REVIEW_CHAPTERS, chapter.entry)
        if not (output / path).exists():
            yield Item(
                path=path,
                body=f"{written(book, chapter, _page(book, chapter, output))}\n".encode(),
            )


def _page(book: CourseFacts, chapter: Chapter, output: Path) -> str:
    try:
        return (
            (output / item_path(Stage.GENERATE_CHAPTERS, chapter.entry))
            .read_text("utf-8")
            .rstrip("\n")
        )
    except FileNotFoundError:
        return chapters.written(book, chapter)


def written(book: CourseFacts, chapter: Chapter, page: str) -> str:
    """Return the review of a chapter: `page`, which is its text, and what there is to add."""
    added = markdown.document(
        _words(book, chapter, page),
        _bullets(
            "Links to follow",
            "The code of this chapter meets that of others, to which nothing above leads:",
            second_look.missing_links(book, chapter, page),
        ),
        _bullets("Not shown above", "", second_look.passed_over(book, chapter, page)),
        _bullets("More tests to read", "", second_look.tests(book, chapter, page)),
    )
    findings = checked(book, f"{page}\n\n{added}", [one.file for one in book.chapters])
    return markdown.document(
        page, markdown.heading(2, "A second look"), added, _report(findings)
    )


def _words(book: CourseFacts, chapter: Chapter, page: str) -> str:
    rows = second_look.words(book, chapter, page)
    if not rows:
        return ""
    return markdown.document(
        markdown.heading(3, "Words to know"),
        "The chapter names these as if they were known; they belong to other parts of the project.",
        markdown.table(("Word", "What it is", "Where to read on"), rows),
    )


def _bullets(title: str, lead: str, found: Sequence[str]) -> str:
    return (
        markdown.document(markdown.heading(3, title), lead, markdown.bullets(found))
        if found
        else ""
    )


def _report(findings: Sequence[Finding]) -> str:
    faults = [one for one in findings if one.fault]
    verdict = (
        f"{capital(counted(len(faults), 'fault was', 'faults were'))} found."
        if faults
        else "Everything agrees with the source."
    )
    lines = [
        _counted(sort, sum(one.sort is sort for one in findings)) for sort in ClaimKind
    ]
    return markdown.document(
        markdown.heading(3, "What was checked"),
        f"This page was read again, with the source beside it. {verdict}",
        markdown.bullets(line for line in lines if line),
        markdown.bullets(
            f"{capital(one.sort)} {one.what}: {one.fault}."
            for one in faults[:_MOST_FAULTS]
        ),
    )


def _counted(sort: ClaimKind, number: int) -> str:
    return f"{capital(counted(number, sort))}: {_HOW[sort]}." if number else ""
