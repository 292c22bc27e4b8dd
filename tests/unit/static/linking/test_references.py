"""References across the files of small projects in each language."""

from pathlib import Path

import pytest

from tests.support.analysed import analysed, defined, referred


def test_python_names_lead_through_imports_reexports_modules_and_self(
    tmp_path: Path,
) -> None:
    analysis = analysed(
        tmp_path,
        {
            "shop/__init__.py": "from .stock import Stock\nfrom .prices import *\n",
            "shop/stock.py": "class Base:\n    def take(self): pass\n\n"
            "class Stock(Base):\n    def all(self): self.take()\n",
            "shop/prices.py": "def price_of(): pass\n",
            "main.py": "import shop.prices as p\nfrom shop import Stock as S, price_of\n\n"
            "def run():\n    S()\n    S.take()\n    price_of()\n    p.price_of()\n\nrun()\n",
        },
    )
    assert referred(analysis) == {
        "Stock > Base", "Stock.all > Base.take", "run > Stock", "run > Base.take",
        "run > price_of", "main.py > run",
    }  # fmt: skip
    [reference_] = [
        reference
        for reference in analysis.references
        if reference.target == defined(analysis, "price_of").index
    ]
    assert (
        reference_.path,
        reference_.line,
        reference_.count,
        reference_.sure,
    ) == ("main.py", 7, 2, True)


def test_nothing_is_said_about_a_name_that_only_matches_by_spelling(
    tmp_path: Path,
) -> None:
    files = {
        "a.py": "class CookieJar:\n    def set_cookie(self): pass\n    def get(self): pass\n",
        "b.py": "def f(x):\n    x.set_cookie(CookieJar)\n    x.get()\n",
        "c.js": "function g() { return CookieJar }\n",
    }
    assert referred(analysed(tmp_path, files)) == set()


def test_a_foreign_name_is_not_mistaken_for_ours(
    tmp_path: Path,
) -> None:
    files = {
        "a.py": "class Request: pass\n",
        "b.py": "from urllib.request import Request\n\ndef f():\n    return Request()\n",
    }
    assert referred(analysed(tmp_path, files)) == set()


def test_scripts_lead_through_default_and_named_exports(tmp_path: Path) -> None:
    files = {
        "src/store.ts": "import { Stock } from './index'\nimport * as prices from './prices'\n"
        "export default class Store {\n  private stock = new Stock()\n"
        "  sell() { return prices.priceOf(this.count()) }\n"
        "  count() { return 1 }\n}\n",
        "src/stock.ts": "export class Stock {}\n",
        "src/prices.ts": "export const priceOf = (x: number) => x\n",
        "src/index.ts": "export { Stock } from './stock'\n",
        "src/main.ts": "import Shop from './store'\n\nnew Shop()\n",
    }
    assert referred(analysed(tmp_path, files)) == {
        "Store > Stock", "Store.sell > priceOf", "Store.sell > Store.count", "src/main.ts > Store",
    }  # fmt: skip


def test_commonjs_leads_through_module_exports(tmp_path: Path) -> None:
    files = {
        "lib/store.js": "const Stock = require('./stock')\nconst { price } = require('./prices')\n"
        "class Store { sell() { return price(new Stock()) } }\nmodule.exports = { Store }\n",
        "lib/stock.js": "class Stock {}\nmodule.exports = Stock\n",
        "lib/prices.js": "exports.price = function price(x) { return x }\n",
    }
    assert referred(analysed(tmp_path, files)) == {
        "Store.sell > Stock", "Store.sell > price", "lib/store.js > Store", "lib/stock.js > Stock",
    }  # fmt: skip


