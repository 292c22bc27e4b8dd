"""The analysis of function bodies, in each language with a grammar."""

import pytest
from tree_sitter import Node

from tests.support.analysed import parsed
from worker.engines.static.parsing.functions import FunctionFacts
from worker.engines.static.parsing.node_types import FUNCTIONS, find
from worker.engines.static.parsing.source_file import SourceParser
from worker.engines.static.reading.language import Language

PYTHON = '''
def sell(self, name, count=1, *rest, price: int = 2, **more) -> int:
    """Sell things."""
    if not name:
        raise ValueError("no name")
    self.sold = name
    for one in rest:
        try:
            self.put(one)
        except KeyError as error:
            raise StockError(f"no {one}") from error
    def inner():
        return 7
    return price * count
'''
JAVASCRIPT = """
function sell(name, count = 1, ...rest) {
  if (!name) {
    throw new RangeError('no name');
  } else {
    this.sold = name;
  }
  try {
    put(name);
  } catch (error) {
    throw error;
  }
  return rest.length * count;
}
"""
TYPESCRIPT = """
function sell(name: string, count: number = 1, price?: number): number {
  if (count < 1) { throw new RangeError("too few"); }
  return count * price;
}
"""
GO = """
package shop
func (s *Store) Sell(name string, counts ...int) (int, error) {
	if name == "" {
		return 0, errors.New("no name")
	}
	for _, one := range counts {
		s.Put(one)
	}
	return len(counts), nil
}
"""
RUST = """
fn sell(&mut self, name: &str, count: usize) -> Result<usize, Error> {
    if name.is_empty() {
        return Err(Error::new("no name"));
    }
    self.put(name)?;
    count * 2
}
"""
JAVA = """
class Store {
    int sell(String name, int... counts) throws Empty {
        if (name == null) {
            throw new Empty("no name");
        }
        this.sold = name;
        try {
            put(name);
        } catch (Full | Late error) {
            return 0;
        }
        return counts.length;
    }
}
"""
C = """
int sell(struct store *store, const char *name) {
    if (!name) {
        return -1;
    }
    put(store, name);
    return store->count;
}
"""
CPP = """
int Store::sell(const std::string& name, int count) {
    if (name.empty()) {
        throw std::invalid_argument("no name");
    }
    try { put(name); } catch (const std::exception& error) { throw; }
    return this->count_ * count;
}
"""

CSHARP = """
class Store {
    int Sell(string name, params int[] counts) {
        if (name == null) {
            throw new Empty("no name");
        }
        try { Put(name); } catch (Full error) { return 0; }
        foreach (var count in counts) {
            other.Take(count);
        }
        return counts.Length;
    }
}
"""
KOTLIN = """
fun sell(name: String, count: Int): Int {
    if (name.isEmpty()) {
        throw Empty("no name")
    }
    try { put(name) } catch (error: Full) { return 0 }
    return count * 2
}
"""
RUBY = """
def sell(name, count = 1, *rest)
  if name.empty?
    raise Empty, "no name"
  end
  put(name)
  begin
    put(count)
  rescue Full => error
    raise Late.new("full") unless rest
  end
  return count * 2
end
"""
PHP = """<?php
function sell(string $name, int $count = 1) {
    if ($name === null) {
        throw new Empty("no name");
    }
    try { put($name); } catch (Full $error) { return 0; }
    return $count * 2;
}
"""


def inside(language: Language, code: str) -> FunctionFacts:
    """Analyse the body of the first function of some code."""
    queue: list[Node] = [
        SourceParser().tree(language, code.strip("\n").encode()).root_node
    ]
    for node in queue:
        is_type = "class" in node.type or "interface" in node.type
        if node.type in FUNCTIONS and not is_type:
            return FunctionFacts(node)
        queue += node.children
    raise AssertionError("there is no function")


