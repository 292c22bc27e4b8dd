"""The change of a chapter's code that makes one of the project's tests fail."""

from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, read
from worker.engines.static.pages import breaking
from worker.engines.static.pages.breaking import Change

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
        "def test_it():\n    assert Gate().greet('a') == 'Hello a!'\n    x = 1\n",
        "def test_it(gate):\n    hello = gate.greet('a')\n    assert hello == 'b!'\n",
    ],
    ids=["compared", "compared later"],
)
def test_a_result_that_a_test_compares_is_changed(
    tmp_path: Path, test: str
) -> None:
    found = change(tmp_path, test)
    assert found is not None
    assert found.words == (
        "Change the `return` of `Gate.greet` (`gate.py:17`) to "
        "`return (…)[::-1]`; `…` is what it returns now."
    )
    assert found.task == ""


@pytest.mark.parametrize(
    ("literal", "other"),
    [
        ("True", "not (…)"),
        ("20", "(…) + 1"),
        ("b'ab'", "(…)[::-1]"),
        ("['a', 'b']", "(…)[::-1]"),
        ("'\\n'", None),
        ("['a']", None),
        ("{'a': 1}", None),
        ("None", None),
    ],
)
def test_a_result_is_changed_only_to_what_surely_differs(
    tmp_path: Path, literal: str, other: str | None
) -> None:
    test = f"def test_it(gate):\n    x = 1\n    assert gate.greet(x) == {literal}\n"
    found = change(tmp_path, test)
    words = ""
    if found is not None:
        words = found.words
    assert (f"`return {other}`" in words) == (other is not None)
    assert (found is None) == (other is None)


@pytest.mark.parametrize("early", ["pass", "return 'c'"])
def test_one_of_several_results_is_not_changed(
    tmp_path: Path, early: str
) -> None:
    code = f"def twice(x):\n    if not x:\n        {early}\n    return x * 2\n"
    test = (
        "from till import twice\n\n\n"
        "def test_it():\n    x = 'ab'\n    assert twice(x) == 'abab'\n"
    )
    facts = read(tmp_path, {"till.py": code, "tests/test_till.py": test})
    found = breaking.change(facts, chapter_of(facts, "twice"))
    assert (found is not None) == (early == "pass")


@pytest.mark.parametrize(
    "test",
    [
        "def test_it(gate):\n    if gate:\n        assert gate.greet('a') == 'ba'\n",
        "def test_it(gate):\n    gate = wrap(gate)\n    assert gate.greet('a') == 'ba'\n",
        "def test_it(gate):\n    assert gate.greet('a') != 'ba'\n    x = 1\n",
        (
            "class TestGate:\n    def setup_method(self):\n        self.x = 1\n\n"
            "    def test_it(self):\n        assert Gate().greet('a') == 'ba'\n"
            "        x = 1\n"
        ),
        (
            "@pytest.mark.xfail\ndef test_it(gate):\n"
            "    assert gate.greet('a') == 'ba'\n    x = 1\n"
        ),
        (
            "def test_it(gate, x):\n    with pytest.raises(ValueError):\n"
            "        gate.enter(int(x), 3)\n"
        ),
    ],
    ids=[
        "maybe",
        "another",
        "differs",
        "set up",
        "may fail",
        "two calls",
    ],
)
def test_no_change_is_suggested_that_a_test_may_not_notice(
    tmp_path: Path, test: str
) -> None:
    assert change(tmp_path, test) is None


def test_a_type_of_another_module_is_not_meant(tmp_path: Path) -> None:
    test = "def test_it():\n    assert Gate().greet('a') == 'ba'\n    x = 1\n"
    assert change(tmp_path, test) is not None
    assert change(tmp_path, test, "from house import Gate\n\n\n") is None


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
