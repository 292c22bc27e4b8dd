"""What names are used for."""

from pathlib import Path

import pytest

from tests.support.course_facts import index_of, read
from worker.engines.static.linking import usage


@pytest.mark.parametrize(
    ("name", "code", "answers"),
    [
        ("a.rs", "pub trait Sell {}\n", (True, True)),
        ("A.java", "interface Sell {}\n", (True, True)),
        ("a.php", "<?php\ntrait Sell {}\n", (False, True)),
        ("a.rb", "module Sell\n  def sell; end\nend\n", (False, True)),
        ("a.py", "class Sell:\n    pass\n", (False, False)),
    ],
)
def test_a_mixin_is_no_interface(
    tmp_path: Path, name: str, code: str, answers: tuple[bool, bool]
) -> None:
    facts = read(tmp_path, {name: code})
    sell = facts.definitions[index_of(facts, "Sell")]
    strict = usage.is_interface(sell)
    wide = usage.is_interface(sell, or_mixin=True)
    assert (strict, wide) == answers