@pytest.mark.parametrize(
    ("language", "code", "parameters"),
    [
        (
            Language.PYTHON,
            PYTHON,
            [
                "name",
                "count",
                "*rest",
                "price",
                "**more",
            ],
        ),
        (
            Language.JAVASCRIPT,
            JAVASCRIPT,
            ["name", "count", "...rest"],
        ),
        (
            Language.TYPESCRIPT,
            TYPESCRIPT,
            ["name", "count", "price"],
        ),
        (Language.GO, GO, ["name", "counts"]),
        (Language.RUST, RUST, ["name", "count"]),
        (Language.JAVA, JAVA, ["name", "counts"]),
        (Language.C, C, ["store", "name"]),
        (Language.CPP, CPP, ["name", "count"]),
        (Language.CSHARP, CSHARP, ["name", "counts"]),
        (Language.KOTLIN, KOTLIN, ["name", "count"]),
        (Language.RUBY, RUBY, ["name", "count", "*rest"]),
        (Language.PHP, PHP, ["name", "count"]),
    ],
)
def test_parameters_are_read_without_the_receiver(
    language: Language, code: str, parameters: list[str]
) -> None:
    assert inside(language, code).parameters == parameters


CAUGHT = "after catching"


@pytest.mark.parametrize(
    ("language", "code", "first"),
    [
        (
            Language.PYTHON,
            PYTHON,
            ("raises", "ValueError", '"no name"', "if `not name`", 4),
        ),
        (
            Language.JAVASCRIPT,
            JAVASCRIPT,
            ("throws", "RangeError", "'no name'", "if `!name`", 3),
        ),
        (
            Language.TYPESCRIPT,
            TYPESCRIPT,
            ("throws", "RangeError", '"too few"', "if `count < 1`", 2),
        ),
        (
            Language.GO,
            GO,
            ("returns an error", "", '"no name"', 'if `name == ""`', 4),
        ),
        (
            Language.RUST,
            RUST,
            ("returns an error", "", '"no name"', "if `name.is_empty()`", 3),
        ),
        (
            Language.JAVA,
            JAVA,
            ("throws", "Empty", '"no name"', "if `name == null`", 4),
        ),
        (
            Language.CPP,
            CPP,
            (
                "throws",
                "std::invalid_argument",
                '"no name"',
                "if `name.empty()`",
                3,
            ),
        ),
        (
            Language.CSHARP,
            CSHARP,
            ("throws", "Empty", '"no name"', "if `name == null`", 4),
        ),
        (
            Language.KOTLIN,
            KOTLIN,
            ("throws", "Empty", '"no name"', "if `name.isEmpty()`", 3),
        ),
        (
            Language.RUBY,
            RUBY,
            ("raises", "Empty", '"no name"', "if `name.empty?`", 3),
        ),
        (
            Language.PHP,
            PHP,
            ("throws", "Empty", '"no name"', "if `$name === null`", 4),
        ),
    ],
)
def test_a_failure_is_read_with_its_words_and_its_condition(
    language: Language, code: str, first: tuple[str, str, str, str, int]
) -> None:
    failure = inside(language, code).raises[0]
    (condition,) = failure.conditions
    assert (
        failure.verb,
        failure.what,
        failure.message,
        condition,
        failure.line,
    ) == first


@pytest.mark.parametrize(
    ("language", "code", "last"),
    [
        (Language.PYTHON, PYTHON, ("StockError", f"{CAUGHT} `KeyError`", 10)),
        (Language.JAVASCRIPT, JAVASCRIPT, ("error", f"{CAUGHT} any error", 10)),
        (Language.CPP, CPP, ("", f"{CAUGHT} `std::exception`", 5)),
    ],
)
def test_a_failure_in_a_handler_is_read_with_what_was_caught(
    language: Language, code: str, last: tuple[str, str, int]
) -> None:
    failure = inside(language, code).raises[-1]
    assert (failure.what, failure.conditions[-1], failure.line) == last


