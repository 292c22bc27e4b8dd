"""What pages say of the project's exceptions."""

from pathlib import Path

import pytest

from tests.support.course_facts import index_of, read
from worker.engines.static.pages import exceptions

PYTHON = """\
from errors import SentTwice


def test_{name}():
    x = SentTwice
    {expecting}
        x()
"""
RUBY = """\
require "test_helper"

class SendTest < Minitest::Test
  def test_{name}
    x = 1
    {expecting} do
      x.call
    end
  end
end
"""
JAVA = """\
class SendTest {{
  @Test
  void {name}() {{
    X x = new X();
    {expecting}
  }}
}}
"""
SCRIPT = """\
test('{name}', () => {{
  const x = 1;
  x();
  {expecting}
}});
"""


def expected(tmp_path: Path, tests: dict[str, str]) -> str:
    """Return which test expects an exception of a small project."""
    tree = {
        "errors.py": "class SentTwice(Exception):\n    pass\n",
        "wire.py": (
            "from errors import SentTwice\n\n\n"
            "def send(x):\n    if x:\n        raise SentTwice\n"
        ),
    }
    facts = read(tmp_path, tree | tests)
    error = facts.definitions[index_of(facts, "SentTwice")]
    function = facts.definitions[index_of(facts, "send")]
    assert exceptions.raised(facts, function, "errors.SentTwice") == error
    assert exceptions.raised(facts, function, "KeyError") is None
    return exceptions.expected(facts, error, function)


@pytest.mark.parametrize(
    ("file", "code", "expecting"),
    [
        ("tests/test_a.py", PYTHON, "with raises(SentTwice):"),
        ("tests/test_a.py", PYTHON, "with pytest.raises(errors.SentTwice):"),
        ("tests/test_a.py", PYTHON, "with self.assertRaises(SentTwice):"),
        (
            "tests/test_a.py",
            PYTHON,
            'with pytest.raises((SentTwice, X), match="x"):',
        ),
        ("test/a_test.rb", RUBY, "assert_raises(Errors::SentTwice)"),
        ("test/a_test.rb", RUBY, "assert_raises SentTwice"),
        ("src/test/ATest.java", JAVA, "assertThrows(SentTwice.class, x);"),
        ("test/a.test.js", SCRIPT, "expect(() => x()).toThrow(SentTwice);"),
    ],
)
def test_a_test_that_expects_an_exception_is_named(
    tmp_path: Path, file: str, code: str, expecting: str
) -> None:
    test = code.format(name="sent", expecting=expecting)
    assert f"sent` (`{file}:" in expected(tmp_path, {file: test})


@pytest.mark.parametrize(
    "expecting",
    [
        "with raises(KeyError):",
        "with raises(SentTwiceAgain):",
        "with x(SentTwice):",
        "if SentTwice:",
    ],
)
def test_a_test_that_only_names_an_exception_does_not_expect_it(
    tmp_path: Path, expecting: str
) -> None:
    code = PYTHON.format(name="sent", expecting=expecting)
    assert expected(tmp_path, {"tests/test_wire.py": code}) == ""


def test_a_test_has_to_do_with_the_exception_or_with_what_raises_it(
    tmp_path: Path,
) -> None:
    code = PYTHON.format(name="box", expecting="with raises(SentTwice):")
    calling = code.replace("        x()", "        send(x)")
    assert expected(tmp_path / "a", {"tests/test_a.py": code}) == ""
    assert "`test_box`" in expected(
        tmp_path / "b", {"tests/test_a.py": calling}
    )
    assert "`test_box`" in expected(
        tmp_path / "c", {"tests/test_wire.py": code}
    )


def test_the_test_that_is_named_after_the_exception_is_preferred(
    tmp_path: Path,
) -> None:
    code = PYTHON.format(name="sent", expecting="with raises(SentTwice):")
    other = code.replace("def test_sent", "def test_sent_twice")
    longer = other.replace("x = SentTwice", "x = SentTwice\n    y = x")
    tests = {"tests/test_a.py": code, "tests/test_b.py": longer}
    sentence = "`test_sent_twice` (`tests/test_b.py:7`) expects it."
    assert expected(tmp_path, tests) == sentence


def test_a_documentation_that_repeats_the_name_is_not_told(
    tmp_path: Path,
) -> None:
    code = (
        'class SendError(Exception):\n    """A send error occurred."""\n\n\n'
        'class Lost(SendError, KeyError):\n    """No one knows where it is."""\n'
    )
    facts = read(tmp_path, {"a.py": code})
    send_error = facts.definitions[index_of(facts, "SendError")]
    lost = facts.definitions[index_of(facts, "Lost")]
    assert exceptions.purpose(send_error) == ""
    assert exceptions.worth(facts, send_error) == 0
    assert exceptions.named(facts, send_error) == "`SendError`"
    assert exceptions.purpose(lost) == "No one knows where it is."
    assert exceptions.worth(facts, lost) > 0
    assert exceptions.named(facts, lost) == (
        "`Lost`, a kind of `SendError` and `KeyError`"
    )


def test_an_exception_of_a_module_around_is_found_in_ruby(
    tmp_path: Path,
) -> None:
    code = (
        "module Shop\n  class Lint\n    class LintError < RuntimeError; end\n"
        "    def check(x)\n      raise LintError, 'bad' if x\n    end\n  end\nend\n"
    )
    facts = read(tmp_path, {"lint.rb": code})
    (function,) = facts.by_name["check"]
    error = exceptions.raised(facts, function, "LintError")
    assert error is not None
    assert error.name == "LintError"
