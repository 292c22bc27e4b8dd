"""The calls that a function always makes."""

from pathlib import Path

from tests.support.course_facts import index_of, read
from worker.engines.static.pages import call_path

CODE = """\
def start(x):
    prepare(x)
    if x:
        special(x)
    return prepare(x)


def prepare(x):
    y = store(x)
    y.size = 1
    return y


def store(x):
    z = pick(x)
    z.size = 2
    return z


def pick(x):
    return x[0]


def special(x):
    y = prepare(store(x))
    y.size = prepare(y)
    return y


def early(x):
    if not x:
        return None
    y = prepare(x)
    return y
"""


def always_called(tree: Path, name: str) -> list[str]:
    facts = read(tree, {"plain.py": CODE})
    start = facts.definitions[index_of(facts, name)]
    return [
        called.name
        for called in facts.definitions
        if call_path.is_always_called(facts, start, called)
    ]


def test_only_calls_outside_conditions_are_always_made(tmp_path: Path) -> None:
    assert always_called(tmp_path, "start") == ["prepare"]
    assert always_called(tmp_path, "special") == ["prepare", "store"]


def test_a_call_after_a_return_is_not_always_made(tmp_path: Path) -> None:
    assert always_called(tmp_path, "early") == []
