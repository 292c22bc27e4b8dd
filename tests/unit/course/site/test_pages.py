"""The HTML pages of a course's Markdown, and the files beside them."""

import json
import re
from html import unescape
from posixpath import dirname, join, normpath
from urllib.parse import unquote

import pytest

from tests.support.course_pages import (
    CHAPTER,
    PAGE,
    Elements,
    article,
    course,
)
from worker.course.site.build import build
from worker.course.site.code import LANGUAGES, highlighted
from worker.course.site.seal import is_whole, sealed


def hrefs(html: str) -> list[str]:
    return [link["href"] for link in Elements(html).named("a")]


def test_a_course_becomes_a_readme_an_index_and_a_page_for_each_chapter_and_tutorial() -> (
    None
):
    files = course("# Signer", "# Part 2")
    files["tutorials/tutorial_1_signer.md"] = b"# Try it"
    assert sorted(build(files, "project")) == [
        "README.md",
        "index.html",
        "pages/chapter_1_signer.html",
        "pages/chapter_2_part_2.html",
        "pages/course.css",
        "pages/course.js",
        "pages/search_index.js",
        "pages/tutorial_1_signer.html",
    ]


def test_a_course_without_a_page_to_read_gets_nothing() -> None:
    assert build(course(), "project") == {}


def test_pages_are_made_of_what_is_finished_so_far() -> None:
    files = {"chapters/chapter_2_signer.md": b"# Chapter 2: The signer"}
    files["chapters/chapter_1_key.md"] = b"No heading"
    site = build(files, "project")
    contents = site["index.html"].decode().split('<nav class="contents"')[1]
    links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', contents)
    assert links == [
        ("pages/chapter_1_key.html", "Chapter 1"),
        ("pages/chapter_2_signer.html", "The signer"),
    ]


def test_the_same_course_gives_the_same_bytes() -> None:
    files = course("# Signer\n```python\nx = 1\n```", "# Part 2")
    backward = dict(reversed(files.items()))
    assert build(files, "project") == build(backward, "project")


def test_a_chapter_is_read_in_its_reviewed_form_where_there_is_one() -> None:
    files = course("# Reviewed", "# Two")
    files["chapters/chapter_1_signer.md"] = b"# Draft"
    files["chapters/chapter_2_part_2.md"] = files.pop(
        "reviewed-chapters/chapter_2_part_2.md"
    )
    pages = build(files, "project")
    assert b'<h1 id="reviewed">Reviewed</h1>' in pages[PAGE]
    assert b'<h1 id="two">Two</h1>' in pages["pages/chapter_2_part_2.html"]


def test_a_name_that_fills_a_file_name_fits_with_its_new_suffix_too() -> None:
    files = course("# Signer")
    files[f"chapters/chapter_2_{'x' * 240}.md"] = b"# Long"
    names = [path.rpartition("/")[2] for path in build(files, "project")]
    assert max(len(name) for name in names) == 255


def test_every_link_of_every_page_leads_to_an_existing_file() -> None:
    text = "# A\n\n[b](chapter_2_part_2.md#its-shape) [c](../step3_order.yaml) [d](none.md)"
    files = course(text, "# B\n\n## Its shape\n\n[a](./chapter_1_signer.md)")
    files["tutorials/tutorial_1_signer.md"] = (
        b"# T\n\n[x](../chapters/chapter_1_signer.md)"
    )
    written = files | build(files, "project")
    for path, body in written.items():
        if not path.endswith(".html"):
            continue
        for href in hrefs(body.decode()):
            place, _, anchor = href.partition("#")
            target = normpath(join(dirname(path), place)) if place else path
            assert target in written, (path, href)
            if anchor:
                assert f'id="{unquote(anchor)}"' in written[target].decode()


