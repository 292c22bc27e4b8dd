"""The lines that a model may refer to: those that its prompt shows."""

import re

import pytest

from states.stages import STAGES, Stage
from tests.support.lessons import course_verifier, make_course, package
from worker.engines.claude.blocks import Lines
from worker.engines.claude.material import Material
from worker.engines.claude.model import Question
from worker.engines.claude.questions import Questions
from worker.engines.claude.shown import Shown
from worker.engines.static.pages import chapters
from worker.engines.static.pages.course import Chapter

_FENCE = re.compile(
    r"^<<<([0-9a-f]{12}) ([^\n]*)\n(.*?)\n\1>>>$", re.MULTILINE | re.DOTALL
)
_NUMBERED = re.compile(r"^ *(\d+)  ", re.MULTILINE)
_PLACE = re.compile(r"\((\S+):(\d+)\)")
_PAGES = [info.stage for info in STAGES if info.folder]


def places(prompt: str) -> set[tuple[str, int]]:
    """Return file and number of each line that a prompt shows."""
    shown: set[tuple[str, int]] = set()
    for _, title, text in _FENCE.findall(prompt):
        shown |= {(title, int(number)) for number in _NUMBERED.findall(text)}
        if title == "relations":
            shown |= {(path, int(line)) for path, line in _PLACE.findall(text)}
    return shown


def counted(shown: Shown) -> set[tuple[str, int]]:
    return {
        (path, number)
        for path, numbers in shown._numbers.items()
        for number in numbers
    }


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Questions:
    folder = tmp_path_factory.mktemp("course")
    source = package("click", folder / "source")
    make_course(source, folder / "course")
    facts, _ = course_verifier(source, folder / "course")
    assert facts.analysis.relations
    return Questions(facts, "English")


def asked(
    questions: Questions, stage: Stage, chapter: Chapter
) -> tuple[Question, Material]:
    page = chapters.written(questions.facts, chapter)
    if stage is Stage.GENERATE_TUTORIALS:
        return questions.of_tutorial(chapter, page)
    if stage is Stage.REVIEW_CHAPTERS:
        return questions.of_chapter(stage, chapter, page=page, findings="")
    return questions.of_chapter(stage, chapter)


def test_a_tutorial_shows_the_page_and_the_lines_that_it_cites(
    questions: Questions,
) -> None:
    chapter = questions.facts.chapters[0]
    (symbol,) = questions.facts.symbols(chapter)[:1]
    path, line = symbol.path, symbol.line
    question, material = questions.of_tutorial(
        chapter, f"# Its page\n\nIt is this (`{path}:{line}`)."
    )
    assert "# Its page" in question.prompt
    assert material.shown.fault(Lines(path, line, line)) == ""
    assert "not shown" in material.shown.fault(Lines(path, 1, 2))


@pytest.mark.parametrize("stage", _PAGES)
def test_a_line_that_counts_as_shown_is_in_the_prompt_of_each_page(
    questions: Questions, stage: Stage
) -> None:
    for chapter in questions.facts.chapters:
        question, material = asked(questions, stage, chapter)
        prompt = question.system + question.prompt
        assert counted(material.shown) - places(prompt) == set()


def test_a_line_that_counts_as_shown_is_in_the_prompt_of_the_overview(
    questions: Questions,
) -> None:
    question = questions.analyze()
    prompt = question.system + question.prompt
    assert counted(questions.overview_lines()) - places(prompt) == set()


def test_a_lone_blank_line_between_shown_ones_is_shown(
    questions: Questions,
) -> None:
    facts = questions.facts
    path = "click/core.py"
    path = next(name for name in facts.analysis.files if name.endswith(path))
    lines = facts.texts.lines(path)
    blank = next(
        number
        for number, line in enumerate(lines, 1)
        if number > 1
        and not line.strip()
        and lines[number - 2].strip()
        and lines[number].strip()
    )
    shown = Shown(facts)
    text = shown.file(path, [blank - 1, blank + 1, blank + 3])
    assert [row.split()[0] for row in text.split("\n")[1:-1]] == [
        str(blank - 1),
        str(blank),
        str(blank + 1),
        "…",
        str(blank + 3),
    ]
    assert (path, blank) in counted(shown)
