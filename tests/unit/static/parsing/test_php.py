"""The parsing of PHP."""

from pathlib import Path

from tests.support.analysed import analysed, kinds, parsed, referred
from worker.engines.static.facts import Import
from worker.engines.static.reading.language import Language

TEXT = r"""<?php
namespace Shop\Core;

use Shop\Parts\Part;
use Shop\Parts\{Stock, Lists as Many};
use function Shop\Parts\price;

/** Sells. */
#[Service(1)]
final class Store extends Base implements Source, \Other\Seller, \Countable {
    use Helps, Parts\Counts;
    const MAX = 3;
    public function __construct(private int $count, string $name = "a $b") {}
    private function hide(): int { return 1; }
}
interface Source extends Root { function take(); }
trait Helps { function help() {} }
enum Kind: string implements Source { case One = 'a'; }
function sell(string $name): int { return new class extends Hidden {}; }
const LIMIT = 3;
"""
FOUND = parsed(Language.PHP, TEXT)
BY_NAME = {definition.name: definition for definition in FOUND.drafts}


def test_types_functions_and_constants_are_definitions() -> None:
    assert kinds(FOUND) == {
        "Store": "class", "Store.__construct": "method", "Store.hide": "method",
        "Source": "interface",
        "Source.take": "method", "Helps": "trait", "Helps.help": "method", "Kind": "enum",
        "sell": "function",
        "LIMIT": "constant",
    }  # fmt: skip


def test_the_types_that_a_type_extends_implements_or_uses_are_its_bases() -> (
    None
):
    assert BY_NAME["Store"].bases == (
        "Base", "Source", "Other.Seller", "\\Countable", "Helps", "Parts.Counts",
    )  # fmt: skip
    assert BY_NAME["Source"].bases == ("Root",)
    assert BY_NAME["Kind"].bases == ("Source",)


def test_a_definition_has_its_head_comment_attributes_and_access() -> None:
    store = BY_NAME["Store"]
    assert store.signature == (
        r"final class Store extends Base implements Source, \Other\Seller, \Countable"
    )
    assert (store.doc, store.decorators) == ("Sells.", ("Service(1)",))
    assert BY_NAME["__construct"].public
    assert not BY_NAME["hide"].public


def test_uses_are_imports_and_the_namespace_is_known() -> None:
    assert FOUND.package == "Shop.Core"
    assert FOUND.imports == (
        Import(module="Shop.Parts", names=(("Part", "Part"),), line=4),
        Import(module="Shop.Parts", names=(("Stock", "Stock"),), line=5),
        Import(module="Shop.Parts", names=(("Many", "Lists"),), line=5),
        Import(module="Shop.Parts", names=(("price", "price"),), line=6),
    )


def test_names_are_found_through_namespaces(tmp_path: Path) -> None:
    files = {
        "src/Store.php": "<?php\nnamespace Shop;\nuse Shop\\Parts\\Part as P;\n"
        "class Store extends Base { function f() { return new P(); } }\n",
        "src/Base.php": "<?php\nnamespace Shop;\nclass Base extends \\Part {}\n",
        "src/Parts/Part.php": "<?php\nnamespace Shop\\Parts;\nclass Part {}\n",
        "src/Other/Part.php": "<?php\nnamespace Shop\\Other;\nclass Part {}\n",
    }
    analysis = analysed(tmp_path, files)
    assert analysis.files["src/Store.php"].imports[0].targets == (
        "src/Parts/Part.php",
    )
    assert referred(analysis) == {"Store > Base", "Store.f > Part"}
