"""What is worth knowing of a chapter's code, each with its place."""

from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, read
from worker.engines.static.pages import notes
from worker.engines.static.pages.course import CourseFacts

SHAPES = '''"""Shapes."""

import os
import warnings
from abc import ABC, abstractmethod


class Shape(ABC):
    """Has an area."""

    limit = int(os.getenv("SHAPE_LIMIT", "3"))

    @abstractmethod
    def area(self):
        """Return the area."""

    def name(self):
        """Return the name."""
        raise NotImplementedError

    # TODO: colours
    def draw(self, pen):
        """Draw it."""
        if pen is None:
            raise ValueError("no pen")
        elif pen == "dry":
            raise PenError
        try:
            return pen.draw(self)
        except OSError:
            raise DrawError("cannot draw")
        # FIXME later

    def old(self):
        """Deprecated: use draw."""
        warnings.warn("old", DeprecationWarning)
        raise RuntimeError("always")


class Circle(Shape):
    """A round one."""

    def area(self):
        return 3


class Square(Shape):
    """One with corners."""

    def area(self):
        return 4
'''


@pytest.fixture
def facts(tmp_path: Path) -> CourseFacts:
    return read(tmp_path, {"shapes.py": SHAPES})


def test_failures_are_a_table_of_what_where_and_when(
    facts: CourseFacts,
) -> None:
    assert notes.failure_rows(facts, chapter_of(facts, "Shape")) == [
        (
            "`NotImplementedError`",
            "`shapes.py:19` in `Shape.name`",
            "under no condition",
        ),
        ("`ValueError`", "`shapes.py:25` in `Shape.draw`", "if `pen is None`"),
        ("`PenError`", "`shapes.py:27` in `Shape.draw`", 'if `pen == "dry"`'),
        (
            "`DrawError`",
            "`shapes.py:31` in `Shape.draw`",
            "after catching `OSError`",
        ),
        (
            "`RuntimeError`",
            "`shapes.py:37` in `Shape.old`",
            'saying `"always"`',
        ),
    ]


NOTE = "`# TODO: colours` (one more such note follows)."


def test_settings_subclasses_deprecations_and_notes_are_named(
    facts: CourseFacts,
) -> None:
    assert notes.remarks(facts, chapter_of(facts, "Shape")) == [
        "It reads an environment variable: `SHAPE_LIMIT` (`shapes.py:11`).",
        "Left to subclasses: `area` (`shapes.py:14`) and `name` (`shapes.py:17`).",
        "For examples of extending it, read `Circle` (`shapes.py:40`) and `Square` (`shapes.py:47`).",
        "Marked as deprecated: `Shape.old` (`shapes.py:34`).",
        f"Its authors left a note at `shapes.py:21`: {NOTE}",
    ]


def test_where_there_is_nothing_to_know_nothing_is_said(tmp_path: Path) -> None:
    facts = read(tmp_path, {"plain.py": "def plain(x):\n    return x\n"})
    chapter = facts.chapters[0]
    assert notes.remarks(facts, chapter) == []
    assert notes.failure_rows(facts, chapter) == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a.js", "const x = process.env.SHOP_MODE;"),
        ("a.py", 'x = os.environ["SHOP_MODE"]'),
        ("a.rs", 'let x = env::var("SHOP_MODE");'),
        ("A.java", 'var x = System.getenv("SHOP_MODE");'),
        ("a.rb", "x = ENV['SHOP_MODE']"),
    ],
)
def test_environment_variables_are_found_in_many_languages(
    tmp_path: Path, name: str, line: str
) -> None:
    facts = read(tmp_path, {name: f"{line}\n"})
    assert notes.remarks(facts, facts.chapters[0]) == [
        f"It reads an environment variable: `SHOP_MODE` (`{name}:1`)."
    ]
