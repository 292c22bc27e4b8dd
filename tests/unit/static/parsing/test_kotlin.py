"""The parsing of Kotlin."""

from pathlib import Path

from tests.support.analysed import analysed, kinds, parsed, referred
from worker.engines.static.facts import Import
from worker.engines.static.reading.language import Language

TEXT = """package shop.core

import shop.parts.Part
import shop.parts.List as Many
import shop.all.*

/** Sells. */
@Serializable
open class Store<T>(
    /** How many. */
    val count: Int,
) : Base<T>(count), Source {
    fun sell(name: String): Int = 1
    private fun hide() {}
    companion object {
        fun of() = Store(1)
    }
    inner class Inner : Nested()
}
sealed interface Source : Root { fun take(): Int }
enum class Kind { ONE }
object Single : Base<Int>(1)
fun String.shout(): String = "text $this"
internal val limit: Int = 3
typealias Done = (Int) -> Unit
"""
FOUND = parsed(Language.KOTLIN, TEXT)
BY_NAME = {definition.name: definition for definition in FOUND.drafts}


def test_types_functions_and_values_are_definitions() -> None:
    assert kinds(FOUND) == {
        "Store": "class", "Store.sell": "method", "Store.hide": "method", "Store.of": "method",
        "Store.Inner": "class",
        "Source": "interface", "Source.take": "method", "Kind": "enum", "Single": "class",
        "shout": "function",
        "limit": "variable", "Done": "type",
    }  # fmt: skip


def test_bases_belong_to_the_type_that_names_them() -> None:
    assert BY_NAME["Store"].bases == ("Base", "Source")
    assert BY_NAME["Inner"].bases == ("Nested",)
    assert BY_NAME["Source"].bases == ("Root",)
    assert BY_NAME["Single"].bases == ("Base",)


def test_a_definition_has_its_head_comment_annotations_and_access() -> None:
    store = BY_NAME["Store"]
    assert store.signature == (
        "open class Store<T>( val count: Int, ) : Base<T>(count), Source"
    )
    assert (store.doc, store.decorators) == ("Sells.", ("Serializable",))
    assert not BY_NAME["hide"].public
    assert not BY_NAME["limit"].public
    assert BY_NAME["take"].public


def test_imports_and_the_package_are_known() -> None:
    assert FOUND.package == "shop.core"
    assert FOUND.imports == (
        Import(module="shop.parts", names=(("Part", "Part"),), line=3),
        Import(module="shop.parts", names=(("Many", "List"),), line=4),
        Import(module="shop.all", everything=True, line=5),
    )


def test_names_are_found_through_packages(tmp_path: Path) -> None:
    files = {
        "Store.kt": (
            "package shop\nimport shop.parts.price\n"
            "class Store : Base() { fun sell() = price() }\n"
        ),
        "Base.kt": "package shop\nopen class Base\n",
        "parts/Prices.kt": "package shop.parts\nfun price() = 1\n",
        "other/Prices.kt": "package shop.other\nfun price() = 2\n",
    }
    analysis = analysed(tmp_path, files)
    assert analysis.files["Store.kt"].imports[0].targets == ("parts/Prices.kt",)
    assert referred(analysis) == {"Store > Base", "Store.sell > price"}
