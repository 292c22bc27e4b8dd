"""How units are connected: a verb from the syntax around a name, and the line that shows it."""

from pathlib import Path

import pytest
from tree_sitter import Node

from tests.support.analysed import analysed, names, referred, related
from worker.engines.static.facts import Definition, Kind
from worker.engines.static.linking.usage import _is_import, _verb
from worker.engines.static.parsing.source_file import SourceParser
from worker.engines.static.reading.language import Language

STOCK = (
    "class Stock:\n    def take(self): pass\n\nclass Closed(Exception):\n"
    "    def till(self): pass\n"
)


def verb(language: Language, line: str, kind: Kind = Kind.CLASS) -> str | None:
    """Return the relation that a line has to the name `Target`."""
    data = line.encode()
    node: Node | None = (
        SourceParser()
        .tree(language, data)
        .root_node.descendant_for_byte_range(
            data.index(b"Target"), data.index(b"Target") + 6
        )
    )
    assert node is not None
    target = Definition(
        index=0, name="Target", qualified="Target", kind=kind, path="a", line=1, end_line=1,
        signature=""
    )  # fmt: skip
    if _is_import(node):
        return None
    return _verb(node, target, language)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x = Target()", "creates"),
        ("x = mod.Target(1)", "creates"),
        ("Target.make()", "uses"),
        ("raise Other(Target)", "uses"),
        ("try: pass\nexcept E: Target", "uses"),
        ("def f(a=Target): pass", "uses"),
        ("@other(Target)\ndef f(): pass", "uses"),
        ("x = Target.LIMIT", "uses"),
        ("def f(a: Callable[[Target], int]): pass", "names"),
        ("def f(a: Optional[Union[Target, Any]] = None): pass", "names"),
        ("def f(a: 'Target'): pass", "takes"),
        ("def f() -> 'Target': pass", "returns"),
        ("class A(Target): pass", "inherits from"),
        ("raise Target()", "raises"),
        ("raise mod.Target", "raises"),
        ("try: pass\nexcept Target: pass", "handles"),
        ("try: pass\nexcept (A, Target) as e: pass", "handles"),
        ("@Target\ndef f(): pass", "is decorated with"),
        ("@Target(1)\ndef f(): pass", "is decorated with"),
        ("isinstance(x, Target)", "checks for"),
        ("isinstance(x, (A, Target))", "checks for"),
        ("def f(a: Target): pass", "takes"),
        ("def f() -> Target: pass", "returns"),
        ("class A:\n    a: Target = None", "holds"),
        ("def f(self):\n    self.a: list[Target] = []", "holds"),
        ("a: Target = 1", "names"),
        ("x = [Target, 1]", "uses"),
        ("call(Target)", "uses"),
        ("from a import Target", None),
    ],
)
def test_python(line: str, expected: str | None) -> None:
    assert verb(Language.PYTHON, line) == expected


