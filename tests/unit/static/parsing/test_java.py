"""The parsing of Java."""

from tests.support.analysed import kinds, parsed
from worker.engines.static.facts import Import
from worker.engines.static.reading.language import Language

TEXT = """package shop;

import java.util.List;
import java.util.*;
import static shop.Names.clean;
import static shop.Limits.*;

/**
 * Sells.
 */
@Service("a")
@Deprecated
public final class Store<T> extends Base<T> implements Source, other.Seller<T> {
    private int count;
    /** Opens. */
    public Store() {}
    int sell(String name) { class Local {} return 1; }
    static class Inner { void run() {} }
    enum Kind { ONE }
}

interface Source extends One, Two<String> { int take(); }
record Pair(int a, int b) {}
@interface Mark {}
"""
FOUND = parsed(Language.JAVA, TEXT)
BY_NAME = {
    f"{draft.parent.name}.{draft.name}" if draft.parent else draft.name: draft
    for draft in FOUND.drafts
}


def test_types_methods_and_constructors_are_definitions() -> None:
    assert kinds(FOUND) == {
        "Store": "class", "Store.Store": "method", "Store.sell": "method", "Store.Inner": "class",
        "Inner.run": "method", "Store.Kind": "enum", "Source": "interface",
        "Source.take": "method", "Pair": "class",
        "Mark": "interface",
    }  # fmt: skip


def test_the_types_that_a_type_extends_or_implements_are_its_bases() -> None:
    assert BY_NAME["Store"].bases == ("Base", "Source", "other.Seller")
    assert BY_NAME["Source"].bases == ("One", "Two")


def test_annotations_are_no_part_of_the_head() -> None:
    store = BY_NAME["Store"]
    assert (store.decorators, store.doc) == (
        ('Service("a")', "Deprecated"),
        "Sells.",
    )
    assert (
        store.signature
        == "public final class Store<T> extends Base<T> implements Source, other.Seller<T>"
    )


def test_definitions_are_public_if_declared_so_or_in_interfaces() -> None:
    assert {name for name, draft in BY_NAME.items() if draft.public} == {
        "Store",
        "Store.Store",
        "Source.take",
    }


def test_a_static_import_is_one_of_the_type() -> None:
    assert FOUND.imports == (
        Import(module="java.util", names=(("List", "List"),), line=3),
        Import(module="java.util", everything=True, line=4),
        Import(module="shop", names=(("Names", "Names"),), line=5),
        Import(module="shop", names=(("Limits", "Limits"),), line=6),
    )
