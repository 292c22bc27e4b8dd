"""How chapters are divided among a project's packages, and how they are named."""

from pathlib import Path
from posixpath import basename, dirname

from tests.support.analysed import analysed, names


def module(name: str, methods: int, bases: str = "") -> str:
    body = "".join(
        f"    def method_{number}(self):\n        return {number}\n"
        for number in range(methods)
    )
    return f"class {name}({bases}):\n{body}"


def test_a_small_package_gets_a_chapter_before_another_gets_its_second(
    tmp_path: Path,
) -> None:
    files = {}
    for package in ("forms", "views", "urls", "mail", "auth", "cache"):
        first, second = f"First{package}", f"Second{package}"
        files[f"shop/{package}/first.py"] = module(first, 12)
        files[f"shop/{package}/second.py"] = module(second, 11)
    files["shop/__init__.py"] = (
        "from shop.auth.first import Firstauth\n"
        "from shop.auth.second import Secondauth\n"
    )
    analysis = analysed(tmp_path, files)
    packages = [unit.file_paths[0].split("/")[1] for unit in analysis.units]
    assert packages[0] == "auth"
    assert len(set(packages)) == len(packages)


def test_a_chapter_on_a_small_package_is_about_all_that_matters_in_it(
    tmp_path: Path,
) -> None:
    files = {
        f"shop/part{number}.py": module(f"Part{number}", 40)
        for number in range(12)
    }
    files |= {
        "shop/urls/base.py": module("Resolver", 9),
        "shop/urls/conf.py": module("Include", 8),
        "shop/__init__.py": (
            "from shop.urls.base import Resolver\n"
            "from shop.urls.conf import Include\n"
        ),
    }
    assert "Resolver and Include" in names(analysed(tmp_path, files))


def test_a_unit_whose_name_is_taken_is_named_after_the_next_of_it(
    tmp_path: Path,
) -> None:
    files = {
        "shop/core.py": module("Command", 60),
        "shop/other.py": module("Other", 9),
        "shop/decorators.py": (
            "def command(x):\n    return x\n\ndef option(x):\n    return x\n"
        ),
        "tests/test_a.py": "from shop.decorators import command, option\n",
        "tests/test_b.py": "from shop.decorators import command\n",
    }
    unit_names = names(analysed(tmp_path, files))
    assert "Command" in unit_names
    assert "option" in unit_names


def test_a_title_has_no_name_of_an_earlier_one(tmp_path: Path) -> None:
    def functions(*names: str) -> str:
        lines = "".join(f"    a{n} = {n}\n" for n in range(8))
        return "".join(f"def {name}():\n{lines}\n\n" for name in names)

    code = {
        "shop/new.py": functions("pack", "send", "track"),
        "shop/old.py": functions("weigh", "label", "track"),
        "shop/__init__.py": "from shop.new import pack, send, track\n",
    }
    code |= {f"shop/m{n}.py": f"x{n} = {n}\n" for n in range(12)}
    code |= {"tests/test_a.py": "from shop.old import weigh, label, track\n"}
    found = names(analysed(tmp_path, code))
    assert sum("track" in name for name in found) == 1


def test_a_family_is_named_after_its_root_too(tmp_path: Path) -> None:
    use = "from shop.agents import CodeAgent\n\ndef {}():\n    return CodeAgent()\n"
    files = {
        "shop/agents.py": module("BaseAgent", 2)
        + "\n"
        + module("CodeAgent", 20, "BaseAgent"),
        "shop/other.py": module("Other", 3),
        "shop/__init__.py": "from shop.agents import CodeAgent\n",
        "README.md": "# Shop\n\n```python\nCodeAgent()\n```\n",
        **{f"shop/u{n}.py": use.format(f"use{n}") for n in range(4)},
    }
    assert "CodeAgent and BaseAgent" in names(analysed(tmp_path, files))


def test_a_mixin_and_what_mixes_it_in_are_one_family(tmp_path: Path) -> None:
    files = {
        "shop/mixin.py": module("HandlerMixin", 3),
        "shop/gzip.py": "from shop.mixin import HandlerMixin\n\n"
        + module("GzipHandler", 3, "HandlerMixin"),
        "shop/other.py": module("Other", 3),
    }
    unit_names = names(analysed(tmp_path, files))
    assert len([name for name in unit_names if "Handler" in name]) == 1


def crowded() -> dict[str, str]:
    """Return more parts than a course has chapters."""
    return {
        f"shop/part{number}.py": (
            "import logging\n\nlogger = logging.getLogger(__name__)\n\n\n"
            f"{module(f'Part{number}', 20 - number)}"
        )
        for number in range(12)
    }


def test_units_without_room_in_a_course_are_listed_best_first(
    tmp_path: Path,
) -> None:
    analysis = analysed(tmp_path, crowded())
    more = [unit.name for unit in analysis.more_units]
    assert len(analysis.units) < 12
    assert more == [
        f"Part{number}" for number in range(len(analysis.units), 12)
    ]


def test_no_unit_is_named_after_a_logger(tmp_path: Path) -> None:
    files = {
        f"shop/part{number}.py": (
            "import logging\n\nlogger = logging.getLogger(__name__)\n"
            f"def part{number}():\n    logger.info('a')\n"
        )
        for number in range(5)
    }
    assert not any(
        "logger" in name for name in names(analysed(tmp_path, files))
    )


def test_a_family_is_named_after_what_implements_it(tmp_path: Path) -> None:
    files = {
        "shop/db.py": module("DB", 30) + "\n" + module("DBImpl", 9, "DB"),
        "shop/other.py": module("Other", 3),
    }
    assert "DB and DBImpl" in names(analysed(tmp_path, files))


def test_a_folder_of_headers_is_about_more_than_one_chapter(
    tmp_path: Path,
) -> None:
    files = {}
    for name in ("Log", "Store", "Table"):
        methods = [f"void {name}_{n}();" for n in range(9)]
        declared = f"class {name} {{\n public:\n  {' '.join(methods)}\n}};\n"
        files[f"include/{name.lower()}.h"] = declared
        bodies = [
            f"void {name}::{name}_{n}() {{\n  int a = 1;\n  a += 1;\n}}\n"
            for n in range(9)
        ]
        include = f'#include "{name.lower()}.h"\n'
        files[f"src/{name.lower()}.cc"] = include + "".join(bodies)
    assert {"Log", "Store", "Table"} <= set(names(analysed(tmp_path, files)))


def test_a_name_that_the_project_exports_from_elsewhere_is_worth_less(
    tmp_path: Path,
) -> None:
    option = module("Option", 20)
    files = {
        "shop/__init__.py": "from shop.core import Option\n",
        "shop/core.py": option,
        "shop/parser.py": f"{option}\n{module('Parser', 16)}",
    }
    assert names(analysed(tmp_path, files))[:2] == ["Option", "Parser"]


def test_public_headers_lie_together_whatever_they_are_about(
    tmp_path: Path,
) -> None:
    files = {}
    for folder, count in (("include/shop", 20), ("db", 30)):
        methods = "".join(f"  void go{n}();\n" for n in range(count))
        for name in ("Cart", "Row", "Shelf", "Till"):
            path = f"{folder}/{name.lower()}.h"
            word = basename(folder).capitalize()
            files[path] = f"class {name}{word} {{\n public:\n{methods}}};\n"
    paths = [unit.file_paths[0] for unit in analysed(tmp_path, files).units]
    assert [dirname(path) for path in paths] == ["include/shop"] * 4 + ["db"]