@pytest.mark.parametrize(
    ("language", "line", "expected"),
    [
        (Language.TYPESCRIPT, "const a = new Target<string>(1)", "creates"),
        (Language.TYPESCRIPT, "class A extends Target {}", "inherits from"),
        (Language.TYPESCRIPT, "throw new Target('x')", "raises"),
        (Language.TYPESCRIPT, "if (x instanceof Target) {}", "checks for"),
        (Language.TYPESCRIPT, "class A { private a: Target }", "holds"),
        (Language.TYPESCRIPT, "function f(a: Target) {}", "takes"),
        (Language.TYPESCRIPT, "function f(): Target {}", "returns"),
        (Language.TYPESCRIPT, "@Target() class A {}", "is decorated with"),
        (Language.JAVASCRIPT, "Target.make(1)", "uses"),
        (Language.JAVASCRIPT, "new Other(Target.LIMIT)", "uses"),
        (Language.GO, "package a\nvar x = Target(1)", "uses"),
        (Language.GO, "package a\nvar x = Target{}", "creates"),
        (Language.GO, "package a\nfunc f(t *Target) {}", "takes"),
        (Language.GO, "package a\nfunc f() *Target { return nil }", "returns"),
        (Language.GO, "package a\nfunc f() (int, Target) {}", "returns"),
        (Language.GO, "package a\ntype S struct { t Target }", "holds"),
        (Language.RUST, "fn f() { Target { a: 1 } }", "creates"),
        (Language.RUST, "fn f() { Target::new(1) }", "creates"),
        (Language.RUST, "fn f() { Target::<u8>::new(1) }", "creates"),
        (Language.RUST, "fn f() { x.parse::<Target>() }", "uses"),
        (Language.RUST, "fn f(t: &Target) {}", "takes"),
        (Language.RUST, "fn f() -> Vec<Target> {}", "uses"),
        (Language.RUST, "struct S { t: Target }", "holds"),
        (Language.RUST, "#[derive(Target)]\nstruct S;", "uses"),
        (Language.JAVA, "class A { void f() { new Target(1); } }", "creates"),
        (Language.JAVA, "class A extends Target {}", "inherits from"),
        (Language.JAVA, "class A implements Target {}", "implements"),
        (
            Language.JAVA,
            "class A { void f() { throw new Target(); } }",
            "raises",
        ),
        (
            Language.JAVA,
            "class A { void f() { try {} catch (Target e) {} } }",
            "handles",
        ),
        (Language.JAVA, "class A { Target t; }", "holds"),
        (Language.JAVA, "class A { Target f() { return null; } }", "returns"),
        (
            Language.JAVA,
            "class A { void f() { if (x instanceof Target) {} } }",
            "checks for",
        ),
        (Language.JAVA, "@Target class A {}", "is decorated with"),
        (Language.CPP, "int main() { auto x = new Target(1); }", "creates"),
        (Language.CPP, "class A : public Target {};", "inherits from"),
        (Language.CPP, "class A { Target* t_; };", "holds"),
        (Language.CPP, "class A { Target f(); };", "returns"),
        (Language.CPP, "void f(const Target& t) {}", "takes"),
        (Language.CPP, "void f() { throw Target(); }", "raises"),
        (Language.C, "struct Target *f(void);", "returns"),
    ],
)
def test_other_languages(language: Language, line: str, expected: str) -> None:
    assert verb(language, line) == expected


def test_relations_say_that_functions_are_called_and_values_used() -> None:
    assert verb(Language.PYTHON, "Target()", Kind.FUNCTION) == "calls"
    assert verb(Language.PYTHON, "Target.get()", Kind.VARIABLE) == "uses"
    assert verb(Language.RUST, "fn f() { Target!(1) }", Kind.MACRO) == "calls"


def test_evidence_is_the_line_that_shows_it(tmp_path: Path) -> None:
    store = (
        "from stock import Closed, Stock\n\nclass Store:\n"
        "    def open(self):\n        x = Stock\n        return Stock()\n"
    )
    analysis = analysed(
        tmp_path,
        {
            "stock.py": STOCK,
            "store.py": store + "    def shut(self):\n        raise Closed\n",
        },
    )
    for relation in analysis.relations:
        assert (tmp_path / relation.path).read_text().split("\n")[
            relation.line - 1
        ].strip() == relation.code
    assert "Store creates Stock (store.py:6)" in related(analysis)


def test_inheritance_is_seen_where_the_type_is_defined(tmp_path: Path) -> None:
    stock = "class Stock:\n    def take(self): pass\n"
    cellar = (
        "from stock import Stock\n\nclass Cellar(Stock):\n    def take(self):\n"
        "        return Stock.take(self)\n"
    )
    assert "Cellar inherits from Stock (cellar.py:3)" in related(
        analysed(tmp_path, {"stock.py": stock, "cellar.py": cellar})
    )