@pytest.mark.parametrize(
    ("link", "leads_to"),
    [
        ("chapter_2_part_2.md", "chapter_2_part_2.html"),
        ("chapter_2_part_2.md#its-shape", "chapter_2_part_2.html#its-shape"),
        ("chapter_2_part_2.md#nowhere", "chapter_2_part_2.html"),
        ("../chapters/chapter_2_part_2.md", "chapter_2_part_2.html"),
        ("./../reviewed-chapters/chapter_2_part_2.md", "chapter_2_part_2.html"),
        ("chapter%5F2_part_2.md", "chapter_2_part_2.html"),
        ("#größe-1", "#gr%C3%B6%C3%9Fe-1"),
        ("../step1_abstractions.yaml", "../step1_abstractions.yaml"),
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("#nowhere", None),
        ("src/signer.py", None),
        ("<a b.md>", None),
        ("a#b%23c%25.md", None),
        ("../../../../etc/passwd", None),
        ("//evil.example", None),
        ("http://example.org", None),
        ("mailto:a@example.org", None),
        ("javascript:alert(1)", None),
        ("https://[", None),
    ],
)
def test_a_link_leads_into_the_course_or_over_https_or_is_text(
    link: str, leads_to: str | None
) -> None:
    source = f"# Signer\n\n## Größe\n\n## Größe\n\n[the text]({link})"
    page = build(course(source, "# B\n\n## Its shape"), "project")[PAGE]
    html = page.decode().split("<article>")[1].split("</article>")[0]
    assert hrefs(html) == ([] if leads_to is None else [leads_to])
    assert "the text" in html


def test_a_fold_and_its_summary_get_through() -> None:
    html = article(
        "<details>\n<summary>Show `x`</summary>\n\nIt is *one*.\n\n"
        "```python\n1\n```\n\n</details>\n"
    )
    assert "<summary>Show <code>x</code></summary>" in html.replace("\n", "")
    assert "<p>It is <em>one</em>.</p>" in html
    assert html.count("</details>") == 1


def test_attributes_of_a_fold_are_dropped() -> None:
    html = article(
        '<details class="summary" onclick="x()"><summary id=y>S</summary>T</details>'
    )
    assert "".join(html.split()) == (
        "<details><summary>S</summary><p>T</p></details>"
    )


def test_a_fold_that_is_not_closed_ends_with_its_container() -> None:
    html = article("- <details>\n\n  inside\n\noutside\n\n</details>")
    assert (
        html.index("</details>") < html.index("</li>") < html.index("outside")
    )


def test_a_break_in_a_table_is_a_break() -> None:
    assert "one<br />" in article("| a |\n| - |\n| one<br>two |")


def test_other_html_is_shown_as_text() -> None:
    assert "&lt;b&gt;bold&lt;/b&gt;" in article("<b>bold</b>")


def test_code_is_coloured_where_its_language_is_known() -> None:
    html = article("```python\ndef f():\n    return '<'  # why\n```")
    assert '<span class="k">def</span> <span class="f">f</span>' in html
    assert "<span class=\"s\">'&lt;'</span>" in html
    assert "<span" not in article("```klingon\ndef f(): pass\n```")


@pytest.mark.parametrize("language", ["python", "js", "go", "html", "text", ""])
def test_code_is_shown_unchanged(language: str) -> None:
    code = "\n\tx = {'<a>': \"&amp;\"}  # é ⋯\n\n  @y\n"
    html = article(f"```{language}\n{code}```")
    shown = html.split("<code>")[1].split("</code>")[0]
    assert unescape(re.sub("<[^>]+>", "", shown)) == code


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_that_is_coloured_is_known(language: str) -> None:
    for code in ("a < b", "$ a\n\n  b\n", "\n\n", "'", "<?php x"):
        html = highlighted(code, language)
        assert unescape(re.sub("</?span[^>]*>", "", html)) == code


def test_a_diagram_is_drawn_and_one_of_another_kind_is_shown_as_text() -> None:
    assert "<svg" in article("```mermaid\ngraph TD\nA --> B\n```")
    html = article("```mermaid\ngantt\n  title <x>\n```")
    assert (
        "This diagram is shown as text, because `gantt` is not a kind of diagram"
        in html
    )
    assert "<code>gantt\n  title &lt;x&gt;\n</code>" in html


