"""Writes the chapters: a subject's purpose, place, shape, important code and uses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from states.course_paths import item_path
from states.stages import Stage
from worker.engines.port import Item
from worker.engines.static.facts import Analysis, Course, Role
from worker.engines.static.pages import (
    diagrams,
    evidence,
    excerpts,
    introduction,
    key_places,
    markdown,
    mermaid,
    notes,
    remarks,
)
from worker.engines.static.pages.course import Chapter, ChapterLink, CourseFacts
from worker.engines.static.pages.excerpts import Excerpt
from worker.engines.static.pages.key_places import Highlight, PlaceReason
from worker.engines.static.prose.phrases import counted

_SITES: Final = 6
_MENTIONS: Final = 3
_RELATED: Final = 8


def items(analysis: Analysis, course: Course, output: Path) -> Iterator[Item]:
    """Write the chapters that `output` lacks, in the order of the course."""
    facts = CourseFacts(analysis, course)
    for chapter in facts.chapters:
        path = item_path(Stage.GENERATE_CHAPTERS, chapter.entry)
        if not (output / path).exists():
            yield Item(path=path, body=f"{written(facts, chapter)}\n".encode())


def written(facts: CourseFacts, chapter: Chapter) -> str:
    """Return a chapter."""
    return markdown.document(
        markdown.heading(
            1, f"Chapter {chapter.entry.index}: {markdown.text(chapter.name)}"
        ),
        introduction.overview(facts, chapter),
        markdown.heading(2, "What it is for") if not chapter.position else "",
        introduction.motivation(facts, chapter),
        introduction.glance(facts, chapter),
        _shape(facts, chapter),
        _code(facts, chapter),
        _usage(facts, chapter),
        _notes(facts, chapter),
        _next(facts, chapter),
    )


def _shape(facts: CourseFacts, chapter: Chapter) -> str:
    drawing, parts = (
        diagrams.drawn(facts, chapter),
        introduction.parts(facts, chapter),
    )
    if not drawing.diagram and not parts:
        return ""
    return markdown.document(
        markdown.heading(2, "Its shape"),
        markdown.fence(drawing.diagram.split("\n"), mermaid.TAG)
        if drawing.diagram
        else "",
        drawing.reading,
        parts,
    )


def _code(facts: CourseFacts, chapter: Chapter) -> str:
    found = key_places.chosen(facts, chapter)
    if not found:
        return ""
    return markdown.document(
        markdown.heading(2, "The code that matters"),
        *(_highlight(facts, highlight) for highlight in found),
    )


def _highlight(facts: CourseFacts, highlight: Highlight) -> str:
    excerpt = excerpts.rendered(facts, highlight.excerpt)
    if highlight.index is None:
        title = markdown.text(highlight.title) or markdown.code(
            highlight.excerpt.path
        )
        return markdown.document(markdown.heading(3, title), excerpt)
    one = facts.definitions[highlight.index]
    anatomy = facts.anatomy(one.index)
    takes = remarks.parameters(anatomy) if anatomy is not None else ""
    more = (
        ""
        if highlight.why is PlaceReason.DECLARATION
        else remarks.more_said(one, anatomy)
    )
    callers = remarks.called_from(facts, one.index)
    return markdown.document(
        markdown.heading(
            3,
            f"{markdown.code(one.qualified)}{f': {highlight.why}' * bool(highlight.why)}",
        ),
        f"{more} {takes}".strip(),
        excerpt,
        markdown.bullets(remarks.pointed(facts, highlight.excerpt)),
        f"Used in {callers}." if callers else "",
    )


def _usage(facts: CourseFacts, chapter: Chapter) -> str:
    blocks: list[str] = []
    sites = evidence.sites(facts, chapter, _SITES)
    if sites:
        blocks.append(markdown.bullets(_site(facts, site) for site in sites))
    test = evidence.shown_by_test(facts, chapter)
    if test is not None:
        name = markdown.code(facts.definitions[test.target].name)
        excerpt = Excerpt(path=test.path, spans=((test.first, test.last),))
        blocks.append(f"A test that shows {name} at work:")
        blocks.append(excerpts.rendered(facts, excerpt))
    mentions: list[str] = []
    for role in (Role.EXAMPLE, Role.DOCUMENT):
        sites = evidence.mentions(facts, chapter, role, _MENTIONS)
        mentions += [_site(facts, site) for site in sites]
    if mentions:
        blocks.append("Examples and documents mention it, too:")
        blocks.append(markdown.bullets(mentions))
    if not blocks:
        return ""
    heading = markdown.heading(2, "How others use it")
    return markdown.document(heading, *blocks)


def _site(facts: CourseFacts, site: evidence.UsageSite) -> str:
    inside = (
        f", in {markdown.code(facts.definitions[site.inside].qualified)}"
        if site.inside is not None
        else ""
    )
    return f"{markdown.place(site.path, (site.line, site.line))}{inside}: {markdown.code(site.code)}"


def _notes(facts: CourseFacts, chapter: Chapter) -> str:
    rows, said = (
        notes.failure_rows(facts, chapter),
        notes.remarks(facts, chapter),
    )
    if not rows and not said:
        return ""
    table = markdown.table(("Failure", "Where", "When"), rows) if rows else ""
    return markdown.document(
        markdown.heading(2, "Things to know"), table, markdown.bullets(said)
    )


def _next(facts: CourseFacts, chapter: Chapter) -> str:
    position = chapter.position
    links: list[str] = []
    for word, place in (("Next", position + 1), ("Before this", position - 1)):
        if 0 <= place < len(facts.chapters):
            links.append(f"{word}: {_link(facts.chapters[place])}")
    related = [
        tie for tie in facts.ties if position in {tie.source, tie.target}
    ]
    if not related and not links:
        return ""
    ends = {end for tie in related for end in (tie.source, tie.target)}
    others = len(ends - {position})
    summary = f"It is connected to {counted(others, 'other chapter')}:"
    return markdown.document(
        markdown.heading(2, "Next"),
        markdown.bullets(links),
        summary if related else "",
        markdown.bullets(
            _tie(facts, chapter, tie) for tie in related[:_RELATED]
        ),
    )


def _link(chapter: Chapter) -> str:
    return markdown.link(
        f"Chapter {chapter.entry.index}, {markdown.text(chapter.name)}",
        chapter.file,
    )


def _tie(facts: CourseFacts, chapter: Chapter, tie: ChapterLink) -> str:
    other = facts.chapters[
        tie.target if tie.source == chapter.position else tie.source
    ]
    relation = tie.relation
    if relation is None:
        ends = (facts.chapters[tie.source], facts.chapters[tie.target])
        source, target = (
            markdown.text(one.name) if one is chapter else _link(one)
            for one in ends
        )
        return f"{source} {markdown.text(tie.verb)} {target}. {introduction.with_places(facts, tie.evidence)}"
    source, target = (
        markdown.code(facts.definitions[index].qualified)
        if index is not None
        else markdown.text(facts.chapters[end].name)
        for index, end in (
            (relation.subject, tie.source),
            (relation.object, tie.target),
        )
    )
    at = markdown.place(relation.path, (relation.line, relation.line))
    return f"{_link(other)}: {source} {markdown.text(tie.verb)} {target} at {at}: {markdown.code(relation.code)}"
