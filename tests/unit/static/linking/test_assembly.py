"""Definitions of all files: members find their types, and declarations their definitions."""

from pathlib import Path

import pytest

from tests.support.analysed import analysed, defined, referred
from worker.engines.static.facts import Kind


def test_a_method_of_an_undefined_type_is_a_separate_definition(
    tmp_path: Path,
) -> None:
    files = {
        "a/a.go": "package a\n\nfunc (s *Gone) Go() {}\n",
        "b/b.go": "package b\n\ntype Gone struct{}\n",
    }
    analysis = analysed(tmp_path, files)
    go = defined(analysis, "Gone.Go")
    assert go.parent is None
    assert defined(analysis, "Gone").members == ()


def test_the_nearest_type_of_a_name_gets_the_method(tmp_path: Path) -> None:
    header = "class Stock {\n public:\n  int take();\n};\n"
    files = {
        "a/stock.h": header,
        "b/stock.h": header,
        "b/stock.cc": "int Stock::take() { return 1; }\n",
    }
    analysis = analysed(tmp_path, files)
    [take] = [
        definition
        for definition in analysis.definitions
        if definition.path == "b/stock.cc"
    ]
    assert take.parent is not None
    assert analysis.definitions[take.parent].path == "b/stock.h"


def test_a_function_whose_prototype_has_members_is_a_class(
    tmp_path: Path,
) -> None:
    analysis = analysed(
        tmp_path,
        {
            "a.js": "function Socket() {}\nSocket.prototype.send = function () { return 1 }\n"
        },
    )
    assert (
        defined(analysis, "Socket").kind,
        defined(analysis, "Socket.send").kind,
    ) == (
        Kind.CLASS,
        Kind.METHOD,
    )


def test_a_trait_implemented_in_another_file_is_a_base(tmp_path: Path) -> None:
    use = "use crate::a::*;\nimpl T for A {}\nimpl T for u8 {}\n"
    files = {"src/a.rs": "pub struct A;\npub trait T {}\n", "src/b.rs": use}
    assert defined(analysed(tmp_path, files), "A").bases == ("T",)


def test_a_member_of_a_base_is_found_through_what_extends_it_and_circles_end(
    tmp_path: Path,
) -> None:
    files = {
        "a.py": "class A:\n    def go(self): pass\n\nclass B(A): pass\n\n"
        "class C(B):\n    def run(self): self.go()\n"
        "\nclass X(Y):\n    def x(self): self.nothing()\n\nclass Y(X): pass\n",
    }
    assert "C.run > A.go" in referred(analysed(tmp_path, files))


def test_names_come_through_modules_that_pass_on_each_others(
    tmp_path: Path,
) -> None:
    star = "from .m{} import *\nfrom .m{} import *\n"
    files = {
        f"a/m{number}.py": star.format((number + 1) % 9, (number + 2) % 9)
        for number in range(9)
    }
    files["a/m3.py"] = "class Deep:\n    pass\n"
    files["a/use.py"] = (
        "from .m1 import Deep, Missing\n\ndef use():\n    return Deep(Missing)\n"
    )
    assert referred(analysed(tmp_path, files)) == {"use > Deep"}


def test_members_of_imported_types_are_found_by_their_type(
    tmp_path: Path,
) -> None:
    files = {
        "stock.py": "class Stock:\n    @classmethod\n    def make(cls): pass\n",
        "other.py": "class Other:\n    def make(self): pass\n",
        "use.py": "import stock\nfrom stock import Stock\n\n"
        "def use():\n    Stock.make()\n    stock.nothing()\n    stock.Stock()\n",
    }
    assert referred(analysed(tmp_path, files)) == {
        "use > Stock",
        "use > Stock.make",
    }


def test_a_chain_of_types_without_end_ends(tmp_path: Path) -> None:
    text = "".join(
        f"class C{number}(C{number - 1}): pass\n" for number in range(1, 300)
    )
    analysis = analysed(
        tmp_path, {"a.py": f"class C0:\n    def go(self): pass\n{text}"}
    )
    assert len(analysis.definitions) == 301


@pytest.mark.parametrize(
    ("use", "bases"),
    [("", ()), ("use crate::shop::Shop;\n", ("Sell",))],
    ids=["made by a macro", "imported"],
)
def test_an_implementation_is_for_a_type_that_its_file_can_mean(
    tmp_path: Path, use: str, bases: tuple[str, ...]
) -> None:
    files = {
        "src/lib.rs": "pub mod shop;\npub mod stall;\n",
        "src/shop.rs": "pub struct Shop { name: String }\n",
        "src/stall.rs": use + "impl Sell for Shop { fn sell(&self) {} }\n",
    }
    assert defined(analysed(tmp_path, files), "Shop").bases == bases