def test_alignment_is_a_class_and_no_style() -> None:
    html = article("| a | b |\n| :-: | --: |\n| 1 | 2 |")
    assert '<td class="center">1</td>' in html
    assert '<td class="right">2</td>' in html


def test_front_matter_is_not_shown() -> None:
    assert article("---\ntitle: x\n---\n\nText").strip() == "<p>Text</p>"


def test_the_contents_mark_the_page_and_show_its_sections() -> None:
    page = build(course("# Signer\n\n## One\n\n### Inner", "# B"), "project")[
        PAGE
    ]
    contents = page.decode().split('<nav class="contents"')[1]
    assert (
        'href="chapter_1_signer.html" aria-current="page">Signer</a>'
        in contents
    )
    assert '<a href="#one">One</a>' in contents
    assert "Inner" not in contents


def test_previous_and_next_lead_through_chapters_and_then_tutorials() -> None:
    files = course("# Signer", "# Part 2")
    files["tutorials/tutorial_1_signer.md"] = b"# Tutorial 1: Try it"
    pages = build(files, "project")
    links = {
        path: re.findall(r'<a rel="(\w+)" href="([^"]+)"', body.decode())
        for path, body in pages.items()
        if path.startswith("pages/") and path.endswith(".html")
    }
    assert links == {
        "pages/chapter_1_signer.html": [("next", "chapter_2_part_2.html")],
        "pages/chapter_2_part_2.html": [
            ("prev", "chapter_1_signer.html"),
            ("next", "tutorial_1_signer.html"),
        ],
        "pages/tutorial_1_signer.html": [("prev", "chapter_2_part_2.html")],
    }


def test_tutorials_without_commands_need_no_terminal() -> None:
    files = course("# Signer")
    files["tutorials/tutorial_1_signer.md"] = b"# Tutorial 1: Try it"
    readme = build(files, "project")["README.md"].decode()
    assert "The tutorials need a clone of the project." in readme
    assert "terminal" not in readme


def test_a_readme_says_what_the_project_is_and_lists_the_pages_in_their_order() -> (
    None
):
    files = course("# Chapter 1: Signer [x](y)", "# Part 2")
    second = "reviewed-chapters/chapter_2_part_2.md"
    tutorial = "tutorials/tutorial_2_part_2.md"
    files[tutorial] = b"# Tutorial 2: Try `it`\n\nRun `make`."
    lines = build(files, "my_project")["README.md"].decode().splitlines()
    assert lines[0] == r"# my\_project"
    assert "It signs *values*." in lines
    assert lines[4] == (
        "Reading the chapters takes about 2 min. "
        "The tutorials need a terminal and a clone of the project."
    )
    assert lines[8:-1] == [
        "## Chapters",
        "",
        rf"1. [Signer x]({CHAPTER}) (1 min): `Signer` signs.",
        f"2. [Part 2]({second}) (1 min, [tutorial]({tutorial})): `Part 2` signs.",
    ]


def test_a_course_says_who_sets_the_project_up_and_what_its_marks_mean() -> (
    None
):
    source = (
        "# Signer\n\n✎ Example:\n\n```python\npass\n```\n" + "word " * 13_000
    )
    files = course(source)
    tutorial = "tutorials/tutorial_1_signer.md"
    files[tutorial] = b"# Try it\n\n```bash\npip install .\n```\n"
    pages = build(files, "project")
    readme = pages["README.md"].decode()
    assert "takes about 1 h 5 min." in readme
    assert (
        f"; [the first one]({tutorial}) sets it up. Code marked with ✎"
        in readme
    )
    index = pages["index.html"].decode()
    assert '<a href="pages/tutorial_1_signer.html">the first one</a>' in index
    assert '<span class="time">65 min</span>' in index


def test_a_link_to_the_readme_leads_to_the_index() -> None:
    files = course("# Signer")
    files["tutorials/tutorial_1_signer.md"] = b"Next: [Home](../README.md)."
    html = build(files, "repo")["pages/tutorial_1_signer.html"].decode()
    assert '<a href="../index.html">Home</a>' in html


