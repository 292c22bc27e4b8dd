"""The questions of a tutorial and their answers."""

from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, read
from worker.engines.static.pages import questions
from worker.engines.static.pages.questions import QuestionWithAnswer

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


def asked_of(tree: Path, code: str) -> list[QuestionWithAnswer]:
    facts = read(tree, {"plain.py": code})
    return questions.asked(facts, facts.chapters[0])


def test_the_function_with_most_results_is_asked_about(tmp_path: Path) -> None:
    asked, *_ = asked_of(tmp_path, f"{FEW}\n\n{MANY}")
    assert asked.text == "When does `many` return each of its three results?"
    assert asked.answer == (
        "- If `x is None`: `1`.\n- Else if `x`: `x[0]`.\n- Otherwise: `few(3)`."
    )


@pytest.mark.parametrize(
    "body",
    [
        "    if x:\n        return x\n    y = x()\n    return x\n",
        "    if x:\n        return 1\n    if y:\n        return 2\n",
        "    if x:\n        return\n    return 2\n",
        (
            "    if x:\n        return 1\n    x = y()\n    if x and y:\n"
            "        if x:\n            return 2\n    return 3\n"
        ),
    ],
    ids=["alike", "one left out", "nothing", "a condition of a new value"],
)
def test_results_that_cannot_be_told_apart_are_not_asked_about(
    tmp_path: Path, body: str
) -> None:
    assert asked_of(tmp_path, f"def same(x, y):\n{body}") == []


def test_a_call_that_never_returns_is_no_result(tmp_path: Path) -> None:
    code = (
        f"def fail(x) -> NoReturn:\n    raise KeyError(x)\n\n\n{MANY}".replace(
            "return 1", "return fail(x)"
        )
    )
    for asked in asked_of(tmp_path, code):
        assert "return each" not in asked.text
        assert "return fail(x)" not in asked.answer


def test_code_without_anything_to_ask_has_no_questions(tmp_path: Path) -> None:
    assert asked_of(tmp_path, "def plain(x):\n    return x\n") == []


def test_failures_are_asked_about_but_no_uses_and_calls(tmp_path: Path) -> None:
    code = (
        "def pay(sum):\n    if sum < 1:\n        raise ValueError('none')\n"
        "    return few(sum)\n\n\ndef buy(x):\n    return pay(x) + few(x)\n"
    )
    facts = read(tmp_path, {"till.py": f"{FEW}\n\n{code}"})
    asked = questions.asked(facts, chapter_of(facts, "pay"))
    assert [question.text for question in asked] == [
        "When does `few` return each of its two results?",
        "When does `pay` itself fail, and how?",
    ]
    answer = "- Raises `ValueError` (`till.py:9`) if `sum < 1`"
    assert answer in asked[1].answer


@pytest.mark.parametrize(("count", "is_asked"), [(5, True), (6, False)])
def test_a_long_list_of_failures_is_not_asked_for(
    tmp_path: Path, count: int, *, is_asked: bool
) -> None:
    row = "    if sum < {0}:\n        raise ValueError('less than {0}')\n"
    rows = "".join(row.format(least) for least in range(count))
    asked = asked_of(tmp_path, f"def pay(sum):\n{rows}")
    assert bool(asked) == is_asked


SOURCES = {
    ".py": "def pay(x):\n    return x + 'b!'\n",
    ".rb": "def pay(x)\n  x + 'b!'\nend\n",
    ".js": "export function pay(x) {\n  return x + 'b!'\n}\n",
    ".go": "package till\n\nfunc pay(x string) string {\n\treturn x\n}\n",
}
PYTHON_HEAD = "from till import pay\n\n\n"
PYTHON_TEST = "def test_%s():\n    x = 'a'\n    assert pay(x) == 'ab!'%s\n\n\n"


