"""The types of Python values without annotations, inferred from the attributes that code uses."""

from pathlib import Path

import pytest

from tests.support.analysed import analysed, referred

SHOP = (
    "class Shop:\n"
    "    shelf = None\n"
    "    def __init__(self):\n        self.till = 0\n"
    "    def open_doors(self): pass\n"
    "    def take_stock(self): pass\n"
)
BRANCH = "from shop import Shop\nclass Branch(Shop):\n    def open_doors(self): pass\n"


def _of_parameter(tree: Path, body: str, name: str = "x") -> set[str]:
    files = {
        "shop.py": SHOP,
        "branch.py": BRANCH,
        "use.py": f"def use({name}):\n{body}",
    }
    references = referred(analysed(tree, files))
    return {pair for pair in references if pair.startswith("use")}


@pytest.mark.parametrize(
    ("body", "called"),
    [
        ("x.open_doors()\n    x.take_stock()", {"open_doors", "take_stock"}),
        ("x.open_doors(x.till)", {"open_doors"}),
        ("x.open_doors(x.shelf)", {"open_doors"}),
        ("def later():\n        x.open_doors(x.till)", {"open_doors"}),
    ],
    ids=["methods", "assigned", "declared", "in an inner function"],
)
def test_a_parameter_is_of_the_only_type_that_has_the_attributes_it_needs(
    tmp_path: Path, body: str, called: set[str]
) -> None:
    references = _of_parameter(tmp_path, f"    {body}\n")
    assert references == {f"use > Shop.{name}" for name in called}


@pytest.mark.parametrize(
    "body",
    [
        "x.open_doors()",
        "x.open_doors()\n    x.take_stock()\n    x.elsewhere()",
        "x.open_doors()\n    x = {}\n    x.get(x.till)",
        "def later(x):\n        x.take_stock()\n    x.open_doors()",
    ],
    ids=["one name", "an additional name", "another type", "another variable"],
)
def test_nothing_is_inferred_about_a_parameter_with_too_few_or_other_attributes(
    tmp_path: Path, body: str
) -> None:
    assert _of_parameter(tmp_path, f"    {body}\n") == set()


def test_one_name_is_enough_of_a_value_that_is_named_after_its_type(
    tmp_path: Path,
) -> None:
    references = _of_parameter(tmp_path, "    shop.take_stock()\n", "shop")
    assert references == {"use > Shop.take_stock"}


def test_one_name_is_not_enough_if_a_subtype_defines_it_again(
    tmp_path: Path,
) -> None:
    references = _of_parameter(tmp_path, "    shop.open_doors()\n", "shop")
    assert references == set()


@pytest.mark.parametrize(
    "files",
    [
        {"other.py": "class Other:\n    till = open_doors = None\n"},
        {"other.py": "from till_makers import Shop\n"},
    ],
    ids=["two types match", "another project has a type of that name"],
)
def test_nothing_is_inferred_about_a_value_that_may_have_another_type(
    tmp_path: Path, files: dict[str, str]
) -> None:
    use = "def use(x):\n    x.open_doors(x.till)\n"
    analysis = analysed(tmp_path, {"shop.py": SHOP, "use.py": use, **files})
    assert referred(analysis) == set()


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("x: Crate", "x"), ("x", "Crate(x)")],
    ids=["an annotation", "a value of another project's type"],
)
def test_a_value_whose_type_is_written_is_not_taken_for_another(
    tmp_path: Path, parameter: str, value: str
) -> None:
    use = (
        "from crates import Crate\n"
        f"def use({parameter}):\n    y = {value}\n"
        "    y.open_doors(y.till)\n"
    )
    files = {"shop.py": SHOP, "use.py": use}
    assert referred(analysed(tmp_path, files)) == set()


def test_an_attribute_is_of_the_type_that_has_what_subtypes_take_from_it_too(
    tmp_path: Path,
) -> None:
    part = (
        "class Part:\n"
        "    def __init__(self, shop):\n        self.owner = shop\n"
        "    def begin(self):\n        self.owner.open_doors()\n"
        "class Small(Part):\n"
        "    def end(self):\n        self.owner.take_stock()\n"
    )
    references = referred(
        analysed(tmp_path, {"shop.py": SHOP, "part.py": part})
    )
    assert references == {
        "Part.begin > Shop.open_doors",
        "Small.end > Shop.take_stock",
        "Small > Part",
    }


def test_a_type_that_a_module_by_another_name_makes_optional_is_known(
    tmp_path: Path,
) -> None:
    use = (
        "import typing as t\nfrom shop import Shop\n"
        "def use(x: t.Optional[Shop]):\n    x.open_doors()\n"
    )
    references = referred(analysed(tmp_path, {"shop.py": SHOP, "use.py": use}))
    assert references == {"use > Shop", "use > Shop.open_doors"}
