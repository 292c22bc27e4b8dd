"""The map of the source, which the first tutorial shows."""

from pathlib import Path
from typing import Any

import pytest

from states.course_paths import item_path
from states.stages import Stage
from tests.support.course import write_tree
from tests.support.course_facts import read
from worker.engines.claude import source_map, tutorials
from worker.engines.claude.questions import Questions
from worker.engines.claude.verify.page import Verifier
from worker.engines.static.pages.course import CourseFacts

FILES = {
    "README.md": "# Shop\n\nShop is a library that counts stock.\n",
    "src/shop/__init__.py": "",
    "src/shop/stock.py": '"""Counts."""\n\n\nclass Stock:\n    """Count."""\n',
    "src/shop/till.py": '"""Sells."""\n\n\nclass Till:\n    """Sell."""\n',
    "src/shop/web/page.py": "class Page:\n    pass\n\n\ndef page():\n    pass\n",
    "tests/unit/test_stock.py": "def test_stock():\n    pass\n",
    "data/table.csv": "a,b\n" * 900,
    ".env": "KEY=1\n",
}
TEXT = "The names of things; look here first."


@pytest.fixture
def facts(tmp_path: Path) -> CourseFacts:
    return read(tmp_path, FILES)


def entry(path: str, text: str = TEXT) -> dict[str, Any]:
    return {"path": path, "text": text}


PATHS = ["src/shop/", "src/shop/stock.py", "src/shop/till.py", "tests/"]
RIGHT = [entry(path) for path in PATHS]


def mapped(
    facts: CourseFacts, output: Path, entries: object, position: int = 0
) -> tuple[list[str], list[str]]:
    """Return the rows of the map on a tutorial, and what is wrong with its answer."""
    questions, verifier = (
        Questions(facts, "English"),
        Verifier(facts, "English"),
    )
    chapter = facts.chapters[position]
    task = tutorials.task(questions, verifier, chapter, output)
    draft = task.draft({"introduction": [], "exercises": [], "map": entries})
    _, _, section = draft.text.partition("\n## Where things are\n\n")
    rows = section.split("\n\n")[0].splitlines()
    return rows, [fault for fault in draft.faults if "map" in fault]


def test_the_places_are_folders_and_central_files_with_what_they_hold(
    facts: CourseFacts,
) -> None:
    assert list(source_map.places(facts).values()) == [
        "src/shop/ (3 files, 16 lines)",
        "src/shop/stock.py (5 lines): Stock",
        "src/shop/till.py (5 lines): Till",
        "src/shop/web/ (1 file, 6 lines)",
        "src/shop/web/page.py (6 lines): Page, page",
        "tests/ (1 file, 2 lines)",
    ]


def test_only_the_first_tutorial_is_asked_for_a_map(
    facts: CourseFacts,
) -> None:
    questions = Questions(facts, "English")
    first, second, *_ = facts.chapters
    question, _ = questions.of_tutorial(first, "# Stock")
    assert "\nsrc/shop/stock.py (5 lines): Stock\n" in question.prompt
    question, _ = questions.of_tutorial(second, "# Till")
    assert "src/shop/web/ (" not in question.prompt


def test_a_map_says_what_is_where_and_which_chapters_cite_it(
    facts: CourseFacts, tmp_path: Path
) -> None:
    first, second, *_ = facts.chapters
    stage = Stage.REVIEW_CHAPTERS
    pages = {
        item_path(stage, first.entry): "It counts. (`src/shop/stock.py:1-3,9`)",
        item_path(stage, second.entry): "`src/shop/till.py:4`, `src/x.py:2`",
    }
    write_tree(tmp_path / "output", pages)
    rows, faults = mapped(facts, tmp_path / "output", RIGHT)
    assert faults == []
    one, two = (
        f"[Chapter {chapter.entry.index}, {chapter.name}]"
        f"(../reviewed-chapters/{chapter.file})"
        for chapter in (first, second)
    )
    assert rows == [
        f"- `src/shop/`: {TEXT} ({one}, {two})",
        f"- `src/shop/stock.py`: {TEXT} ({one})",
        f"- `src/shop/till.py`: {TEXT} ({two})",
        f"- `tests/`: {TEXT}",
    ]


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (
            entry("src/shop/nothing.py"),
            "`src/shop/nothing.py` is not in the list",
        ),
        (entry("tests/"), "`tests/` is not in the list, or in the map already"),
        (
            entry("src/shop/web/", "See `NoSuchThing`."),
            "`NoSuchThing` is nowhere",
        ),
        (entry("src/shop/web/", "See [it](https://a.example)."), "a link"),
        (entry("src/shop/web/", ""), "must have 1 to 240 characters"),
        ("src/shop/web/", "an object was expected"),
    ],
    ids=str,
)
def test_a_wrong_entry_of_a_map_is_left_out_and_named(
    facts: CourseFacts, tmp_path: Path, wrong: object, fault: str
) -> None:
    rows, (message,) = mapped(facts, tmp_path, [*RIGHT, wrong])
    assert fault in message
    assert message.startswith("map, entry 5: ")
    assert [row.split("`")[1] for row in rows] == PATHS


def test_a_first_tutorial_without_a_map_has_no_such_section(
    facts: CourseFacts, tmp_path: Path
) -> None:
    rows, faults = mapped(facts, tmp_path, [])
    assert rows == []
    assert faults == ["the map has 0 right entries; give at least 4"]


def test_other_tutorials_have_no_map(
    facts: CourseFacts, tmp_path: Path
) -> None:
    assert mapped(facts, tmp_path, RIGHT, position=1) == ([], [])
