"""The files that an import means, by language."""

import pytest

from worker.engines.static.facts import Import
from worker.engines.static.linking.imports import Modules
from worker.engines.static.reading.language import Language

PATHS = (
    "src/shop/__init__.py", "src/shop/stock.py", "src/shop/parts/__init__.py",
    "src/shop/parts/list.py", "tool.py",
    "web/src/index.ts", "web/src/store.ts", "web/src/ui/index.tsx", "web/lib/old.js",
    "packages/core/src/index.ts",
    "go/main.go", "go/stock/stock.go", "go/stock/list.go",
    "src/lib.rs", "src/stock.rs", "src/parts/mod.rs", "src/parts/list.rs",
    "crates/my-core/src/lib.rs",
    "crates/my-core/src/graph.rs",
    "app/src/main/java/shop/Stock.java", "app/src/main/java/shop/Store.java",
    "lib/shop.rb", "lib/shop/cart.rb", "lib/Shop/Cart.php",
    "include/db/env.h", "util/env.cc", "util/hash.h", "util/hash.cc",
)  # fmt: skip
SETTINGS = {
    "packages/core/package.json": '{"name": "@shop/core"}',
    "broken/package.json": "{",
    "list/package.json": "[1]",
    "go/go.mod": "module example.com/shop // ours\n",
}
JAVA = "app/src/main/java/shop"
DECLARED = {
    f"{JAVA}/Stock.java": ("shop", ["Stock"]),
    f"{JAVA}/Store.java": ("shop", ["Store"]),
    "lib/Shop/Cart.php": ("Shop.Carts", ["Cart", "Line"]),
}
MODULES = Modules(PATHS, ("src/shop", "src/shop/parts"), SETTINGS, DECLARED)


def targets(
    path: str,
    language: Language,
    module: str,
    *names: str,
    everything: bool = False,
) -> tuple[str, ...]:
    statement = Import(
        module=module,
        names=tuple((name, name) for name in names),
        everything=everything,
        line=1,
    )
    return MODULES.targets(path, language, statement)