def asked_of_tests(
    tree: Path, path: str, test: str
) -> list[QuestionWithAnswer]:
    suffix = Path(path).suffix
    files = {f"till{suffix}": SOURCES[suffix], f"tests/{path}": test}
    facts = read(tree, files)
    asked = questions.asked(facts, chapter_of(facts, "pay"))
    return [question for question in asked if "___" in question.text]


@pytest.mark.parametrize(
    ("path", "around", "test", "line", "value"),
    [
        (
            "test_till.py",
            f"{PYTHON_HEAD}%s%s",
            "def test_%s():\n    x = 'a'\n    assert pay(x) == 'ab!', x\n\n\n",
            "    assert pay(x) == ___, x\n",
            "'ab!'",
        ),
        (
            "test_till.py",
            f"{PYTHON_HEAD}class TestTill:\n%s%s",
            (
                "    def test_%s(self):\n        x = 'a'\n"
                "        self.assertEqual(pay(x), [3, 'b'])\n\n"
            ),
            "    self.assertEqual(pay(x), ___)\n",
            "[3, 'b']",
        ),
        (
            "test_till.rb",
            "require 'till'\n\nclass TestTill\n%s%send\n",
            "  def test_%s\n    x = 'a'\n    assert_equal 7, pay(x)\n  end\n",
            "  assert_equal ___, pay(x)\n",
            "7",
        ),
        (
            "till.test.js",
            "import { pay } from './till.js'\n\n%s%s",
            "test('%s', () => {\n  const x = 'a'\n  expect(pay(x)).toBe('ab!')\n})\n\n",
            "  expect(pay(x)).toBe(___)\n",
            "'ab!'",
        ),
        (
            "till_test.go",
            "package till\n\n%s%s",
            (
                'func Test%s(t *testing.T) {\n\tx := "a"\n\tif pay(x) != "ab!" {\n'
                "\t\tt.Fatal(x)\n\t}\n}\n\n"
            ),
            "if pay(x) != ___ {\n",
            '"ab!"',
        ),
    ],
    ids=["assert", "assertEqual", "assert_equal", "expect", "if"],
)
def test_a_reader_says_what_a_test_expects(
    tmp_path: Path, path: str, around: str, test: str, line: str, value: str
) -> None:
    tests = around % (test % "shown", test % "asked")
    (question,) = asked_of_tests(tmp_path, path, tests)
    assert "asked` expect in place of `___`?\n\n```text\n" in question.text
    assert line in question.text
    assert question.answer.startswith(f"It expects (`tests/{path}:")
    assert question.answer.endswith(f":\n\n- `{value}`")


@pytest.mark.parametrize(
    "more",
    [
        "\n    x = 'ab!'",
        " + x",
        "\n    x = 1" * 12,
        "\n    x = '%s'" % ("expect(" * 20_000),
    ],
    ids=["told", "calculated", "long", "wide"],
)
def test_nothing_is_asked_of_a_test_that_tells_or_does_not_tell_all(
    tmp_path: Path, more: str
) -> None:
    shown = PYTHON_TEST % ("shown", "")
    asked = PYTHON_TEST % ("asked", more)
    tests = f"{PYTHON_HEAD}{shown}{asked}"
    assert asked_of_tests(tmp_path, "test_till.py", tests) == []


def test_a_test_with_other_values_is_not_asked_about(tmp_path: Path) -> None:
    shown = PYTHON_TEST % ("shown", "")
    asked = PYTHON_TEST % ("asked", "")
    mark = "@pytest.mark.usefixtures('x')\n"
    tests = f"{PYTHON_HEAD}{shown}{mark}{asked}"
    assert asked_of_tests(tmp_path, "test_till.py", tests) == []


def test_what_could_not_be_decoded_is_not_asked_about(tmp_path: Path) -> None:
    test = PYTHON_TEST.replace("ab!", "a\ufffd")
    tests = PYTHON_HEAD + test % ("shown", "") + test % ("asked", "")
    assert asked_of_tests(tmp_path, "test_till.py", tests) == []
