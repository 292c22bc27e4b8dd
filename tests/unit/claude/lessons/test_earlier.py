"""What a prompt shows of the earlier course that is updated."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from states.course_paths import item_path
from states.stages import Stage
from tests.support.lessons import course_verifier, make_course, package
from worker.engines.claude.questions import Questions
from worker.engines.claude.secrets import REMOVED
from worker.engines.port import EarlierCourse
from worker.engines.static.pages.course import CourseFacts

PAGE = "# Chapter 1: It\n\nThe page as it was.\n"
DIFF = "-    return 1\n+    key = 'AKIAIOSFODNN7EXAMPLE'"
HEADING = "## The page of an earlier commit"


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> CourseFacts:
    folder = tmp_path_factory.mktemp("earlier")
    source = package("itsdangerous", folder / "source")
    make_course(source, folder / "course")
    known, _ = course_verifier(source, folder / "course")
    return known


def earlier(pages: Mapping[str, str], path: str) -> EarlierCourse:
    def read(page: str) -> bytes | None:
        text = pages.get(page)
        return None if text is None else text.encode()

    return EarlierCourse(diffs={path: DIFF}, read=read)


def asked(
    facts: CourseFacts, stage: Stage, course: EarlierCourse | None
) -> str:
    questions = Questions(facts, "English", course)
    question, _ = questions.of_chapter(
        stage, facts.chapters[0], page="-", findings="-"
    )
    return question.prompt


def known_pages(facts: CourseFacts, stage: Stage) -> EarlierCourse:
    chapter = facts.chapters[0]
    path = chapter.unit.file_paths[0]
    return earlier({item_path(stage, chapter.entry): PAGE}, path)


@pytest.mark.parametrize(
    "stage", [Stage.GENERATE_CHAPTERS, Stage.GENERATE_TUTORIALS]
)
def test_the_earlier_page_and_what_has_changed_are_shown(
    facts: CourseFacts, stage: Stage
) -> None:
    course = known_pages(facts, stage)
    prompt = asked(facts, stage, course)
    assert HEADING in prompt
    assert "The page as it was." in prompt
    assert "-    return 1" in prompt


def test_secrets_of_a_diff_are_not_shown(facts: CourseFacts) -> None:
    stage = Stage.GENERATE_CHAPTERS
    prompt = asked(facts, stage, known_pages(facts, stage))
    assert f"+    key = '{REMOVED}'" in prompt


def test_a_file_of_secrets_is_not_shown(facts: CourseFacts) -> None:
    stage = Stage.GENERATE_CHAPTERS
    chapter = facts.chapters[0]
    unit = replace(chapter.unit, file_paths=(".env",))
    course = replace(known_pages(facts, stage), diffs={".env": "+SHOP=open"})
    questions = Questions(facts, "English", course)
    question, _ = questions.of_chapter(stage, replace(chapter, unit=unit))
    assert HEADING in question.prompt
    assert "SHOP=open" not in question.prompt


def test_files_of_other_chapters_are_not_shown(facts: CourseFacts) -> None:
    stage = Stage.GENERATE_CHAPTERS
    course = replace(known_pages(facts, stage), diffs={"other.py": DIFF})
    prompt = asked(facts, stage, course)
    assert "return 1" not in prompt


def test_an_unavailable_earlier_page_leaves_the_prompt_unchanged(
    facts: CourseFacts,
) -> None:
    stage = Stage.GENERATE_CHAPTERS
    course = earlier({}, "a.py")
    assert asked(facts, stage, course) == asked(facts, stage, None)


def test_a_review_reads_the_new_chapter_only(facts: CourseFacts) -> None:
    stage = Stage.REVIEW_CHAPTERS
    course = known_pages(facts, stage)
    assert asked(facts, stage, course) == asked(facts, stage, None)
