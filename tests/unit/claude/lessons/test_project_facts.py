"""The facts that all prompts of a stage share: the README's lines, the files, the outline."""

from pathlib import Path

import pytest

from tests.support.course_facts import read
from worker.engines.claude import listing, outline
from worker.engines.claude.readme import chosen_lines
from worker.engines.claude.shown import Shown
from worker.engines.static.pages.course import CourseFacts
from worker.engines.static.reading.documents import headings
from worker.engines.static.reading.language import Language

MARKDOWN = """\
<!-- A licence
     of many lines. -->
[![build](https://ci.example/a.svg)](https://ci.example) ![cov][c]

# Bread

Bread keeps loaves.

[c]: https://cov.example/b.svg
- [Usage](#usage)

## Sponsors

Thanks to Mill.

### Gold

Oven Ltd.

## Usage

```python
![not](an image)
import bread
```

https://bread.example/video

## License

MIT
"""
RST = """\
|build| |wheel|

.. |build| image:: https://ci.example/a.svg
    :target: https://ci.example

Donations
=========

Give us flour.

What is Bread?
==============

Bread keeps loaves, see Mill_.

.. _Mill: https://mill.example
.. _`First steps`:
    https://mill.example/first
"""


def shown_lines(text: str, language: Language) -> list[str]:
    lines = text.removesuffix("\n").split("\n")
    numbers = chosen_lines(lines, headings(language, text))
    return [lines[number - 1] for number in numbers if lines[number - 1]]


def test_a_readme_is_shown_without_badges_sponsors_and_addresses() -> None:
    assert shown_lines(MARKDOWN, Language.MARKDOWN) == [
        "# Bread",
        "Bread keeps loaves.",
        "## Usage",
        "```python",
        "![not](an image)",
        "import bread",
        "```",
    ]
    assert shown_lines(RST, Language.RST) == [
        "What is Bread?",
        "==============",
        "Bread keeps loaves, see Mill_.",
    ]


def test_the_project_and_its_use_are_explained_before_lists() -> None:
    bundle = "- `bread[rye]`: for rye.\n" * 900
    text = f"# Bread\n\nBread.\n\n## Bundles\n\n{bundle}\n## Usage\n\nBake.\n"
    lines = shown_lines(text, Language.MARKDOWN)
    assert {"Bread.", "## Bundles", "## Usage", "Bake."} <= set(lines)
    assert 20 < len(lines) < 100


def facts(tree: Path, files: dict[str, str]) -> CourseFacts:
    return read(tree, {"README.md": "# Bread\n\nBread is a shop.\n", **files})


SHOP = {
    "bread/shop.py": '"""Sells loaves."""\n\n'
    "import logging\n\n"
    "logger = logging.getLogger(__name__)\n"
    "_LIMIT = 3\n"
    "SHELVES = 4\n\n\n"
    "class Shop:\n"
    '    """A shop."""\n\n'
    "    def __init__(self, name):\n"
    "        self.name = name\n\n"
    "    def aside(self):\n"
    "        return 1\n\n"
    "    def sell_loaf(self, loaf, *, price=SHELVES):\n"
    '        """Sell a loaf."""\n'
    "        return _LIMIT\n\n"
    "    @property\n"
    "    def till(self):\n"
    "        return 0\n\n"
    "    def _count(self):\n"
    "        return 0\n",
    "bread/use.py": "from bread.shop import SHELVES, Shop\n\n\n"
    "def run():\n"
    "    shop = Shop('a')\n"
    "    return shop.sell_loaf(SHELVES)\n",
    "bread/again.py": "from bread.shop import Shop\n\n\n"
    "def walk():\n"
    "    shop = Shop('b')\n"
    "    return shop.sell_loaf(1)\n",
    **{
        f"bread/way{number}.py": f"def way{number}():\n    return {number}\n"
        for number in range(7)
    },
}


def test_an_outline_has_methods_and_no_loggers(tmp_path: Path) -> None:
    rows = outline.definitions(facts(tmp_path, SHOP)).split("\n")
    about = [row for row in rows if not row.startswith(("<<<", " "))]
    assert "bread/shop.py  # Sells loaves." in about
    text = "\n".join(rows)
    assert "logger" not in text
    assert "_LIMIT" not in text
    assert "_count" not in text
    assert "    13-14 def __init__(name)" in rows
    assert (
        "    19-21 def sell_loaf(loaf, *, price=SHELVES)  # Sell a loaf."
        in rows
    )
    assert "    24-25 @property def till()" in rows


def test_methods_that_are_used_come_first(tmp_path: Path) -> None:
    known = facts(tmp_path, SHOP)
    [shop] = [
        definition
        for definition in known.definitions
        if definition.name == "Shop"
    ]
    names = [method.name for method in outline.most_used(known, shop)]
    assert names == ["__init__", "sell_loaf", "aside", "till"]


def test_the_short_outline_has_names_and_parameters(tmp_path: Path) -> None:
    rows = outline.names(facts(tmp_path, SHOP)).split("\n")
    place = rows.index("bread/shop.py")
    assert rows[place + 1 : place + 5] == [
        "  Shop",
        "    __init__(name)",
        "    aside()",
        "    sell_loaf(loaf, price)",
    ]


def test_an_outline_without_room_keeps_what_matters_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outline, "OUTLINE_SHARE", 60)
    text = outline.definitions(facts(tmp_path, SHOP))
    assert "class Shop" in text
    assert "def run" not in text


def test_no_folder_is_missing_from_the_files(tmp_path: Path) -> None:
    many = {
        f"bread/part{part}/{name}{number}.py": "def bake():\n    return 1\n"
        for part in range(30)
        for name in ("dough", "oven")
        for number in range(30)
    }
    tests = {
        f"tests/{kind}/test_{number}.py": "x = 1\n"
        for kind in ("unit", "whole")
        for number in range(40)
    }
    text = listing.files(facts(tmp_path, {**SHOP, **many, **tests}))
    assert len(text) < 2 * listing.SHARE
    for part in range(30):
        assert f"bread/part{part}/ (source, 60 files, 120 lines)" in text
    assert "bread/ (source, 10 files" in text
    assert "tests/ (test, 80 files, 80 lines): unit/ 40, whole/ 40" in text


def test_the_readme_of_a_prompt_can_be_pointed_at(tmp_path: Path) -> None:
    known = facts(tmp_path, SHOP)
    shown = Shown(known)
    assert "    3  Bread is a shop." in outline.readme(known, shown)