def test_go_sees_its_package_and_imported_ones(tmp_path: Path) -> None:
    files = {
        "go.mod": "module example.com/shop\n",
        "main.go": (
            'package main\n\nimport "example.com/shop/stock"\n\n'
            "func main() { run(stock.New()) }\n"
        ),
        "run.go": "package main\n\nfunc run(x int) {}\n",
        "stock/stock.go": (
            "package stock\n\ntype Stock struct{}\n\n"
            "func New() *Stock { return &Stock{} }\n"
        ),
        "stock/take.go": (
            "package stock\n\nfunc (s *Stock) Take() { s.takeOne() }\n\n"
            "func (s *Stock) takeOne() {}\n"
        ),
    }
    analysis = analysed(tmp_path, files)
    assert referred(analysis) >= {"main > run", "main > New", "New > Stock"}
    assert [
        analysis.definitions[member].name
        for member in defined(analysis, "Stock").members
    ] == ["Take", "takeOne"]


def test_rust_leads_through_use_and_impl(tmp_path: Path) -> None:
    files = {
        "src/lib.rs": "pub mod stock;\npub mod store;\npub use stock::Stock;\n",
        "src/stock.rs": "pub trait Source { fn take(&self); }\npub struct Stock;\n"
        "impl Source for Stock { fn take(&self) {} }\n",
        "src/store.rs": "use crate::stock::{Source, Stock};\n\n"
        "pub struct Store { stock: Stock }\n\n"
        "impl Store {\n    pub fn new() -> Self { Store { stock: Stock } }\n"
        "    pub fn sell(&self) { self.check() }\n"
        "    fn check(&self) {}\n}\n",
    }
    analysis = analysed(tmp_path, files)
    assert referred(analysis) >= {
        "Store > Stock",
        "Store.new > Stock",
        "Store.sell > Store.check",
    }
    assert defined(analysis, "Stock").bases == ("Source",)


def test_java_sees_its_package_and_imports(tmp_path: Path) -> None:
    base = "src/main/java/shop"
    files = {
        f"{base}/Store.java": "package shop;\nimport shop.stock.Stock;\n"
        "public class Store {\n  Stock stock = new Stock();\n"
        "  int sell() { return Prices.of(this.count()); }\n  int count() { return 1; }\n}\n",
        f"{base}/Prices.java": (
            "package shop;\nclass Prices { static int of(int x) { return x; } }\n"
        ),
        f"{base}/stock/Stock.java": "package shop.stock;\npublic class Stock {}\n",
    }
    assert referred(analysed(tmp_path, files)) == {
        "Store > Stock", "Store.sell > Prices", "Store.sell > Prices.of",
        "Store.sell > Store.count",
    }  # fmt: skip


def test_headers_and_their_code_are_one_definition(tmp_path: Path) -> None:
    files = {
        "include/stock.h": "#pragma once\nclass Stock {\n public:\n"
        "  // Takes one.\n  int take();\n};\n"
        "int price_of(int x);\n",
        "src/stock.cc": '#include "stock.h"\n\nint Stock::take() { return price_of(1); }\n\n'
        "int price_of(int x) { return x; }\n",
        "src/main.cc": '#include "stock.h"\n\nint main() { Stock s; return price_of(s.take()); }\n',
    }
    analysis = analysed(tmp_path, files)
    assert referred(analysis) >= {
        "main > Stock",
        "main > price_of",
        "Stock.take > price_of",
    }
    take = defined(analysis, "Stock.take")
    assert (take.path, take.doc) == ("src/stock.cc", "Takes one.")
    assert take.index in defined(analysis, "Stock").members


def test_a_definition_does_not_name_itself_by_being_defined(
    tmp_path: Path,
) -> None:
    analysis = analysed(
        tmp_path,
        {"a.py": "def loop():\n    loop()\n\ndef other():\n    pass\n"},
    )
    assert referred(analysis) == set()


STORE = (
    "class Store:\n    def get(self): pass\n\n"
    "class Shop:\n    def get(self): pass\n\n"
    "def item(): pass\n"
)


