"""The faults that a review finds by comparing a page with the source."""

from pathlib import Path

import pytest

from tests.support.course_facts import read
from tests.support.samples import PYTHON
from worker.engines.static.pages.checker import (
    ClaimKind,
    blocks,
    checked,
    links,
    spans,
)
from worker.engines.static.pages.course import CourseFacts


@pytest.fixture
def facts(tmp_path: Path) -> CourseFacts:
    return read(tmp_path, PYTHON)


def faults(facts: CourseFacts, page: str) -> list[str]:
    return [
        f"{finding.kind} {finding.claim}: {finding.fault}"
        for finding in checked(facts, page, ["chapter_1_x.md"])
        if finding.fault
    ]


GOOD = (
    '`shop/prices.py:7-8`\n\n```python\n    """Return the price of a thing."""\n'
    "    if name not in PRICES:\n```\n"
)


def test_statements_that_agree_are_counted_without_a_fault(
    facts: CourseFacts,
) -> None:
    page = f"{GOOD}\nSee [x](chapter_1_x.md)."
    checked_page = checked(facts, page, ["chapter_1_x.md"])
    assert [finding.kind for finding in checked_page] == [
        ClaimKind.PLACE,
        ClaimKind.EXCERPT,
        ClaimKind.LINK,
    ]
    assert not [finding for finding in checked_page if finding.fault]


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        (
            GOOD.replace("if name not", "if name"),
            "excerpt `shop/prices.py:7-8`: its lines differ from the file",
        ),
        (
            GOOD.replace("7-8`", "6-7`"),
            "excerpt `shop/prices.py:6-7`: its lines differ from the file",
        ),
        (
            GOOD.replace("`shop/prices.py:7-8`", "Look:"),
            "excerpt (nothing): it does not name the file",
        ),
        (
            "See `shop/prices.py:900`.",
            "place `shop/prices.py:900`: these lines do not exist",
        ),
        (
            "See `shop/nowhere.py:9`.",
            "place `shop/nowhere.py:9`: these lines do not exist",
        ),
        (
            "```mermaid\nflowchart LR\n  n0[x]\n```",
            "diagram a diagram: its line 'n0[x]' does not fit",
        ),
        (
            "See [x](chapter_2_y.md).",
            "link `chapter_2_y.md`: this page does not exist",
        ),
        (
            "See [x](chapter_2_y.md#example).",
            "link `chapter_2_y.md#example`: this page does not exist",
        ),
    ],
)
def test_disagreements_with_the_source_are_found(
    facts: CourseFacts, page: str, fault: str
) -> None:
    assert any(
        page_fault.startswith(fault) for page_fault in faults(facts, page)
    )


@pytest.mark.parametrize(
    "page",
    [
        "`localhost:80`",
        "`http://a/b:80`",
        "`x = {1: 2}`",
        "`[x](y.md)`",
        r"\[x](y.md)",
        "- Line 3 calls `x`.",
    ],
)
def test_lookalikes_of_references_do_not_count(
    facts: CourseFacts, page: str
) -> None:
    assert faults(facts, page) == []


def test_a_link_may_lead_to_a_heading_of_a_page(facts: CourseFacts) -> None:
    assert faults(facts, "See [x](chapter_1_x.md#example).") == []


def test_an_example_may_be_shown_without_its_comment_marks_and_indentation(
    tmp_path: Path,
) -> None:
    code = "class Shop:\n    #: Use it so::\n    #:\n    #:     Shop()\n    x = 1\n"
    facts = read(tmp_path, {"shop.py": code})
    shown = "`shop.py:4`\n\n```python\nShop()\n```\n"
    assert faults(facts, shown) == [
        "excerpt `shop.py:4`: its lines differ from the file"
    ]


def test_commands_quote_no_file(facts: CourseFacts) -> None:
    assert faults(facts, "Run:\n\n```bash\npip install .\n```\n") == []


def test_spans_are_read_as_commonmark_does() -> None:
    assert spans("a `b` c ``d`e`` and `` ` `` and ` x `") == [
        "b",
        "d`e",
        "`",
        "x",
    ]


def test_a_block_of_code_is_one_block_whatever_it_contains() -> None:
    fenced = "````python\n```\nx\n````"
    filled = [block for block in blocks(f"a\n\n{fenced}\nb") if block.text]
    assert [(block.text, block.tag) for block in filled] == [
        ("a", None),
        (fenced, "python"),
        ("b", None),
    ]
    assert filled[1].before == "a"


def test_links_in_code_do_not_count() -> None:
    assert links("[a](b.md) `[c](d.md)`\n\n```text\n[e](f.md)\n```\n") == [
        "b.md"
    ]


def test_a_session_may_be_shown_without_the_prompts_that_end_a_statement(
    tmp_path: Path,
) -> None:
    session = ">>> class A:\n...     x = 1\n...\n...     y = 2\n"
    facts = read(
        tmp_path, PYTHON | {"README.md": f"# Shop\n\n```pycon\n{session}```\n"}
    )
    shown = session.replace("...\n", "")
    page = f"From the README, `README.md:4-7`:\n\n```pycon\n{shown}```\n"
    assert faults(facts, page) == []
