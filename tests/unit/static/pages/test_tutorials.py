"""The tutorials and their tasks."""

from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, read
from tests.support.samples import PYTHON, TILL_TEST
from worker.engines.static.pages import tutorials

USE = "from shop import Store\n\nstore = Store()\nstore.sell('apple')\n"


def test_a_reader_builds_runs_stops_and_breaks(tmp_path: Path) -> None:
    files = {
        **PYTHON,
        "pyproject.toml": '[project]\nname = "shop"\n',
        "README.md": f"# Shop\n\n```python\n{USE}```\n",
    }
    facts = read(tmp_path, files)
    page = tutorials.written(facts, chapter_of(facts, "Store"))
    assert ".venv/bin/pip install -e . pytest" in page
    assert "Read [" not in page
    assert "Save it as `try_it.py`. Run `.venv/bin/python try_it.py`." in page
    assert "Set a breakpoint at `shop/store.py:" in page


def test_a_document_says_how_its_example_runs(tmp_path: Path) -> None:
    text = (
        f"# Shop\n\n```python\n# save this as sell.py\n{USE}```\n\n"
        "```\n$ shop run sell\n5\n```\n"
    )
    facts = read(tmp_path, {**PYTHON, "README.md": text})
    page = tutorials.written(facts, chapter_of(facts, "Store"))
    assert (
        "Save it as `sell.py`. Then activate the environment "
        "(`. .venv/bin/activate`) and, as in `README.md:12-13`:\n\n"
        "```console\n$ shop run sell\n5\n```"
    ) in page


def test_an_example_with_unbound_names_is_not_run(tmp_path: Path) -> None:
    text = "# Shop\n\n```python\nstore = Store(stock)\nstore.sell('a')\n```\n"
    files = {
        path: body
        for path, body in PYTHON.items()
        if not path.startswith("tests/")
    }
    facts = read(tmp_path, {**files, "README.md": text})
    page = tutorials.written(facts, chapter_of(facts, "Store"))
    assert "Run an example" not in page


PYPROJECT = '[project]\nname = "shop"\n'


@pytest.mark.parametrize(
    ("pyproject", "command"),
    [
        (PYPROJECT, "install -e . pytest"),
        (f'{PYPROJECT}[dependency-groups]\ntests = ["pytest"]\n', "install -e . --group tests"),
        (
            f'{PYPROJECT}[project.optional-dependencies]\ndev = ["pytest>=8"]\n',
            "install -e '.[dev]'",
        ),
        (f'{PYPROJECT}[dependency-groups]\ndev = ["ruff"]\n', "install -e . pytest"),
        ("[", "install -e . pytest"),
    ],
)  # fmt: skip
def test_the_tests_are_installed_as_the_project_declares(
    tmp_path: Path, pyproject: str, command: str
) -> None:
    facts = read(tmp_path, {**PYTHON, "pyproject.toml": pyproject})
    page = tutorials.written(facts, chapter_of(facts, "Store"))
    assert f".venv/bin/pip {command}\n" in page


@pytest.mark.parametrize(
    ("files", "command"),
    [
        (
            {
                "requirements/dev.txt": "ruff\nhttps://a.example/till.zip\n",
                "requirements/test.txt": "pytest-cov\npytest==8.3.5\n",
            },
            "install -e . -r requirements/test.txt",
        ),
        ({"requirements-dev.txt": "pytest-cov\n"}, "install -e . pytest"),
        (
            {
                "pyproject.toml": f"{PYPROJECT}[dependency-groups]\n"
                'tests = ["cart", "pytest>8"]\n',
                "uv.lock": '[[package]]\nname = "pytest"\nversion = "9.0.2"\n'
                '[[package]]\nname = "pytest"\nversion = "10.0"\n'
                '[[package]]\nname = "pytest"\nversion = "8.4.2"\n'
                '[[package]]\nname = "cart"\nversion = "1"\n',
            },
            "install -e . --group tests pytest==10.0",
        ),
    ],
    ids=["requirements", "requirements without pytest", "lock file"],
)
def test_the_tests_are_installed_with_the_versions_that_the_project_pins(
    tmp_path: Path, files: dict[str, str], command: str
) -> None:
    facts = read(tmp_path, {**PYTHON, "pyproject.toml": PYPROJECT, **files})
    page = tutorials.written(facts, chapter_of(facts, "Store"))
    assert f".venv/bin/pip {command}\n" in page


