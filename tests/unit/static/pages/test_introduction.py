"""How a chapter begins."""

from pathlib import Path

import pytest

from tests.support.books import chapter_of, read
from tests.support.samples import PYTHON
from worker.engines.static.pages import introduction as opening
from worker.engines.static.pages.course import CourseFacts


@pytest.fixture
def book(tmp_path: Path) -> CourseFacts:
    return read(tmp_path, PYTHON)


def test_the_first_chapter_tells_of_the_whole_project_and_no_other_does(
    book: CourseFacts,
) -> None:
    first = opening.overview(book, book.chapters[0])
    assert first.startswith("## The project in short\n\n")
    assert (
        f"The course has {['no', 'one', 'two', 'three', 'four', 'five'][len(book.chapters)]} chapters."
        in first
    )
    assert first.endswith("```")
    assert not any(opening.overview(book, chapter) for chapter in book.chapters[1:])


def test_a_course_of_one_chapter_has_no_map(tmp_path: Path) -> None:
    book = read(tmp_path, {"NOTES": "milk\n"})
    assert "```" not in opening.overview(book, book.chapters[0])


def test_places_in_reasons_become_places_only_where_there_is_such_a_file(
    book: CourseFacts,
) -> None:
    said = opening.with_places(
        book, "Holds it (shop/store.py:7). Or not (shop/none.py:7), or (x:1)."
    )
    assert said == "Holds it (`shop/store.py:7`). Or not (shop/none.py:7), or (x:1)."


def test_what_the_documentation_says_beyond_the_description_is_quoted(
    book: CourseFacts,
) -> None:
    said = opening.motivation(book, chapter_of(book, "Stock"))
    assert (
        "The docstring at `shop/stock.py:6` goes on:\n\n> It never counts below zero."
        in said
    )
    assert said.count("Counts things") == 1


def test_a_sentence_that_announces_a_list_is_not_quoted_without_it(
    tmp_path: Path,
) -> None:
    doc = "Do it.\n\nIt is done like this:\n\n- one\n\nIt is done for good."
    book = read(tmp_path, {"a.py": f'def work(x):\n    """{doc}"""\n    return x\n'})
    said = opening.motivation(book, book.chapters[0])
    assert "like this" not in said
    assert "> It is done for good." in said


def test_the_facts_are_a_table(book: CourseFacts) -> None:
    rows = opening.glance(book, chapter_of(book, "Stock")).split("\n")
    assert (
        "| Main piece | `Stock`, a class with three methods, at `shop/stock.py:6-28` |"
        in rows
    )
    assert "| Extended by | `Cellar` |" in rows
    assert "| Files that use a part of it | `shop/store.py` |" in rows


def test_parts_are_named_with_what_they_say_or_their_head(book: CourseFacts) -> None:
    rows = opening.parts(book, chapter_of(book, "Stock")).split("\n")
    assert "| `add` | `shop/stock.py:16` | Put things in. |" in rows
    assert (
        "| `__init__` | `shop/stock.py:12` | `def __init__(self, limit=10)` |" in rows
    )