def test_a_failure_is_read_with_all_its_conditions() -> None:
    code = """\
def take(name, count):
    for _ in range(count):
        if name:
            if count > 3:
                pass
            elif count == 2:
                raise ValueError("two")
            else:
                raise TypeError("few")
"""
    two, few = inside(Language.PYTHON, code).raises
    assert two.conditions == (
        "if `name`",
        "unless `count > 3`",
        "if `count == 2`",
    )
    assert few.conditions == (
        "if `name`",
        "unless `count > 3`",
        "unless `count == 2`",
    )


def test_a_failure_behind_the_else_of_a_loop_needs_a_loop_without_break() -> (
    None
):
    code = """\
def find(roots):
    for root in roots:
        if root.exists():
            break
    else:
        raise LookupError("none")
"""
    [cause] = inside(Language.PYTHON, code).raises
    assert cause.conditions == ("if the loop ends without `break`",)


def test_a_failure_of_a_function_inside_is_marked_and_has_its_own_conditions() -> (
    None
):
    code = (
        "def make(kind):\n    if kind:\n        def inner(x):\n"
        "            if x:\n                raise KeyError\n        return inner\n"
    )
    (failure,) = inside(Language.PYTHON, code).raises
    assert (failure.what, failure.conditions) == ("KeyError", ("if `x`",))
    assert failure.is_inner


@pytest.mark.parametrize(
    ("language", "code"),
    [
        (
            Language.PYTHON,
            "def f(a):\n    if a.ok():\n        return a\n    raise KeyError(a)\n",
        ),
        (
            Language.JAVASCRIPT,
            "function f(a) {\n  if (a.ok()) return a;\n  throw new KeyError(a);\n}\n",
        ),
        (
            Language.GO,
            (
                "func f(a A) error {\n\tif a.ok() {\n\t\treturn nil\n\t}\n"
                "\treturn errors.New(a)\n}\n"
            ),
        ),
        (
            Language.RUST,
            (
                "fn f(a: A) -> R {\n    if a.ok() {\n        return Ok(a);\n    }\n"
                "    Err(KeyError)\n}\n"
            ),
        ),
    ],
)
def test_a_failure_after_an_early_return_happens_unless_its_condition_holds(
    language: Language, code: str
) -> None:
    (failure,) = inside(language, code).raises
    assert failure.conditions == ("unless `a.ok()`",)


def test_a_branch_that_returns_in_one_case_only_is_not_an_early_return() -> (
    None
):
    code = (
        "def f(a, b):\n    if a:\n        if b:\n            return\n"
        "        a()\n    raise KeyError\n"
    )
    (failure,) = inside(Language.PYTHON, code).raises
    assert failure.conditions == ("",)


@pytest.mark.parametrize(
    ("language", "code"),
    [
        (
            Language.PYTHON,
            """def find(roots, name):
    if not name:
        return None
    for root in roots:
        if name in root:
            return root
    raise KeyError(name)
""",
        ),
        (
            Language.PYTHON,
            """def find(root, name):
    if name:
        try:
            return root[name]
        except KeyError:
            root = None
        raise KeyError(name)
""",
        ),
        (
            Language.JAVASCRIPT,
            """function find(kind, name) {
  if (name) {
    switch (kind) {
      case 1:
        throw new Empty(name);
    }
  }
}
""",
        ),
        (
            Language.JAVASCRIPT,
            """function find(kinds, name) {
  for (const kind of kinds) {
    switch (kind) {
      case 1:
        if (name) return;
    }
    if (kind) throw new Empty(name);
  }
}
""",
        ),
        (
            Language.RUBY,
            "def find(name)\n  if name\n    name.ok? or raise Empty\n  end\nend\n",
        ),
        (
            Language.RUST,
            """fn find(name: N) {
    if name.ok() {
        let Some(kind) = name.kind() else {
            panic!("no name");
        };
    }
}
""",
        ),
    ],
)
def test_a_failure_that_depends_on_more_than_can_be_told_has_no_conditions(
    language: Language, code: str
) -> None:
    (failure,) = inside(language, code).raises
    assert failure.conditions == ("",)