def test_a_course_has_the_name_that_its_first_tutorial_notes() -> None:
    files = course("# Signer")
    path = "tutorials/tutorial_1_signer.md"
    for last, title in (
        ("[project]: # (It's Dangerous)", "It's Dangerous"),
        ("[project]: # (It's Dangerous)\n\nNext.", "repo"),
    ):
        files[path] = f"# Try it\n\n{last}\n".encode()
        pages = build(files, "repo")
        assert pages["README.md"].decode().startswith(f"# {title}\n")
        html = pages["pages/tutorial_1_signer.html"].decode()
        assert "[project]" not in html


def test_the_index_shows_how_the_parts_are_related() -> None:
    files = course("# Signer", "# Part 2")
    files["step2_relationships.yaml"] = (
        b"summary: x\nrelationships:\n"
        b"- {from_abstraction: 0, to_abstraction: 1, label: <calls>, evidence: ''}\n"
    )
    pages = build(files, "project")
    assert "Signer, &lt;calls&gt;, Part 2" in pages["index.html"].decode()
    assert (
        "\n\n## How the parts are related\n\n```mermaid\nflowchart TD\n"
        '  n0["Signer"]\n  n1["Part 2"]\n  n0 -->|"#60;calls#62;"| n1\n```\n'
        in pages["README.md"].decode()
    )


def test_the_search_index_contains_each_sections_heading_and_words() -> None:
    source = "# Signer\n\nSigns `want_bytes`.\n\n## Keys\n\n```python\nsecret_key = 1\n```"
    script = build(course(source), "project")["pages/search_index.js"].decode()
    rows = json.loads(script.partition(" = ")[2].partition(";\n")[0])
    assert rows == [
        [
            "chapter_1_signer.html",
            "Signer",
            "signer",
            "Signer",
            "signer signs want_bytes",
        ],
        ["chapter_1_signer.html", "Signer", "keys", "Keys", "keys secret_key"],
    ]


@pytest.mark.parametrize("path", ["a.md", "a.html", "a.css", "a.js"])
def test_a_seal_is_broken_by_any_change(path: str) -> None:
    content = sealed(path, "text\n")
    assert is_whole(content)
    for changed in (
        b"x" + content,
        content + b"x",
        content.replace(b"t", b"T", 1),
        b"",
    ):
        assert not is_whole(changed)


def test_the_index_draws_a_dozen_relationships_and_every_chapter() -> None:
    files = course(*["# Part"] * 9)
    rows = [
        f"- {{from_abstraction: {source}, to_abstraction: {target}, "
        f"label: calls {source} {target}, evidence: ''}}\n"
        for source in range(5)
        for target in range(4, 9)
        if source != target
    ]
    text = "summary: x\nrelationships:\n" + "".join(rows)
    files["step2_relationships.yaml"] = text.encode()
    index = build(files, "project")["index.html"].decode()
    drawn = set(re.findall(r"calls \d \d", index))
    assert len(drawn) == 12
    assert set(re.findall(r"\d", " ".join(drawn))) == set("012345678")


def test_a_description_does_not_repeat_the_name_above_it() -> None:
    files = course("# Signer")
    described = files["step1_abstractions.yaml"].replace(b"` sig", b"`: Sig")
    files["step1_abstractions.yaml"] = described
    pages = build(files, "project")
    assert pages["README.md"].decode().count("(1 min): Signs.\n") == 1
    assert "<p>Signs.</p>" in pages["index.html"].decode()


def test_the_index_leaves_out_the_parts_of_every_chapter() -> None:
    files = course("# Signer")
    files["step1_abstractions.yaml"] = files["step1_abstractions.yaml"].replace(
        b"signs.", b"signs. (`Signer`, `Key and Salt`)"
    )
    index = build(files, "project")["index.html"].decode()
    assert "signs." in index
    assert "Key and Salt" not in index