@pytest.mark.parametrize(
    "body",
    [
        "def f(item):\n    item()\n",
        "def f():\n    item = 1\n    item()\n",
        "def f():\n    for item in []:\n        item()\n",
        "def f():\n    with open('x') as item:\n        item()\n",
        "def f():\n    try: pass\n    except E as item:\n        item()\n",
        "def f():\n    return [item() for item in []]\n",
        "def f():\n    return lambda item: item()\n",
        "def f(x):\n    match x:\n        case [item, *_]:\n            item()\n",
        "def f():\n    def item(): pass\n    item()\n",
        "def f(g):\n    g(item=1)\n",
        "def f():\n    '''Call item() with care.'''\n",
        "from other import item\n\ndef f():\n    item()\n",
        "def f(x):\n    x.get()\n",
        "def f():\n    x = unknown()\n    x.get()\n",
        "def f(x):\n    x = Store()\n    x = Shop()\n    x.get()\n",
        "def f(x: list[int]):\n    x.get()\n",
    ],
)
def test_a_local_or_foreign_name_and_an_unknown_receiver_are_not_references(
    tmp_path: Path, body: str
) -> None:
    lead = "" if body.startswith("from") else "from store import item\n"
    code = f"from store import Store, Shop\n{lead}\n{body}"
    analysis = analysed(tmp_path, {"store.py": STORE, "use.py": code})
    assert not referred(analysis) & {
        "f > item", "f > Store.get", "f > Shop.get",
    }  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        "def f(x: Store):\n    x.get()\n",
        "def f(x: 'Store | None'):\n    x.get()\n",
        "def f():\n    x = Store()\n    x.get()\n",
        "def f():\n    x: Store = make()\n    x.get()\n",
        "def made() -> Store: pass\n\ndef f():\n    x = made()\n    x.get()\n",
        "def f():\n    return Store.get(1)\n",
        "KEPT = Store()\n\ndef f():\n    KEPT.get()\n",
    ],
)
def test_a_receivers_type_is_known_by_annotation_creation_or_result(
    tmp_path: Path, body: str
) -> None:
    code = f"from store import Store\n\n{body}"
    analysis = analysed(tmp_path, {"store.py": STORE, "use.py": code})
    assert "f > Store.get" in referred(analysis)


def test_an_attribute_is_known_by_what_is_assigned_to_it(
    tmp_path: Path,
) -> None:
    code = (
        "from store import Store\n\nclass Till:\n    shelf: Store\n\n"
        "    def __init__(self, store: Store, other):\n"
        "        self.store = store\n        self.other = other\n\n"
        "    def one(self):\n        self.store.get()\n\n"
        "    def two(self):\n        self.shelf.get()\n\n"
        "    def three(self):\n        self.other.get()\n"
    )
    analysis = analysed(tmp_path, {"store.py": STORE, "till.py": code})
    gets = {pair for pair in referred(analysis) if pair.endswith("Store.get")}
    assert gets == {"Till.one > Store.get", "Till.two > Store.get"}


@pytest.mark.parametrize(
    ("name", "store", "body"),
    [
        (
            "use.ts",
            "export class Store { get() { return 1 } }\n",
            (
                "import { Store } from './store'\n"
                "export function known(x: Store) { return x.get() }\n"
                "export function made() { const x = new Store(); return x.get() }\n"
                "export function unknown(x: any) { return x.get() }\n"
                "export function hidden(Store: any) { return Store.get() }\n"
            ),
        ),
        (
            "use.go",
            "package shop\n\ntype Store struct{}\n\nfunc (s *Store) get() {}\n",
            (
                "package shop\n\nfunc known(x *Store) { x.get() }\n\n"
                "func made() { x := &Store{}\n x.get() }\n\n"
                "func unknown(x interface{}) { x.get() }\n\n"
                "func hidden(Store any) { Store.get() }\n"
            ),
        ),
        (
            "use.rs",
            "pub struct Store;\n\nimpl Store {\n    pub fn get(&self) {}\n}\n",
            (
                "use crate::store::Store;\n\nfn known(x: &Store) { x.get(); }\n\n"
                "fn made() { let x = Store {};\n x.get(); }\n\n"
                "fn unknown<T>(x: T) { x.get(); }\n"
            ),
        ),
    ],
)
def test_receivers_of_other_languages(
    tmp_path: Path, name: str, store: str, body: str
) -> None:
    end = name.rpartition(".")[2]
    files = {f"src/store.{end}": store, f"src/{name}": body}
    analysis = analysed(tmp_path, files)
    gets = {pair for pair in referred(analysis) if pair.endswith("Store.get")}
    assert gets == {"known > Store.get", "made > Store.get"}