def test_a_build_is_named_by_the_nearest_manifest(tmp_path: Path) -> None:
    files = {
        "go/go.mod": "module m\n",
        "go/a.go": "package m\n\n// Sell sells.\nfunc Sell() int {\n\treturn 1\n}\n",
        "package.json": "{}",
    }
    facts = read(tmp_path, files)
    page = tutorials.written(facts, chapter_of(facts, "Sell"))
    assert (
        "In the folder `go`, which has `go.mod` (this needs a network):" in page
    )
    assert "go build ./..." in page
    assert "npm install" not in page


def test_a_document_is_read_by_its_sections(tmp_path: Path) -> None:
    text = "# Top\n\nThis is about bread.\n\n## Flour\n\nTake white flour.\n"
    facts = read(tmp_path, {"README.md": text})
    page = tutorials.written(facts, facts.chapters[0])
    assert "## Step 1: Read " in page


@pytest.mark.parametrize(
    "use",
    [
        "from shop import Store\n\ndef sell():\n    Store().sell('apple')\n",
        "from shop import Store\nfrom till import Till\n\nTill(Store())\n",
        "from shop import Store\n\nstore = Store()\nbox = [store, store]\n",
    ],
    ids=["calls nothing", "needs another package", "shows nothing"],
)
def test_an_example_without_an_effect_is_not_run(
    tmp_path: Path, use: str
) -> None:
    text = f"# Shop\n\n```python\n{use}```\n"
    facts = read(tmp_path, {**PYTHON, "README.md": text})
    page = tutorials.written(facts, chapter_of(facts, "Store"))
    assert "try_it.py" not in page


def test_a_breakpoint_is_at_the_first_statement(tmp_path: Path) -> None:
    code = (
        '"""Till."""\n\n\ndef pay(sum):\n    """Pay a sum."""\n'
        "    paid = sum\n    return paid\n"
    )
    text = "# Till\n\n```python\nfrom till import pay\n\npay(1)\npay(2)\n```\n"
    facts = read(tmp_path, {"till.py": code, "README.md": text})
    page = tutorials.written(facts, chapter_of(facts, "pay"))
    assert "Set a breakpoint at `till.py:6`" in page


def test_no_breakpoint_is_set_in_what_no_example_calls(tmp_path: Path) -> None:
    use = (
        "from shop import Store\n\ndef later():\n    store = Store()\n"
        "    store.sell('apple')\n\nprint(later)\n"
    )
    text = f"# Shop\n\n```python\n{use}```\n"
    facts = read(tmp_path, {**PYTHON, "README.md": text})
    page = tutorials.written(facts, chapter_of(facts, "Store"))
    assert "try_it.py" in page
    assert "Set a breakpoint" not in page


@pytest.mark.parametrize(
    ("test", "is_reached"),
    [
        ("from till import pay\n\ndef test_it():\n    assert pay(1)\n", True),
        ("from till import pay\n\ndef test_it():\n    assert 1, pay(1)\n", False),
        ("from till import pay\n\ndef test_it():\n    # pay(1)\n    f = lambda: pay(1)\n", False),
        ("from bank import pay\n\ndef test_it():\n    assert pay(1)\n", False),
        ("from till import (\n  pay)\n\ndef test_it():\n    assert pay(1)\n", True),
        ("import till\n\ndef test_it():\n    from bank import pay\n    pay(1)\n", False),
    ],
)  # fmt: skip
def test_a_breakpoint_is_set_only_where_the_example_certainly_passes(
    tmp_path: Path, test: str, *, is_reached: bool
) -> None:
    code = (
        '"""Till."""\n\n\ndef pay(sum):\n    """Pay a sum."""\n    return sum\n'
    )
    files = {
        "till.py": code,
        "tests/test_till.py": f"{test}    x = pay\n    assert x\n",
    }
    facts = read(tmp_path, files)
    page = tutorials.written(facts, chapter_of(facts, "pay"))
    assert "tests/test_till.py::test_it" in page
    assert ("Set a breakpoint" in page) is is_reached


