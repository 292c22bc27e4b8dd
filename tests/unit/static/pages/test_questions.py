"""The questions of a tutorial and their answers."""

from pathlib import Path
from unittest.mock import patch

from tests.support.course_facts import read
from worker.engines.static.pages import key_places, questions


def test_the_function_with_most_results_is_asked_about(tmp_path: Path) -> None:
    few = "def few(x):\n    if x:\n        return 1\n    return 2\n"
    many = "def many(x):\n    if x:\n        return x[0] or 1\n"
    code = f"{few}\n\n{many}    if x is None:\n        return 2\n    return 3\n"
    facts = read(tmp_path, {"plain.py": code})
    with patch.object(key_places, "chosen", return_value=[]):
        asked = questions.asked(facts, facts.chapters[0])
    assert [question.text for question in asked] == [
        "`many` has three different results. Which condition leads to each?"
    ]


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
