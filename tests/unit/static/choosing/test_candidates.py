"""Which definitions become candidates, how they are ranked, and which are chosen."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.analysed import analysed, names
from worker.engines.static.choosing.ranking import is_command
from worker.engines.static.choosing.selection import size


def module(name: str, methods: int = 3, bases: str = "", doc: str = "") -> str:
    body = "".join(
        f"    def method_{number}(self):\n        return {number}\n"
        for number in range(methods)
    )
    return f'class {name}({bases}):\n    """{doc or name}."""\n{body}'


def shop(**more: str) -> dict[str, str]:
    """Return a project of a few classes, each in its own file."""
    words = ("Alpha", "Beta", "Gamma", "Delta")
    files = {f"shop/{word.lower()}.py": module(word) for word in words}
    return {
        **files,
        "shop/__init__.py": '"""Shop."""\n',
        **{
            path.replace("__", "/") + ".py": text for path, text in more.items()
        },
    }


def chosen(folder: Path, files: Mapping[str, str]) -> list[str]:
    return names(analysed(folder, files))


def test_definitions_that_many_files_use_come_before_unused_ones(
    tmp_path: Path,
) -> None:
    use = "from shop.delta import Delta\n\ndef {}():\n    return Delta()\n"
    assert (
        chosen(
            tmp_path, shop(shop__u=use.format("one"), shop__v=use.format("two"))
        )[0]
        == "Delta"
    )


def test_exported_definitions_come_before_internal_ones(
    tmp_path: Path,
) -> None:
    files = shop() | {
        "shop/__init__.py": "from shop.gamma import Gamma\n\n__all__ = ['Gamma']\n"
    }
    assert chosen(tmp_path, files)[0] == "Gamma"


def test_definitions_in_the_readme_come_first(tmp_path: Path) -> None:
    assert (
        chosen(
            tmp_path, shop() | {"README.md": "# Shop\n\nBegin with `Beta`.\n"}
        )[0]
        == "Beta"
    )


def test_private_helpers_and_outdated_versions_come_last(
    tmp_path: Path,
) -> None:
    files = {
        "a/v1/old.py": module("Old"), "a/v2/new.py": module("New"), "a/thing.py": module("_Thing"),
        "a/utils.py": module("StringHelper"),
    }  # fmt: skip
    assert chosen(tmp_path, files)[0] == "New"


def test_a_type_folds_into_the_base_whose_last_word_it_shares(
    tmp_path: Path,
) -> None:
    files = shop(
        shop__fields="class Field:\n    def go(self): pass\n\nclass CharField(Field): pass\n"
        "\nclass TextField(CharField): pass\n"
        "\nclass Widget(Field):\n    def go(self): pass\n"
    )
    analysis = analysed(tmp_path, files)
    [unit] = [unit for unit in analysis.units if unit.name == "Field"]
    assert {analysis.definitions[index].name for index in unit.symbols} >= {
        "Field",
        "CharField",
        "TextField",
    }
    assert "CharField" not in names(analysis)


def test_all_exceptions_of_a_project_are_one_family_called_after_their_root(
    tmp_path: Path,
) -> None:
    errors = """class ShopError(Exception): pass

class Timeout(ShopError):
    def again(self): pass

class Closed(Timeout):
    def till(self): pass
