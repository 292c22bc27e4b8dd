"""Makes the questions of each stage: the part that they share, and the item's own part.

The same tree gives the same bytes, by which a paid answer is found again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from states.course_paths import item_path
from states.stages import Stage
from worker.engines.claude import (
    cited,
    documents,
    listing,
    material,
    outline,
    preparation,
    prompt,
    schemas,
    source_map,
)
from worker.engines.claude.candidates import ChapterCandidate, told
from worker.engines.claude.commands import command_rows, commands_of, starting
from worker.engines.claude.material import Material
from worker.engines.claude.model import Question
from worker.engines.claude.schemas import Schema
from worker.engines.claude.secrets import is_secret_file
from worker.engines.claude.shown import Shown, plain, shown_path
from worker.engines.claude.source import code_of
from worker.engines.port import EarlierCourse
from worker.engines.static.facts import Unit
from worker.engines.static.pages import markdown
from worker.engines.static.pages.course import Chapter, CourseFacts

WORDS: Final = 1000
"""The approximate number of words of prose in a chapter."""
_NOTHING: Final = "(none)"
_MOST_FAULTS: Final = 40
_MOST_ANSWER: Final = 60_000
"""The longest answer that is sent back, in characters."""
_MOST_FAULT: Final = 300
_MOST_TOKENS: Final = {
    Stage.EXTRACT: 12_000,
    Stage.ANALYZE: 12_000,
    Stage.ORDER: 8_000,
    Stage.GENERATE_CHAPTERS: 24_000,
    Stage.REVIEW_CHAPTERS: 20_000,
    Stage.GENERATE_TUTORIALS: 16_000,
}
_TEMPLATES: Final = {
    Stage.EXTRACT: "extract",
    Stage.ANALYZE: "analyze",
    Stage.ORDER: "order",
    Stage.GENERATE_CHAPTERS: "chapters",
    Stage.REVIEW_CHAPTERS: "reviews",
    Stage.GENERATE_TUTORIALS: "tutorials",
}
_SCHEMAS: Final[dict[Stage, Schema]] = {
    Stage.EXTRACT: schemas.EXTRACT,
    Stage.ANALYZE: schemas.ANALYZE,
    Stage.ORDER: schemas.ORDER,
    Stage.GENERATE_CHAPTERS: schemas.CHAPTER,
    Stage.REVIEW_CHAPTERS: schemas.REVIEW,
    Stage.GENERATE_TUTORIALS: schemas.TUTORIAL,
}
_FROM_EARLIER: Final = frozenset(
    {Stage.GENERATE_CHAPTERS, Stage.GENERATE_TUTORIALS}
)
"""Stages whose pages are based on the earlier course's; a review reads the new chapter instead."""
_MOST_PAGE: Final = 40_000
"""How many characters of an earlier page are shown."""
_MOST_SYMBOLS: Final = 8
_MOST_PATHS: Final = 4
"""How many names and files the row of a chapter has."""
_FIRST: Final = (
    "It is the first chapter: the reader knows nothing of the project yet."
)
_LAST: Final = "It is the last chapter."
_OUTLINED: Final = frozenset({Stage.EXTRACT, Stage.ANALYZE})
"""Stages that need the whole outline."""
_OF_COURSE: Final = frozenset({Stage.EXTRACT, Stage.ANALYZE, Stage.ORDER})
"""Stages with one question, which contains what other stages share."""


