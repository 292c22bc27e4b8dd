"""The path of calls that a function always makes."""

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


def followed(tree: Path, name: str) -> list[str]:
    facts = read(tree, {"plain.py": CODE})
    start = facts.definitions[index_of(facts, name)]
    hops = call_path.followed(facts, start)
    return [hop.called.name for hop in hops]


def test_only_calls_that_are_always_made_are_followed_and_no_helper_ends_them(
    tmp_path: Path,
) -> None:
    assert followed(tmp_path, "start") == ["prepare", "store"]


def test_a_call_after_a_return_is_not_followed(tmp_path: Path) -> None:
    assert followed(tmp_path, "early") == []