def test_what_is_caught_before_a_failure_is_told_without_other_conditions() -> (
    None
):
    code = """def find(roots, name):
    try:
        return roots[name]
    except KeyError:
        for root in roots:
            if name in root:
                return root
        raise LookupError(name)
"""
    (failure,) = inside(Language.PYTHON, code).raises
    assert failure.conditions == ("after catching `KeyError`", "")


@pytest.mark.parametrize(
    ("language", "code", "conditions"),
    [
        (
            Language.PYTHON,
            """def find(roots, name):
    for root in roots:
        if root:
            break
    if not name:
        raise KeyError(name)
""",
            ("if `not name`",),
        ),
        (
            Language.RUBY,
            """def find(names)
  names.each { |name| next if name.nil? }
  names.each do |name|
    raise Empty if name.empty?
  end
end
""",
            ("if `name.empty?`",),
        ),
        (
            Language.RUBY,
            """def find(name)
  return name if name.ok?
  raise Empty if name.empty?
end
""",
            ("unless `name.ok?`", "if `name.empty?`"),
        ),
        (
            Language.PYTHON,
            """def find(root, name):
    if not name:
        if root:
            return root
        raise KeyError(name)
    elif name == "all":
        return None
    if not root:
        raise LookupError(name)
""",
            ("unless `not name`", 'unless `name == "all"`', "if `not root`"),
        ),
        (
            Language.KOTLIN,
            """fun find(name: String) {
    if (name.isEmpty()) { return }
    if (name.isBlank()) { throw Empty(name) }
}
""",
            ("unless `name.isEmpty()`", "if `name.isBlank()`"),
        ),
    ],
)
def test_statements_before_a_failure_that_leave_are_told_or_do_not_matter(
    language: Language, code: str, conditions: tuple[str, ...]
) -> None:
    assert inside(language, code).raises[-1].conditions == conditions


def test_a_kind_of_error_does_not_exclude_another_kind() -> None:
    code = """def pass_on(name):
    if isinstance(name, Full):
        raise KeyError
    if isinstance(name, Late):
        raise LookupError
"""
    before = code.replace("raise KeyError", "return")
    (failure,) = inside(Language.PYTHON, before).raises
    assert failure.conditions == (
        "unless `isinstance(name, Full)`",
        "if `isinstance(name, Late)`",
    )


def test_a_condition_has_the_statement_that_prepares_it() -> None:
    code = (
        "func f(a A) error {\n\tif _, ok := a[1]; !ok {\n"
        '\t\treturn errors.New("no")\n\t}\n\treturn nil\n}\n'
    )
    (failure,) = inside(Language.GO, code).raises
    assert failure.conditions == ("if `_, ok := a[1]; !ok`",)


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ('"one " "two"', '"one two"'),
        ("f\"one {it}'s\" ' two'", 'f"one {it}\'s two"'),
        ('"one" \' f("two")\'', "'one f(\"two\")'"),
    ],
)
def test_a_message_in_several_pieces_is_read_whole(
    pieces: str, message: str
) -> None:
    code = f"def f():\n    raise ValueError({pieces})\n"
    assert inside(Language.PYTHON, code).raises[0].message == message


@pytest.mark.parametrize(
    ("thrown", "message"),
    [
        (
            '"[" + name + "] is unknown in " + place + "!"',
            '"] is unknown in …"',
        ),
        ('"no " + name + " in " + place + ", sorry"', '"no …"'),
        ('cause, "no name"', '"no name"'),
        ('"[" + name + "]"', ""),
    ],
)
def test_a_message_in_a_sum_is_its_first_words(
    thrown: str, message: str
) -> None:
    code = f"class A {{ void f() {{ throw new Empty({thrown}); }} }}\n"
    assert inside(Language.JAVA, code).raises[0].message == message


@pytest.mark.parametrize(
    ("language", "thrown", "what"),
    [
        (Language.CSHARP, "EmptyException.Create(name)", "EmptyException"),
        (Language.JAVA, "EmptyException.of(name)", "EmptyException"),
        (Language.CSHARP, "Errors.Create(name)", "Errors.Create"),
    ],
)
def test_a_method_of_an_error_makes_that_error(
    language: Language, thrown: str, what: str
) -> None:
    code = f"class A {{ void F() {{ throw {thrown}; }} }}\n"
    assert inside(language, code).raises[0].what == what


