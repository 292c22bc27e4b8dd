"""The map of the source in the overview's answer."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.course_facts import read
from worker.engines.claude import plan, source_map
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


RIGHT = [
    entry(path)
    for path in ("src/shop/", "src/shop/stock.py", "src/shop/till.py", "tests/")
]


def overview(
    facts: CourseFacts, entries: object
) -> tuple[dict[str, Any], list[str]]:
    questions = Questions(facts, "English")
    task = plan.analyze(questions, Verifier(facts, "English"))
    sentence = {"text": "People count their stock by hand.", "sources": []}
    draft = task.draft(
        {
            "summary": [sentence] * 5,
            "labels": [],
            "example": "A shop sells tea.",
            "map": entries,
        }
    )
    assert draft.is_enough
    return yaml.safe_load(draft.text), draft.faults


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


def test_the_prompt_of_the_overview_lists_the_places(
    facts: CourseFacts,
) -> None:
    prompt = Questions(facts, "English").analyze().prompt
    assert "\nsrc/shop/stock.py (5 lines): Stock\n" in prompt


def test_a_map_is_kept_with_the_overview(facts: CourseFacts) -> None:
    document, faults = overview(facts, RIGHT)
    assert faults == []
    assert document["map"] == RIGHT


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
    facts: CourseFacts, wrong: object, fault: str
) -> None:
    document, (told,) = overview(facts, [*RIGHT, wrong])
    assert fault in told
    assert told.startswith("map, entry 5: ")
    assert document["map"] == RIGHT


def test_an_overview_without_a_map_has_none(facts: CourseFacts) -> None:
    document, faults = overview(facts, [])
    assert "map" not in document
    assert faults == ["the map has 0 right entries; give at least 4"]
