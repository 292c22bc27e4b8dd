"""The questions of a tutorial and their answers."""

from pathlib import Path

from tests.support.course_facts import chapter_of, read
from tests.support.samples import PYTHON
from worker.engines.static.pages import questions


def test_questions_are_answered_by_the_source(tmp_path: Path) -> None:
    facts = read(tmp_path, PYTHON)
    asked = dict(questions.asked(facts, chapter_of(facts, "Stock")))
    fails = asked["When does `Stock.add` fail, and with which error?"]
    assert fails == (
        "- `Stock.add` raises `ValueError` (`shop/stock.py:19`) "
        'if `number > self.limit`: `"too many at once"`'
    )
    replaced = asked[
        "`Cellar` extends `Stock`. Which of its methods does it replace?"
    ]
    assert replaced == "It replaces `take` (`shop/stock.py:38`)."


def test_code_without_anything_to_ask_has_no_questions(tmp_path: Path) -> None:
    facts = read(tmp_path, {"plain.py": "def plain(x):\n    return x\n"})
    assert questions.asked(facts, facts.chapters[0]) == []
