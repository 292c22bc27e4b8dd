"""The summary of a project and the descriptions of its units."""

from pathlib import Path

import pytest

from tests.support.analysed import analysed
from tests.support.samples import PYTHON

CLASS = "class Good:\n    def go(self):\n        return 1\n"
BADGES = "# Shop\n\n[![x](y)](z)\n\nIt sells many things. And more.\n"


def test_the_summary_says_what_the_course_is_about_and_what_was_left_out(
    tmp_path: Path,
) -> None:
    analysis = analysed(
        tmp_path,
        PYTHON | {"vendor/x.py": "x = 1\n", "big.bin": b"x" * 2_000_000},
    )
    assert analysis.summary == (
        "This course is about four parts of `Shop`.\n\n"
        "Left out: one file (too large, for example `big.bin`)."
    )


@pytest.mark.parametrize(
    ("files", "name", "tagline"),
    [
        ({"pyproject.toml": '[project]\nname = "a"\ndescription = "sells a few things"\n'}, "a",
        "Sells a few things."),
        ({"package.json": '{"name": "@x/a", "description": "Sells a few things."}'}, "@x/a",
        "Sells a few things."),
        ({"Cargo.toml": '[package]\nname = "shop"\n'}, "shop", ""),
        ({"pyproject.toml": '[tool.poetry]\nname = "shop"\n'}, "shop", ""),
        ({"go.mod": "module example.com/x/shop/v2\n"}, "shop", ""),
        ({"setup.cfg": "[metadata]\nname = shop\n"}, "shop", ""),
        ({"pom.xml": "<project><name>Shop</name></project>"}, "Shop", ""),
        ({"package.json": "[", "README.md": BADGES}, "Shop", "It sells many things."),
        ({"README.md": "#![Logo](shop.png) Shop #\n\nIt sells many things.\n"}, "Shop",
        "It sells many things."),
        ({"README.md": "Install it with pip.\n\nIt sells many things\n"}, "This repository",
        "It sells many things."),
        ({"package.json": '{"name": 3, "description": ["x"]}'}, "This repository", ""),
        ({}, "This repository", ""),
    ],
)  # fmt: skip
def test_a_project_has_the_name_in_its_manifest_or_readme(
    tmp_path: Path, files: dict[str, str], name: str, tagline: str
) -> None:
    project = analysed(tmp_path, {"a.py": CLASS, **files}).project
    assert (project.name, project.tagline) == (name, tagline)


def test_a_project_without_a_name_is_this_repository(tmp_path: Path) -> None:
    summary = analysed(tmp_path, {"a.py": CLASS}).summary
    assert summary == "This course is about one part of this repository."


README = """\
# Shop

Shop is a store of *many* things. It counts each of them twice a day. See below.

For all who sell: it needs no till, and no one who minds it.

- [home](https://example.org)

## Features

We are proud of them.

- **Fast**: it sells
  at once. It does not wait.
- Counts
- {long}

## Install

    $ pip install pytest
    $ python -m pip install -U shop  # today

```bash
shop --help
```

```python
import till
till.open()
```

```python
>>> import shop
>>> shop.open()
```
"""


def test_the_summary_says_what_the_readme_says_of_features_installation_and_use(
    tmp_path: Path,
) -> None:
    text = README.replace("{long}", "very " * 30)
    files = {"a.py": CLASS, "README.md": text}
    assert analysed(tmp_path, files).summary == (
        "Shop is a store of many things. It counts each of them twice a day."
        "\n\nFeatures:\n\n- Fast: it sells at once.\n- Counts\n\n"
        "Install it with `python -m pip install -U shop`.\n\n"
        "An example from its README:\n\n"
        "```pycon\n>>> import shop\n>>> shop.open()\n```"
    )


def test_a_guide_says_how_a_project_is_installed_if_its_readme_does_not(
    tmp_path: Path,
) -> None:
    files = {
        "a.py": CLASS,
        "README.md": "# Shop\n\nShop is a store of things.\n",
        "docs/api.md": "# API\n\nType `npm install shop`.\n",
        "docs/installation.md": "# Installation\n\nType `gem install shop`.\n",
    }
    assert analysed(tmp_path, files).project.install == "gem install shop"


