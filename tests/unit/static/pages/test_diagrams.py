"""The drawings of a chapter."""

from pathlib import Path

from tests.support.course_facts import chapter_of, read
from worker.engines.static.pages import diagrams

BASE = """\
class Root:
    pass


class Plan(Root):
    pass


class Sheet(Root):
    class Row(Root):
        pass
"""
DERIVED = """\
from base import Plan as BasePlan


class Plan(BasePlan):
    pass


class Map(Plan):
    pass


class Chart(Plan):
    pass
"""


def test_a_base_with_another_name_is_drawn_once_and_namesakes_with_their_modules(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, {"base.py": BASE, "derived.py": DERIVED})
    drawing = diagrams.family(facts, chapter_of(facts, "Map"))
    assert drawing.count('["base.Plan"]') == 1
    assert drawing.count('["derived.Plan"]') == 1
    assert "BasePlan" not in drawing


def test_a_nested_type_is_drawn_with_the_name_around_it(tmp_path: Path) -> None:
    facts = read(tmp_path, {"base.py": BASE})
    drawing = diagrams.family(facts, chapter_of(facts, "Root"))
    assert '["Sheet.Row"]' in drawing
