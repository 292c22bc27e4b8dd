"""Hostile Markdown from an engine: no script, request or HTML of its own reaches a page."""

import re
import time
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.course_attacks import ATTACKS
from tests.support.course_pages import PAGE, Elements, article, course
from worker.course.site.build import build

TAGS: Final = frozenset(
    """
    h1 h2 h3 h4 h5 h6 p a em strong s code pre span ul ol li blockquote hr br table thead tbody
    tr th td div details summary figure svg desc g text rect path polygon circle
    """.split()  # noqa: SIM905 - a list of forty strings is harder to read
)
ATTRIBUTES: Final = {
    "a": {"href"},
    "circle": {"cx", "cy", "r", "class"},
    "div": {"class", "tabindex"},
    "figure": {"class", "tabindex"},
    "g": {"transform"},
    "ol": {"start"},
    "p": {"class"},
    "path": {"d", "class"},
    "polygon": {"points", "class"},
    "pre": {"tabindex"},
    "rect": {"x", "y", "width", "height", "rx", "class"},
    "span": {"class"},
    "svg": {"role", "class", "aria-label", "width", "height", "viewbox"},
    "td": {"class"},
    "text": {"x", "y", "class"},
    "th": {"class"},
    **{f"h{level}": {"id"} for level in range(1, 7)},
}
LINK: Final = re.compile(
    r"https://[^@]*|#[^:]*|chapter_\d+_\w+\.html(#[^:]*)?|\.\./step\d_\w+\.yaml"
)


def check(html: str) -> None:
    """Fail if a page contains anything that a course's Markdown must not cause."""
    for tag, attributes in Elements(html).elements:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES.get(tag, set())
        if "href" in attributes:
            assert LINK.fullmatch(attributes["href"]), attributes["href"]
    assert not re.search(
        r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", html
    )


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_page_contains_more_than_text_and_its_own_elements(
    attack: str,
) -> None:
    before = time.process_time()
    html = article(f"# Signer\n\n{attack}\n\nThe end.\n")
    assert time.process_time() - before < 20
    check(html)


def test_names_and_summaries_are_text_too() -> None:
    evil = "</title><script>alert(1)</script>"
    files = course("# Signer")
    files = {
        path: body.replace(b"signs", evil.encode())
        for path, body in files.items()
    }
    for path, body in build(files, evil).items():
        if path.endswith(".html"):
            page = Elements(body.decode())
            assert len(page.named("script")) == 2
            assert all(
                set(script) == {"src", "defer"}
                for script in page.named("script")
            )


def test_a_page_allows_only_its_own_scripts_and_styles() -> None:
    page = Elements(build(course("# Signer"), "project")[PAGE].decode())
    [policy] = [
        meta["content"]
        for meta in page.named("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert all("style" not in attributes for _, attributes in page.elements)


PIECES: Final = [
    "<details>",
    "</details>",
    "<summary>",
    "</summary>",
    "<br>",
    "<b>",
    "&lt;",
    "&#0;",
    "https://a.example",
    "javascript:",
    "chapter_1_signer.md#x",
    "#",
    "`",
    "```",
    "~~~",
    "*",
    "_",
    "[",
    "](",
    ")",
    "|",
    "-",
    ">",
    "1.",
    "---",
    "x",
    "é",
    "\\",
    '"',
    "sequenceDiagram",
    "A->>B:",
    "A-->B",
]
SPACES: Final = ["\n", "\n\n", " ", "    ", "\n|-|-|\n", "\n- ", "\n> ", "\x00"]


@settings(max_examples=150)
@given(pieces=st.lists(st.sampled_from(PIECES + SPACES), max_size=40))
def test_no_combination_of_pieces_becomes_markup(pieces: list[str]) -> None:
    check(article("".join(["x", *pieces])))


@settings(max_examples=100)
@given(text=st.text(max_size=80))
def test_any_text_is_a_page(text: str) -> None:
    check(article(f"x{text}"))