@pytest.mark.parametrize(
    ("language", "code", "what"),
    [
        (
            Language.JAVA,
            "class A { void f() { throw new ShopException.Empty(1); } }",
            "ShopException.Empty",
        ),
        (
            Language.CSHARP,
            "class A { void f() { throw new ShopException.Empty(1); } }",
            "ShopException.Empty",
        ),
        (
            Language.TYPESCRIPT,
            "function f() { throw new ShopError.Empty(1); }",
            "ShopError.Empty",
        ),
        (
            Language.KOTLIN,
            "fun f() { throw ShopException.Empty(1) }",
            "ShopException.Empty",
        ),
        (
            Language.CPP,
            "void f() { throw ShopException::Empty(1); }",
            "ShopException::Empty",
        ),
        (
            Language.PYTHON,
            "def f():\n    raise ShopError.Empty(1)\n",
            "ShopError.Empty",
        ),
        (
            Language.PYTHON,
            "def f():\n    raise ShopError.of(1)\n",
            "ShopError",
        ),
        (
            Language.PHP,
            "<?php function f() { throw new \\ShopError(1); }",
            "ShopError",
        ),
        (
            Language.PHP,
            "<?php function f() { throw new \\Shop\\Empty(1); }",
            "Empty",
        ),
    ],
)
def test_an_error_inside_an_error_is_not_named_after_the_outer_one(
    language: Language, code: str, what: str
) -> None:
    assert inside(language, code).raises[0].what == what


def test_a_caught_error_may_be_final() -> None:
    code = (
        "class A { void f() { try { g(); } catch (final Full e) { h(); } } }\n"
    )
    assert inside(Language.JAVA, code).handles[0].text == "Full"


def test_a_function_without_failures_has_none() -> None:
    assert inside(Language.C, C).raises == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("(x + 1)", "x + 1"),
        ("(x) + (1)", "(x) + (1)"),
        ("(int) count(x)", "(int) count(x)"),
    ],
)
def test_only_parentheses_around_a_whole_result_are_left_out(
    value: str, shown: str
) -> None:
    code = f"int store_count(int x) {{\n    return {value};\n}}\n"
    (result,) = inside(Language.C, code).returns
    assert result.text == shown


@pytest.mark.parametrize(
    ("language", "code", "returns"),
    [
        (Language.PYTHON, PYTHON, ["price * count"]),
        (Language.JAVASCRIPT, JAVASCRIPT, ["rest.length * count"]),
        (Language.GO, GO, ['0, errors.New("no name")', "len(counts), nil"]),
        (Language.RUST, RUST, ['Err(Error::new("no name"))', "count * 2"]),
        (Language.JAVA, JAVA, ["0", "counts.length"]),
        (Language.C, C, ["-1", "store->count"]),
        (Language.CPP, CPP, ["this->count_ * count"]),
        (Language.CSHARP, CSHARP, ["0", "counts.Length"]),
        (Language.KOTLIN, KOTLIN, ["0", "count * 2"]),
        (Language.RUBY, RUBY, ["count * 2"]),
        (Language.PHP, PHP, ["0", "$count * 2"]),
    ],
)
def test_results_are_read_without_those_of_inner_functions(
    language: Language, code: str, returns: list[str]
) -> None:
    assert [
        returned.text for returned in inside(language, code).returns
    ] == returns