@pytest.mark.parametrize(
    ("path", "module", "names", "expected"),
    [
        (
            "src/shop/stock.py",
            ".",
            ("parts",),
            ("src/shop/__init__.py", "src/shop/parts/__init__.py"),
        ),
        (
            "src/shop/parts/list.py",
            "..stock",
            ("Stock",),
            ("src/shop/stock.py",),
        ),
        ("src/shop/parts/list.py", "shop.stock", (), ("src/shop/stock.py",)),
        (
            "tool.py",
            "shop.parts",
            ("list",),
            ("src/shop/parts/__init__.py", "src/shop/parts/list.py"),
        ),
        ("src/shop/stock.py", "tool", (), ("tool.py",)),
        ("src/shop/stock.py", "list", (), ()),
        ("src/shop/stock.py", "os.path", (), ()),
        ("tool.py", "....far", (), ()),
    ],
)
def test_python(
    path: str, module: str, names: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert targets(path, Language.PYTHON, module, *names) == expected


@pytest.mark.parametrize(
    ("path", "module", "expected"),
    [
        ("web/src/index.ts", "./store", ("web/src/store.ts",)),
        ("web/src/index.ts", "./store.js", ("web/src/store.ts",)),
        ("web/src/store.ts", "./ui", ("web/src/ui/index.tsx",)),
        ("web/src/ui/index.tsx", "..", ("web/src/index.ts",)),
        ("web/src/ui/index.tsx", "../../lib/old", ("web/lib/old.js",)),
        ("web/src/index.ts", "@shop/core", ("packages/core/src/index.ts",)),
        (
            "web/src/index.ts",
            "@shop/core/missing",
            ("packages/core/src/index.ts",),
        ),
        ("web/src/index.ts", "@shop/core2", ()),
        ("web/src/index.ts", "react", ()),
        ("web/src/index.ts", "../../../..", ()),
    ],
)
def test_scripts(path: str, module: str, expected: tuple[str, ...]) -> None:
    assert targets(path, Language.TYPESCRIPT, module) == expected


def test_a_go_package_is_all_files_of_its_folder() -> None:
    assert targets("go/main.go", Language.GO, "example.com/shop/stock") == (
        "go/stock/list.go",
        "go/stock/stock.go",
    )
    assert targets("go/stock/stock.go", Language.GO, "example.com/shop") == (
        "go/main.go",
    )
    assert targets("go/main.go", Language.GO, "example.com/shopping") == ()


@pytest.mark.parametrize(
    ("path", "module", "name", "expected"),
    [
        ("src/lib.rs", "crate::stock", "Stock", ("src/stock.rs",)),
        ("src/parts/list.rs", "super", "Part", ("src/parts/mod.rs",)),
        ("src/parts/mod.rs", "self::list", "List", ("src/parts/list.rs",)),
        (
            "src/lib.rs",
            "my_core::graph",
            "Graph",
            ("crates/my-core/src/graph.rs", "crates/my-core/src/lib.rs"),
        ),
        ("src/lib.rs", "std::fmt", "Debug", ()),
    ],
)
def test_rust(
    path: str, module: str, name: str, expected: tuple[str, ...]
) -> None:
    paths = targets(path, Language.RUST, module, name)
    assert paths[: len(expected)] == expected
    assert bool(paths) is bool(expected)


def test_java_types_and_packages() -> None:
    store, stock = (
        "app/src/main/java/shop/Store.java",
        "app/src/main/java/shop/Stock.java",
    )
    assert targets(store, Language.JAVA, "shop", "Stock") == (stock,)
    assert targets("Other.java", Language.JAVA, "shop", everything=True) == (
        stock,
        store,
    )
    assert targets(store, Language.JAVA, "shop.Stock", "Inner") == (stock,)
    assert targets(store, Language.JAVA, "java.util", "List") == ()


def test_headers_are_found_near_and_far_with_the_code_that_implements_them() -> (
    None
):
    assert targets("util/env.cc", Language.CPP, "hash.h") == (
        "util/hash.h",
        "util/hash.cc",
    )
    assert targets("util/hash.cc", Language.CPP, "db/env.h") == (
        "include/db/env.h",
        "util/env.cc",
    )
    assert targets("util/hash.cc", Language.CPP, "../include/db/env.h") == (
        "include/db/env.h",
        "util/env.cc",
    )
    assert targets("util/hash.cc", Language.CPP, "vector") == ()


def test_packages_of_php_kotlin_and_csharp_are_those_that_files_declare() -> (
    None
):
    cart = ("lib/Shop/Cart.php",)
    for language in (Language.PHP, Language.KOTLIN, Language.CSHARP):
        assert targets("a", language, "Shop.Carts", "Line") == cart
        assert targets("a", language, "Shop.Carts", everything=True) == cart
        assert targets("a", language, "Shop", "Cart") == ()


def test_ruby_requires_files_of_its_library_or_beside_it() -> None:
    assert targets("bin/a", Language.RUBY, "shop/cart", everything=True) == (
        "lib/shop/cart.rb",
    )
    assert targets("lib/shop.rb", Language.RUBY, "./shop/cart") == (
        "lib/shop/cart.rb",
    )
    assert targets("bin/a", Language.RUBY, "json") == ()


def test_a_package_whose_folder_is_the_repository_finds_its_own_name() -> None:
    modules = Modules(["__init__.py", "db/models.py", "futures.py"], [], {}, {})
    written = ["shop.db.models", "shop.db", "concurrent.futures", "os", "xml.a"]
    modules.name_root([*written, "shop.db.models", ".db", "concurrent.x"])

    def found(module: str, *names: str) -> tuple[str, ...]:
        pairs = tuple((name, name) for name in names)
        return modules.targets(
            "a.py", Language.PYTHON, Import(module=module, names=pairs, line=1)
        )

    assert found("shop.db.models", "Model") == ("db/models.py",)
    assert found("shop", "futures") == ("__init__.py", "futures.py")
    assert found("concurrent.futures") == ()
    assert found("shopping.futures") == ()