"""
    raising = "from shop.errors import Closed, Timeout\n\ndef sell():\n    raise Timeout(Closed)\n"
    analysis = analysed(
        tmp_path, {"shop/errors.py": errors, "shop/sell.py": raising}
    )
    assert "ShopError" in names(analysis)
    assert not {"Timeout", "Closed"} & set(names(analysis))


def test_the_functions_of_a_module_are_one_unit_called_after_it(
    tmp_path: Path,
) -> None:
    files = {
        "a.py": module("Alpha"),
        "cookie_jar.py": (
            "def bake(x):\n    return x\n\ndef eat(x):\n    return bake(x)\n\n"
            "def _hide(): pass\n"
        ),
    }
    analysis = analysed(tmp_path, files)
    [unit] = [unit for unit in analysis.units if unit.name == "eat and bake"]
    assert {analysis.definitions[index].name for index in unit.symbols} == {
        "bake",
        "eat",
    }


def test_units_are_of_different_files_where_there_are_several(
    tmp_path: Path,
) -> None:
    crowd = "\n\n".join(
        module(f"Crowd{word}", 20) for word in ("One", "Two", "Six")
    )
    unit_names = chosen(tmp_path, shop(shop__crowd=crowd))
    assert (
        len([name for name in unit_names[:4] if name.startswith("Crowd")]) == 1
    )


def test_no_two_units_have_the_same_name(tmp_path: Path) -> None:
    files = {
        f"p{number}/config.py": module("Config", 5) for number in range(4)
    } | shop()
    unit_names = chosen(tmp_path, files)
    assert len({name.lower() for name in unit_names}) == len(unit_names)


def test_tests_examples_and_vendored_code_are_no_units(tmp_path: Path) -> None:
    files = shop() | {
        "tests/test_x.py": module("TestX", 20), "examples/big.py": module("Example", 20),
        "vendor/lib.py": module("Vendored", 20), "docs/conf.py": module("Conf", 20),
    }  # fmt: skip
    assert not {"TestX", "Example", "Vendored", "Conf"} & set(
        chosen(tmp_path, files)
    )


@pytest.mark.parametrize(
    "role",
    [
        "tests/test_a.py",
        "examples/a.py",
        "vendor/a.py",
        "dist/a.py",
        "scripts/a.py",
    ],
)
def test_other_files_replace_sources_if_there_are_none(
    tmp_path: Path, role: str
) -> None:
    assert chosen(
        tmp_path, {role: module("Alpha"), "README.md": "# A\n\nText.\n"}
    ) == ["Alpha"]


def test_one_of_several_builds_of_a_module_is_taken(tmp_path: Path) -> None:
    text = "class Alpha { go() { return 1 } }\n"
    analysis = analysed(
        tmp_path,
        {
            "dist/esm/a.js": text,
            "dist/cjs/a.min.js": text,
            "README.md": "# A\n",
        },
    )
    assert [
        definition.path
        for definition in analysis.definitions
        if definition.name == "Alpha"
    ] == ["dist/esm/a.js"]


@pytest.mark.parametrize(
    ("lines", "units"),
    [(1, 2), (60, 2), (61, 4), (700, 5), (60_001, 12), (100_001, 20)],
)
def test_a_large_project_has_more_units_than_a_small_one(
    lines: int, units: int
) -> None:
    assert size(lines) == units


def test_every_unit_names_its_files_most_important_first(
    tmp_path: Path,
) -> None:
    files = shop(
        shop__use="from shop.alpha import Alpha\n\ndef use():\n    return Alpha()\n"
    )
    [unit] = [
        unit for unit in analysed(tmp_path, files).units if unit.name == "Alpha"
    ]
    assert unit.file_paths[:2] == ("shop/alpha.py", "shop/use.py")
    assert unit.description == "`Alpha`: Alpha."


def test_the_definitions_of_a_small_file_in_a_larger_project_are_one_subject(
    tmp_path: Path,
) -> None:
    files = {f"shop/part{n}.py": f"def part{n}(): pass\n" for n in range(12)}
    pair = f"{module('Request', 9)}\n{module('Response', 9)}"
    unit_names = chosen(tmp_path, files | {"shop/wrappers.py": pair})
    assert unit_names[0] == "Request and Response"


def test_an_uppercase_constant_is_not_a_subject(tmp_path: Path) -> None:
    readme = "# Shop\n\n```python\nMAX_SIZE\n```\n"
    files = shop(shop__limits="MAX_SIZE = 10\nMIN_SIZE = 1\n")
    assert not any(
        "SIZE" in name
        for name in chosen(tmp_path, files | {"README.md": readme})
    )


def test_files_with_little_content_are_still_subjects(
    tmp_path: Path,
) -> None:
    files = {f"a/v1/utils{n}.py": f"_x{n} = 1\n" for n in range(13)}
    assert chosen(tmp_path, files | {"a/v2/b.py": "_y = 1\n"})


def test_a_name_that_begins_a_phrase_is_not_the_subject_of_a_sentence(
    tmp_path: Path,
) -> None:
    phrase = module("Task", 9).replace(
        ":\n", ':\n    """Task base class."""\n', 1
    )
    whole = module("Till", 9).replace(
        ":\n", ':\n    """Till keeps money."""\n', 1
    )
    analysis = analysed(tmp_path, shop(shop__task=phrase, shop__till=whole))
    described = {unit.name: unit.description for unit in analysis.units}
    assert described["Task"] == "`Task`: Task base class."
    assert described["Till"] == "`Till` keeps money."


def test_macros_that_a_crate_exports_are_a_unit(tmp_path: Path) -> None:
    files = {
        "src/lib.rs": "mod macros;\n\npub struct Cart;\n",
        "src/macros.rs": (
            "macro_rules! helper { () => {}; }\n"
            "#[macro_export]\nmacro_rules! sell { () => {}; }\n"
        ),
    }
    assert chosen(tmp_path, files) == ["Cart", "sell"]


@pytest.mark.parametrize("ending", ["Builder", "Internal"])
def test_what_makes_a_type_belongs_with_it(tmp_path: Path, ending: str) -> None:
    files = shop(
        shop__table=module("Table", 9), shop__maker=module(f"Table{ending}", 5)
    )
    files["other/maker.py"] = module(f"Alpha{ending}", 5)
    unit_names = chosen(tmp_path, files)
    assert f"Table and Table{ending}" in unit_names
    assert f"Alpha{ending}" in unit_names


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/main/java/shop/Cart.java", False),
        ("shop/main.py", True),
        ("shop/__main__.py", True),
        ("cmd/shop/cart.go", True),
    ],
)
def test_a_folder_called_main_is_not_for_the_command_line(
    path: str, *, expected: bool
) -> None:
    assert is_command(path) == expected


def test_a_table_of_functions_leads_the_unit_of_its_module(
    tmp_path: Path,
) -> None:
    doings = [f"do_{word}" for word in "abcdefghij"]
    functions = "".join(f"def {name}(x):\n    return x\n\n" for name in doings)
    rows = "".join(f"    '{name}': {name},\n" for name in doings)
    files = shop(shop__filters=f"{functions}FILTERS = {{\n{rows}}}\nMOST = 9\n")
    [name] = [name for name in chosen(tmp_path, files) if "do_" in name]
    assert name.startswith("FILTERS, ")


def test_a_function_that_only_uses_others_is_worth_less_than_what_is_used(
    tmp_path: Path,
) -> None:
    files = {
        f"shop/part{number}.py": f"def go{number}(x):\n    return x\n"
        for number in range(40)
    }
    imports = "".join(
        f"from shop.part{number} import go{number}\n" for number in range(40)
    )
    calls = "".join(f"    go{number}(x)\n" for number in range(40))
    less = "".join(f"    go{number}(x)\n" for number in range(10))
    files["shop/debug.py"] = f"{imports}\ndef debug(x):\n{calls}"
    files["shop/serve.py"] = f"{imports}\ndef serve(x):\n{less}"
    files["shop/__main__.py"] = "from shop.serve import serve\n\nserve(1)\n"
    analysis = analysed(tmp_path, files)
    worth = {
        definition.name: analysis.worth[definition.index]
        for definition in analysis.definitions
    }
    assert worth["serve"] > worth["debug"]


def test_an_exported_object_is_worth_more_than_an_exported_number(
    tmp_path: Path,
) -> None:
    files = shop() | {
        "shop/__init__.py": "from shop.codes import codes, most\n",
        "shop/codes.py": (
            "from shop.alpha import Alpha\n\ncodes = Alpha()\nmost = 9\n"
        ),
    }
    analysis = analysed(tmp_path, files)
    worth = {
        definition.name: analysis.worth[definition.index]
        for definition in analysis.definitions
        if definition.parent is None
    }
    assert worth["codes"] > worth["most"] + 1


def test_a_base_that_is_abstract_by_name_is_worth_less(tmp_path: Path) -> None:
    files = {
        "shop/a.py": module("AbstractCart"),
        "shop/b.py": module("SecondCart"),
    }
    assert chosen(tmp_path, files) == ["SecondCart", "AbstractCart"]
