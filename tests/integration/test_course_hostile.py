"""Courses of hostile repositories: their text never becomes markup, and never stops a course."""

import os
import re
import time
from pathlib import Path
from typing import Final

import pytest

from tests.support import mermaid
from tests.support.course import MadeCourse, make_course, write_tree
from tests.support.samples import PYTHON
from worker.engines.port import EngineFailedError

EVIL: Final = (
    "</details><script>alert(1)</script>",
    "```\n# A heading of theirs\n```",
    "![x](http://evil.example/x.png) [click](javascript:alert(1)) <http://evil.example>",
    "$$\\href{javascript:alert(1)}{x}$$ | a | b |\n|---|---|",
    "\u202eright to left\u202c and \u200binvisible and \U000e0041 a tag",
    "---\ntitle: front matter\n---",
    "````` many `ticks` ``inside`` `",
    "<!-- an open comment, <details>, </summary> <![CDATA[ x",
    (
        "- [ ] a task\n\n1. a list\n\n> a quote\n\n    code\n\n"
        "&lt;b&gt; &#60;i&#62; @everyone #1 :smile:"
    ),
)


WORDS: Final = (
    "Anchor",
    "Beacon",
    "Candle",
    "Dragon",
    "Engine",
    "Feather",
    "Garden",
    "Harbor",
    "Island",
)


def hostile_python() -> dict[str, str]:
    """Return a project whose docstrings, comments and messages are markup."""
    files = {
        f"evil/{name.lower()}.py": f"r'''{evil}'''\n\nfrom evil.main import Base\n\n\n"
        f"class {name}(Base):\n    r'''{evil}'''\n\n    def run(self, text=r'''{evil}'''):\n"
        f"        # {evil.splitlines()[0]}\n        if text == '|':\n"
        f"            raise ValueError(r'''{evil}''')\n"
        f"        return help_{name.lower()}(self, '`|`')\n\n\n"
        f"def help_{name.lower()}(thing, sign):\n"
        f"    r'''{evil}'''\n    return {name}, '</details>'\n"
        for name, evil in zip(WORDS, EVIL, strict=True)
    }
    imports = "\n".join(
        f"from evil.{name.lower()} import {name}, help_{name.lower()}"
        for name in WORDS
    )
    calls = ", ".join(
        f"{name}().run(), help_{name.lower()}(1, 2)" for name in WORDS
    )
    return {
        **files,
        "evil/main.py": (
            f"{imports}\n\n\nclass Base:\n    '''```'''\n\n\ndef main():\n"
            f"    return {calls}\n"
        ),
        "README.md": "---\ntitle: x\n---\n"
        + "\n\n".join(f"# {evil.splitlines()[0]}\n\n{evil}" for evil in EVIL),
    }


def hostile_names() -> dict[str, str]:
    """Return files whose names are markup or not text."""
    names = (
        "a`b`.md",
        "pipe|pipe.md",
        "</details>.md",
        "[x](y).md",
        "$(touch owned).md",
        "-rf.md",
        "line\nbreak.md",
        "tab\tname.md",
        "\u202efdp.md",
        "\udcff\udcfe.md",
        "with  two spaces .md",
        "'quo\"te'.md",
        "#1:2.md",
        "___.md",
        "percent%20.md",
        "ümläut 日本語.md",
    )
    return {
        f"{name[:1]}-folder/{name}": f"# About {name!a}\n\nSome words on it.\n"
        for name in names
    }