def test_a_property_is_what_its_body_or_signature_returns(
    tmp_path: Path,
) -> None:
    files = {
        "a.py": "class Queue:\n    def push(self): pass\n\n"
        "class App:\n    @cached_property\n    def queue(self):\n"
        "        if self.old:\n            return None\n"
        "        return Queue()\n\n"
        "    @property\n    def other(self) -> Queue: ...\n\n"
        "    @wrapped\n    def third(self):\n        return Queue()\n\n"
        "    def fourth(self):\n        yield\n        return Queue()\n\n"
        "    def run(self):\n        self.queue.push()\n\n"
        "    def stop(self):\n        self.other.push()\n\n"
        "    def pause(self):\n        self.third().push()\n"
        "        self.fourth().push()\n",
    }
    calls = {
        call for call in referred(analysed(tmp_path, files)) if "push" in call
    }
    assert calls == {"App.run > Queue.push", "App.stop > Queue.push"}


def test_nothing_is_inferred_from_a_function_with_different_results(
    tmp_path: Path,
) -> None:
    files = {
        "a.py": "class Queue:\n    def push(self): pass\n\nclass Stack: pass\n\n"
        "def make(x):\n    if x:\n        return Stack()\n"
        "    return Queue()\n\n"
        "def outer():\n    def inner():\n        return Queue()\n"
        "    return inner\n\n"
        "def run():\n    make(1).push()\n    make().push()\n    outer().push()\n",
    }
    assert not any(
        "push" in call for call in referred(analysed(tmp_path, files))
    )


def test_an_attribute_that_is_a_class_leads_to_the_class(
    tmp_path: Path,
) -> None:
    files = {
        "a.py": "class Response:\n    def send(self): pass\n\n"
        "class App:\n    response_class = Response\n    other = Response\n\n"
        "    def __init__(self, other):\n        self.other = other\n\n"
        "    def answer(self):\n        return self.response_class()\n\n"
        "    def run(self):\n        self.answer().send()\n\n"
        "    def stop(self):\n        self.other()\n",
    }
    assert referred(analysed(tmp_path, files)) == {
        "App > Response", "App.answer > Response", "App.run > App.answer",
        "App.run > Response.send",
    }  # fmt: skip


def test_a_base_is_found_through_another_name_of_it(tmp_path: Path) -> None:
    analysis = analysed(
        tmp_path,
        {
            "shop/__init__.py": "from shop.base import Base as Stock\n",
            "shop/base.py": "class Base: pass\n\ndef made(): pass\n",
            "shop/sub.py": "import shop\nfrom shop.base import made\n\n"
            "Alias = shop.Stock\n\nclass Sub(Alias): pass\n\n"
            "class Made(made()): pass\n",
        },
    )
    derived = {
        analysis.definitions[index].name: [
            analysis.definitions[base].name for base in bases
        ]
        for index, bases in analysis.bases.items()
    }
    assert derived == {"Sub": ["Base"]}


def test_an_attribute_in_a_condition_is_not_bound_there(
    tmp_path: Path,
) -> None:
    files = {
        "a.py": "class Queue:\n    def push(self): pass\n\n"
        "class App:\n    queue: Queue[str | bytes]\n\n    def run(self):\n"
        "        self.queue = None\n        if self.queue: self.queue.push()\n",
        "b.py": "from a import Queue\n\nclass Other:\n    def __init__(self):\n"
        "        self.queue = Queue()\n\n    def run(self):\n"
        "        if self.queue:\n            self.queue.push()\n",
    }
    assert {"App.run > Queue.push", "Other.run > Queue.push"} <= referred(
        analysed(tmp_path, files)
    )


def test_an_inner_class_does_not_bind_what_the_outer_has(
    tmp_path: Path,
) -> None:
    files = {
        "a.py": "class Queue:\n    def push(self): pass\n\n"
        "class App:\n    class Meta:\n        queue: Queue\n\n"
        "    def run(self):\n        self.queue.push()\n",
    }
    assert referred(analysed(tmp_path, files)) == {"App.Meta > Queue"}