def test_a_type_inherits_by_way_of_one_without_a_chapter(
    tmp_path: Path,
) -> None:
    stock = "class Stock:\n    def take(self): pass\n"
    room = "from stock import Stock\n\nclass _Room(Stock):\n    pass\n"
    cellar = (
        "from room import _Room\nfrom stock import Stock\n\n"
        "class Cellar(_Room):\n    def take(self, stock: Stock):\n        return stock.take()\n"
    )
    files = {"stock.py": stock, "room.py": room, "cellar.py": cellar}
    assert "Cellar inherits from Stock (room.py:3)" in related(
        analysed(tmp_path, files)
    )


def test_a_relation_of_a_neighbour_is_not_attributed_to_the_subject_of_a_unit(
    tmp_path: Path,
) -> None:
    cellar = (
        "from stock import Stock\n\nclass Cellar(Stock):\n    def take(self):\n"
        "        return Stock()\n"
    )
    analysis = analysed(tmp_path, {"stock.py": STOCK, "cellar.py": cellar})
    assert names(analysis) == ["Cellar", "Closed"]
    assert related(analysis) == []


def test_a_relation_of_a_subtype_is_not_attributed_to_its_base(
    tmp_path: Path,
) -> None:
    stock = (
        "class Stock:\n    def take(self): pass\n\nclass Cellar(Stock): pass\n"
    )
    store = (
        "from stock import Cellar\n\nclass Store:\n    def open(self):\n"
        "        return Cellar()\n"
    )
    assert (
        related(analysed(tmp_path, {"stock.py": stock, "store.py": store}))
        == []
    )


def test_a_type_that_extends_an_interface_implements_it(tmp_path: Path) -> None:
    files = {
        "src/source.ts": "export interface Source { take(): number }\n",
        "src/stock.ts": "import { Source } from './source'\n\n"
        "export class Stock implements Source { take() { return 1 } }\n",
    }
    assert related(analysed(tmp_path, files)) == [
        "Stock implements Source (src/stock.ts:3)"
    ]


def test_a_unit_shows_a_few_relations_and_all_units_are_connected(
    tmp_path: Path,
) -> None:
    words = ("Apple", "Berry", "Cherry", "Date", "Elder")
    files = {
        f"{word.lower()}.py": f"class {word}:\n    def eat(self): pass\n"
        for word in words
    }
    imports = "".join(f"from {word.lower()} import {word}\n" for word in words)
    body = "".join(
        f"    def {word.lower()}(self):\n        return {word}()\n"
        for word in words
    )
    analysis = analysed(
        tmp_path, files | {"basket.py": f"{imports}\nclass Basket:\n{body}"}
    )
    joined = {relation.target for relation in analysis.relations}
    assert "Basket" in names(analysis)
    assert len(joined) == min(4, len(analysis.units) - 1)


def test_the_base_of_a_nested_type_is_not_that_of_the_type_around_it(
    tmp_path: Path,
) -> None:
    files = {
        "shop/Engine.java": "package shop;\n/** Runs. */\n"
        "public class Engine {\n  public void open() {}\n"
        "  static class Ticket extends Base {\n    int number() { return 1; }\n  }\n}\n",
        "shop/Base.java": "package shop;\npublic abstract class Base {\n  abstract int number();\n"
        "  public String name() { return name() + number(); }\n}\n",
    }
    assert [
        sentence
        for sentence in related(analysed(tmp_path, files))
        if "inherits" in sentence
    ] == []


def test_the_actions_of_an_inner_function_are_only_uses(tmp_path: Path) -> None:
    stock = "package shop\n\ntype Stock struct{}\n\nfunc (s *Stock) Take() {}\n"
    store = (
        "package shop\n\ntype Store struct{ run func() }\n\n"
        "func (s *Store) Open(stock interface{}) {\n"
        "\ts.run = func() { x := &Stock{}\n x.Take() }\n}\n"
    )
    files = {"stock.go": stock, "store.go": store}
    assert related(analysed(tmp_path, files)) == [
        "Store uses Stock (store.go:6)"
    ]


