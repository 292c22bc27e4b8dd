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


class GuideStep(NamedTuple):
    """Some lines of a document, and the sentence before them."""

    text: str
    extent: tuple[str, int, int]
    tag: str


class GuideText(NamedTuple):
    """Some lines of a file that introduce what it is about."""

    path: str
    before: int
    """The number of the line before them."""
    last: int


@remembered
def steps(facts: CourseFacts, chapter: Chapter) -> list[GuideStep]:
    """Return the steps that the opening of a chapter goes on with, or its package begins with."""
    section = _section(facts, chapter)
    for text in (*section, *_packages(facts)):
        read = list(_read(facts, chapter, text))
        if len(read) >= _FEWEST:
            return read[:_MOST]
    return []


def _section(facts: CourseFacts, chapter: Chapter) -> list[GuideText]:
    """Return the section that opens a chapter."""
    passage = guide.opening(facts, chapter)
    if passage is None:
        return []
    path = passage.path
    return [
        GuideText(path, heading.line, heading.end_line)
        for heading in facts.file(path).headings
        if heading.line < passage.first <= heading.end_line
    ]


@remembered
def _packages(facts: CourseFacts) -> list[GuideText]:
    """Return the docstrings of Python packages that show prompts."""
    texts = []
    for path, file in facts.analysis.files.items():
        if not path.endswith("__init__.py") or ">>> " not in file.doc:
            continue
        rows = []
        for row, line in enumerate(facts.texts.lines(path)):
            if _QUOTES in line:
                rows.append(row)
        if len(rows) > 1:
            text = GuideText(path, rows[0], rows[1])
            texts.append(text)
    return texts


def _read(
    facts: CourseFacts, chapter: Chapter, text: GuideText
) -> Iterator[GuideStep]:
    """Yield the steps of a text: they use a chapter's subject, or what it made."""
    path, before, last = text
    lines = facts.texts.lines(path)[before:last]
    bound: set[str] = set()
    for block in code_blocks(lines):
        end = block.last + 1
        raw = lines[block.first : end]
        code = uncommented(raw)
        tag = _tag(facts, chapter, block, code)
        if not tag:
            return
        written = "\n".join(code)
        words = words_of(written)
        is_unrelated = bound.isdisjoint(words)
        if is_unrelated and not _uses(facts, chapter, code, tag):
            return
        names = _BOUND.findall(written)
        bound.update(names)
        sentence = _sentence(lines, block)
        first = before + block.first + 1
        extent = path, first, before + end
        yield GuideStep(sentence, extent, tag)


def _tag(
    facts: CourseFacts,
    chapter: Chapter,
    block: CodeBlock,
    code: list[str],
) -> str:
    """Return the tag of a short block of code in the language of a subject; or nothing."""
    subject, *_ = facts.named(chapter)
    language = str(facts.file(subject.path).language)
    tag = block.tag or language
    is_short = tag in {language, DOCTEST} and len(code) <= _LONGEST
    if is_short and standalone.parses(code, tag):
        return tag
    return ""


def _uses(
    facts: CourseFacts,
    chapter: Chapter,
    code: Sequence[str],
    tag: str,
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
    before = " ".join(paragraphs(text, 1))
    backwards = reversed(sentences(before))
    return next(backwards, "")


def rendered(facts: CourseFacts, chapter: Chapter) -> list[str]:
    """Return the steps as Markdown, each below its sentence and its place."""
    opening = guide.opening(facts, chapter)
    told = ""
    if opening is not None:
        told = " ".join(opening.texts)
    blocks = []
    for text, (path, first, last), tag in steps(facts, chapter):
        extent = first, last
        place = markdown.place(path, extent)
        words = f"From the guide, {place}:"
        sentence = text.rstrip(".:")
        if sentence and sentence not in told:
            quote = markdown.prose(sentence)
            words = f"{quote} ({place}):"
        lines = facts.texts.lines(path)[first - 1 : last]
        code = uncommented(lines)
        fence = markdown.fence(code, tag)
        blocks += [words, fence]
    return blocks