CHECKS = '''"""Checks."""


class Gate:
    """Lets people in."""

    def enter(self, name, age):
        """Let somebody in, by name and age."""
        if age < 18:
            raise ValueError("too young to enter")
        if not name:
            raise ValueError("a name is missing")
        return name
'''


THIS = """\
    with pytest.raises(ValueError, match='too young'):
        gate.enter('a', 3)
"""
ONE_OF_TWO = """\
    with pytest.raises(ValueError):
        gate.enter('a', 3)
"""
ANOTHER_CALL = """\
    gate.enter('a', 30)
    with pytest.raises(ValueError, match='too young'):
        int('x')
"""
ANOTHER_MESSAGE = """\
    with pytest.raises(ValueError, match='other'):
        gate.enter('a', 3)
"""


def gate_tutorial(tmp_path: Path, test: str) -> str:
    body = (
        "from gate import Gate\n\n\n"
        f"def test_gate():\n    gate = Gate()\n{test}    assert gate\n"
    )
    files = {"gate.py": CHECKS, "tests/test_gate.py": body}
    facts = read(tmp_path, files)
    return tutorials.written(facts, chapter_of(facts, "Gate"))


def test_the_test_that_expects_a_failure_notices_its_absence(
    tmp_path: Path,
) -> None:
    page = gate_tutorial(tmp_path, THIS)
    assert "Put `pass` in place of the statement at `gate.py:10`." in page
    assert "Which line of `test_gate` fails? " in page


@pytest.mark.parametrize("test", [ONE_OF_TWO, ANOTHER_CALL, ANOTHER_MESSAGE])
def test_no_test_is_promised_to_fail_that_expects_another_failure(
    tmp_path: Path, test: str
) -> None:
    page = gate_tutorial(tmp_path, test)
    assert "Write a test" not in page
    assert "Put `pass`" not in page
    assert "fails? " not in page


def test_no_path_of_calls_ends_in_a_getter(tmp_path: Path) -> None:
    code = (
        "class Line:\n    def read(self):\n        a = self.fetch()\n"
        "        b = a\n        return b\n\n"
        "    def fetch(self):\n        a = self.size()\n        b = a\n"
        "        return b\n\n"
        "    def size(self):\n        return self.n\n"
    )
    facts = read(tmp_path, {"line.py": code})
    page = tutorials.written(facts, facts.chapters[0])
    assert "calls `Line.size`" not in page


def test_a_reader_writes_a_test_and_sees_it_fail(tmp_path: Path) -> None:
    code = (
        "def pay(sum):\n    if sum < 1:\n"
        "        raise ValueError('nothing to pay')\n    return sum\n"
    )
    test = (
        "import pytest\nfrom till import pay\n\n\ndef test_it():\n"
        "    with pytest.raises(ValueError):\n        pay(0)\n"
    )
    facts = read(tmp_path, {"till.py": code, "tests/test_till.py": test})
    page = tutorials.written(facts, chapter_of(facts, "pay"))
    task = "`pay` raises `ValueError` if `sum < 1`. Write a test for it."
    _, _, written = page.partition(f": Write a test\n\n{task}\n\n<details>")
    solution, _, broken = written.partition("</details>")
    assert "with pytest.raises(ValueError):" in solution
    assert (
        "Put `pass` in place of the statement at `till.py:3`. "
        "Which line of `test_it` fails? "
    ) in broken