@pytest.mark.parametrize(
    ("language", "code", "call"),
    [
        (Language.PYTHON, PYTHON, ("put", 8)),
        (Language.JAVASCRIPT, JAVASCRIPT, ("put", 8)),
        (Language.GO, GO, ("Put", 7)),
        (Language.RUST, RUST, ("put", 5)),
        (Language.JAVA, JAVA, ("put", 8)),
        (Language.C, C, ("put", 5)),
        (Language.CPP, CPP, ("put", 5)),
        (Language.CSHARP, CSHARP, ("Take", 8)),
        (Language.KOTLIN, KOTLIN, ("put", 5)),
        (Language.RUBY, RUBY, ("put", 5)),
        (Language.PHP, PHP, ("put", 6)),
    ],
)
def test_calls_are_read_with_their_lines(
    language: Language, code: str, call: tuple[str, int]
) -> None:
    assert call in [
        (site.name, site.line) for site in inside(language, code).calls
    ]


def test_a_docstring_and_what_is_caught_are_found() -> None:
    function = inside(Language.PYTHON, PYTHON)
    assert function.doc == (2, 2)
    assert [tuple(caught) for caught in function.handles] == [
        ("KeyError", 7, 10)
    ]


@pytest.mark.parametrize(
    ("language", "code"),
    [
        (Language.CSHARP, CSHARP),
        (Language.KOTLIN, KOTLIN),
        (Language.RUBY, RUBY),
        (Language.PHP, PHP),
    ],
)
def test_caught_exceptions_are_read(language: Language, code: str) -> None:
    assert [caught.text for caught in inside(language, code).handles] == [
        "Full"
    ]


def test_a_failure_after_a_condition_has_both_conditions() -> None:
    failure = inside(Language.RUBY, RUBY).raises[1]
    assert failure.what == "Late"
    assert failure.conditions == ("after catching `Full`", "unless `rest`")


def test_statements_are_simple_and_know_the_lines_around_them() -> None:
    statements = inside(Language.KOTLIN, KOTLIN).statements
    assert [(statement.first, statement.frame) for statement in statements] == [
        (3, (2, 4)),
        (5, (5, 5)),
        (5, (5, 5, 5)),
        (6, ()),
    ]


def test_an_arrow_function_without_braces_gives_back_its_expression() -> None:
    assert [
        returned.text
        for returned in inside(
            Language.JAVASCRIPT, "const f = (a) => a.length;"
        ).returns
    ] == ["a.length"]


def test_nesting_deeper_than_the_limit_is_not_followed() -> None:
    deep = (
        "def f():\n"
        + "".join(f"{' ' * depth}if x:\n" for depth in range(1, 120))
        + " " * 120
        + "return 1\n"
    )
    assert inside(Language.PYTHON, deep).returns == []


def test_a_declaration_without_a_body_has_nothing_inside() -> None:
    function = inside(Language.JAVA, "interface S { int take(String name); }")
    assert function.body == 2
    assert function.statements == []


def test_parameters_that_share_a_type_are_all_read() -> None:
    function = inside(Language.GO, "package p\nfunc f(a, b int, c string) {}\n")
    assert function.parameters == ["a", "b", "c"]


def test_a_call_knows_its_place_and_which_inner_function_makes_it() -> None:
    code = "def f():\n    a.put(1)\n    def g():\n        take()\n"
    calls = inside(Language.PYTHON, code).calls
    assert [(call.name, call.place, call.inner) for call in calls] == [
        ("put", code.index("put"), ""),
        ("take", code.index("take"), "g"),
    ]


def test_a_definition_below_a_comment_is_found_by_its_lines() -> None:
    code = "/// Ends.\npub struct End;\n"
    root = SourceParser().tree(Language.RUST, code.encode()).root_node
    [definition] = parsed(Language.RUST, code).drafts
    node = find(root, definition.line, definition.end_line)
    assert node is not None
    assert node.type == "struct_item"


def test_of_thousands_of_results_only_the_first_are_read() -> None:
    # Each looks at all statements before it.
    statements = "    if x: return x\n" * 6000
    function = inside(Language.PYTHON, f"def find(x):\n{statements}")
    assert len(function.returns) == 100


def test_thousands_of_comments_on_a_field_are_read_once() -> None:
    # Asked one by one what they describe, they would take minutes.
    comments = "    // about y\n" * 10_000
    code = f"class Shop {{\n    int x;\n{comments}    int y;\n}}\n"
    tree = SourceParser().tree(Language.JAVA, code.encode())
    shop = FunctionFacts(tree.root_node.children[0], is_type=True)
    assert len(shop.statements) == 10_002


