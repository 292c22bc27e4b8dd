"""The parsing of Python."""

from tests.support.analysed import kinds, parsed
from worker.engines.static.facts import Import
from worker.engines.static.parsing.grammar import Draft
from worker.engines.static.reading.language import Language


def draft(text: str, name: str) -> Draft:
    return next(
        draft
        for draft in parsed(Language.PYTHON, text).drafts
        if draft.name == name
    )


def test_classes_functions_and_module_variables_are_definitions() -> None:
    text = """
LIMIT = 3
things = []
type Pair = tuple

class A:
    x = 1
    def go(self): pass

async def run(): pass
"""
    assert kinds(parsed(Language.PYTHON, text)) == {
        "LIMIT": "constant", "things": "variable", "Pair": "type", "A": "class", "A.go": "method",
        "run": "function",
    }  # fmt: skip


def test_enums_and_protocols_are_recognised_by_their_bases() -> None:
    text = "class Color(enum.Enum): pass\nclass Shape(Protocol[T]): pass\n"
    assert kinds(parsed(Language.PYTHON, text)) == {
        "Color": "enum",
        "Shape": "interface",
    }


def test_names_inside_a_function_body_are_not_definitions() -> None:
    assert kinds(
        parsed(
            Language.PYTHON, "def a():\n    def b(): pass\n    class C: pass\n"
        )
    ) == {"a": "function"}


def test_bases_are_read_without_type_arguments_and_keywords() -> None:
    assert draft(
        "class A(B, pkg.C[int], metaclass=M, with_meta(D)): pass", "A"
    ).bases == ("B", "pkg.C", "with_meta")


def test_docstrings_are_read_and_comments_that_document_a_variable() -> None:
    text = '''# above
class A:
    """Says a.

    More.
    """

# Says f.
def f(): pass

X = 1
"""Says X."""

#: Says Y.
Y = 1

# Take care.
Z = 1
'''
    docs = {
        draft.name: draft.doc for draft in parsed(Language.PYTHON, text).drafts
    }
    assert docs == {
        "A": "Says a.\n\nMore.",
        "f": "",
        "X": "Says X.",
        "Y": "Says Y.",
        "Z": "",
    }


def test_decorators_are_no_part_of_the_lines_of_a_definition() -> None:
    definition = draft(
        "@app.route('/')\n@cached\ndef index(a,\n          b):\n    pass\n",
        "index",
    )
    assert (definition.decorators, definition.line, definition.end_line) == (
        ("app.route('/')", "cached"),
        3,
        5,
    )
    assert definition.signature == "def index(a, b)"


def test_the_first_real_definition_of_overloads_and_setters_is_kept() -> None:
    text = "@overload\ndef f(a: int): ...\n@overload\ndef f(a: str): ...\ndef f(a):\n    return a\n"
    assert [draft.line for draft in parsed(Language.PYTHON, text).drafts] == [5]
    text = (
        "class A:\n    @property\n    def x(self): pass\n    @x.setter\n"
        "    def x(self, value): pass\n"
    )
    assert [draft.line for draft in parsed(Language.PYTHON, text).drafts] == [
        1,
        3,
    ]


def test_a_leading_underscore_makes_private_unless_it_is_a_special_method() -> (
    None
):
    text = "class A:\n    def _a(self): pass\n    def __init__(self): pass\n_b = 1\n"
    assert {
        draft.name
        for draft in parsed(Language.PYTHON, text).drafts
        if not draft.public
    } == {"_a", "_b"}


def test_dunder_variables_and_bare_annotations_are_no_definitions() -> None:
    assert kinds(parsed(Language.PYTHON, "__version__ = '1'\nx: int\n")) == {}


def test_imports_of_all_forms_are_read() -> None:
    text = "import os.path, a.b as c\nfrom . import x\nfrom ..y import z as w, v\nfrom q import *\n"
    assert parsed(Language.PYTHON, text).imports == (
        Import(module="os.path", alias="os.path", line=1),
        Import(module="a.b", alias="c", line=1),
        Import(module=".", names=(("x", "x"),), line=2),
        Import(module="..y", names=(("w", "z"), ("v", "v")), line=3),
        Import(module="q", everything=True, line=4),
    )


def test_the_names_in_all_are_exports() -> None:
    assert parsed(Language.PYTHON, "__all__ = ['a', \"b\"]\n").exports == (
        ("a", "a"),
        ("b", "b"),
    )
    assert parsed(Language.PYTHON, "__all__ = names()\n").exports == ()


def test_a_module_is_described_by_its_docstring_or_its_first_comment() -> None:
    assert (
        parsed(Language.PYTHON, '"""The module."""\nx = 1\n').doc
        == "The module."
    )
    assert (
        parsed(
            Language.PYTHON,
            "#!/usr/bin/env python\n# Counts things.\n\nx = 1\n",
        ).doc
        == "Counts things."
    )
    assert (
        parsed(Language.PYTHON, "# Counts things.\n\nx = 1\n").doc
        == "Counts things."
    )


def test_a_licence_does_not_describe_a_module() -> None:
    text = "# Copyright 2020 Somebody\n# All rights reserved.\n\n# Counts things.\n\nx = 1\n"
    assert parsed(Language.PYTHON, text).doc == "Counts things."


def test_code_is_blanked_where_it_is_comment_string_or_import_and_keeps_its_places() -> (
    None
):
    text = 'import a\nx = \'Name\' # Name\ny: \'Name\' = """\nName"""\n'
    code = parsed(Language.PYTHON, text).code
    assert (len(code), code.count(b"\n"), code.count(b"Name")) == (
        len(text),
        4,
        1,
    )
    assert code.index(b"Name") == text.index("Name' =")


def test_positions_are_in_bytes_whatever_letters_come_before() -> None:
    [draft_] = parsed(Language.PYTHON, "x = 'ä🙂'; y = 2\n").drafts[:1]
    assert (draft_.start, draft_.line) == (0, 1)
    assert (
        parsed(Language.PYTHON, "# é\nclass Ärger: pass\n").drafts[0].name
        == "Ärger"
    )