PAY = "def pay(sum):\n    if sum < 1:\n        return 0\n    return sum\n"
PAY_TEST = "from till import pay\n\n\ndef test_it():\n    x = 3\n    assert pay(x) == x\n"
PYTEST = "[tool.pytest.ini_options]\n"


ONE_TEST = (
    "What does it do now? Run `.venv/bin/python -m pytest "
    "tests/test_till.py::test_it`: does `test_it` notice? Then undo the change."
)
ALL_TESTS = (
    "What does it do now? Run `.venv/bin/python -m pytest` without the change "
    "and with it: does a test notice? Then undo the change."
)
NO_TEST = (
    "Say in a sentence what it does then, and what a caller notices first."
)


@pytest.mark.parametrize(
    ("test", "pyproject", "task"),
    [
        (PAY_TEST, "", ONE_TEST),
        ("x = 1\n", PYTEST, ALL_TESTS),
        ("x = 1\n", "", NO_TEST),
        ("", PYTEST, NO_TEST),
    ],
    ids=["one test", "all tests", "no runner", "no tests"],
)
def test_a_reader_negates_a_condition(
    tmp_path: Path, test: str, pyproject: str, task: str
) -> None:
    files = {
        "till.py": PAY,
        "pyproject.toml": f"{PYPROJECT}{pyproject}",
        "tests/test_till.py": test,
    }
    if not test:
        del files["tests/test_till.py"]
    facts = read(tmp_path, files)
    page = tutorials.written(facts, chapter_of(facts, "pay"))
    words = "Negate the condition `sum < 1` of `pay` (`till.py:2`)."
    assert f": Break it\n\n{words} {task}" in page


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("pay(3)", "`3`"),
        ("pay('a')", "`'a'`"),
        ("pay(x)", ""),
        ("pay(3, 4)", ""),
    ],
)
def test_a_reader_gives_what_the_example_calls_another_value(
    tmp_path: Path, call: str, value: str
) -> None:
    use = f"from till import pay\n\nx = 3\n{call}\n"
    files = {"till.py": PAY, "README.md": f"# Till\n\n```python\n{use}```\n"}
    facts = read(tmp_path, files)
    page = tutorials.written(facts, chapter_of(facts, "pay"))
    task = (
        f"Write another value in place of {value} where the example calls `pay`. "
        "Say what will change; then run it again."
    )
    assert "Stop inside `pay`" in page
    assert (": Change it" in page) == bool(value)
    assert (task in page) == bool(value)


def test_the_prompt_is_named_once_where_an_example_is_typed(
    tmp_path: Path,
) -> None:
    text = "# Till\n\n```pycon\n>>> from till import pay\n>>> pay(3)\n3\n```\n"
    facts = read(tmp_path, {"till.py": PAY, "README.md": text})
    page = tutorials.written(facts, chapter_of(facts, "pay"))
    assert "with `.venv/bin/python`: type what follows the prompts." in page


COIN = "class Coin(Money):\n    def worth(self):\n        x = 1\n        y = x\n        return y\n"
NOTE = COIN.replace("Coin", "Note").replace("worth", "size")


@pytest.mark.parametrize(
    ("subtypes", "is_left"),
    [
        (f"{NOTE}\n\n{COIN}", True),
        (NOTE, False),
        (COIN.replace("x = 1\n", "x = 1\n" + "        x += 1\n" * 25), False),
    ],
    ids=["defined", "another", "long"],
)
def test_a_reader_writes_what_a_type_leaves_to_its_subtypes(
    tmp_path: Path, subtypes: str, *, is_left: bool
) -> None:
    base = (
        "class Money:\n    def worth(self):\n        raise NotImplementedError\n\n"
        "    def pay(self):\n        return self.worth() * 2\n"
    )
    facts = read(tmp_path, {"till.py": f"{base}\n\n{subtypes}"})
    page = tutorials.written(facts, chapter_of(facts, "Money"))
    task = "Write a subtype of `Money` that defines `worth`.\n\n<details>"
    _, _, after = page.partition(task)
    solution, _, _ = after.partition("</details>")
    assert bool(after) == is_left
    own = "own (`till.py:16-20`):\n\n```python\nclass Coin"
    assert (own in solution) == is_left
    assert "class Note" not in page