def conditions_of(language: Language, body: str) -> dict[str, tuple[str, ...]]:
    """Return the conditions of failures by their messages."""
    code = {
        Language.RUBY: f"def f(x)\n{body}end\n",
        Language.GO: f"func f(x int) {{\n{body}}}\n",
        Language.RUST: f"fn f(x: i32) {{\n{body}}}\n",
        Language.PYTHON: f"def f(x):\n{body}",
    }[language]
    raises = inside(language, code).raises
    return {cause.message.strip('"'): cause.conditions for cause in raises}


WHEN = """
  case x
  when 1, 2 then raise A, "one"
  when String
    raise A, "text"
  else
    raise A, "else"
  end
  case
  when x > 1 then raise A, "more"
  end
"""
IN = """
  case x
  in {name: String => n} if n
    raise A, "named"
  in _
    raise A, "any"
  end
"""
SWITCH = """
  switch x {
  case 1, 2:
    // Few.
    panic("few")
  default:
    panic("many")
  }
  switch {
  case x > 1:
    panic("more")
  default:
    panic("less")
  }
"""
ARMS = """
  match x { Some(a) if a > 1 => { panic!("more") }, _ => panic!("none"), }
  match x { true => panic!("true"), #[allow(any)] other => panic!("other"), }
"""
GUARDED = """  match x:
    case 1 if y:
      raise A("one")
"""


@pytest.mark.parametrize(
    ("language", "body", "expected"),
    [
        (
            Language.RUBY,
            WHEN,
            {
                "one": ("if `x` matches `1, 2`",),
                "text": ("if `x` matches `String`",),
                "else": ("if `x` matches no other case",),
                "more": ("if `x > 1`",),
            },
        ),
        (
            Language.RUBY,
            IN,
            {
                "named": ("if `x` matches `{name: String => n} if n`",),
                "any": ("if `x` matches no other case",),
            },
        ),
        (
            Language.GO,
            SWITCH,
            {
                "few": ("if `x` matches `1, 2`",),
                "many": ("if `x` matches no other case",),
                "more": ("if `x > 1`",),
                "less": ("unless another branch applies",),
            },
        ),
        (
            Language.RUST,
            ARMS,
            {
                "more": ("if `x` matches `Some(a) if a > 1`",),
                "none": ("if `x` matches no other case",),
                "true": ("if `x` matches `true`",),
                "other": ("if `x` matches `other`",),
            },
        ),
        (Language.PYTHON, GUARDED, {"one": ("if `x` matches `1 if y`",)}),
    ],
    ids=["when", "in", "switch", "arms", "guard"],
)
def test_the_case_of_a_failure_is_a_condition(
    language: Language, body: str, expected: dict[str, tuple[str, ...]]
) -> None:
    assert conditions_of(language, body) == expected


def test_what_returns_before_a_failure_in_ruby_is_a_condition() -> None:
    body = "  return unless z\n  a ? 1 : raise(A, 'no')\n"
    found = conditions_of(Language.RUBY, body)
    assert found == {"'no'": ("if `z`", "unless `a`")}
    not_told = conditions_of(Language.RUBY, f"  return if x unless y\n{body}")
    assert not_told == {"'no'": ("",)}


def test_a_block_of_ruby_is_run_if_its_method_calls_it() -> None:
    body = (
        "  x.on { x.fetch(1) { raise A, 'none' } }\n"
        "  x.each do |part|\n    next if part\n    raise A, 'part'\n  end\n"
    )
    assert conditions_of(Language.RUBY, body) == {
        "'none'": ("if `fetch` calls its block",),
        "'part'": ("unless `part`",),
    }


def test_a_standard_error_that_is_rescued_does_not_leave() -> None:
    body = "  begin\n    raise KeyError\n  rescue StandardError\n    x\n  end\n"
    assert conditions_of(Language.RUBY, body) == {}
