"""The code that a chapter's prompt shows."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, read
from worker.engines.claude import condensed, kin, material, source
from worker.engines.claude.blocks import Lines
from worker.engines.claude.shown import Shown
from worker.engines.static.pages.course import CourseFacts

_TITLE = re.compile(r"^<<<[0-9a-f]{12} (.*)$", re.MULTILINE)

HELPER = "def {name}(loaf):\n    return loaf\n\n\n"
SHOP = (
    "import logging\n\n"
    "logger = logging.getLogger(__name__)\n\n\n"
    f"{HELPER.format(name='weigh')}"
    f"{HELPER.format(name='_after_fork')}"
    f"{HELPER.format(name='unpickle')}"
    "class Shop:\n"
    '    """Sell loaves."""\n\n'
    "    shelves = 3\n\n"
    "    def __init__(self, name):\n"
    "        self.name = name\n\n"
    "    def close(self):\n"
    "        return None\n\n"
    "    def _count(self):\n"
    "        return weigh(self.name)\n\n"
    "    def _unused(self):\n"
    "        return 0\n\n"
    "    # The way to a loaf.\n"
    "    @staticmethod\n"
    "    def sell(self, loaf):\n"
    "        till = self\n"
    "        return till._count()\n\n"
    + "".join(
        f"    def way{number}(self):\n        return {number}\n\n"
        for number in range(400)
    )
)
BREAD = (
    "class _Dough:\n"
    "    def knead(self):\n        return 1\n\n\n"
    "class Roll(_Dough):\n"
    "    def bake(self):\n        return 2\n\n\n"
    "class _Toast(_Dough):\n"
    "    def burn(self):\n        return 3\n\n\n"
    "toast = _Toast\n"
)
OVEN = (
    "import typing as t\n\n\n"
    "def heat(degrees):\n"
    '    """Heat it.\n\n'
    "    Wait.\n\n"
    + "".join(f"    Line {number}.\n" for number in range(10))
    + '    """\n'
    "    return degrees\n"
)
USE = "from shop.core import Shop\n\n\ndef run():\n    shop = Shop('a')\n    shop.sell(1)\n"


def facts(tree: Path, **more: str) -> CourseFacts:
    files = {f"shop/{name}.py": text for name, text in more.items()}
    return read(
        tree,
        {
            "README.md": "# Shop\n\nShop is a shop.\n\n```python\nfrom shop.core import Shop\n"
            "Shop('a').close()\n```\n",
            "shop/core.py": SHOP,
            "shop/use.py": USE,
            "shop/again.py": USE,
            **files,
        },
    )


def shown(known: CourseFacts, name: str) -> str:
    code = source.code_of(known, chapter_of(known, name))
    return code.rendered(Shown(known))


def test_a_long_class_is_shown_by_its_head_and_what_is_used_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "SHARE", 800)
    text = shown(facts(tmp_path), "Shop")
    assert "shelves = 3" in text
    for name in ("__init__", "close", "sell", "_count"):
        assert f"def {name}(" in text
    assert "_unused" not in text
    assert "way399" not in text


def test_a_method_is_shown_with_its_comment_and_decorator(
    tmp_path: Path,
) -> None:
    text = shown(facts(tmp_path), "Shop")
    assert "# The way to a loaf." in text
    assert "@staticmethod" in text


def test_the_class_comes_before_the_helpers_that_it_calls(
    tmp_path: Path,
) -> None:
    text = shown(facts(tmp_path), "Shop")
    assert _TITLE.findall(text) == ["shop/core.py", "shop/core.py"]
    first, second = text.split(">>>\n\n")
    assert "class Shop" in first
    assert "def weigh" in second


def test_code_that_nothing_shown_calls_is_left_out(tmp_path: Path) -> None:
    text = shown(facts(tmp_path), "Shop")
    assert "weigh" in text
    for name in ("logger", "_after_fork", "unpickle", "_unused"):
        assert name not in text


def test_a_short_file_is_shown_whole_but_for_its_imports(
    tmp_path: Path,
) -> None:
    text = shown(facts(tmp_path), "run")
    assert text.count("def run") == text.count("shop.sell(1)") == 1
    assert "import" not in text


def test_calls_are_those_of_functions_that_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = facts(tmp_path)
    monkeypatch.setattr(source, "SHARE", 800)
    chapter = chapter_of(known, "Shop")
    calls = material.calls_of(known, chapter)
    assert [
        (site.caller.qualified, site.called.qualified)
        for site in calls.values()
    ] == [("Shop.sell", "Shop._count"), ("Shop._count", "weigh")]


def test_a_method_that_the_description_names_comes_first(
    tmp_path: Path,
) -> None:
    known = facts(tmp_path)
    chapter = chapter_of(known, "Shop")
    unit = replace(chapter.unit, description="You call `way399` (`Shop`)")
    code = source._chosen(known, unit)
    names = [known.definitions[index].name for index in code.definitions]
    assert names[:2] == ["Shop", "way399"]


def test_the_type_behind_another_name_and_its_base_are_shown(
    tmp_path: Path,
) -> None:
    known = facts(tmp_path, bread=BREAD)
    chapter = chapter_of(known, "Shop")
    unit = chapter.unit
    subjects = kin.subjects_of(known, replace(unit, symbols=_of(known, "Roll")))
    assert [other.name for other in subjects.others] == ["_Dough"]
    subjects = kin.subjects_of(
        known,
        replace(unit, symbols=(*_of(known, "Roll"), *_of(known, "toast"))),
    )
    assert [other.name for other in subjects.others] == [
        "toast",
        "_Toast",
        "_Dough",
    ]


