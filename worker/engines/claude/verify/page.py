"""Checks a finished page, or a part of one: parses the page, and reads the source again.

It shares nothing with the code that wrote the page, so it also finds the writer's faults.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from states.course_paths import item_path
from states.stages import Stage
from worker.course.site.contents import README
from worker.engines.claude import edits, preparation, prose
from worker.engines.claude.commands import commands_of
from worker.engines.claude.render import summary, title
from worker.engines.claude.verify import composed
from worker.engines.claude.verify.diagrams import DiagramChecker
from worker.engines.claude.verify.examples import ExampleChecker
from worker.engines.claude.verify.expressions import ExpressionChecker
from worker.engines.claude.verify.fault import CheckedClaim, Fault
from worker.engines.claude.verify.imports import ImportChecker
from worker.engines.claude.verify.notes import NoteChecker
from worker.engines.claude.verify.sentences import SentenceChecker
from worker.engines.claude.verify.spans import SpanChecker
from worker.engines.claude.verify.vocabulary import Vocabulary
from worker.engines.claude.words import ENGLISH, is_foreign, words_of
from worker.engines.static.pages import checker, mermaid
from worker.engines.static.pages.checker import ClaimKind, PageBlock
from worker.engines.static.pages.course import Chapter, CourseFacts

LONGEST_PARAGRAPH: Final = 1500
LONGEST_LISTING: Final = 60
LONGEST_PAGE: Final = 40_000
_LEFTOVER: Final = re.compile(
    r"\bas an? (?:AI|language model|LLM)\b|\bI(?:'m| am) (?:sorry|unable|an AI)\b"
    r"|\bI can(?:no|')t (?:see|access|provide|verify)\b|\b(?:TODO|FIXME|TBD|XXX)\b"
    r"|lorem ipsum|\[(?:insert|your|placeholder)\b|\bplaceholder text\b"
    r"|\bmy (?:training|knowledge cutoff)\b|\b(?:ignore|disregard) (?:all |the )?"
    r"(?:previous|above|prior) instructions\b"
    r"|\bthe (?:prompt|shown lines|provided (?:code|excerpt|snippet)s?)\b"
    r"|\bals (?:eine? |een )?(?:KI|AI|Sprachmodell|taalmodel)\b"
    r"|\ben tant qu(?:e |['\u2019])(?:une )?(?:IA|modèle de langage)\b"
    r"|\bcom[eo] (?:una? |uma? |un['\u2019])?(?:IA|modell?o (?:de lenguaje"
    r"|de linguagem|linguistico))\b",
    re.IGNORECASE,
)
_HTML: Final = re.compile(
    r"(?<!\\)<(?!/?(?:details|summary)>)/?[A-Za-z!][^<>]*>"
)
_LINK: Final = re.compile(r"(?<!\\)\[([^\[\]]+)\]\(([^()\s]+)\)")
_BEGINNING: Final = 50
"""How many characters of a text identify it."""
_TYPED: Final = "bash"
_OUTPUT: Final = "text"


class _Checks:
    """Checks that do not depend on the code of a page."""

    def __init__(self, facts: CourseFacts) -> None:
        self.names: Final = Vocabulary(facts)
        self.diagrams: Final = DiagramChecker(facts)
        self.examples: Final = ExampleChecker(
            self.names,
            ExpressionChecker(self.names),
            ImportChecker(self.names),
        )
        self._facts: Final = facts

    def is_command(self, line: str) -> bool:
        """Whether a line is a command of the project, or quoted in its documents."""
        if line in self._commands or edits.is_own(self._facts, line):
            return True
        return self.names.has_line(line)

    @cached_property
    def _commands(self) -> frozenset[str]:
        commands: set[str] = set()
        for chapter in self._facts.chapters:
            by_id = commands_of(self._facts, chapter)
            commands.update(by_id.values())
        commands.update(preparation.commands(self._facts))
        commands.add(preparation.test_suite(self._facts))
        return frozenset(commands)


class Verifier:
    """Checks pages of one course."""

    def __init__(
        self,
        facts: CourseFacts,
        language: str,
        checks: "_Checks | None" = None,
        codes: tuple[str, ...] = (),
    ) -> None:
        """Take the facts of a course, and its language.

        Sentences may name definitions in `codes`, which were written for the page. `checks` are
        those of another verifier of the course.
        """
        self._facts: Final = facts
        self._language: Final = language
        self._words: Final = words_of(language)
        self._pages: Final = _pages(facts)
        self._checks: Final = checks or _Checks(facts)
        names = self._checks.names.knowing(codes)
        self._codes: Final = codes
        self._spans: Final = SpanChecker(
            names,
            ExpressionChecker(names),
            ImportChecker(names),
            self._checks.is_command,
        )
        self._sentences: Final = SentenceChecker(names)
        self._notes: Final = NoteChecker(names)

    def knowing(self, codes: Iterable[str]) -> "Verifier":
        """Return a verifier of pages whose sentences may also name definitions in `codes`."""
        known = dict.fromkeys([*self._codes, *codes])
        if len(known) == len(self._codes):
            return self
        return Verifier(
            self._facts,
            self._language,
            self._checks,
            codes=tuple(known),
        )

    def faults(self, page: str) -> list[Fault]:
        """Return the faults of a page, or of a part of it."""
        written = self.written_code(page)
        verifier = self.knowing(written)
        faults = dict.fromkeys(verifier.each_fault(page))
        return list(faults)

    def each_fault(self, page: str) -> Iterator[Fault]:
        """Yield the faults of a page whose code is known already."""
        yield from self._static_faults(page)
        for block in _blocks(page):
            if block.tag is None:
                faults = self._line_faults(block.text)
                yield from _near(block.text, faults)
            else:
                faults = self._code_faults(block)
                yield from _near(_inside(block), faults)
        for paragraph in _paragraphs(page):
            faults = self._notes.faults(paragraph)
            yield from _near(paragraph, faults)
        yield from self._language_faults(page)
        for reason in composed.faults_beside(_blocks(page)):
            yield Fault(claim=CheckedClaim.DIAGRAM, text=reason)
        if len(page) > LONGEST_PAGE:
            yield _too_long(len(page), LONGEST_PAGE)

    def answer_faults(self, text: str) -> Iterator[Fault]:
        """Yield the faults of prose as a model wrote it."""
        for noun in prose.forbidden(text):
            yield Fault(
                claim=CheckedClaim.MARKUP, text=f"prose must not hold {noun}"
            )
        chapters = self._facts.chapters
        numbers = {chapter.entry.index for chapter in chapters}
        for number in prose.chapters_named(text):
            if number not in numbers:
                yield Fault(
                    claim=CheckedClaim.LINK,
                    text=f"there is no chapter [[{number}]]",
                )

    def _static_faults(self, page: str) -> Iterator[Fault]:
        """Yield the faults that the static engine's checker finds."""
        written = set(self._written(page))
        pages = (*self._pages, README)
        findings = checker.checked(self._facts, page, pages)
        for finding in findings:
            is_excerpt = finding.kind is ClaimKind.EXCERPT
            is_written = is_excerpt and finding.end in written
            # guard: verifier: excerpts, places and links must be the source's
            if finding.fault and not is_written:
                yield Fault(
                    claim=CheckedClaim(str(finding.kind)),
                    text=f"{finding.claim}: {finding.fault}",
                )

    def _written(self, page: str) -> Iterator[int]:
        """Yield where the blocks end that were written for the page."""
        for block in _blocks(page):
            if self._is_written(block):
                yield block.end

    def written_code(self, page: str) -> Iterator[str]:
        """Yield the code that was written for a page."""
        for block in _blocks(page):
            if self._is_written(block):
                yield _inside(block)
                yield from checker.spans(block.before)

    def _is_written(self, block: PageBlock) -> bool:
        if block.tag is None:
            return False
        prints = self._words.prints
        if block.before in {f"{prints}:", summary(prints)}:
            return block.tag == _OUTPUT
        if self._is_change(block):
            return True
        return block.before.startswith(self._words.written)

    def _is_change(self, block: PageBlock) -> bool:
        """Whether a block is part of a program that replaces lines of the project."""
        return block.before == f"{self._words.instead}:"

    def _code_faults(self, block: PageBlock) -> Iterator[Fault]:
        code = _inside(block)
        lines = code.split("\n")
        if block.tag == mermaid.TAG:
            yield from self._diagram_faults(code)
        elif self._is_change(block):
            return
        elif self._is_written(block):
            tag = block.tag or ""
            yield from self._checks.examples.faults(code, tag, self._codes)
        elif block.tag == _TYPED:
            yield from self._typed_faults(lines)
        elif len(lines) > LONGEST_LISTING:
            yield Fault(
                claim=CheckedClaim.LENGTH,
                text=f"a listing has more than {LONGEST_LISTING} lines",
            )

    def _diagram_faults(self, code: str) -> Iterator[Fault]:
        for reason in self._checks.diagrams.faults(code):
            yield Fault(claim=CheckedClaim.DIAGRAM, text=reason)
        # guard: verifier: the texts of a drawing are checked as prose is
        for sentence in composed.sentences(code):
            yield from self._line_faults(sentence)

    def _typed_faults(self, lines: Sequence[str]) -> Iterator[Fault]:
        for line in lines:
            command, _, _ = line.partition(preparation.COMMENT)
            if not self._checks.is_command(command.rstrip()):
                yield Fault(
                    claim=CheckedClaim.COMMAND,
                    text=f"`{line}` is no command of the project",
                )

    def _line_faults(self, line: str) -> Iterator[Fault]:
        bare = checker.outside_spans(line)
        # guard: verifier: a model does not talk of itself
        if match := _LEFTOVER.search(bare):
            yield Fault(
                claim=CheckedClaim.LEFTOVER,
                text=f"“{match[0]}” is no part of a course",
            )
        if match := _HTML.search(bare):
            yield Fault(claim=CheckedClaim.MARKUP, text=f"{match[0]} is HTML")
        if len(line) > LONGEST_PARAGRAPH:
            yield _too_long(len(line), LONGEST_PARAGRAPH)
        if not line.startswith("# "):
            for span in checker.spans(line):
                yield from self._spans.faults(span)
            yield from self._sentences.faults(line)
        yield from self._link_faults(line)

    def _link_faults(self, line: str) -> Iterator[Fault]:
        nouns = (self._words.chapter, self._words.tutorial, ENGLISH.chapter)
        for text, target in _LINK.findall(line):
            _, _, file = target.rpartition("/")
            chapter = self._pages.get(file)
            if chapter is None:
                continue
            titles = []
            for noun in nouns:
                chapter_title = title(noun, chapter)
                titles.append(chapter_title)
            # guard: verifier: a link's words must be those of its page
            if text not in titles:
                yield Fault(
                    claim=CheckedClaim.LINK,
                    text=f"“{text}” is not the chapter that {target} holds",
                )

    def _language_faults(self, page: str) -> Iterator[Fault]:
        for block in _blocks(page):
            if block.tag is not None:
                continue
            text = checker.outside_spans(block.text)
            if text in self._words.marks:
                continue
            if is_foreign(text, self._language):
                yield Fault(
                    claim=CheckedClaim.LANGUAGE,
                    text=f"“{text[:60]}…” is not written in {self._language}",
                )


