"""The questions of a tutorial and their answers."""

from pathlib import Path

from tests.support.course_facts import read
from worker.engines.static.pages import questions

FEW = """\
def few(x):
    if x:
        return work(x)
    return 2
"""
MANY = """\
def many(x):
    x = few(x)
    if x is None:
        return 1
    if x:
        return x[0]
    return few(3)
"""


def test_the_function_with_most_results_is_asked_about(tmp_path: Path) -> None:
    facts = read(tmp_path, {"plain.py": f"{FEW}\n\n{MANY}"})
    (asked,) = questions.asked(facts, facts.chapters[0])
    assert asked.text == "When does `many` return each of its three results?"
    assert asked.answer == (
        "- If `x is None`: `1`.\n- Else if `x`: `x[0]`.\n- Otherwise: `few(3)`."
    )


def test_results_that_cannot_be_told_apart_are_not_asked_about(
    tmp_path: Path,
) -> None:
    code = (
        "def same(x):\n    if x:\n        return x\n    y = x()\n    return x\n"
    )
    facts = read(tmp_path, {"plain.py": code})
    assert questions.asked(facts, facts.chapters[0]) == []


def test_a_call_that_never_returns_is_no_result(tmp_path: Path) -> None:
    code = (
        f"def fail(x) -> NoReturn:\n    raise KeyError(x)\n\n\n{MANY}".replace(
            "return 1", "return fail(x)"
        )
    )
    facts = read(tmp_path, {"plain.py": code})
    assert questions.asked(facts, facts.chapters[0]) == []


def test_code_without_anything_to_ask_has_no_questions(tmp_path: Path) -> None:
    facts = read(tmp_path, {"plain.py": "def plain(x):\n    return x\n"})
    assert questions.asked(facts, facts.chapters[0]) == []
