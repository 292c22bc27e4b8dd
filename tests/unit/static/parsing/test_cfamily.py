"""The parsing of C and C++."""

import pytest

from tests.support.analysed import kinds, parsed
from worker.engines.static.facts import Import
from worker.engines.static.parsing.grammar import Draft
from worker.engines.static.parsing.source_file import Parsed
from worker.engines.static.reading.language import Language

C, CPP = Language.C, Language.CPP

C_TEXT = """/* Counts things. */

#ifndef STOCK_H
#define STOCK_H
#include <stdio.h>
#include "lib/list.h"
#define LIMIT 10
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define EMPTY

struct stock { int count; };
typedef struct { int a; } pair;
typedef struct store store;
typedef int (*callback)(void *);
enum kind { ONE };
union raw { int a; };

/* Takes one. */
int stock_take(struct stock *s);
static char *hidden(void);
int stock_take(struct stock *s) { int inner(void); return 0; }
DEFINE_THING(x) { }
int counter = 3;
#endif
"""

CPP_TEXT = """#pragma once
namespace shop {
using Name = std::string;
class Stock;

/// Counts.
template <typename T>
class EXPORT Stock final : public Source<T>, private detail::Base {
 public:
  Stock();
  ~Stock();
  int take(const Name& name) const override;
  Name& name();
  bool operator==(const Stock& other) const;
 private:
  void hidden();
  int count_;
};

template <typename T> T largest(T a, T b) { return a; }
int Stock<int>::take(const Name& name) const { return 1; }
}
"""


def draft(language: Language, text: str, name: str) -> Draft:
    return next(
        draft for draft in parsed(language, text).drafts if draft.name == name
    )


def test_types_functions_and_macros_of_c_are_definitions() -> None:
    assert kinds(parsed(C, C_TEXT)) == {
        "LIMIT": "constant", "MAX": "macro", "stock": "struct", "pair": "struct",
        "callback": "type",
        "kind": "enum", "raw": "struct", "stock_take": "function", "hidden": "function",
    }  # fmt: skip


def test_a_prototype_is_not_a_definition_but_its_comment_is_used() -> None:
    definition = draft(C, C_TEXT, "stock_take")
    assert (definition.declared, definition.line, definition.doc) == (
        False,
        21,
        "Takes one.",
    )
    assert draft(C, C_TEXT, "hidden").declared


def test_static_functions_are_private() -> None:
    assert not draft(C, C_TEXT, "hidden").public
    assert draft(C, C_TEXT, "stock_take").public


def test_includes_take_everything() -> None:
    assert parsed(C, C_TEXT).imports == (
        Import(module="stdio.h", everything=True, line=5),
        Import(module="lib/list.h", everything=True, line=6),
    )
    assert parsed(C, C_TEXT).doc == "Counts things."


def test_types_functions_and_members_of_cpp_are_definitions() -> None:
    source = parsed(CPP, CPP_TEXT)
    assert kinds(source) == {
        "Name": "type", "Stock": "class", "Stock.Stock": "method", "Stock.~Stock": "method",
        "Stock.take": "method",
        "Stock.name": "method", "Stock.operator==": "method", "Stock.hidden": "method",
        "largest": "function",
    }  # fmt: skip


def test_a_macro_between_class_and_its_name_hides_nothing() -> None:
    definition = draft(CPP, CPP_TEXT, "Stock")
    assert definition.bases == ("Source", "detail.Base")
    assert (definition.line, definition.end_line, definition.doc) == (
        7,
        18,
        "Counts.",
    )
    assert b"EXPORT" in parsed(CPP, CPP_TEXT).code


def test_members_below_private_are_private() -> None:
    assert not draft(CPP, CPP_TEXT, "hidden").public
    assert draft(CPP, CPP_TEXT, "name").public


def test_a_method_defined_outside_knows_its_type() -> None:
    assert [
        draft.owner
        for draft in parsed(CPP, "int a::Stock::take() { return 1; }\n").drafts
    ] == ["Stock"]