def test_the_type_of_a_callback_is_neither_taken_nor_returned(
    tmp_path: Path,
) -> None:
    files = {
        "src/stock.ts": "export class Stock { take() { return 1 } }\n",
        "src/store.ts": "import { Stock } from './stock'\n\n"
        "export interface Store {\n  each: (stock: Stock) => Stock\n}\n",
    }
    assert related(analysed(tmp_path, files)) == [
        "Store uses Stock (src/store.ts:4)"
    ]


def test_nothing_is_said_about_types_that_a_unit_is_not_named_after(
    tmp_path: Path,
) -> None:
    stock = (
        "def take(): pass\n\ndef give(): pass\n\ndef lend(): pass\n\n"
        "def rare(): pass\n"
    )
    store = (
        "from stock import rare\n\nclass Store:\n"
        "    def open(self):\n        return rare()\n"
    )
    users = (
        "from stock import give, lend, take\n\n"
        "take()\ntake()\ntake()\ngive()\ngive()\nlend()\n"
    )
    analysis = analysed(
        tmp_path, {"stock.py": stock, "store.py": store, "examples/a.py": users}
    )
    assert names(analysis) == ["take, give and lend", "Store"]
    assert related(analysis) == []


def test_a_class_is_not_decorated_by_what_decorates_its_method(
    tmp_path: Path,
) -> None:
    files = {
        "marks.py": "def mark(function):\n    return function\n",
        "store.py": "from marks import mark\n\nclass Store:\n"
        "    @mark\n    def open(self): pass\n",
    }
    assert related(analysed(tmp_path, files)) == [
        "Store uses mark (store.py:4)"
    ]


def test_code_at_the_top_of_a_file_and_beside_a_unit_says_nothing_of_it(
    tmp_path: Path,
) -> None:
    store = (
        "from stock import Stock\n\nclass Store:\n    def open(self): pass\n\n"
        "def _fill():\n    return Stock()\n\nSHARED = Stock()\nprint(Stock())\n"
    )
    analysis = analysed(tmp_path, {"stock.py": STOCK, "store.py": store})
    assert "Store" in names(analysis)
    assert related(analysis) == []


def test_a_namespace_and_a_test_among_sources_name_nothing(
    tmp_path: Path,
) -> None:
    files = {
        "src/Handler.php": "<?php\nnamespace Shop\\Handler;\n\nclass Handler {}\n",
        "src/Other.php": "<?php\nnamespace Shop\\Handler;\n\nclass Other {}\n",
        "src/lib.rs": "pub struct Stock;\n\n#[cfg(test)]\nmod tests {\n"
        "    use super::*;\n    fn take() { Stock {}; }\n}\n"
        "pub mod deep {\n    pub struct Deep;\n    pub fn give() { Deep {}; }\n}\n",
    }
    assert referred(analysed(tmp_path, files)) == {"give > Deep"}


@pytest.mark.parametrize(
    ("file", "code", "relation"),
    [
        (
            "stock.go",
            "package a\n\ntype Stock struct {\n\tn int\n}\n\nfunc (s *Stock) Take() {}\n",
            "Store embeds Stock (store.go:3)",
        ),
        (
            "stock.ts",
            "export interface Stock { take(): number; left(): number }\n",
            "Store inherits from Stock (store.ts:3)",
        ),
    ],
    ids=["a struct of Go", "an interface"],
)
def test_a_struct_embeds_and_an_interface_inherits(
    tmp_path: Path, file: str, code: str, relation: str
) -> None:
    stores = {
        "store.go": "package a\n\ntype Store struct {\n\tStock\n}\n\n"
        "func (s *Store) Open() {}\n",
        "store.ts": "import { Stock } from './stock';\n\n"
        "export interface Store extends Stock { open(): void }\n",
    }
    store = file.replace("stock", "store")
    files = {file: code, store: stores[store]}
    assert relation in related(analysed(tmp_path, files))