@pytest.mark.parametrize(
    ("last", "is_answer"), [("b'paid'", True), ("[3]", True), ("pay(4)", False)]
)
def test_an_example_that_shows_answers_is_typed(
    tmp_path: Path, last: str, *, is_answer: bool
) -> None:
    use = f"from till import pay\n\npay(3)\n{last}\n"
    text = f"# Till\n\n```python\n{use}```\n"
    facts = read(tmp_path, {"till.py": PAY, "README.md": text})
    page = tutorials.written(facts, chapter_of(facts, "pay"))
    typed = "with `.venv/bin/python`: type it line by line."
    assert (typed in page) == is_answer
    assert ("try_it.py" in page) is not is_answer


def test_an_example_with_a_path_to_replace_is_not_run(tmp_path: Path) -> None:
    use = "from till import pay\n\npay('/path/to/till.json')\n"
    text = f"# Till\n\n```python\n{use}```\n"
    facts = read(tmp_path, {"till.py": PAY, "README.md": text})
    page = tutorials.written(facts, chapter_of(facts, "pay"))
    assert "Run an example" not in page


TILL = """\
public class Till {
    public int sell(int x) {
        return x;
    }
%s}
"""


@pytest.mark.parametrize("is_overloaded", [False, True])
def test_a_reader_stops_where_the_call_surely_leads(
    tmp_path: Path, *, is_overloaded: bool
) -> None:
    other = ""
    if is_overloaded:
        other = "    public int sell(long x) {\n        return 1;\n    }\n"
    files = {
        "pom.xml": "<project/>",
        "src/main/java/Till.java": TILL % other,
        "src/test/java/TillTest.java": TILL_TEST,
    }
    facts = read(tmp_path, files)
    page = tutorials.written(facts, chapter_of(facts, "Till"))
    assert "`mvn test -Dtest='TillTest#sells'`" in page
    assert ("Stop inside `Till.sell`" in page) is not is_overloaded


@pytest.mark.parametrize(
    ("statement", "is_typed"),
    [
        ("def f():\n    a = 1\n\n    return a\n\nf()\n", False),
        ("def f():\n    return 1\nf()\n", False),
        ("def f():\n    return 1\n\nf()\n", True),
        ("if x:\n    f = 1\nelse:\n    f = 2\n\n", True),
    ],
)
def test_code_is_typed_where_no_line_ends_a_statement_early(
    tmp_path: Path, statement: str, *, is_typed: bool
) -> None:
    use = f"from till import pay\n\nx = pay(3)\n{statement}pay(x)\n[3]\n"
    files = {"till.py": PAY, "README.md": f"# Till\n\n```python\n{use}```\n"}
    facts = read(tmp_path, files)
    page = tutorials.written(facts, chapter_of(facts, "pay"))
    assert ("type it line by line" in page) == is_typed


def test_a_program_is_run_only_if_the_files_that_it_opens_exist(
    tmp_path: Path,
) -> None:
    use = "from till import pay\n\npay(open('x.txt'))\n"
    files = {"till.py": PAY, "README.md": f"# Till\n\n```python\n{use}```\n"}
    are_run = []
    for name, more in (("without", {}), ("with", {"x.txt": "x\n"})):
        facts = read(tmp_path / name, files | more)
        page = tutorials.written(facts, chapter_of(facts, "pay"))
        are_run.append("Run an example" in page)
    assert are_run == [False, True]
