"""Courses of small repositories in each language: all statements are true, all links resolve."""

import posixpath
import re
from collections.abc import Callable
from functools import cache

import pytest

from tests.support import mermaid
from tests.support.course import MadeCourse, make_course, write_tree
from tests.support.samples import ALL
from worker.course.site.markdown import slug

pytestmark = pytest.mark.parametrize("sample", ALL)
Courses = Callable[[str], MadeCourse]


@pytest.fixture(scope="module")
def courses(tmp_path_factory: pytest.TempPathFactory) -> Courses:
    """Return a function that returns the course of a sample."""

    @cache
    def course(sample: str) -> MadeCourse:
        folder = tmp_path_factory.mktemp("course")
        return make_course(
            write_tree(folder / "source", ALL[sample]), folder / "output"
        )

    return course


def test_a_course_has_a_chapter_a_review_and_a_tutorial_of_every_subject(
    courses: Courses, sample: str
) -> None:
    course = courses(sample)
    chapters = [
        page.path.partition("/")[2] for page in course.pages("chapters/")
    ]
    tutorials = [
        page.path.partition("/tutorial_")[2]
        for page in course.pages("tutorials/")
    ]
    assert chapters
    assert [
        page.path.partition("/")[2]
        for page in course.pages("reviewed-chapters/")
    ] == chapters
    assert [f"chapter_{name}" for name in tutorials] == chapters


def test_links_lead_to_pages_of_the_course(
    courses: Courses, sample: str
) -> None:
    course = courses(sample)
    for page in course.pages():
        for link in page.links:
            target, _, anchor = link.partition("#")
            path = posixpath.normpath(
                f"{posixpath.dirname(page.path)}/{target}"
            )
            assert path in course.files
            headings = {
                slug(line.lstrip("# "))
                for line in course.files[path].decode().splitlines()
                if line.startswith("#")
            }
            assert anchor in {"", *headings}


def test_excerpts_are_the_lines_of_their_files(
    courses: Courses, sample: str
) -> None:
    course = courses(sample)
    excerpts = [excerpt for page in course.pages() for excerpt in page.excerpts]
    for excerpt in excerpts:
        lines = (course.source / excerpt.path).read_text().split("\n")
        quoted = [
            line
            for first, last in excerpt.spans
            for line in lines[first - 1 : last]
        ]
        assert [line.strip() for line in excerpt.lines] == [
            re.sub(r"^\s*(?:\*|///?) ?", "", line).strip()
            if line not in excerpt.lines
            else line.strip()
            for line in quoted
        ]
    assert excerpts


def test_places_are_lines_that_there_are(courses: Courses, sample: str) -> None:
    course = courses(sample)
    for path, spans in [
        place for page in course.pages() for place in page.places
    ]:
        lines = (course.source / path).read_text().splitlines()
        assert all(0 < first <= last <= len(lines) for first, last in spans)


def test_diagrams_are_read_by_mermaid(courses: Courses, sample: str) -> None:
    diagrams = [
        diagram
        for page in courses(sample).pages("chapters/")
        for diagram in page.diagrams
    ]
    assert mermaid.faults(diagrams) == [None] * len(diagrams)


def test_pages_have_one_title_and_no_html_but_folded_answers(
    courses: Courses, sample: str
) -> None:
    for page in courses(sample).pages():
        assert [level for level, _ in page.headings].count(1) == 1
        assert page.headings[0][0] == 1
        assert not page.contents("html_inline")
        assert set(page.contents("html_block")) <= {
            "<details>\n<summary>Answer</summary>\n",
            "</details>\n",
        }
        assert "image" not in {token.type for token in page.tokens}


def test_reviews_contain_the_chapter_and_correct_nothing(
    courses: Courses, sample: str
) -> None:
    course = courses(sample)
    for page in course.pages("reviewed-chapters/"):
        chapter = course.files[f"chapters/{page.path.partition('/')[2]}"]
        assert "> Correction:" not in page.text
        held = unlinked(page.text)
        for line in unlinked(chapter.decode()).rstrip("\n").split("\n"):
            assert line in held


def unlinked(text: str) -> str:
    return re.sub(r"\[(`[^`\n]+`)\]\([\w-]+\.md\)", r"\1", text)


def test_tutorials_have_steps_or_questions_with_folded_answers(
    courses: Courses, sample: str
) -> None:
    for page in courses(sample).pages("tutorials/"):
        titles = [title for _, title in page.headings]
        steps = [title for title in titles if title.startswith("Step ")]
        has_questions = "Questions" in titles
        assert steps or has_questions
        has_tests_to_write = any("Write a" in step for step in steps)
        folds = page.contents("html_block").count("</details>\n")
        assert (folds > 0) == (has_questions or has_tests_to_write)
