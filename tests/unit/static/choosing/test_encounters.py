"""Where users first meet names, and what tests and examples import."""

from pathlib import Path

from tests.support.analysed import analysed
from worker.engines.static.choosing.encounters import (
    ReadingSource,
    first_encounters,
)
from worker.engines.static.reading.survey import survey


def test_the_course_begins_with_what_the_readmes_code_shows(
    tmp_path: Path,
) -> None:
    readme = (
        "# Shop\n\n`Alpha` is inside.\n\n```python\nfrom shop.beta import Beta\n\nBeta()\n"
        "```\n"
    )
    analysis = analysed(
        tmp_path,
        {
            "README.md": readme,
            "shop/alpha.py": "class Alpha:\n    def go(self): pass\n",
            "shop/beta.py": "class Beta:\n    def go(self): pass\n",
        },
    )
    first = analysis.order[0]
    assert analysis.units[first.unit].name == "Beta"
    assert first.reasoning == "The README's code names `Beta` (README.md:8)."


def met(folder: Path, text: str, *names: str) -> dict[str, ReadingSource]:
    (folder / "README.md").write_text(text)
    read = survey(folder, lambda: None)
    encounters = first_encounters(
        read.files, read.texts, frozenset(names), lambda: None
    )
    return {name: encounters[name].source for name in encounters}


def test_a_method_or_a_string_is_not_an_encounter_with_a_function(
    tmp_path: Path,
) -> None:
    text = "# A\n\n```python\nthing.get(1)\nprint('get')\n```\n"
    assert met(tmp_path, text, "get") == {}


def test_a_function_of_an_imported_module_is_met(tmp_path: Path) -> None:
    text = "# A\n\n```python\nimport shop\nshop.get(1)\n```\n"
    assert met(tmp_path, text, "get") == {"get": ReadingSource.README_EXAMPLE}


def test_a_name_of_two_things_is_not_a_reason_for_either(
    tmp_path: Path,
) -> None:
    analysis = analysed(
        tmp_path,
        {
            "README.md": "# A\n\n```python\nOption(1)\n```\n",
            "a/core.py": "class Option:\n    def go(self): pass\n",
            "a/parser.py": "class Option:\n    def run(self): pass\n",
        },
    )
    assert not any("README" in step.reasoning for step in analysis.order)


def test_a_name_means_the_definition_that_is_clearly_worth_more(
    tmp_path: Path,
) -> None:
    large = "".join(f"    def go{n}(self): pass\n" for n in range(40))
    use = "from a.core import Option\n\n\ndef use():\n    return Option()\n"
    analysis = analysed(
        tmp_path,
        {
            "README.md": "# A\n\n```python\nOption(1)\n```\n",
            "a/__init__.py": "from a.core import Option\n",
            "a/core.py": f"class Option:\n{large}",
            "a/parser.py": "class Option:\n    def run(self): pass\n",
            **{f"a/use{n}.py": use for n in range(4)},
        },
    )
    first = analysis.order[0]
    assert analysis.units[first.unit].file_paths[0] == "a/core.py"
    assert first.reasoning == "The README's code names `Option` (README.md:4)."


def test_a_header_that_a_readme_names_is_what_it_declares(
    tmp_path: Path,
) -> None:
    text = "# A\n\n* include/write_batch.h: start here\n* include/sum.h\n"
    names = met(tmp_path, text, "WriteBatch", "sum")
    assert names == {"WriteBatch": ReadingSource.README}


def test_guides_for_newcomers_are_read_before_others(tmp_path: Path) -> None:
    code = "```python\nfrom shop import {0}\n{0}()\n```\n"
    texts = {
        "docs/guide/a.md": "Early",
        "docs/intro/start.md": "First",
        "docs/ref/a.md": "Last",
        "docs/topics/a.md": "Late",
    }
    for path, name in texts.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(f"# A\n\n{code.format(name)}")
    read = survey(tmp_path, lambda: None)
    names = frozenset(texts.values())
    encounters = first_encounters(read.files, read.texts, names, lambda: None)
    order = sorted(encounters, key=lambda name: encounters[name])
    assert order == ["First", "Early", "Late", "Last"]


def test_a_link_to_another_page_is_no_encounter(tmp_path: Path) -> None:
    text = "# A\n\nSee :ref:`All <page-Chord>` and :class:`jobs.Group`.\n"
    assert met(tmp_path, text, "Chord", "Group") == {
        "Group": ReadingSource.README
    }


CONTENTS = """\
Shop
====

.. toctree::
    :maxdepth: 2

    Old tools <tools>
    prices
    The till </api/till>
"""


def test_pages_are_read_in_the_order_of_the_table_of_contents(
    tmp_path: Path,
) -> None:
    texts = {
        "docs/aside.md": "Aside",
        "docs/api/till.md": "Till",
        "docs/examples/a.py": "Tried",
        "docs/prices.md": "Price",
        "docs/tools.md": "Tool",
    }
    for path, name in texts.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        code = f"from shop import {name}\n{name}()\n"
        text = (
            code if path.endswith(".py") else f"# A\n\n```python\n{code}```\n"
        )
        (tmp_path / path).write_text(text)
    (tmp_path / "shop.py").write_text("class Tool:\n    pass\n" * 99)
    (tmp_path / "docs/index.rst").write_text(CONTENTS)
    (tmp_path / "docs/api/index.md").write_text("# API\n\n- [Till](till.md)\n")
    read = survey(tmp_path, lambda: None)
    names = frozenset(texts.values())
    encounters = first_encounters(read.files, read.texts, names, lambda: None)
    order = sorted(encounters, key=lambda name: encounters[name])
    assert order == ["Tool", "Price", "Till", "Tried", "Aside"]


def test_names_are_old_where_a_text_calls_them_classic_or_legacy(
    tmp_path: Path,
) -> None:
    prose = (
        "Use `shop.Till`, `shop.Shelf` or `shop.Door`.\n"
        "The classic APIs (`@shop.Bag`, `shop.Box`, and others) remain.\n"
        "Unlike the old-school {func}`shop.Door`, `shop.Till` opens.\n"
        "The legacy mode is off, so that `shop.Shelf` opens.\n"
    )
    (tmp_path / "README.md").write_text(f"# Shop\n\n{prose}")
    (tmp_path / "shop.py").write_text("class Till:\n    pass\n")
    read = survey(tmp_path, lambda: None)
    names = frozenset({"Till", "Shelf", "Door", "Bag", "Box"})
    encounters = first_encounters(read.files, read.texts, names, lambda: None)
    old = {
        name
        for name, encounter in encounters.items()
        if encounter.source is ReadingSource.OLD
    }
    assert old == {"Bag", "Box", "Door"}
