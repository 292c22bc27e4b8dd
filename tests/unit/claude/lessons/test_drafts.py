"""What becomes of a page or a tutorial, given an answer."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.course_facts import read
from tests.unit.claude.lessons.test_writer import FILES, lines, prose
from worker.engines.claude import tutorials
from worker.engines.claude.questions import Questions
from worker.engines.claude.verify.page import Verifier
from worker.engines.static.pages.course import CourseFacts


@pytest.fixture
def facts(tmp_path: Path) -> CourseFacts:
    return read(tmp_path, FILES)


def exercise(title: str) -> dict[str, Any]:
    listing = {"kind": "code", **lines("stock.py", 10, 14)}
    return {
        "title": title,
        "task": [prose("Take three things.")],
        "solution": [listing],
    }


def test_a_tutorial_without_an_introduction_keeps_its_exercises(
    facts: CourseFacts,
) -> None:
    verifier = Verifier(facts, "English")
    questions = Questions(facts, "English")
    task = tutorials.task(questions, verifier, facts.chapters[0])
    draft = task.draft({"exercises": [exercise("Take"), exercise("Refuse")]})
    assert draft.faults == ["`introduction` must be a list"]
    assert draft.is_enough
    assert "## 2. Refuse" in draft.text
