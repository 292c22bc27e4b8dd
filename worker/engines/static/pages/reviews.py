"""Writes the reviewed chapters: each chapter, what its review adds, and what was checked."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from states.course_paths import item_path
from states.stages import Stage
from worker.engines.port import Item
from worker.engines.static.facts import Analysis, Course
from worker.engines.static.pages import additions, chapters, markdown
from worker.engines.static.pages.checker import ClaimKind, Finding, checked
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.prose.phrases import capital, counted

_MOST_FAULTS: Final = 20
_HOW: Final = {
    ClaimKind.EXCERPT: "compared with the file, character by character",
    ClaimKind.PLACE: "looked up: the file exists and has these lines",
    ClaimKind.REMARK: "its quotation was looked up on the line that it names",
    ClaimKind.DIAGRAM: "parsed: every line is valid Mermaid, and every arrow has two ends",
    ClaimKind.LINK: "followed to a page of this course",
}


def items(analysis: Analysis, course: Course, output: Path) -> Iterator[Item]:
    """Review the chapters in `output` that have no review yet, in the course's order."""
    facts = CourseFacts(analysis, course)
    for chapter in facts.chapters:
        path = item_path(Stage.REVIEW_CHAPTERS, chapter.entry)
        if not (output / path).exists():
            yield Item(
                path=path,
                body=f"{written(facts, chapter, _page(facts, chapter, output))}\n".encode(),
            )


def _page(facts: CourseFacts, chapter: Chapter, output: Path) -> str:
    try:
        return (
            (output / item_path(Stage.GENERATE_CHAPTERS, chapter.entry))
            .read_text("utf-8")
            .rstrip("\n")
        )
    except FileNotFoundError:
        return chapters.written(facts, chapter)


def written(facts: CourseFacts, chapter: Chapter, page: str) -> str:
    """Return the review of a chapter: `page`, which is its text, and what there is to add."""
    added = markdown.document(
        _words(facts, chapter, page),
        _bullets(
            "Related chapters",
            "The code of this chapter is related to that of other chapters, which are not linked above:",
            additions.missing_links(facts, chapter, page),
        ),
        _bullets(
            "Not shown above", "", additions.passed_over(facts, chapter, page)
        ),
        _bullets(
            "More tests to read", "", additions.tests(facts, chapter, page)
        ),
    )
    findings = checked(
        facts, f"{page}\n\n{added}", [one.file for one in facts.chapters]
    )
    return markdown.document(
        page, markdown.heading(2, "Review"), added, _report(findings)
    )


def _words(facts: CourseFacts, chapter: Chapter, page: str) -> str:
    rows = additions.words(facts, chapter, page)
    if not rows:
        return ""
    return markdown.document(
        markdown.heading(3, "Terms"),
        "The chapter uses these terms without explaining them; they belong to other parts of the project.",
        markdown.table(("Term", "What it is", "Where to read more"), rows),
    )


def _bullets(title: str, lead: str, found: Sequence[str]) -> str:
    return (
        markdown.document(
            markdown.heading(3, title), lead, markdown.bullets(found)
        )
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
        _counted(sort, sum(one.sort is sort for one in findings))
        for sort in ClaimKind
    ]
    return markdown.document(
        markdown.heading(3, "What was checked"),
        f"This page was checked against the source. {verdict}",
        markdown.bullets(line for line in lines if line),
        markdown.bullets(
            f"{capital(one.sort)} {one.what}: {one.fault}."
            for one in faults[:_MOST_FAULTS]
        ),
    )


def _counted(sort: ClaimKind, number: int) -> str:
    return f"{capital(counted(number, sort))}: {_HOW[sort]}." if number else ""