def _near(text: str, faults: Iterator[Fault]) -> Iterator[Fault]:
    """Yield faults, each with the beginning of its text."""
    words = text.split()
    begins = " ".join(words)[:_BEGINNING]
    for fault in faults:
        yield replace(fault, near=begins)


def _blocks(page: str) -> Iterator[PageBlock]:
    """Yield the blocks of a page; a line counts as the caption only of the next block."""
    is_taken = False
    for block in checker.blocks(page):
        if block.tag is None:
            is_taken = is_taken and not block.text.strip()
            yield block
            continue
        if is_taken:
            yield replace(block, before="")
            continue
        yield block
        is_taken = True


def _paragraphs(page: str) -> Iterator[str]:
    """Yield the paragraphs and lists of a page."""
    lines: list[str] = []
    for block in checker.blocks(page):
        if block.tag is None and block.text.strip():
            lines.append(block.text)
        elif lines:
            yield "\n".join(lines)
            lines = []
    if lines:
        yield "\n".join(lines)


def _inside(block: PageBlock) -> str:
    """Return the code in a block, without its fences."""
    lines = block.text.split("\n")
    return "\n".join(lines[1:-1])


def _pages(facts: CourseFacts) -> dict[str, Chapter]:
    """Return the chapters to which a page can link, by their file names."""
    pages: dict[str, Chapter] = {}
    for chapter in facts.chapters:
        for stage in (Stage.GENERATE_CHAPTERS, Stage.GENERATE_TUTORIALS):
            path = item_path(stage, chapter.entry)
            _, _, file = path.rpartition("/")
            pages[file] = chapter
    return pages


def _too_long(length: int, limit: int) -> Fault:
    return Fault(
        claim=CheckedClaim.LENGTH,
        text=f"a text of {length} characters is too long: {limit} are allowed",
    )
