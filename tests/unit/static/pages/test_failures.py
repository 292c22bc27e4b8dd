"""What can go wrong in a chapter's code, and what else its users have to know."""

from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, read
from worker.engines.static.pages import failures
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
        except LookupError as error:
            raise error

    def old(self):
        """Deprecated: use draw."""
        warnings.warn("old", DeprecationWarning)
        raise RuntimeError("always")


class Circle(Shape):
    """A round one."""

    def area(self):
        return 3
'''


@pytest.fixture
def facts(tmp_path: Path) -> CourseFacts:
    return read(tmp_path, {"shapes.py": SHAPES})


def test_failures_are_said_with_error_place_conditions_and_message(
    facts: CourseFacts,
) -> None:
    assert failures.sentences(facts, chapter_of(facts, "Shape")) == [
        '`Shape.draw` raises `ValueError` (`shapes.py:24`) if `pen is None`: `"no pen"`',
        '`Shape.draw` raises `PenError` (`shapes.py:26`) if `pen == "dry"` unless `pen is None`.',
        (
            "`Shape.draw` raises `DrawError` (`shapes.py:30`) after catching `OSError`: "
            '`"cannot draw"`'
        ),
    ]


def test_settings_abstract_methods_and_deprecations_are_named(
    facts: CourseFacts,
) -> None:
    assert failures.cautions(facts, chapter_of(facts, "Shape")) == [
        (
            "Subclasses have to define `Shape.area` (`shapes.py:14`) and `Shape.name` "
            "(`shapes.py:17`)."
        ),
        "It reads the environment variable `SHAPE_LIMIT` (`shapes.py:11`).",
        "Marked as deprecated: `Shape.old` (`shapes.py:34`).",
    ]


def test_code_that_cannot_fail_has_no_failures(tmp_path: Path) -> None:
    facts = read(tmp_path, {"plain.py": "def plain(x):\n    return x\n"})
    assert failures.sentences(facts, facts.chapters[0]) == []
    assert failures.cautions(facts, facts.chapters[0]) == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a.js", "function f() {\n  return process.env.SHOP_MODE;\n}\n"),
        ("a.py", 'def f():\n    return os.environ["SHOP_MODE"]\n'),
        ("a.rs", 'pub fn f() {\n    env::var("SHOP_MODE");\n}\n'),
        (
            "a.go",
            'package a\n\nfunc F() string { return os.Getenv("SHOP_MODE") }\n',
        ),
    ],
)
def test_environment_variables_are_found_in_many_languages(
    tmp_path: Path, name: str, code: str
) -> None:
    facts = read(tmp_path, {name: code})
    (caution,) = failures.cautions(facts, facts.chapters[0])
    assert caution.startswith("It reads the environment variable `SHOP_MODE`")
