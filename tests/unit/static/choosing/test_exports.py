"""What a project exports, and what its tests, examples and documents import."""

from collections.abc import Mapping
from pathlib import Path

from tests.support.course import write_tree
from worker.engines.static.analysis import _collect
from worker.engines.static.choosing.exports import Exports
from worker.engines.static.choosing.public_use import PublicUse
from worker.engines.static.facts import Definition
from worker.engines.static.reading.survey import survey


def public_use(
    folder: Path, files: Mapping[str, str], project: str = ""
) -> tuple[PublicUse, dict[str, Definition]]:
    """Return the use of a project, and its definitions by `path:name`."""
    facts = _collect(
        survey(write_tree(folder, files), lambda: None), lambda: None
    )
    read = facts.read
    exports = Exports(facts.graph, facts.resolver, read.texts)
    use = PublicUse(read.files, read.texts, project, exports, lambda: None)
    definitions = {
        f"{definition.path}:{definition.name}": definition
        for definition in facts.graph.definitions
    }
    return use, definitions


def weights(folder: Path, files: Mapping[str, str]) -> dict[str, float]:
    """Return how clearly each definition is exported, by `path:name`."""
    use, definitions = public_use(folder, files)
    return {
        name: round(use.exports.weight(definition.index), 2)
        for name, definition in definitions.items()
    }


def test_a_packages_init_exports_what_it_imports(tmp_path: Path) -> None:
    files = {
        "shop/__init__.py": "from shop.a import Shown\n",
        "shop/a.py": "class Shown: pass\nclass Kept: pass\n",
    }
    assert weights(tmp_path, files) == {
        "shop/a.py:Shown": 1.0,
        "shop/a.py:Kept": 0.0,
    }


def test_a_console_script_is_exported(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[project.scripts]\nshop = "shop.cli:run"\n',
        "shop/cli.py": "def run(): pass\ndef other(): pass\n",
        "shop/main.py": "def run(): pass\n",
    }
    assert weights(tmp_path, files) == {
        "shop/cli.py:run": 1.0,
        "shop/cli.py:other": 0.0,
        "shop/main.py:run": 0.0,
    }


def test_names_that_the_main_file_of_a_package_json_passes_on_are_exported(
    tmp_path: Path,
) -> None:
    files = {
        "package.json": '{"name": "shop", "exports": {".": "./lib/shop.js"}}',
        "lib/shop.js": "export { Cart } from './cart.js'\n",
        "lib/cart.js": "export class Cart {}\n",
        "lib/row.js": "export class Row {}\n",
    }
    assert weights(tmp_path, files) == {
        "lib/cart.js:Cart": 1.0,
        "lib/row.js:Row": 0.0,
    }


def test_a_package_re_exports_what_another_re_exports(tmp_path: Path) -> None:
    files = {
        "index.js": "export * from './all.js'\n",
        "all.js": "export * from './cart.js'\nexport { Row } from './row.js'\n",
        "cart.js": "export * from './all.js'\nexport class Cart {}\n",
        "row.js": "export class Row {}\nexport class Cell {}\n",
    }
    assert weights(tmp_path, files) == {
        "cart.js:Cart": 1.0,
        "row.js:Row": 1.0,
        "row.js:Cell": 0.0,
    }


def test_the_public_names_beside_a_go_mod_are_exported(tmp_path: Path) -> None:
    files = {
        "go.mod": "module example.org/shop\n",
        "shop.go": "package shop\n\ntype Cart struct{}\n\ntype row struct{}\n",
        "inner/a.go": "package inner\n\ntype Other struct{}\n",
    }
    assert weights(tmp_path, files) == {
        "shop.go:Cart": 1.0,
        "shop.go:row": 0.0,
        "inner/a.go:Other": 0.0,
    }


