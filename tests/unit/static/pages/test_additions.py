"""What a second look adds to a chapter."""

from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, read
from tests.support.samples import PYTHON
from worker.engines.static.pages import additions, chapters
from worker.engines.static.pages.course import CourseFacts

OF = "of itself in a comment"


@pytest.fixture
def facts(tmp_path: Path) -> CourseFacts:
    return read(tmp_path, PYTHON)


def test_words_of_other_chapters_are_explained_with_a_link(
    facts: CourseFacts,
) -> None:
    chapter = chapter_of(facts, "Store")
    rows = additions.words(facts, chapter, chapters.written(facts, chapter))
    said = {word: (meaning, where) for word, meaning, where in rows}
    assert said["`EmptyError`"][0] == "There is nothing left."
    assert said["`EmptyError`"][1].startswith("`shop/stock.py:31`; [Chapter ")
    assert "`Store`" not in said


def test_a_word_that_the_page_does_not_have_is_not_explained(
    facts: CourseFacts,
) -> None:
    assert (
        additions.words(facts, chapter_of(facts, "Store"), "Nothing here.")
        == []
    )


def test_a_page_without_links_is_given_those_that_its_code_suggests(
    facts: CourseFacts,
) -> None:
    chapter, stock = chapter_of(facts, "Store"), chapter_of(facts, "Stock")
    found = additions.missing_links(facts, chapter, "No links.")
    assert any(
        f"({stock.file})" in one and "`shop/store.py:" in one for one in found
    )
    page = f"[x]({stock.file}) and more"
    assert not any(
        f"({stock.file})" in one
        for one in additions.missing_links(facts, chapter, page)
    )


def test_what_a_page_does_not_name_is_named(facts: CourseFacts) -> None:
    found = additions.passed_over(
        facts, chapter_of(facts, "Stock"), "Only `Stock` and `Cellar` and take."
    )
    assert found[0].startswith("Two public parts are not mentioned above: ")
    assert found[0].endswith(
        ": `EmptyError` (`shop/stock.py:31`) and `Stock.add` (`shop/stock.py:16`)."
    )


@pytest.mark.parametrize(
    ("docs", "expected"),
    [
        (
            (True, True, False),
            f"Of three public parts, one says nothing {OF}: `c` (`a.py:9`).",
        ),
        (
            (True, False, False),
            f"Of three public parts, only one says something {OF}: `a` (`a.py:1`).",
        ),
        ((True, True, True), ""),
        ((False, False, False), ""),
    ],
)
def test_what_says_nothing_of_itself_is_named(
    tmp_path: Path, docs: tuple[bool, ...], expected: str
) -> None:
    code = "\n".join(
        f'def {name}(x):\n    """Do {name}."""\n    return {name}\n'
        if doc
        else f"def {name}(x):\n    y = x\n    return {name}\n"
        for name, doc in zip("abc", docs, strict=True)
    )
    facts = read(tmp_path, {"a.py": code})
    assert (
        "".join(additions.passed_over(facts, facts.chapters[0], "a b c"))
        == expected
    )