class Questions:
    """Makes the questions about one course."""

    def __init__(
        self,
        facts: CourseFacts,
        language: str,
        earlier: EarlierCourse | None = None,
    ) -> None:
        """Take the facts of a course, and its language.

        `earlier` is the course of an earlier commit that this one updates.
        """
        self.facts: Final = facts
        self.language: Final = language
        self._earlier: Final = earlier
        self._shared: Final = Shown(facts)
        self._facts_text: Final = self._project()
        self._of_project: Final = self._shared.copy()
        for relation in facts.analysis.relations:
            self._shared.quote(relation.path, relation.line)
        self.system: Final = lru_cache(None)(self._system)

    def extract(
        self,
        candidates: tuple[ChapterCandidate, ...],
        least: int,
        most: int,
    ) -> Question:
        """Ask what the chapters are about."""
        rows = []
        for candidate in candidates:
            row = f"{candidate.id} {self._unit_row(candidate.unit)}"
            rows.append(row)
        item = prompt.filled(
            "extract_item",
            candidates=plain(rows, "candidates"),
            least=str(least),
            most=str(most),
            language=self.language,
        )
        return self._question(Stage.EXTRACT, "extract", item)

    def analyze(self) -> Question:
        """Ask for the overview, and for labels of the relations."""
        shown = self._shared.copy()
        beginnings = material.beginnings(self.facts, shown)
        item = prompt.filled(
            "analyze_item",
            units=self._units(),
            relations=self._unit_relations(),
            beginnings=beginnings or _NOTHING,
            language=self.language,
        )
        return self._question(Stage.ANALYZE, "analyze", item)

    def order(self) -> Question:
        """Ask for the order of learning."""
        item = prompt.filled(
            "order_item",
            units=self._units(),
            relations=self._unit_relations(),
            language=self.language,
        )
        return self._question(Stage.ORDER, "order", item)

    def of_chapter(
        self, stage: Stage, chapter: Chapter, **more: str
    ) -> tuple[Question, Material]:
        """Ask for a chapter, a review or a tutorial; also return what the answer may refer to."""
        material_ = self.material(stage, chapter)
        facts = self.facts
        shown = material_.shown
        values = {
            "number": str(chapter.entry.index),
            "name": _line(chapter.name),
            "description": _told(chapter),
            "reason": _plain_line(chapter.reasoning, "reason"),
            "position": self._position(chapter),
            "page": "",
            "source": self._source(chapter, shown, more.get("cited", "")),
            "uses": material.uses(facts, chapter, shown),
            "documents": documents.rendered(facts, chapter, shown),
            "tests": material.tests(facts, chapter, shown),
            "failures": material.failing(facts, chapter),
            "calls": plain(material.call_rows(material_.calls), "calls"),
            "neighbours": material.neighbours(facts, chapter),
            "commands": plain(command_rows(material_.commands), "commands"),
            "language": self.language,
            **more,
        }
        template = _TEMPLATES[stage]
        own = _filled(f"{template}_item", values)
        earlier = self._earlier_page(stage, chapter)
        map_, ending = "", ""
        if self._opens_course(stage, chapter):
            map_ = self._map()
        if self._ends_course(stage, chapter):
            ending = prompt.filled("tutorials_last")
        item = prompt.joined(own, map_, ending, earlier)
        kind = template.removesuffix("s")
        purpose = f"{kind} {chapter.entry.index}"
        return self._question(stage, purpose, item), material_

    def _source(self, chapter: Chapter, shown: Shown, page: str) -> str:
        """Return the chapter's code; for a page, the lines that it cites."""
        if page:
            return cited.rendered(self.facts, page, shown)
        return code_of(self.facts, chapter).rendered(shown)

    def of_tutorial(
        self,
        chapter: Chapter,
        page: str,
    ) -> tuple[Question, Material]:
        """Ask for the exercises to a chapter's page; also return what the answer may refer to."""
        lines = markdown.cut(page, _MOST_PAGE).split("\n")
        return self.of_chapter(
            Stage.GENERATE_TUTORIALS,
            chapter,
            page=plain(lines, "page"),
            cited=page,
        )

    def _earlier_page(self, stage: Stage, chapter: Chapter) -> str:
        """Return the page as it was for an earlier commit, and the changes since."""
        if self._earlier is None or stage not in _FROM_EARLIER:
            return ""
        body = self._earlier.read(item_path(stage, chapter.entry))
        if body is None:
            return ""
        text = body.decode("utf-8", "replace")
        page = markdown.cut(text, _MOST_PAGE)
        lines = page.split("\n")
        diffs = _diffs(self._earlier, chapter)
        changes = "\n\n".join(diffs)
        return prompt.filled(
            "earlier",
            changes=changes or _NOTHING,
            page=plain(lines, "the page as it was"),
        )

    def material(self, stage: Stage, chapter: Chapter) -> Material:
        """Return what an answer about a chapter may refer to, before its code is shown."""
        # Only the first tutorial has the set-up.
        setup = preparation.commands(self.facts)
        of_chapter = commands_of(self.facts, chapter)
        offered = dict.fromkeys(of_chapter.values())
        if self._ends_course(stage, chapter):
            more = starting(self.facts)
            offered |= dict.fromkeys(more)
        typed = [command for command in offered if command not in setup]
        commands = material.numbered("C", typed)
        if stage is Stage.GENERATE_TUTORIALS:
            # Its prompts contain no relations and no calls.
            shown = self._of_project.copy()
            return Material(
                shown=shown,
                relations={},
                calls={},
                commands=commands,
            )
        return Material(
            shown=self._shared.copy(),
            relations=material.relations_of(self.facts),
            calls=material.calls_of(self.facts, chapter),
            commands=commands,
        )

    def overview_lines(self) -> Shown:
        """Return the lines that the question about the overview shows."""
        shown = self._shared.copy()
        material.beginnings(self.facts, shown)
        return shown

    def _question(self, stage: Stage, purpose: str, item: str) -> Question:
        return Question(
            stage=stage,
            purpose=purpose,
            system=self.system(stage),
            prompt=item,
            schema=_SCHEMAS[stage],
            max_tokens=_MOST_TOKENS[stage],
        )

    def _system(self, stage: Stage) -> str:
        rules = prompt.filled(
            "rules",
            language=self.language,
            run=preparation.hint(self.facts),
        )
        definitions = self._definitions(stage)
        facts = prompt.joined(self._facts_text, definitions)
        values = {
            "rules": rules,
            "facts": facts,
        }
        if stage not in _OF_COURSE:
            values["summary"] = _plain_line(self.facts.summary, "summary")
            values["plan"] = self._plan()
            values["relations"] = self._relations(self._chapter_ids())
            values["words"] = str(WORDS)
            values["language"] = self.language
        return _filled(_TEMPLATES[stage], values)

    def _definitions(self, stage: Stage) -> str:
        """Return the project's definitions in the detail that a stage needs."""
        if stage in _OUTLINED:
            return prompt.filled(
                "definitions",
                manner="with first and last line",
                definitions=outline.definitions(self.facts),
            )
        if stage is Stage.GENERATE_CHAPTERS:
            return prompt.filled(
                "definitions",
                manner="with names of parameters",
                definitions=outline.names(self.facts),
            )
        return ""

    def _project(self) -> str:
        project = self.facts.analysis.project
        values = {
            "name": _line(project.name),
            "tagline": _plain_line(project.tagline, "description"),
            "readme": outline.readme(self.facts, self._shared),
            "files": listing.files(self.facts),
        }
        return _filled("facts", values)

    def _plan(self) -> str:
        rows = map(_plan_row, self.facts.chapters)
        return plain(list(rows), "plan")

    def _units(self) -> str:
        rows = []
        for number, unit in enumerate(self.facts.analysis.units, 1):
            row = f"U{number} {self._unit_row(unit)}"
            rows.append(row)
        return plain(rows, "chapters")

    def _map(self) -> str:
        rows = source_map.places(self.facts).values()
        return prompt.filled(
            "tutorials_first",
            places=plain(list(rows), "places") or _NOTHING,
            language=self.language,
        )

    def _unit_row(self, unit: Unit) -> str:
        definitions = [self.facts.definitions[index] for index in unit.symbols]
        symbols = [
            definition.qualified
            for definition in definitions
            if not definition.name.startswith("_")
        ]
        row = _line(unit.name)
        if symbols:
            inside = ", ".join(symbols[:_MOST_SYMBOLS])
            row += f" [{inside}]"
        paths = unit.file_paths[:_MOST_PATHS]
        shown = ", ".join(map(shown_path, paths))
        description = _line(told(unit.description))
        return f"{row} in {shown}: {description}"

    def _relations(self, ids: Sequence[str]) -> str:
        relations = material.relations_of(self.facts)
        rows = material.relation_rows(self.facts, relations, ids)
        return plain(rows, "relations")

    def _unit_relations(self) -> str:
        units = self.facts.analysis.units
        ids = [f"U{number}" for number, _ in enumerate(units, 1)]
        return self._relations(ids) or _NOTHING

    def _chapter_ids(self) -> list[str]:
        """Return a link to the chapter of each unit; the unit's name if it has no chapter."""
        links: dict[str, str] = {}
        for chapter in self.facts.chapters:
            links[chapter.unit.name] = _link(chapter)
        names = [unit.name for unit in self.facts.analysis.units]
        linked = []
        for name in names:
            link = links.get(name, name)
            linked.append(link)
        return linked

    def _opens_course(self, stage: Stage, chapter: Chapter) -> bool:
        """Whether a page is the first tutorial, which sets the project up and maps its source."""
        return stage is Stage.GENERATE_TUTORIALS and chapter.position == 0

    def _ends_course(self, stage: Stage, chapter: Chapter) -> bool:
        """Whether a page is the last tutorial, which puts the parts of the course together."""
        if stage is not Stage.GENERATE_TUTORIALS:
            return False
        *_, last = self.facts.chapters
        return chapter.position == last.position

    def _position(self, chapter: Chapter) -> str:
        links = [_link(other) for other in self.facts.chapters]
        before = links[: chapter.position]
        after = links[chapter.position + 1 :]
        known = _FIRST
        if before:
            read = ", ".join(before)
            known = f"The reader has read {read}."
        following = _LAST
        if after:
            following = f"The next chapter is {after[0]}."
        return f"{known} {following}"