def test_an_import_counts_for_what_the_module_shows(tmp_path: Path) -> None:
    files = {
        "shop/__init__.py": "'Shop.'\n",
        "shop/forms/__init__.py": "from shop.forms.fields import Field\n",
        "shop/forms/fields.py": "class Field: pass\nclass Widget: pass\n",
        "blog/fields.py": "class Field: pass\n",
        "tests/test_a.py": "from shop.forms import Field, Widget\n",
    }
    use, definitions = public_use(tmp_path, files, "shop")
    assert use.of_name(definitions["shop/forms/fields.py:Field"]) == 1
    assert use.of_name(definitions["shop/forms/fields.py:Widget"]) == 0
    assert use.of_name(definitions["blog/fields.py:Field"]) == 0


def test_a_string_with_a_path_counts_as_an_import(tmp_path: Path) -> None:
    files = {
        "shop/middleware.py": "class Gzip: pass\n",
        "docs/a.md": "# A\n\n    USED = ['shop.middleware.Gzip']\n",
    }
    use, definitions = public_use(tmp_path, files)
    assert use.of_name(definitions["shop/middleware.py:Gzip"]) == 1


def test_a_crate_exports_what_its_door_defines_and_its_macros(
    tmp_path: Path,
) -> None:
    files = {
        "src/lib.rs": "pub struct Cart;\nstruct Row;\npub const MOST: u8 = 9;\n",
        "src/macros.rs": (
            "#[macro_export]\nmacro_rules! sell { () => {}; }\n"
            "macro_rules! helper { () => {}; }\n"
            "#[cfg(test)]\n#[macro_export]\nmacro_rules! check { () => {}; }\n"
        ),
    }
    assert weights(tmp_path, files) == {
        "src/lib.rs:Cart": 1.0,
        "src/lib.rs:Row": 0.0,
        "src/lib.rs:MOST": 0.0,
        "src/macros.rs:sell": 1.0,
        "src/macros.rs:helper": 0.0,
        "src/macros.rs:check": 0.0,
    }


def test_a_gem_exports_what_its_entry_file_loads(tmp_path: Path) -> None:
    entry = """module Shop
  autoload :Cart, "shop/cart"
  module Auth
    autoload :Basic, "shop/auth/basic"
  end
  autoload :Handler, "shop/handler"
end
"""
    files = {
        "lib/shop.rb": entry,
        "lib/shop/cart.rb": "module Shop\n  class Cart\n  end\nend\n",
        "lib/shop/auth/basic.rb": "class Basic\nend\n",
        "lib/shop/handler.rb": (
            "module Handler\n  def run\n  end\n"
            "  autoload :CGI, 'shop/handler/cgi'\nend\n"
        ),
        "lib/shop/handler/cgi.rb": "class CGI\nend\n",
    }
    exported = weights(tmp_path, files)
    del exported["lib/shop.rb:Auth"]
    del exported["lib/shop/handler.rb:run"]
    assert exported == {
        "lib/shop/cart.rb:Cart": 1.0,
        "lib/shop/auth/basic.rb:Basic": 1.0,
        "lib/shop/handler.rb:Handler": 1.0,
        "lib/shop/handler/cgi.rb:CGI": 0.0,
    }


def test_a_package_exports_nothing_that_it_imports_for_its_own_use(
    tmp_path: Path,
) -> None:
    files = {
        "shop/__init__.py": (
            "from shop.a import Cart, Row\n\ndef open_shop():\n    return Row()\n"
        ),
        "shop/a.py": "class Cart: pass\nclass Row: pass\n",
    }
    assert weights(tmp_path, files) == {
        "shop/__init__.py:open_shop": 1.0,
        "shop/a.py:Cart": 1.0,
        "shop/a.py:Row": 0.0,
    }


def test_a_table_of_functions_is_exported(tmp_path: Path) -> None:
    names = [f"do_{number}" for number in range(10)]
    functions = "".join(f"def {name}(x):\n    return x\n" for name in names)
    rows = ", ".join(f"'{name}': {name}" for name in names)
    few = ", ".join(f"'{name}': {name}" for name in names[1:])
    files = {
        "shop/filters.py": f"{functions}FILTERS = {{{rows}}}\nFEW = {{{few}}}\n"
    }
    exported = weights(tmp_path, files)
    assert exported["shop/filters.py:FILTERS"] == 1.0
    assert exported["shop/filters.py:FEW"] == 0.0
    assert exported["shop/filters.py:do_1"] == 0.0
