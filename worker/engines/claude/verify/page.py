"""Checks a finished page, or a part of one: the page is parsed, and the source is read again.

Nothing is taken from the writing of the page, so that a fault of the writer is found, too.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

from states.course_paths import item_path
from states.stages import Stage
from worker.engines.claude import material, prose
from worker.engines.claude.render import title
from worker.engines.claude.verify.diagrams import DiagramChecker
from worker.engines.claude.verify.examples import ExampleChecker
from worker.engines.claude.verify.expressions import ExpressionChecker
from worker.engines.claude.verify.fault import Claim, Fault
from worker.engines.claude.verify.imports import ImportChecker
from worker.engines.claude.verify.notes import NoteChecker
from worker.engines.claude.verify.sentences import SentenceChecker
from worker.engines.claude.verify.spans import SpanChecker
from worker.engines.claude.verify.vocabulary import Vocabulary
from worker.engines.claude.words import ENGLISH, is_foreign, words_of
from worker.engines.static.pages import checker, mermaid
from worker.engines.static.pages.checker import Block, ClaimKind
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
_TYPED: Final = "bash"


class Verifier:
    """Checks pages of one course."""

    def __init__(self, facts: CourseFacts, language: str) -> None:
        """Take the facts of a course, and the language that it is written in."""
        names = Vocabulary(facts)
        expressions = ExpressionChecker(names)
        imports = ImportChecker(names)
        self._facts: Final = facts
        self._language: Final = language
        self._words: Final = words_of(language)
        self._names: Final = names
        self._spans: Final = SpanChecker(
            names, expressions, imports, self._is_command
        )
        self._sentences: Final = SentenceChecker(names)
        self._notes: Final = NoteChecker(names)
        self._diagrams: Final = DiagramChecker(facts)
        self._examples: Final = ExampleChecker(names, expressions, imports)
        self._pages: Final = _pages(facts)

    def faults(self, page: str) -> list[Fault]:
        """Return what is wrong with a page or a part of it."""
        faults = list(self._static_faults(page))
        for block in checker.blocks(page):
            if block.tag is None:
                faults += self._line_faults(block.text)
            else:
                faults += self._code_faults(block)
        faults += self._language_faults(page)
        if len(page) > LONGEST_PAGE:
            faults.append(_too_long(len(page), LONGEST_PAGE))
        return list(dict.fromkeys(faults))

    def answer_faults(self, text: str) -> Iterator[Fault]:
        """Yield what is wrong with prose as a model wrote it."""
        for noun in prose.forbidden(text):
            yield Fault(claim=Claim.MARKUP, text=f"prose must not hold {noun}")
        numbers = {chapter.entry.index for chapter in self._facts.chapters}
        for number in prose.chapters_named(text):
            if number not in numbers:
                yield Fault(
                    claim=Claim.LINK, text=f"there is no chapter [[{number}]]"
                )

    def _static_faults(self, page: str) -> Iterator[Fault]:
        """Yield what the static engine's checker finds."""
        written = set(self._written(page))
        findings = checker.checked(self._facts, page, self._pages)
        for finding in findings:
            is_excerpt = finding.kind is ClaimKind.EXCERPT
            is_written = is_excerpt and finding.end in written
            # guard: verifier: excerpts, places and links must be the source's
            if finding.fault and not is_written:
                yield Fault(
                    claim=Claim(str(finding.kind)),
                    text=f"{finding.claim}: {finding.fault}",
                )

    def _written(self, page: str) -> Iterator[int]:
        """Yield where the blocks end that were written for the page."""
        for block in checker.blocks(page):
            is_code = block.tag is not None
            if is_code and block.before == self._words.written:
                yield block.end

    def _code_faults(self, block: Block) -> Iterator[Fault]:
        lines = block.text.split("\n")[1:-1]
        code = "\n".join(lines)
        if block.tag == mermaid.TAG:
            for reason in self._diagrams.faults(code):
                yield Fault(claim=Claim.DIAGRAM, text=reason)
        elif block.before == self._words.written:
            yield from self._examples.faults(code, block.tag or "")
        elif block.tag == _TYPED:
            yield from self._typed_faults(lines)
        elif len(lines) > LONGEST_LISTING:
            yield Fault(
                claim=Claim.LENGTH,
                text=f"a listing has more than {LONGEST_LISTING} lines",
            )

    def _typed_faults(self, lines: Sequence[str]) -> Iterator[Fault]:
        for line in lines:
            if not self._is_command(line):
                yield Fault(
                    claim=Claim.COMMAND,
                    text=f"`{line}` is no command of the project",
                )

    def _is_command(self, line: str) -> bool:
        return line in self._commands or self._names.has_line(line)

    @cached_property
    def _commands(self) -> frozenset[str]:
        commands: set[str] = set()
        for chapter in self._facts.chapters:
            by_id = material.commands_of(self._facts, chapter)
            commands.update(by_id.values())
        return frozenset(commands)

    def _line_faults(self, line: str) -> Iterator[Fault]:
        bare = checker.outside_spans(line)
        # guard: verifier: a model does not talk of itself
        if match := _LEFTOVER.search(bare):
            yield Fault(
                claim=Claim.LEFTOVER,
                text=f"“{match[0]}” is no part of a course",
            )
        if match := _HTML.search(bare):
            yield Fault(claim=Claim.MARKUP, text=f"{match[0]} is HTML")
        if len(line) > LONGEST_PARAGRAPH:
            yield _too_long(len(line), LONGEST_PARAGRAPH)
        if not line.startswith("# "):
            for span in checker.spans(line):
                yield from self._spans.faults(span)
            yield from self._sentences.faults(line)
        yield from self._link_faults(line)
        yield from self._notes.faults(line)

    def _link_faults(self, line: str) -> Iterator[Fault]:
        nouns = (self._words.chapter, self._words.tutorial, ENGLISH.chapter)
        for text, target in _LINK.findall(line):
            file = target.rpartition("/")[2]
            chapter = self._pages.get(file)
            if chapter is None:
                continue
            titles = [title(noun, chapter) for noun in nouns]
            # guard: verifier: a link's words must be those of its page
            if text not in titles:
                yield Fault(
                    claim=Claim.LINK,
                    text=f"“{text}” is not the chapter that {target} holds",
                )

    def _language_faults(self, page: str) -> Iterator[Fault]:
        for block in checker.blocks(page):
            if block.tag is not None:
                continue
            text = checker.outside_spans(block.text)
            is_mark = text in self._words.marks
            if not is_mark and is_foreign(text, self._language):
                yield Fault(
                    claim=Claim.LANGUAGE,
                    text=f"“{text[:60]}…” is not written in {self._language}",
                )


def _pages(facts: CourseFacts) -> dict[str, Chapter]:
    """Return the chapters by the names of their files, to which a page can lead."""
    pages: dict[str, Chapter] = {}
    for chapter in facts.chapters:
        for stage in (Stage.GENERATE_CHAPTERS, Stage.GENERATE_TUTORIALS):
            path = item_path(stage, chapter.entry)
            file = path.rpartition("/")[2]
            pages[file] = chapter
    return pages


def _too_long(length: int, limit: int) -> Fault:
    return Fault(
        claim=Claim.LENGTH,
        text=f"a text of {length} characters is too long: {limit} are allowed",
    )
