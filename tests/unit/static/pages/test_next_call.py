"""What leads from the code of a function to the next one."""

from pathlib import Path

import pytest

from tests.support.course_facts import index_of, read
from worker.engines.static.pages import next_call


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("    work(x)\n", "It calls `work`."),
        ("    if x > 1:\n        work(x)\n", "It calls `work` if `x > 1`."),
        (
            "    y = find(x)\n    if y is None:\n        work(x)\n",
            "It calls `work` when `find` returned `None`.",
        ),
        (
            "    y = find(x)\n    if y is not None:\n        work(y)\n",
            "It calls `work` when `find` did not return `None`.",
        ),
        (
            "    if x:\n        y = find(x)\n    if y is None:\n        work(x)\n",
            "It calls `work` if `y is None`.",
        ),
        (
            "    y = find(x)\n    x, y = x\n    if y is None:\n        work(x)\n",
            "It calls `work` if `y is None`.",
        ),
        (
            "    if x:\n        work(x)\n    else:\n        work(2)\n",
            "It calls `work`.",
        ),
        (
            f"    if x or {'very_' * 30}long:\n        work(x)\n",
            "It calls `work`.",
        ),
        ("    find(x)\n", ""),
    ],
)
def test_the_next_function_has_its_condition(
    tmp_path: Path, body: str, sentence: str
) -> None:
    code = (
        f"def run(x):\n{body}    return x\n\n\n"
        "def find(x):\n    return x\n\n\ndef work(x):\n    return x\n"
    )
    facts = read(tmp_path, {"run.py": code})
    run, work = (
        facts.definitions[index_of(facts, name)] for name in ("run", "work")
    )
    assert next_call.sentence(facts, run, work) == sentence