def test_a_typedef_names_what_is_declared_not_its_parameters() -> None:
    text = """
typedef void handler(struct client *c);
typedef int (*callback)(void *x), other;
typedef struct { int a; } pair, *pair_pointer;
typedef char buffer[10];
typedef int (*table[3])(int a);
typedef union raw { int a; } raw;
typedef struct client *client_pointer;
"""
    assert kinds(parsed(C, text)) == {
        "handler": "type", "callback": "type", "other": "type", "pair": "struct", "buffer": "type",
        "table": "type",
        "raw": "struct", "client_pointer": "type",
    }  # fmt: skip


def test_a_keyword_after_a_macro_is_not_a_name() -> None:
    text = """
SAVE_STATE
if (a == b) { c(); }
else if (d) { e(); }
BEGIN_DECLS
for (i = 0; i < 1; i++) { c(); }
while (a) { b(); }
SWITCH switch (a) { case 1: b(); }
BEGIN_DECLS
int real(void) { return 0; }
"""
    assert kinds(parsed(C, text)) == {"real": "function"}


def test_a_nested_type_has_its_own_bases() -> None:
    text = "class Outer {\n class Inner : public Base {};\n};\n"
    assert draft(CPP, text, "Outer").bases == ()
    assert draft(CPP, text, "Inner").bases == ("Base",)


TEMPLATES = """
template <typename T>
struct Shelf<T, enable_if_t<is_big<T>::value && !is_old<T>::value>>
    : bool_constant<sizeof(T) < 3>, public lib::Base<List<T>>, virtual Odd {
  int count;
};
template <typename T>
int Shelf<T, enable_if_t<kind<T>::value != lib::kind::odd>>::take(T thing) {
  return 1;
}
"""


def test_expressions_in_template_arguments_are_no_names() -> None:
    definitions = parsed(CPP, TEMPLATES).drafts
    names = [(draft.owner, draft.name) for draft in definitions]
    assert names == [("", "Shelf"), ("Shelf", "take")]
    assert definitions[0].bases == ("bool_constant", "lib.Base", "Odd")


def test_a_comment_above_a_struct_for_a_method_is_the_methods() -> None:
    code = """class Version {
 public:
  // Lookup the value for key.
  struct GetStats {
    int level;
  };
  int Get(const Key& key, GetStats* stats);
};
"""
    docs = {draft.name: draft.doc for draft in parsed(CPP, code).drafts}
    assert docs["GetStats"] == ""
    assert docs["Get"] == "Lookup the value for key."


def test_code_that_is_commented_out_documents_nothing() -> None:
    code = "// int take(int n);\n// int give(int n);\nint total(int n) { return n; }\n"
    (total,) = parsed(CPP, code).drafts
    assert total.doc == ""


FOR_TESTS = (
    "ifdef SHOP_TEST",
    "if defined(SHOP_TEST_MAIN) && !defined(SLOW)",
    "if TESTING /* by make check */",
)
FOR_ALL = (
    "ifndef SHOP_TEST",
    "ifdef NO_TEST",
    "ifdef MEMTEST",
    "if !defined(SHOP_TEST)",
    "if defined(SHOP_TEST) || defined(DEBUG)",
)


@pytest.mark.parametrize("language", [C, CPP])
def test_code_that_is_compiled_for_tests_only_is_a_test(
    language: Language,
) -> None:
    for condition in FOR_TESTS:
        assert set(kinds(conditional(language, condition))) == {"give", "total"}
        code = conditional(language, condition).code
        assert b"check" not in code
        assert b"stock(" in code
    for condition in FOR_ALL:
        assert "take" in kinds(conditional(language, condition))
        assert b"check" in conditional(language, condition).code


def conditional(language: Language, condition: str) -> Parsed:
    code = "int take(int n) { return check(n); }"
    other = "int give(int n) { return stock(n); }"
    total = "int total(int n) { return n; }"
    return parsed(
        language, f"#{condition}\n{code}\n#else\n{other}\n#endif\n{total}\n"
    )