@pytest.fixture(scope="module", params=["contents", "names"])
def course(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> MadeCourse:
    files = hostile_python() if request.param == "contents" else hostile_names()
    folder = tmp_path_factory.mktemp("hostile")
    return make_course(write_tree(folder / "source", files), folder / "output")


def test_no_text_of_a_repository_becomes_html_but_for_our_own_folds(
    course: MadeCourse,
) -> None:
    for page in course.pages():
        assert not page.contents("html_inline"), page.path
        assert set(page.contents("html_block")) <= {
            "<details>\n<summary>Answer</summary>\n",
            "</details>\n",
        }, page.path
        opened, closed = (
            page.text.count("\n<details>\n"),
            page.contents("html_block").count("</details>\n"),
        )
        assert opened == closed


def test_no_text_of_a_repository_becomes_a_link_or_an_image(
    course: MadeCourse,
) -> None:
    for page in course.pages():
        assert not [
            link
            for link in page.links
            if not re.fullmatch(r"(?:\.\./reviewed-chapters/)?[\w-]+\.md", link)
        ]
        assert "image" not in {token.type for token in page.tokens}


def test_no_text_of_a_repository_becomes_a_heading(course: MadeCourse) -> None:
    ours = re.compile(
        r"Chapter \d+: .*|Tutorial \d+: .*|Step \d+: .*|Question \d+|Questions"
        r"|Example|The code|How it works|Other parts|What can go wrong|A test"
        r"|Good to know|Connections"
    )
    for page in course.pages():
        others = [
            title
            for level, title in page.headings
            if level != 3 and not ours.fullmatch(title)
        ]
        assert others == []
        assert not page.text.startswith("---")


def test_no_invisible_character_reaches_a_page(course: MadeCourse) -> None:
    hidden = re.compile(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069"
        "\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
    )
    for path, body in course.files.items():
        if path.endswith(".md"):
            assert not hidden.search(body.decode())


def test_every_row_of_a_table_has_as_many_cells_as_its_head(
    course: MadeCourse,
) -> None:
    for page in course.pages():
        lines = page.text.split("\n")
        for token in page.tokens:
            if token.type == "table_open" and token.map:
                bars = {
                    len(re.findall(r"(?<!\\)\|", line))
                    for line in lines[token.map[0] : token.map[1]]
                }
                assert len(bars) == 1


def test_mermaid_reads_diagrams_with_any_names(
    course: MadeCourse,
) -> None:
    diagrams = [diagram for page in course.pages() for diagram in page.diagrams]
    assert mermaid.faults(diagrams) == [None] * len(diagrams)


def test_excerpts_and_places_agree_with_the_source_as_far_as_it_can_be_shown(
    course: MadeCourse,
) -> None:
    for page in course.pages("reviewed-chapters/"):
        assert "> Correction:" not in page.text


def test_links_and_devices_in_the_tree_are_left_alone(tmp_path: Path) -> None:
    source = write_tree(tmp_path / "source", PYTHON)
    (source / "shop" / "passwd.py").symlink_to("/etc/passwd")
    (source / "loop").symlink_to(".")
    os.mkfifo(source / "pipe.py")
    course = make_course(source, tmp_path / "output")
    assert not [
        path
        for path, body in course.files.items()
        if b"passwd" in body or b"loop/" in body or b"pipe.py" in body
    ]


def test_a_repository_without_text_is_refused_for_good(tmp_path: Path) -> None:
    source = write_tree(
        tmp_path / "source", {"picture.png": b"\x89PNG\0\0", "empty.py": ""}
    )
    with pytest.raises(
        EngineFailedError, match="the repository has no text files"
    ) as caught:
        make_course(source, tmp_path / "output")
    assert not caught.value.temporary


@pytest.mark.parametrize("piece", ["`", " ", ". A", "<!--", "[a]("])
def test_texts_that_could_take_quadratic_time_do_not(
    tmp_path: Path, piece: str
) -> None:
    text = piece * (100_000 // len(piece))
    method = f'    """{text}"""\n\n    def run(self):\n        # {text}\n        return self\n'
    code = f'"""{text}"""\n\n\nclass Base:\n{method}'
    source = write_tree(
        tmp_path / "source",
        {
            "a.py": code,
            "b.js": f"/** {text} */\nclass B {{}}\n",
            "README.md": text,
        },
    )
    before = time.process_time()
    assert make_course(source, tmp_path / "output").pages()
    assert time.process_time() - before < 20
