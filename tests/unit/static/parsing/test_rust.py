"""The parsing of Rust."""

from tests.support.analysed import kinds, parsed
from worker.engines.static.facts import Import
from worker.engines.static.reading.language import Language

TEXT = """//! Sells things.

use std::{fmt, collections::{HashMap as Map, self}};
pub use crate::stock::*;
use super::Base;

/// A store.
#[derive(Debug)]
#[non_exhaustive]
pub struct Store<T> { name: T }

pub enum Kind { One }
union Raw { a: u8 }
type Names = Vec<String>;
pub(crate) const LIMIT: u32 = 3;
static OTHER: u32 = 4;

#[macro_export]
macro_rules! sell { () => {} }

pub trait Source: Send + fmt::Debug {
    /// Takes.
    fn take(&self) -> u32;
}

impl<T> Store<T> {
    pub fn new() -> Self { fn inner() {} todo!() }
    fn hidden(&self) {}
}

impl<T> fmt::Display for Store<T> {
    fn fmt(&self) {}
}

mod parts {
    pub fn part() {}
}

#[cfg(test)]
mod tests {
    fn helper() {}
}
"""
FOUND = parsed(Language.RUST, TEXT)
BY_NAME = {draft.name: draft for draft in FOUND.drafts}


def test_items_are_definitions_except_those_in_tests() -> None:
    assert kinds(FOUND) == {
        "Store": "struct", "Kind": "enum", "Raw": "struct", "Names": "type", "LIMIT": "constant",
        "OTHER": "constant",
        "sell": "macro", "Source": "trait", "Source.take": "method", "Store.new": "method",
        "Store.hidden": "method",
        "Store.fmt": "method", "part": "function",
    }  # fmt: skip


def test_a_type_implements_an_interface_where_its_code_says_so() -> None:
    assert FOUND.extends == (("Store", "Display"),)
    assert BY_NAME["Source"].bases == ("Send", "Debug")


def test_a_trait_for_any_type_or_a_tuple_owns_what_it_implements() -> None:
    text = """
impl<E> Sell for E where E: Debug { fn sell(&self) {} }
impl<A, B> Take for (A, B) { fn take(&self) {} }
impl<T> Count for Store<T> { fn count(&self) {} }
"""
    source = parsed(Language.RUST, text)
    owners = {draft.name: draft.owner for draft in source.drafts}
    assert owners == {"sell": "Sell", "take": "Take", "count": "Store"}
    assert source.extends == (("Store", "Count"),)


def test_an_item_that_the_documentation_hides_is_not_public() -> None:
    text = "#[doc(hidden)]\npub fn sell() {}\n#[inline]\npub fn take() {}\n"
    drafts = parsed(Language.RUST, text).drafts
    assert {draft.name: draft.public for draft in drafts} == {
        "sell": False,
        "take": True,
    }


def test_attributes_and_the_comment_before_them_belong_to_the_item() -> None:
    store = BY_NAME["Store"]
    assert (store.doc, store.decorators, store.line) == (
        "A store.",
        ("derive(Debug)", "non_exhaustive"),
        10,
    )
    assert (store.signature, FOUND.doc) == (
        "pub struct Store<T>",
        "Sells things.",
    )


def test_definitions_are_public_if_declared_so_or_from_traits_and_exported_macros() -> (
    None
):
    public = {name for name, draft in BY_NAME.items() if draft.public}
    assert public == {
        "Store",
        "Kind",
        "sell",
        "Source",
        "take",
        "new",
        "fmt",
        "part",
    }


def test_trees_of_use_are_read_as_single_imports() -> None:
    assert FOUND.imports == (
        Import(module="std", names=(("fmt", "fmt"),), line=3),
        Import(module="std::collections", names=(("Map", "HashMap"),), line=3),
        Import(module="std", names=(("collections", "collections"),), line=3),
        Import(module="crate::stock", everything=True, again=True, line=4),
        Import(module="super", names=(("Base", "Base"),), line=5),
    )


def test_a_use_tree_nested_deeper_than_the_limit_is_left_out() -> None:
    tree = "use " + "a::{" * 400 + "b" + "}" * 400 + ";\n"
    assert parsed(Language.RUST, tree).imports == ()


def test_what_is_above_a_module_inside_a_file_is_the_file_itself() -> None:
    text = """
mod ext {
    use super::*;
    use super::Store;
    use super::stock::Shelf;
    use super::super::Base;
    use crate::Shop;
}
"""
    assert parsed(Language.RUST, text).imports == (
        Import(module="self::stock", names=(("Shelf", "Shelf"),), line=5),
        Import(module="self::super", names=(("Base", "Base"),), line=6),
        Import(module="crate", names=(("Shop", "Shop"),), line=7),
    )


def test_a_lifetime_is_no_base_of_a_trait() -> None:
    source = parsed(Language.RUST, "pub trait Sell: Clone + 'static {}\n")
    assert source.drafts[0].bases == ("Clone",)
