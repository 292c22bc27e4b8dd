"""The parsing of Go."""

from tests.support.analysed import kinds, parsed
from worker.engines.static.facts import Import
from worker.engines.static.reading.language import Language

TEXT = """// Package shop sells.
package shop

import (
	"fmt"
	str "strings"
	. "example.com/dot"
	_ "example.com/side"
	"example.com/go-yaml/v3"
)

// A Store sells.
type Store[T any] struct {
	sync.Mutex
	*Stock[T]
	name string
}

type (
	// Source gives.
	Source interface {
		io.Reader
		Take(name string) error
	}
	Names []string
	Other = Store
)

const Limit, other = 3, 4

var (
	a = 1
	_ = 2
)

// Sell sells.
func (s *Store[T]) Sell(
	name string,
) error {
	return nil
}

func open() *Store { return nil }
"""
FOUND = parsed(Language.GO, TEXT)
BY_NAME = {draft.name: draft for draft in FOUND.drafts}


def test_types_functions_methods_and_values_are_definitions() -> None:
    assert kinds(FOUND) == {
        "Store": "struct", "Source": "interface", "Source.Take": "method", "Names": "type",
        "Other": "type",
        "Limit": "constant", "other": "constant", "a": "variable", "Store.Sell": "method",
        "open": "function",
    }  # fmt: skip


def test_the_types_that_a_type_embeds_are_its_bases() -> None:
    assert BY_NAME["Store"].bases == ("sync.Mutex", "Stock")
    assert BY_NAME["Source"].bases == ("io.Reader",)


def test_a_capital_makes_public() -> None:
    assert {name for name, draft in BY_NAME.items() if draft.public} == {
        "Store",
        "Source",
        "Take",
        "Names",
        "Other",
        "Limit",
        "Sell",
    }


def test_comments_above_are_docs_and_heads_are_one_line() -> None:
    assert (BY_NAME["Store"].doc, BY_NAME["Source"].doc, BY_NAME["Sell"].doc) == (
        "A Store sells.", "Source gives.", "Sell sells.",
    )  # fmt: skip
    assert (
        BY_NAME["Sell"].signature
        == "func (s *Store[T]) Sell( name string, ) error"
    )
    assert BY_NAME["Store"].signature == "type Store[T any] struct"
    assert FOUND.doc == "Package shop sells."


def test_imports_are_called_after_their_last_part_without_a_version() -> None:
    assert FOUND.imports == (
        Import(module="fmt", alias="fmt", line=5),
        Import(module="strings", alias="str", line=6),
        Import(module="example.com/dot", everything=True, line=7),
        Import(module="example.com/side", line=8),
        Import(module="example.com/go-yaml/v3", alias="yaml", line=9),
    )


def test_texts_in_quotes_are_not_code() -> None:
    code = parsed(
        Language.GO, 'package a\nvar x = "Name" + `Name` + Name // Name\n'
    ).code
    assert code.count(b"Name") == 1
