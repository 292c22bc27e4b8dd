"""How a chapter begins."""

from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, read
from tests.support.samples import PYTHON
from worker.engines.static.pages import introduction
from worker.engines.static.pages.course import CourseFacts


@pytest.fixture
def facts(tmp_path: Path) -> CourseFacts:
    return read(tmp_path, PYTHON)


def test_the_first_chapter_tells_of_the_whole_project_and_no_other_does(
    facts: CourseFacts,
) -> None:
    first = introduction.overview(facts, facts.chapters[0])
    assert first.startswith("## The project in brief\n\n")
    assert (
        f"The course has {['no', 'one', 'two', 'three', 'four', 'five'][len(facts.chapters)]} chapters."
        in first
    )
    assert first.endswith("```")
    assert not any(
        introduction.overview(facts, chapter) for chapter in facts.chapters[1:]
    )


def test_a_course_of_one_chapter_has_no_map(tmp_path: Path) -> None:
    facts = read(tmp_path, {"NOTES": "milk\n"})
    assert "```" not in introduction.overview(facts, facts.chapters[0])


def test_places_in_reasons_become_places_only_where_there_is_such_a_file(
    facts: CourseFacts,
) -> None:
    said = introduction.with_places(
        facts, "Holds it (shop/store.py:7). Or not (shop/none.py:7), or (x:1)."
    )
    assert (
        said
        == "Holds it (`shop/store.py:7`). Or not (shop/none.py:7), or (x:1)."
    )


def test_what_the_documentation_says_beyond_the_description_is_quoted(
    facts: CourseFacts,
) -> None:
    said = introduction.motivation(facts, chapter_of(facts, "Stock"))
    assert (
        "The docstring at `shop/stock.py:6` continues:\n\n> It never counts below zero."
        in said
    )
    assert said.count("Counts things") == 1


def test_a_sentence_that_announces_a_list_is_not_quoted_without_it(
    tmp_path: Path,
) -> None:
    doc = "Do it.\n\nIt is done like this:\n\n- one\n\nIt is done for good."
    facts = read(
        tmp_path, {"a.py": f'def work(x):\n    """{doc}"""\n    return x\n'}
    )
    said = introduction.motivation(facts, facts.chapters[0])
    assert "like this" not in said
    assert "> It is done for good." in said


def test_the_facts_are_a_table(facts: CourseFacts) -> None:
    rows = introduction.glance(facts, chapter_of(facts, "Stock")).split("\n")
    assert (
        "| Main part | `Stock`, a class with three methods, at `shop/stock.py:6-28` |"
        in rows
    )
    assert "| Extended by | `Cellar` |" in rows
    assert "| Files that use it | `shop/store.py` |" in rows


def test_parts_are_named_with_what_they_say_or_their_head(
    facts: CourseFacts,
) -> None:
    rows = introduction.parts(facts, chapter_of(facts, "Stock")).split("\n")
    assert "| `add` | `shop/stock.py:16` | Put things in. |" in rows
    assert (
        "| `__init__` | `shop/stock.py:12` | `def __init__(self, limit=10)` |"
        in rows
    )
