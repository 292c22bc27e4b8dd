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
from worker.engines.claude.verify.sentences import SentenceChecker
from worker.engines.claude.verify.spans import SpanChecker
from worker.engines.claude.verify.vocabulary import Vocabulary
from worker.engines.claude.words import ENGLISH, is_foreign, words_of
from worker.engines.static.pages import checker, markdown, mermaid
from worker.engines.static.pages.checker import Block, ClaimKind
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.pages.excerpts import Span

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
_NOTE: Final = re.compile(r" \((`[^`]+:\d[\d,-]*`(?:, `[^`]+:\d[\d,-]*`)*)\)$")
_TYPED: Final = "bash"
_NAME: Final = re.compile(r"[^\W\d]\w*")


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
        for finding in checker.checked(self._facts, page, self._pages):
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
            if block.tag is not None and block.before == self._words.written:
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
        yield from self._source_faults(line)

    def _link_faults(self, line: str) -> Iterator[Fault]:
        nouns = (self._words.chapter, self._words.tutorial, ENGLISH.chapter)
        for text, target in _LINK.findall(line):
            chapter = self._pages.get(target.rpartition("/")[2])
            if chapter is None:
                continue
            titles = [title(noun, chapter) for noun in nouns]
            # guard: verifier: a link's words must be those of its page
            if text not in titles:
                yield Fault(
                    claim=Claim.LINK,
                    text=f"“{text}” is not the chapter that {target} holds",
                )

    def _source_faults(self, line: str) -> Iterator[Fault]:
        """Compare a paragraph's source note with the names in the paragraph."""
        note = _NOTE.search(line)
        if note is None:
            return
        paragraph = line[: note.start()]
        names: set[str] = set()
        for span in checker.spans(paragraph):
            names.update(_NAME.findall(span))
        own = {name for name in names if self._names.definitions(name)}
        places = checker.spans(note[1])
        # guard: verifier: a source must hold what it is the source of
        if own and not any(self._bears(place, own) for place in places):
            yield Fault(
                claim=Claim.SOURCE,
                text=f"the lines {note[1]} hold none of the names of their paragraph",
            )

    def _bears(self, place: str, names: set[str]) -> bool:
        """Tell whether lines hold one of some names, or lie in a definition of one."""
        match = markdown.PLACE.fullmatch(place)
        if match is None or match["path"] not in self._names.files:
            return True
        path = match["path"]
        for piece in match["lines"].split(","):
            first, _, last = piece.partition("-")
            span = (int(first), int(last or first))
            if self._holds(path, span, names) or self._defines(
                path, span, names
            ):
                return True
        return False

    def _holds(self, path: str, span: Span, names: set[str]) -> bool:
        first, last = span
        lines = self._facts.texts.lines(path)[first - 1 : last]
        return not names.isdisjoint(_NAME.findall("\n".join(lines)))

    def _defines(self, path: str, span: Span, names: set[str]) -> bool:
        """Tell whether lines lie, at least in part, in the definition of a name."""
        first, last = span
        for name in names:
            for definition in self._names.definitions(name):
                is_before = definition.end_line < first
                is_after = last < definition.line
                if definition.path == path and not is_before and not is_after:
                    return True
        return False

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
            pages[path.rpartition("/")[2]] = chapter
    return pages


def _too_long(length: int, limit: int) -> Fault:
    return Fault(
        claim=Claim.LENGTH,
        text=f"a text of {length} characters is too long: {limit} are allowed",
    )
