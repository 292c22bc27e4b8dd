"""The first steps with a chapter's subject: the code of the text that introduces it, in order."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from worker.engines.static.pages import citations, guide, markdown, standalone
from worker.engines.static.pages.course import Chapter, CourseFacts, remembered
from worker.engines.static.parsing.identifiers import words_of
from worker.engines.static.prose.code_blocks import (
    DOCTEST,
    CodeBlock,
    code_blocks,
    uncommented,
)
from worker.engines.static.prose.docstrings import paragraphs, sentences

_FEWEST: Final = 2
"""Steps; a block of code alone is an example like others."""
_MOST: Final = 3
_LONGEST: Final = 15
"""Lines of a step."""
_BETWEEN: Final = re.compile(r"\s*(?:\.\. |:[\w-]+:(?!`)|```|~~~|$)")
"""A line between a sentence and its code."""
_BOUND: Final = re.compile(r"^(?:>>> )?(\w+) = ", re.MULTILINE)
_QUOTES: Final = '"""'


class Step(NamedTuple):
    """Some lines of a document, and the sentence before them."""

    text: str
    extent: tuple[str, int, int]
    tag: str


@remembered
def steps(facts: CourseFacts, chapter: Chapter) -> list[Step]:
    """Return the steps that the opening of a chapter goes on with, or its package begins with."""
    for path, first, last in _texts(facts, chapter):
        read = list(_between(facts, chapter, path, (first, last)))
        if len(read) >= _FEWEST:
            return read[:_MOST]
    return []


def _texts(
    facts: CourseFacts, chapter: Chapter
) -> Iterator[tuple[str, int, int]]:
    """Yield the lines of the section that opens a chapter, and of packages' docstrings."""
    passage = guide.opening(facts, chapter)
    if passage is not None:
        for heading in facts.file(passage.path).headings:
            if heading.line < passage.first <= heading.end_line:
                yield passage.path, heading.line, heading.end_line
    for path, file in facts.analysis.files.items():
        if path.endswith("__init__.py") and ">>> " in file.doc:
            lines = facts.texts.lines(path)
            ends = [row for row, line in enumerate(lines) if _QUOTES in line]
            if len(ends) > 1:
                yield path, ends[0], ends[1]


def _between(
    facts: CourseFacts, chapter: Chapter, path: str, span: tuple[int, int]
) -> Iterator[Step]:
    """Yield the steps in some lines of a file: they use a chapter's subject, or what it made."""
    before, last = span
    lines = facts.texts.lines(path)[before:last]
    subject, *_ = facts.named(chapter)
    language = str(facts.file(subject.path).language)
    bound: set[str] = set()
    for block in code_blocks(lines):
        tag = block.tag or language
        code = lines[block.first : block.last + 1]
        is_step = tag in {language, DOCTEST} and len(code) <= _LONGEST
        if not is_step or not standalone.parses(code, tag):
            return
        text = "\n".join(uncommented(code))
        is_use = not bound.isdisjoint(words_of(text))
        if not is_use and not _uses(facts, chapter, code, tag):
            return
        bound.update(_BOUND.findall(text))
        extent = path, before + block.first + 1, before + block.last + 1
        yield Step(_sentence(lines, block), extent, tag)


def _uses(
    facts: CourseFacts, chapter: Chapter, code: Sequence[str], tag: str
) -> bool:
    expressions = standalone.expressions(code, tag)
    return any(
        citations.use_pattern(facts, subject).search(expressions)
        for subject in facts.named(chapter)
    )


def _sentence(lines: Sequence[str], block: CodeBlock) -> str:
    """Return the last sentence before a block of code."""
    end = block.first
    while end > 0 and _BETWEEN.match(lines[end - 1]):
        end -= 1
    start = end
    while start > 0 and lines[start - 1].strip():
        start -= 1
    text = "\n".join(lines[start:end])
    told = sentences(" ".join(paragraphs(text, 1)))
    return next(reversed(told), "")


def rendered(facts: CourseFacts, chapter: Chapter) -> list[str]:
    """Return the steps as Markdown, each below its sentence and its place."""
    opening = guide.opening(facts, chapter)
    told = ""
    if opening is not None:
        told = " ".join(opening.texts)
    blocks = []
    for text, (path, first, last), tag in steps(facts, chapter):
        place = markdown.place(path, (first, last))
        words = f"From the guide, {place}:"
        sentence = text.rstrip(".:")
        if sentence and sentence not in told:
            words = f"{markdown.prose(sentence)} ({place}):"
        code = uncommented(facts.texts.lines(path)[first - 1 : last])
        blocks += [words, markdown.fence(code, tag)]
    return blocks
