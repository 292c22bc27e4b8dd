"""Markdown in which quoted text stays text, as a reader of CommonMark sees it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.support.course import Page
from worker.engines.static.pages import markdown

NASTY = st.text(
    st.sampled_from(
        list(
            "ab \t\n`*_[]()<>|~$&#;!\\-+=.:0123456789'\"/{}%@^\u202e\x00\u200d\ufe0f\u00ad"
        )
    )
)
TEXTS = st.one_of(
    NASTY, st.text(), st.lists(NASTY, max_size=4).map("http://x.y ".join)
)


def inline(block: str) -> list[Token]:
    """Return the inline tokens of what must be a single paragraph."""
    blocks = MarkdownIt("commonmark").enable("table").parse(block)
    assert [token.type for token in blocks] in (
        [],
        ["paragraph_open", "inline", "paragraph_close"],
    )
    return [child for token in blocks for child in token.children or ()]


def text_of(block: str) -> str:
    """Return the text of a paragraph, code included."""
    return "".join(token.content for token in inline(block))


def shown(raw: str) -> str:
    return markdown.visible(" ".join(raw.split()))


@given(TEXTS)
def test_quoted_text_is_read_as_the_original(raw: str) -> None:
    block = markdown.text(raw)
    assert {token.type for token in inline(block)} <= {
        "text",
        "code_inline",
        "text_special",
    }
    assert "".join(text_of(block).split()) == "".join(shown(raw).split())


@given(TEXTS)
def test_prose_has_nothing_but_text_and_code(raw: str) -> None:
    block = markdown.prose(raw)
    assert {token.type for token in inline(block)} <= {
        "text",
        "code_inline",
        "text_special",
    }


@given(TEXTS)
def test_code_is_read_as_what_it_was(raw: str) -> None:
    tokens = inline(f"x {markdown.code(raw)} x")
    if not markdown.visible(" ".join(raw.split("\n"))).strip(" "):
        assert tokens[0].content == "x (nothing) x"
    else:
        assert [token.type for token in tokens] == [
            "text",
            "code_inline",
            "text",
        ]
        assert tokens[1].content == markdown.visible(" ".join(raw.split("\n")))


@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_a_fence_contains_its_lines_and_nothing_ends_it(
    lines: list[str],
) -> None:
    block = f"before\n\n{markdown.fence(lines, 'python')}\n\nafter"
    tokens = MarkdownIt("commonmark").parse(block)
    fences = [token for token in tokens if token.type == "fence"]
    assert [token.info for token in fences] == ["python"]
    assert fences[0].content == "".join(
        f"{markdown.cut(markdown.visible(line.replace(chr(10), ' ')))}\n"
        for line in lines
    )
    assert tokens[-2].content == "after"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("plain words", "plain words"),
        ("# no heading", r"\# no heading"),
        ("1. no list", r"1\. no list"),
        ("- no list", r"\- no list"),
        ("a_b and _c_", r"a_b and \_c\_"),
        ("see https://evil.example/x", "see `https://evil.example/x`"),
        ("(see https://evil.example/x).", "(see `https://evil.example/x`)."),
        ("write to me@evil.example", "write to `me@evil.example`"),
        ("a | b", "a &#124; b"),
        ("turn \u202e around", "turn ⟨U+202E⟩ around"),
        ("&lt; & co", r"\&lt; & co"),
    ],
)
def test_text_is_escaped_where_it_must_be_and_only_there(
    raw: str, expected: str
) -> None:
    assert markdown.text(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("takes `a|b` and *more*", r"takes `a|b` and \*more\*"),
        ("an `unclosed tick", r"an \`unclosed tick"),
        ("like `src/x.py:12`", "like src/x.py:12"),
        ("", ""),
    ],
)
def test_prose_keeps_code_but_for_places(raw: str, expected: str) -> None:
    assert markdown.prose(raw) == expected


def test_a_place_names_its_lines() -> None:
    assert markdown.place("a b.py", (3, 3), (5, 9)) == "`a b.py:3,5-9`"
    assert markdown.place("a.py") == "`a.py`"


def test_a_long_line_is_cut_and_says_so() -> None:
    assert markdown.cut("x" * 50, 10) == "xxxxxxxxxx …[40 more characters]"


def test_a_line_that_is_slightly_too_long_is_not_cut() -> None:
    assert markdown.cut("x" * 12, 10) == "x" * 12


def test_blocks_that_are_empty_leave_no_gap() -> None:
    assert markdown.document("a", "", "b") == "a\n\nb"


def test_an_answer_is_folded_away_and_its_markdown_still_read() -> None:
    page = Page(
        "x.md", markdown.answer("It is `x`.", markdown.fence(["y"], "text"))
    )
    assert page.contents("code_inline") == ["x"]
    assert page.contents("fence") == ["y\n"]
    assert page.contents("html_block") == [
        "<details>\n<summary>Answer</summary>\n",
        "</details>",
    ]
