"""What a review finds when it holds a page against the source."""

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
        f"{one.sort} {one.what}: {one.fault}"
        for one in checked(facts, page, ["chapter_1_x.md"])
        if one.fault
    ]


GOOD = '`shop/prices.py:7-8`\n\n```python\n    """Return the price of a thing."""\n    if name not in PRICES:\n```\n'


def test_what_agrees_is_counted_and_not_faulted(facts: CourseFacts) -> None:
    page = f"{GOOD}\n- Line 8 branches on `name not in PRICES`.\n\nSee [x](chapter_1_x.md)."
    found = checked(facts, page, ["chapter_1_x.md"])
    assert [one.sort for one in found] == [
        ClaimKind.PLACE,
        ClaimKind.EXCERPT,
        ClaimKind.REMARK,
        ClaimKind.LINK,
    ]
    assert not [one for one in found if one.fault]


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
            f"{GOOD}\n- Line 8 calls `rounded`.",
            "remark `shop/prices.py:8`: `rounded` is not there",
        ),
        (
            "```mermaid\nflowchart LR\n  n0[x]\n```",
            "diagram a diagram: its line 'n0[x]' does not fit",
        ),
        (
            "See [x](chapter_2_y.md).",
            "link `chapter_2_y.md`: this page does not exist",
        ),
    ],
)
def test_what_does_not_agree_is_found(
    facts: CourseFacts, page: str, fault: str
) -> None:
    assert any(one.startswith(fault) for one in faults(facts, page))


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
def test_what_only_looks_like_a_reference_is_none(
    facts: CourseFacts, page: str
) -> None:
    assert faults(facts, page) == []


def test_a_condition_may_stand_above_the_line_of_its_remark(
    facts: CourseFacts,
) -> None:
    assert (
        faults(
            facts,
            f"{GOOD}\n- Line 9 raises the caught error again, if `name not in PRICES`.",
        )
        == []
    )
    assert faults(facts, f"{GOOD}\n- Line 9 raises `name not in PRICES`.") != []


def test_spans_are_read_as_commonmark_does() -> None:
    assert spans("a `b` c ``d`e`` and `` ` `` and ` x `") == [
        "b",
        "d`e",
        "`",
        "x",
    ]


def test_a_block_of_code_is_one_block_whatever_stands_in_it() -> None:
    fenced = "````python\n```\nx\n````"
    found = [one for one in blocks(f"a\n\n{fenced}\nb") if one.line]
    assert [(one.line, one.tag) for one in found] == [
        ("a", None),
        (fenced, "python"),
        ("b", None),
    ]
    assert found[1].before == "a"


def test_links_in_code_are_none() -> None:
    assert links("[a](b.md) `[c](d.md)`\n\n```text\n[e](f.md)\n```\n") == [
        "b.md"
    ]
