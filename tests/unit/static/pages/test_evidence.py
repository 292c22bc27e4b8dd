"""Who uses what a chapter is about: lines, tests, examples and documents that show it."""

from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, index_of, read
from tests.support.samples import JAVASCRIPT, PYTHON
from worker.engines.static.facts import Role
from worker.engines.static.pages import evidence

JEST = """\
const { Store } = require('../lib/store');

describe('Store', () => {
  it('sells what it has', () => {
    const store = new Store();
    expect(store.sell('apple')).toBe(5);
  });

  it('is long', () => {
%s
    new Store();
  });
});
"""
GO_TEST = """\
package shop

import "testing"

func TestStoreSells(t *testing.T) {
	store := NewStore()
	store.Sell("apple")
}
"""


def test_places_that_use_it_are_found_in_as_many_files_as_there_are(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, PYTHON)
    found = evidence.sites(facts, chapter_of(facts, "Stock"), 9)
    assert [(site.path, site.line, site.code) for site in found] == [
        ("shop/store.py", 27, "stock = Stock(limit=100)"),
        ("shop/store.py", 11, "self.stock = stock or Cellar()"),
        ("shop/store.py", 18, "except EmptyError:"),
    ]
    assert evidence.using_files(facts, chapter_of(facts, "Stock")) == [
        "shop/store.py"
    ]


def test_the_test_that_shows_it_best_is_shown(tmp_path: Path) -> None:
    facts = read(tmp_path, PYTHON)
    shown = evidence.shown_by_test(facts, chapter_of(facts, "Store"))
    assert shown is not None
    assert (shown.name, shown.path, shown.first, shown.last) == (
        "test_store_sells_what_it_has",
        "tests/test_store.py",
        4,
        7,
    )


def test_tests_of_callbacks_are_known_by_their_words(tmp_path: Path) -> None:
    files = {
        **JAVASCRIPT,
        "test/store.test.js": JEST % "\n".join(["    x();"] * 40),
    }
    facts = read(tmp_path, files)
    shown = evidence.shown_by_test(facts, chapter_of(facts, "Store"))
    assert shown is not None
    assert (shown.name, shown.first, shown.last) == ("sells what it has", 4, 7)


def test_a_chapter_that_no_test_names_has_none(tmp_path: Path) -> None:
    facts = read(tmp_path, PYTHON)
    assert evidence.shown_by_test(facts, chapter_of(facts, "rounded")) is None


def test_documents_are_shown_by_the_line_that_shows_code(
    tmp_path: Path,
) -> None:
    guide = "# Guide\n\nA Store is nice.\n\nCall `Store()` first.\n"
    files = {
        **PYTHON,
        "docs/guide.md": guide,
        "CHANGELOG.md": "Added `Store()`.\n",
    }
    facts = read(tmp_path, files)
    found = evidence.mentions(
        facts, chapter_of(facts, "Store"), Role.DOCUMENT, 5
    )
    assert ("docs/guide.md", 5, "Call `Store()` first.") in [
        (site.path, site.line, site.code) for site in found
    ]
    assert "CHANGELOG.md" not in [site.path for site in found]


def test_examples_are_told_from_documents(tmp_path: Path) -> None:
    files = {
        **PYTHON,
        "examples/sell.py": "from shop import Store\n\nStore().sell('apple')\n",
    }
    facts = read(tmp_path, files)
    found = evidence.mentions(
        facts, chapter_of(facts, "Store"), Role.EXAMPLE, 5
    )
    assert [(site.path, site.line) for site in found] == [
        ("examples/sell.py", 3)
    ]


@pytest.mark.parametrize(
    ("line", "shows"),
    [
        ("    x = helper(1)", True),
        ("    x = map(helper, y)", True),
        ("    # helper(1) is called", False),
        ('    x = "helper(1)"', False),
        ("    helper = 3", False),
    ],
)
def test_only_a_line_that_uses_a_function_shows_it(
    tmp_path: Path,
    line: str,
    shows: bool,  # noqa: FBT001
) -> None:
    facts = read(
        tmp_path,
        {
            "a.py": f"def helper(x):\n    return x\n\n\ndef user(y):\n{line}\n    return helper\n"
        },
    )
    reference = facts.into[index_of(facts, "helper")][0]
    site = evidence.use(facts, reference)
    assert site is not None
    assert (site.line == 6) is shows


def test_long_lines_are_cut_where_they_are_quoted(tmp_path: Path) -> None:
    facts = read(tmp_path, {"a.py": f"x = {'1 + ' * 100}1\n"})
    said = evidence.quoted(facts, "a.py", 1)
    assert len(said) == evidence.MAX_SAID
    assert said.endswith("…")
    assert evidence.quoted(facts, "a.py", 99) == ""
    assert evidence.quoted(facts, "none.py", 1) == ""