def _filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template with its values filled in; empty values are marked as such."""
    given: dict[str, str] = {}
    for name, value in values.items():
        given[name] = value or _NOTHING
    return prompt.filled(template, **given)


def _diffs(earlier: EarlierCourse, chapter: Chapter) -> Iterator[str]:
    """Yield the changes in each file of a chapter, as prompts show them."""
    for path in chapter.unit.file_paths:
        diff = earlier.diffs.get(path)
        # guard: prompts: a file of secrets is not sent as a diff either
        if diff is not None and not is_secret_file(path):
            lines = diff.split("\n")
            yield plain(lines, shown_path(path))


def _link(chapter: Chapter) -> str:
    return f"[[{chapter.entry.index}]]"


def _plan_row(chapter: Chapter) -> str:
    number = chapter.entry.index
    name = _line(chapter.name)
    description = _line(told(chapter.description))
    return f"{number}. {name}: {description}"


def _told(chapter: Chapter) -> str:
    description = told(chapter.description)
    return _plain_line(description, "description")


def _plain_line(text: str, label: str) -> str:
    line = _line(text)
    return plain([line], label)


def _line(text: str) -> str:
    words = text.split()
    return markdown.visible(" ".join(words))


def repaired(
    question: Question,
    answer: str,
    faults: list[str],
    number: int,
) -> Question:
    """Return a question that sends an answer back with its faults."""
    most = faults[:_MOST_FAULTS]
    shown = []
    for fault in most:
        row = f"- {fault[:_MOST_FAULT]}"
        shown.append(row)
    more = len(faults) - _MOST_FAULTS
    if more > 0:
        shown.append(f"- and {more} more of that kind")
    beginning = markdown.cut(answer, _MOST_ANSWER)
    text = prompt.filled(
        "repair",
        prompt=question.prompt,
        answer=prompt.fenced("answer", [beginning]),
        faults="\n".join(shown),
    )
    return replace(question, prompt=text, repair=number)
