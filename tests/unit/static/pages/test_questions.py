"""The questions of a tutorial and their answers."""

from pathlib import Path
from unittest.mock import patch

from tests.support.course_facts import chapter_of, read
from tests.support.samples import PYTHON
from worker.engines.static.pages import key_places, questions


def test_questions_are_answered_by_the_source(tmp_path: Path) -> None:
    facts = read(tmp_path, PYTHON)
    asked = dict(questions.asked(facts, chapter_of(facts, "Stock")))
    replaced = asked[
        "`Cellar` extends `Stock`. Which of its methods does it replace?"
    ]
    assert replaced == "It replaces `take` (`shop/stock.py:38`)."


def test_a_question_about_a_handler_is_answered_by_the_whole_statement(
    tmp_path: Path,
) -> None:
    code = (
        "def first(x):\n    a = x()\n    b = a()\n    return b\n\n\n"
        "def second(x):\n    try:\n        y = x[0]\n    except KeyError:\n"
        "        y = 1\n    return y\n"
    )
    facts = read(tmp_path, {"plain.py": code})
    chapter = facts.chapters[0]
    with patch.object(key_places, "chosen", return_value=[]):
        asked = dict(questions.asked(facts, chapter))
    text = (
        "`second` catches `KeyError`. What leads to it, and what happens then?"
    )
    assert asked[text].startswith("`plain.py:8-11`\n")


def test_code_without_anything_to_ask_has_no_questions(tmp_path: Path) -> None:
    facts = read(tmp_path, {"plain.py": "def plain(x):\n    return x\n"})
    assert questions.asked(facts, facts.chapters[0]) == []
