"""The project's tests that a chapter's prompt shows."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, read
from worker.engines.claude import own_tests

SHOP = (
    "class Shop:\n"
    '    """Sell loaves."""\n\n'
    "    def open(self):\n        return 1\n\n"
    "    def close(self):\n        return 2\n\n\n"
    "class Till:\n    def take(self):\n        return 3\n"
)
OVEN = "def heat(shop):\n    return shop\n"
FIRST = (
    "from shop.core import Shop\n\n\n"
    "def test_a_shop():\n"
    "    shop = Shop()\n"
    "    assert shop.open()\n\n\n"
    "def test_with_parameters(close, heat):\n"
    "    shop = Shop()\n"
    "    assert shop.open()\n\n\n"
    "def test_the_evening():\n"
    "    shop = Shop()\n"
    "    # Nothing to do.\n"
    "    assert shop.close()\n"
)
BAKING = (
    "from shop.oven import heat\n\n\n"
    "def test_heat():\n"
    "    shop = 3\n"
    "    assert heat(shop) == 3\n"
)


@pytest.mark.parametrize(
    ("description", "names"),
    [
        ("It can `close`", ["test_the_evening", "test_a_shop"]),
        ("It is hot after `heat()`", ["test_heat", "test_a_shop"]),
    ],
)
def test_tests_with_most_of_what_a_description_names_come_first(
    tmp_path: Path, description: str, names: list[str]
) -> None:
    known = read(
        tmp_path,
        {
            "README.md": "# Shop\n\nShop sells loaves.\n",
            "shop/core.py": SHOP,
            "shop/oven.py": OVEN,
            "tests/test_baking.py": BAKING,
            "tests/test_first.py": FIRST,
        },
    )
    chapter = chapter_of(known, "Shop")
    symbols = tuple(
        definition.index
        for definition in known.definitions
        if definition.name == "Shop"
    )
    unit = replace(
        chapter.unit,
        name="Shop",
        symbols=symbols,
        owned=symbols,
        description=f"{description} (`Shop`)",
    )
    chapter = replace(chapter, unit=unit)
    tests = own_tests.found(known, chapter)
    assert [test.name for test in tests][: len(names)] == names
