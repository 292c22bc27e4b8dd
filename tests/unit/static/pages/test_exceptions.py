"""What pages say of the project's exceptions."""

from pathlib import Path

from tests.support.course_facts import index_of, read
from worker.engines.static.pages import exceptions


def test_an_exception_is_found_by_its_name_or_through_its_module(
    tmp_path: Path,
) -> None:
    tree = {
        "errors.py": "class SentTwice(Exception):\n    pass\n",
        "wire.py": (
            "from errors import SentTwice\n\n\n"
            "def send(x):\n    if x:\n        raise SentTwice\n"
        ),
    }
    facts = read(tmp_path, tree)
    error = facts.definitions[index_of(facts, "SentTwice")]
    function = facts.definitions[index_of(facts, "send")]
    assert exceptions.raised(facts, function, "SentTwice") == error
    assert exceptions.raised(facts, function, "errors.SentTwice") == error
    assert exceptions.raised(facts, function, "KeyError") is None


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
