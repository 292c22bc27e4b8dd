"""The change of a chapter's code that makes one of the project's tests fail."""

from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, read
from worker.engines.static.pages import breaking
from worker.engines.static.pages.breaking import Change, Trial

GATE = '''"""Gates."""


class Gate:
    """Lets people in."""

    def enter(self, name, age):
        """Let somebody in, by name and age."""
        if age < 18:
            raise ValueError("too young to enter this house")
        return self.greet(name)

    def greet(self, name):
        """Greet somebody by name."""
        if not name:
            raise RuntimeError(f"nobody to greet at {self}")
        return f"Hello {name}!"


def opened(name):
    """Return a gate that has let somebody in."""
    gate = Gate()
    gate.enter(name, 20)
    return gate
'''
CONFTEST = """import pytest

from gate import Gate


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture(
    scope="session",
)
def run():
    return print
"""
IMPORT = "import pytest\nfrom gate import Gate, opened\n\n\n"


def change(tmp_path: Path, test: str, head: str = IMPORT) -> Change | None:
    """Return the change that a test notices, in a repository without other tests."""
    files = {
        "gate.py": GATE,
        "tests/conftest.py": CONFTEST,
        "tests/test_gate.py": f"{head}{test}",
    }
    facts = read(tmp_path, files)
    return breaking.change(facts, chapter_of(facts, "Gate"))


@pytest.mark.parametrize(
    ("test", "line"),
    [
        (
            (
                "def test_it(gate):\n"
                "    with pytest.raises(ValueError):\n        gate.enter('a', 3)\n"
            ),
            10,
        ),
        (
            "def test_it():\n    with pytest.raises(RuntimeError):\n        opened('')\n",
            16,
        ),
    ],
    ids=["of a fixture", "two calls away"],
)
def test_a_failure_that_a_test_expects_is_left_out(
    tmp_path: Path, test: str, line: int
) -> None:
    found = change(tmp_path, test)
    assert found is not None
    place = f"`gate.py:{line}`"
    assert found.words == f"Put `pass` in place of the statement at {place}."
    assert found.task.startswith("`Gate.")
    assert found.task.endswith("`. Write a test for it.")


@pytest.mark.parametrize(
    "test",
    [
        (
            "def test_it(gate, x):\n    with pytest.raises(ValueError):\n"
            "        gate.enter(int(x), 3)\n"
        ),
        (
            "def test_it(gate):\n    gate = wrap(gate)\n"
            "    with pytest.raises(ValueError):\n        gate.enter('a', 3)\n"
        ),
        (
            "@pytest.mark.xfail\ndef test_it(gate):\n"
            "    with pytest.raises(ValueError):\n        gate.enter('a', 3)\n"
        ),
    ],
    ids=["two calls", "another", "may fail"],
)
def test_no_change_is_suggested_that_a_test_may_not_notice(
    tmp_path: Path, test: str
) -> None:
    assert change(tmp_path, test) is None


def test_a_type_of_another_module_is_not_meant(tmp_path: Path) -> None:
    test = (
        "def test_it():\n    gate = Gate()\n"
        "    with pytest.raises(ValueError):\n        gate.enter('a', 3)\n"
    )
    other = "import pytest\nfrom house import Gate\n\n\n"
    assert change(tmp_path, test) is not None
    assert change(tmp_path, test, other) is None


def test_of_two_failures_the_one_that_explains_more_is_left_out(
    tmp_path: Path,
) -> None:
    test = (
        "def test_it():\n    with pytest.raises(RuntimeError):\n        opened('')\n\n\n"
        "def test_age(gate):\n"
        "    with pytest.raises(ValueError):\n        gate.enter('a', 3)\n"
    )
    found = change(tmp_path, test)
    assert found is not None
    assert found.test.name == "test_age"


TILL = """\
class Till:
    def pay(self, sum):
        if sum < 1:
            return 0
        return sum
"""


def trial(tmp_path: Path, code: str, test: str) -> Trial | None:
    head = "from till import Till\n\n\n"
    files = {"till.py": code, "tests/test_till.py": f"{head}{test}"}
    facts = read(tmp_path, files)
    return breaking.trial(facts, chapter_of(facts, "Till"))


@pytest.mark.parametrize(
    ("call", "is_named"),
    [("Till().pay(3)", True), ("pay(3)", False), ("Till().sell(3)", False)],
)
def test_a_condition_is_negated_that_a_test_of_its_function_may_notice(
    tmp_path: Path, call: str, *, is_named: bool
) -> None:
    test = f"def test_it():\n    x = {call}\n    assert x == 3\n"
    found = trial(tmp_path, TILL, test)
    assert found is not None
    words = "Negate the condition `sum < 1` of `Till.pay` (`till.py:3`)."
    assert found.words == words
    assert (found.test is not None) == is_named


def test_no_test_is_named_for_one_of_several_namesakes(tmp_path: Path) -> None:
    other = "class Bank:\n    def pay(self):\n        return self\n"
    test = "def test_it():\n    x = Till().pay(3)\n    assert x == 3\n"
    found = trial(tmp_path, f"{TILL}\n\n{other}", test)
    assert found is not None
    assert found.test is None


@pytest.mark.parametrize(
    "line",
    ["if sum < 1 and (", "while sum < 1:"],
    ids=["a part of a condition", "a loop"],
)
def test_only_a_condition_on_a_line_of_its_own_is_negated(
    tmp_path: Path, line: str
) -> None:
    whole = f"{line}\n            sum):" if line.endswith("(") else line
    code = TILL.replace("if sum < 1:", whole)
    found = trial(tmp_path, code, "x = 1\n")
    assert found is not None
    assert "Negate" not in found.words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            "        self.sum = sum\n        return sum\n",
            "Take out the first statement of `Till.pay` (`till.py:3`).",
        ),
        ("        return sum\n", ""),
        ("        with sum:\n            self.sum = 1\n", ""),
    ],
    ids=["two statements", "one statement", "one block"],
)
def test_without_a_condition_the_first_of_several_statements_is_taken_out(
    tmp_path: Path, body: str, words: str
) -> None:
    code = f"class Till:\n    def pay(self, sum):\n{body}"
    found = trial(tmp_path, code, "x = 1\n")
    assert (found is not None) == bool(words)
    assert found is None or found.words == words
