"""The chapters, and what a second reading adds to them."""

from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, read
from tests.support.samples import PYTHON
from worker.engines.static.pages import chapters, reviews
from worker.engines.static.pages.course import CourseFacts


@pytest.fixture
def facts(tmp_path: Path) -> CourseFacts:
    return read(tmp_path, PYTHON)


def test_a_chapter_shows_use_code_failures_and_tests(
    facts: CourseFacts,
) -> None:
    page = chapters.written(facts, chapter_of(facts, "Stock"))
    headings = [line for line in page.split("\n") if line.startswith("## ")]
    wanted = ["## The code", "## What can go wrong"]
    assert [heading for heading in headings if heading in wanted] == wanted
    assert "`Stock` is the base of `Cellar`." in page
    assert "`Stock` is a class in `shop/stock.py:6-28`." in page


def test_a_chapter_says_nothing_of_itself(facts: CourseFacts) -> None:
    for chapter in facts.chapters:
        page = reviews.written(facts, chapter, chapters.written(facts, chapter))
        assert "checked" not in page
        assert "At a glance" not in page
        assert "more characters]" not in page


def test_a_review_links_the_first_mention_of_another_subject(
    facts: CourseFacts,
) -> None:
    chapter = chapter_of(facts, "Store")
    other = chapter_of(facts, "Stock")
    page = "# Title\n\nIt uses `Stock`, and `Stock` again.\n\n`Stock` is below."
    review = reviews.written(facts, chapter, page)
    assert review.count(f"[`Stock`]({other.file})") == 1
    assert f"[`Stock`]({other.file}), and `Stock` again." in review


def test_a_review_corrects_below_the_claim(facts: CourseFacts) -> None:
    chapter = chapter_of(facts, "Store")
    page = "# Title\n\nSee `shop/stock.py:900`.\n\nMore."
    review = reviews.written(facts, chapter, page)
    assert (
        "See `shop/stock.py:900`.\n\n"
        "> Correction: place `shop/stock.py:900`: these lines do not exist.\n"
    ) in review
    assert review.endswith("More.")