def test_a_chapter_about_another_name_of_a_type_is_about_that_type(
    tmp_path: Path,
) -> None:
    known = facts(tmp_path, bread=BREAD)
    unit = chapter_of(known, "Shop").unit
    unit = replace(unit, symbols=_of(known, "toast"))
    subjects = kin.subjects_of(known, unit)
    assert [main.name for main in subjects.main] == ["_Toast"]
    assert [other.name for other in subjects.others] == ["toast"]


MILL = (
    "from shop.gale import grit\nfrom shop.wind import blow\n\n\n"
    "class Mill:\n"
    "    def grind(self):\n        return self.turn()\n\n"
    "    def turn(self):\n        return blow()\n\n"
    "    def close(self):\n        return 0\n\n"
    "    @property\n    def stone(self):\n        return grit()\n\n\n"
    + "".join(
        f"def sack{number}():\n    return {number}\n\n\n"
        for number in range(900)
    )
)
WIND = (
    "from shop.gale import gust\n\n\n"
    "def blow():\n    return gust()\n\n\n"
    "def still():\n    return 6\n"
)
GALE = "def gust():\n    return 5\n\n\ndef grit():\n    return 4\n"


def _described(tree: Path, description: str) -> list[str]:
    """Return the code of a mill that is shown in a chapter on a shop, by its description."""
    known = facts(tree, mill=MILL, wind=WIND, gale=GALE)
    unit = replace(
        chapter_of(known, "Shop").unit,
        symbols=_of(known, "Shop"),
        owned=_of(known, "Shop"),
        description=f"{description} (`Shop`)",
    )
    code = source._chosen(known, unit)
    shown_code = [known.definitions[index] for index in code.definitions]
    others = {"shop/mill.py", "shop/wind.py", "shop/gale.py"}
    return [
        definition.qualified
        for definition in shown_code
        if definition.path in others
    ]


@pytest.mark.parametrize(
    ("description", "names"),
    [
        ("It uses `grind`", ["Mill.grind"]),
        (
            "It goes through `grind()`",
            ["Mill.grind", "Mill.turn", "blow"],
        ),
        ("It uses `Mill.turn`", ["Mill.turn"]),
        ("It uses `Shop.turn`", []),
        ("It uses `mill.stone`", ["Mill.stone", "grit"]),
        ("It uses `stone`", []),
        # The subject has a method of the same name.
        ("It uses `close`", []),
    ],
)
def test_a_function_that_the_description_names_is_shown_with_what_it_calls(
    tmp_path: Path, description: str, names: list[str]
) -> None:
    assert _described(tmp_path, description) == names


def test_types_that_the_description_names_have_room_before_others(
    tmp_path: Path,
) -> None:
    types = {name: _type_of(name) for name in ("Oven", "Peel", "Rack", "Tin")}
    code = _shop_with_a_tin(tmp_path, types)
    last = {
        name: code.has_line(f"shop/{name}.py", text.count("\n"))
        for name, text in types.items()
    }
    assert last["Tin"]
    assert not all(last.values())


def test_types_that_the_description_names_have_what_others_leave(
    tmp_path: Path,
) -> None:
    small = ("Oven", "Peel", "Rack", "Scale", "Tray", "Whisk")
    types = {name: _type_of(name, 3) for name in small}
    types["Tin"] = _type_of("Tin", 300)
    code = _shop_with_a_tin(tmp_path, types)
    assert code.size("shop/Tin.py", range(1, 900)) > source._NAMED_TYPE
    assert code.has_line("shop/Tin.py", types["Tin"].count("\n"))


def _shop_with_a_tin(tmp_path: Path, types: dict[str, str]) -> source.Code:
    """Return the code shown in a chapter on some types, whose description names `Tin`."""
    known = facts(tmp_path, **types)
    names = [name for kind in types for name in _of(known, kind)]
    unit = replace(
        chapter_of(known, "Shop").unit,
        symbols=(*_of(known, "Shop"), *names),
        description="A `Shop` has a `Tin`",
    )
    return source._chosen(known, unit)


def _type_of(name: str, count: int = 180) -> str:
    methods = "".join(
        f"    def way{number}(self, loaf):\n"
        f"        return self.bake(loaf, {number})\n\n"
        for number in range(count)
    )
    return f"class {name}:\n{methods.rstrip()}\n"


def _of(known: CourseFacts, name: str) -> tuple[int, ...]:
    return tuple(
        definition.index
        for definition in known.definitions
        if definition.name == name
    )


def test_a_model_points_across_what_is_left_out_and_the_listing_says_so(
    tmp_path: Path,
) -> None:
    known = facts(tmp_path, oven=OVEN)
    path = "shop/oven.py"
    seen = Shown(known)
    left_out = condensed.cut_lines(known, path)
    text = known.texts.lines(path)
    numbers = range(1, len(text) + 1)
    seen.file(path, [number for number in numbers if number not in left_out])
    whole = Lines(path, 4, len(text))
    assert "not shown" in seen.fault(whole)
    seen.cut(path, left_out)
    assert seen.fault(whole) == ""
    assert seen.spans(whole) == [(4, 7), (19, 20)]
    assert "not shown" in seen.fault(Lines(path, 9, len(text)))