@pytest.mark.parametrize(
    ("first", "told"),
    [
        ("Sends and counts it.", "`a` sends and counts it."),
        ("Counts.", "`a`: Counts."),
        ("This counts it.", "`a`: This counts it."),
        ("Alias of `b`.", "`a`: Alias of `b`."),
        ("A set of things that count.", "`a` is a set of things that count."),
        ("The shop, which is open.", "`a` is the shop, which is open."),
        ("The base class of it.", "`a` is the base class of it."),
        ("A shop keeps things.", "`a`: A shop keeps things."),
        ("The shop is open.", "`a`: The shop is open."),
        ("Add it.", "`a`: Add it."),
        ("`x.a` counts it.", "`a` counts it."),
    ],
)
def test_parts_of_a_unit_are_described_in_whole_sentences_where_that_is_sure(
    tmp_path: Path, first: str, told: str
) -> None:
    code = f'def a():\n    """{first}"""\n\ndef b():\n    """Does it."""\n'
    units = analysed(tmp_path, {"a.py": code}).units
    assert units[0].description == f"{told} `b` does it."


def test_a_type_is_the_subject_of_a_verb_that_has_an_object(
    tmp_path: Path,
) -> None:
    code = (
        'class A:\n    """Options of it."""\n\n'
        'class B(A):\n    """Keeps the options."""\n'
    )
    units = analysed(tmp_path, {"a.py": code}).units
    assert "`A`: Options of it." in units[0].description


@pytest.mark.parametrize(
    ("files", "description"),
    [
        ({"a.py": 'class A:\n    """A is a letter."""\n'}, "`A` is a letter."),
        (
            {"a.py": 'class Options:\n    """Options are the choices."""\n'},
            "`Options` are the choices.",
        ),
        (
            {
                "a.py": "class A:\n    def x(self): pass\n    def _y(self): pass\n"
            },
            "`A` is a class with `x`.",
        ),
        ({"a.py": "class A:\n    pass\n"}, "`A` is a class."),
        (
            {"a.py": 'class A:\n    """The first."""\n\nclass BigA(A): pass\n'},
            "`A`: The first.",
        ),
        (
            {"a.py": '"""Letters."""\n\ndef a(): pass\n\ndef b(): pass\n'},
            "`a` and `b` are defined together.",
        ),
        (
            {"a.py": "def a(): pass\n\ndef b(): pass\n"},
            "`a` and `b` are defined together.",
        ),
        (
            {"a.py": 'def a():\n    """Does it."""\n\ndef b(): pass\n'},
            "`a` does it.",
        ),
        ({"a.py": 'def a():\n    """Does it."""\n'}, "`a`: Does it."),
    ],
)
def test_a_unit_is_described_by_its_own_text_or_its_kind(
    tmp_path: Path, files: dict[str, str], description: str
) -> None:
    assert analysed(tmp_path, files).units[0].description == description


def test_a_description_of_endless_nouns_is_read_in_one_pass(
    tmp_path: Path,
) -> None:
    # With two ways to read each pair of words this would never end.
    nouns = "of ss " * 50
    code = (
        f'def a():\n    """The {nouns}is new."""\n\n'
        'def b():\n    """Another."""\n'
    )
    unit, *_ = analysed(tmp_path, {"a.py": code}).units
    assert "`a`: The of ss" in unit.description


def test_mentions_are_few_of_each_role(tmp_path: Path) -> None:
    files = {
        f"tests/test_{number:02}.py": "Good()\n" for number in range(20)
    } | {"docs/a.md": "`Good`\n"}
    mentions = analysed(tmp_path, {"a.py": CLASS, **files}).mentions
    assert mentions["Good"] == (
        "docs/a.md",
        *(f"tests/test_{number:02}.py" for number in range(12)),
    )
