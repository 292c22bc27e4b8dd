"""What can go wrong in a chapter's code, and what else its users must know."""

import re
from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, index_of, read
from worker.engines.static.pages import failures
from worker.engines.static.pages.course import CourseFacts
from worker.engines.static.pages.excerpts import Excerpt

SHAPES = '''"""Shapes."""

import os
import warnings
from abc import ABC, abstractmethod


class Shape(ABC):
    """Has an area."""

    limit = int(os.getenv("SHAPE_LIMIT", "3"))

    @abstractmethod
    def area(self):
        """Return the area."""

    def name(self):
        """Return the name."""
        raise NotImplementedError

    def draw(self, pen):
        """Draw it."""
        if pen is None:
            raise ValueError("no pen")
        elif pen == "dry":
            raise PenError
        try:
            return pen.draw(self)
        except OSError:
            raise DrawError("cannot draw")
        except LookupError as error:
            raise error

    def old(self):
        """Deprecated: use draw."""
        warnings.warn("old", DeprecationWarning)
        raise RuntimeError("always")


class Circle(Shape):
    """A round one."""

    def area(self):
        return 3
'''


@pytest.fixture
def facts(tmp_path: Path) -> CourseFacts:
    return read(tmp_path, {"shapes.py": SHAPES})


def test_failures_are_said_with_error_place_conditions_and_message(
    facts: CourseFacts,
) -> None:
    assert failures.sentences(facts, chapter_of(facts, "Shape")) == [
        '`Shape.draw` raises `ValueError` (`shapes.py:24`) if `pen is None`: `"no pen"`',
        (
            "`Shape.draw` turns `OSError` into `DrawError` (`shapes.py:30`): "
            '`"cannot draw"`'
        ),
        '`Shape.draw` raises `PenError` (`shapes.py:26`) if `pen is not None` and `pen == "dry"`.',
    ]


def test_settings_and_abstract_methods_are_named(
    facts: CourseFacts,
) -> None:
    assert failures.cautions(facts, chapter_of(facts, "Shape")) == [
        "Left to subclasses: `Shape.area` (`shapes.py:14`).",
        "`Shape` reads the environment variable `SHAPE_LIMIT` (`shapes.py:11`).",
    ]


def test_a_failure_whose_line_is_shown_is_not_repeated(
    facts: CourseFacts,
) -> None:
    chapter = chapter_of(facts, "Shape")
    first, *_ = failures.found(facts, chapter)
    line = first.cause.line
    sentences = failures.sentences(facts, chapter)
    shown = Excerpt(path=first.function.path, spans=((line, line),))
    assert failures.sentences(facts, chapter, [shown]) == [
        each for each in sentences if each != failures.sentence(facts, first)
    ]


def failing(tmp_path: Path, body: str) -> list[str]:
    """Return the failures of a function, without function and line."""
    code = f"def work(x, y):\n{body}    return x\n"
    facts = read(tmp_path, {"work.py": code})
    sentences = failures.sentences(facts, facts.chapters[0])
    return [sentence.partition(") ")[2] for sentence in sentences]


@pytest.mark.parametrize(
    "caught", ["ValueError", "(KeyError, ValueError)", "Exception"]
)
def test_a_failure_that_is_caught_where_it_happens_does_not_count(
    tmp_path: Path, caught: str
) -> None:
    body = (
        "    try:\n        if not x:\n            raise ValueError(x)\n"
        f"    except {caught}:\n        x = 1\n"
    )
    assert failing(tmp_path, body) == []


def test_a_failure_that_another_handler_catches_leaves(tmp_path: Path) -> None:
    body = (
        "    try:\n        if not x:\n            raise ValueError(x)\n"
        "    except KeyError:\n        x = 1\n"
    )
    assert failing(tmp_path, body) == ["if `not x`."]


@pytest.mark.parametrize(
    "argument",
    ["', '.join(x)", "TEXT.format('a')", "x['name']", "x, hint='a hint'"],
)
def test_a_part_of_a_message_is_not_a_message(
    tmp_path: Path, argument: str
) -> None:
    body = f"    if not x:\n        raise ValueError({argument})\n"
    assert failing(tmp_path, body) == ["if `not x`."]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            (
                "    if x == 1:\n        return y\n"
                "    if y:\n        raise ValueError\n"
            ),
            "if `x != 1` and `y`.",
        ),
        (
            (
                "    if x in y:\n        return y\n"
                "    if y:\n        raise ValueError\n"
            ),
            "if `x not in y` and `y`.",
        ),
        (
            (
                "    if x is y:\n        return y\n"
                "    if y:\n        raise ValueError\n"
            ),
            "if `x is not y` and `y`.",
        ),
        (
            (
                "    if x or y:\n        return y\n"
                "    if x:\n        raise ValueError\n"
            ),
            "if `x` unless `x or y`.",
        ),
        (
            (
                "    if not x == y:\n        return y\n"
                "    if y:\n        raise ValueError\n"
            ),
            "if `y` unless `not x == y`.",
        ),
        (
            "    if __debug__:\n        if y:\n            raise ValueError\n",
            "if `y`.",
        ),
    ],
)
def test_conditions_are_said_without_double_negation(
    tmp_path: Path, body: str, reason: str
) -> None:
    assert failing(tmp_path, body) == [reason]


def test_an_error_that_is_raised_again_is_raised_after_catching_it(
    tmp_path: Path,
) -> None:
    body = (
        "    try:\n        x()\n    except KeyError:\n"
        "        raise KeyError('no such x')\n"
    )
    told = ["after catching `KeyError`: `'no such x'`"]
    assert failing(tmp_path, body) == told


RETRIES = """\
class Line:
    def send(self, x):
        try:
            x()
        except KeyError:
            raise ValueError
        try:
            x(1)
        except KeyError:
            raise ValueError
        return self._sent(x)

    def _sent(self, x):
        if not x:
            raise ValueError
        if x == 1:
            raise RuntimeError("sent before")
        def later():
            if x:
                raise StopIteration
        return later
"""


def test_a_failure_is_told_once_and_inner_ones_only_with_a_message(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, {"line.py": RETRIES})
    assert failures.sentences(facts, facts.chapters[0]) == [
        "`Line.send` turns `KeyError` into `ValueError` (`line.py:6`).",
        (
            "`Line._sent` raises `RuntimeError` (`line.py:17`) if `x == 1`: "
            '`"sent before"`'
        ),
    ]


def test_the_text_that_is_filled_in_is_the_message(tmp_path: Path) -> None:
    body = "    if not x:\n        raise ValueError('no {}'.format('a'))\n"
    assert failing(tmp_path, body) == ["if `not x`: `'no {}'`"]


MATCH = """\
    match x:
        case 1 | 2:
            raise ValueError
"""
CONTINUE = """\
    for z in y:
        if z:
            continue
        raise ValueError
"""
ELIF = """\
    if x:
        return 1
    elif y:
        return 2
    raise ValueError
"""
VALUES = """\
    if x == 1:
        y = 1
    elif x == 2:
        raise ValueError
"""
CHAIN = """\
    if x.is_the_first_of_all_the_values_that_may_come_in_here:
        y = 1
    elif y.is_the_second_of_all_the_values_that_may_come_in_here:
        y = 2
    elif y.is_the_third_of_all_the_values_that_may_come_in_here:
        y = 3
    elif y.is_the_fourth_of_all_the_values_that_may_come_in_here:
        y = 4
    elif y.c:
        raise ValueError
"""


@pytest.mark.parametrize(
    ("body", "condition"),
    [
        (MATCH, "if `x` matches `1 | 2`."),
        (CONTINUE, "unless `z`."),
        (ELIF, "unless `x` or `y`."),
        (VALUES, "if `x == 2`."),
        (CHAIN, "if `y.c` unless an earlier branch applies."),
    ],
    ids=["match", "continue", "elif", "one of several values", "a long chain"],
)
def test_the_conditions_before_a_failure_are_stated(
    tmp_path: Path, body: str, condition: str
) -> None:
    assert failing(tmp_path, body) == [condition]


def test_code_that_cannot_fail_has_no_failures(tmp_path: Path) -> None:
    facts = read(tmp_path, {"plain.py": "def plain(x):\n    return x\n"})
    assert failures.sentences(facts, facts.chapters[0]) == []
    assert failures.cautions(facts, facts.chapters[0]) == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a.js", "function f() {\n  return process.env.SHOP_MODE;\n}\n"),
        ("a.py", 'def f():\n    return os.environ["SHOP_MODE"]\n'),
        ("a.rs", 'pub fn f() {\n    env::var("SHOP_MODE");\n}\n'),
        (
            "a.go",
            'package a\n\nfunc F() string { return os.Getenv("SHOP_MODE") }\n',
        ),
    ],
)
def test_environment_variables_are_found_in_many_languages(
    tmp_path: Path, name: str, code: str
) -> None:
    facts = read(tmp_path, {name: code})
    (caution,) = failures.cautions(facts, facts.chapters[0])
    assert re.match(
        "`[fF]` reads the environment variable `SHOP_MODE` ", caution
    )


@pytest.mark.parametrize(
    "body",
    [
        '"""Takes os.environ[\'SHOP_MODE\']."""\n    return 1',
        "# os.environ['SHOP_MODE']\n    return 1",
        "return os.environ[SHOP_MODE]",
        "os.environ['SHOP_MODE'] = 'open'",
    ],
    ids=["documentation", "comment", "a constant's name", "written"],
)
def test_only_code_reads_a_named_environment_variable(
    tmp_path: Path, body: str
) -> None:
    facts = read(tmp_path, {"a.py": f"def f():\n    {body}\n"})
    assert failures.cautions(facts, facts.chapters[0]) == []


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        (("unless `not x`",), "if `x`"),
        (("if `y`", "unless `not ok(x)`"), "if `y` and `ok(x)`"),
        (("unless `not x or y`",), "unless `not x or y`"),
    ],
)
def test_no_condition_is_negated_twice(
    conditions: tuple[str, ...], words: str
) -> None:
    assert failures.condition(conditions) == words


def test_a_failure_is_told_without_conditions_where_not_all_are_known(
    tmp_path: Path,
) -> None:
    code = """\
def find(parts, name):
    if name:
        for part in parts:
            if part == name:
                return part
        raise LookupError("no such part")
    return None
"""
    facts = read(tmp_path, {"work.py": code})
    assert failures.sentences(facts, facts.chapters[0]) == [
        '`find` raises `LookupError` (`work.py:6`): `"no such part"`'
    ]


def test_an_error_is_told_by_its_own_name_and_module_not_by_an_alias(
    tmp_path: Path,
) -> None:
    tree = {
        "errors.py": "class Empty(Exception):\n    pass\n",
        "work.py": """\
from errors import Empty as Nothing
from lib import Problem as Error


def work(x, y):
    if not x:
        raise Nothing("no x")
    if not y:
        raise Error("no y")
    return x
""",
    }
    facts = read(tmp_path, tree)
    work = facts.definitions[index_of(facts, "work")]
    told = failures.of_functions(facts, [work])
    assert [failures.sentence(facts, failure) for failure in told] == [
        '`work` raises `Empty` (`work.py:7`) if `not x`: `"no x"`',
        '`work` raises `lib.Problem` (`work.py:9`) if `not y`: `"no y"`',
    ]


def test_an_earlier_guard_in_the_same_block_is_stated(
    tmp_path: Path,
) -> None:
    body = (
        "    if x:\n        if callable(y):\n            raise error\n"
        '        raise ValueError("not callable")\n'
    )
    assert failing(tmp_path, body) == [
        'if `x` unless `callable(y)`: `"not callable"`'
    ]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (
            "a.py",
            "def fail(x) -> t.NoReturn:\n    raise E\ndef f(x):\n    return fail(x)\n",
        ),
        (
            "a.py",
            "def fail(x) -> 'te.Never':\n    raise E\ndef f(x):\n    return fail(x)\n",
        ),
        (
            "a.rs",
            "fn fail(x: u8) -> ! {\n    panic!()\n}\npub fn f(x: u8) {\n    fail(x)\n}\n",
        ),
        (
            "a.ts",
            (
                "function fail(x: X): never {\n  throw x;\n}\n"
                "function f(x: X) {\n  return fail(x);\n}\n"
            ),
        ),
        (
            "a.kt",
            (
                "fun fail(x: X): Nothing {\n    throw x\n}\n"
                "fun f(x: X) {\n    return fail(x)\n}\n"
            ),
        ),
        (
            "a.php",
            (
                "<?php\nfunction fail($x): never {\n    throw $x;\n}\n"
                "function f($x) {\n    return fail($x);\n}\n"
            ),
        ),
    ],
)
def test_a_function_that_never_returns_is_known_in_many_languages(
    tmp_path: Path, name: str, code: str
) -> None:
    facts = read(tmp_path, {name: code})
    function = facts.definitions[index_of(facts, "f")]
    called = failures.failing_call(facts, function, "fail(x)")
    assert called is not None
    assert called.name == "fail"
    assert failures.failing_call(facts, function, "x") is None


@pytest.mark.parametrize(
    "head",
    ["def fail(x: Callable[[], NoReturn])", "def fail(x) -> Optional[Never]"],
)
def test_a_function_that_takes_or_may_give_no_result_returns(
    tmp_path: Path, head: str
) -> None:
    code = f"{head}:\n    x()\ndef f(x):\n    return fail(x)\n"
    facts = read(tmp_path, {"a.py": code})
    function = facts.definitions[index_of(facts, "f")]
    assert failures.failing_call(facts, function, "fail(x)") is None


ERRORS = '''class SendError(Exception):
    """Anything that goes wrong."""


class Timeout(SendError, OSError):
    """The other side did not answer in the time that it was given."""


class Refused(SendError):
    """Refused."""
'''
SEND = """\
from wire import Slow as _Slow, WireError, Refused as OtherRefused

from errors import Refused, Timeout


def send(x):
    try:
        x.send()
    except (WireError, _Slow) as error:
        if isinstance(error, _Slow):
            raise Timeout(error)
        raise Refused(error)
    except OtherRefused:
        raise Refused


def fetch(x):
    if x.closed:
        raise Timeout("closed")
    if not x:
        raise ValueError("no x")


def look(x):
    if not x:
        raise ValueError("no x")
"""


def test_exceptions_of_the_project_are_explained_and_what_fails_alike_is_one_row(
    tmp_path: Path,
) -> None:
    tree = {
        "errors.py": ERRORS,
        "send.py": SEND,
        "tests/test_send.py": "from errors import Refused, Timeout\n",
        "README.md": "# Send\n\nCall `send`, `fetch` and `look`.\n",
    }
    facts = read(tmp_path, tree)
    assert failures.sentences(facts, chapter_of(facts, "send")) == [
        (
            "`Timeout`, a kind of `SendError` and `OSError`: The other side did not answer in "
            "the time that it was given. `fetch` raises it (`send.py:19`) if `x.closed`: "
            '`"closed"`. `send` turns `wire.Slow` into it (`send.py:11`).'
        ),
        (
            "`Refused`, a kind of `SendError`: `send` turns `wire.Refused` into it (`send.py:14`). "
            "`send` turns `WireError` or `wire.Slow` into it (`send.py:12`) unless "
            "`isinstance(error, _Slow)`."
        ),
        (
            "`fetch` and `look` raise `ValueError` (`send.py:21`, `send.py:26`) if `not x`: "
            '`"no x"`'
        ),
    ]


RUBY = """\
def f(x)
  x.call
rescue KeyError => e
  raise Lost, 'gone'
end
"""
JAVA = """\
class A {
  void f() {
    try {
      x();
    } catch (IOException | KeyException e) {
      throw new Lost();
    }
  }
}
"""
CSHARP = """\
class A {
  void f() {
    try {
      X();
    } catch (KeyException e) {
      throw new Lost();
    }
  }
}
"""
SCRIPT = """\
function f(x) {
  try {
    x();
  } catch (error) {
    if (error instanceof KeyError) throw new Lost();
    throw error;
  }
}
"""
BARE = """\
function f(x) {
  try {
    x();
  } catch {
    throw new Lost();
  }
}
"""
PHP = """\
<?php
function f($x) {
  try {
    $x();
  } catch (\\Shop\\KeyError $e) {
    throw new Lost('gone');
  }
}
"""
COMPUTED = """\
def f(x):
    try:
        x()
    except errors():
        raise Lost
"""
OUTSIDE = """\
def f(x):
    if isinstance(e, A):
        try:
            x()
        except A:
            raise Lost
"""


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("a.rb", RUBY, "`KeyError` into `Lost` (`a.rb:4`): `'gone'`"),
        (
            "A.java",
            JAVA,
            "`IOException` or `KeyException` into `Lost` (`A.java:6`).",
        ),
        ("a.cs", CSHARP, "`KeyException` into `Lost` (`a.cs:6`)."),
        ("a.js", SCRIPT, "`KeyError` into `Lost` (`a.js:5`)."),
        ("a.js", BARE, "any error into `Lost` (`a.js:5`)."),
        (
            "a.php",
            PHP,
            r"`\Shop\KeyError` into `Lost` (`a.php:6`): `'gone'`",
        ),
        ("a.py", COMPUTED, "`errors()` into `Lost` (`a.py:5`)."),
        (
            "a.py",
            OUTSIDE,
            "`A` into `Lost` (`a.py:6`) if `isinstance(e, A)`.",
        ),
    ],
)
def test_an_error_that_is_raised_for_another_is_told_in_many_languages(
    tmp_path: Path, name: str, code: str, words: str
) -> None:
    facts = read(tmp_path, {name: code})
    functions = facts.by_name["f"]
    (failure,) = failures.of_functions(facts, functions)
    sentence = failures.sentence(facts, failure)
    assert sentence.partition(" turns ")[2] == words


MANY = "\n\n".join(
    f"def fail_{number}(x):\n    if x == {number}:\n"
    f"        raise Error{number}('no {number}')\n"
    for number in range(10)
)


@pytest.mark.parametrize("documented", [0, 4, 10])
def test_six_rows_are_shown_and_exceptions_that_are_documented_are_first(
    tmp_path: Path, documented: int
) -> None:
    errors = "\n\n".join(
        f"class Error{number}(Exception):\n"
        '    """No box of the whole store has what was asked for."""\n'
        for number in range(documented)
    )
    names = ", ".join(f"Error{number}" for number in range(10))
    code = f"from errors import {names}\n\n\n{MANY}"
    facts = read(tmp_path, {"errors.py": errors, "fail.py": code})
    (chapter,) = [
        chapter for chapter in facts.chapters if "fail" in chapter.name
    ]
    sentences = failures.sentences(facts, chapter)
    assert len(sentences) == 6
    told = [each for each in sentences if "No box of the whole store" in each]
    assert told == sentences[: min(documented, 6)]


LOCKED = """\
class Locked:
    def _fail(self, *args) -> t.NoReturn:
        raise RuntimeError("no key is set")

    def _leave(self) -> t.NoReturn:
        raise Leaving

    def stub(self) -> t.NoReturn:
        raise NotImplementedError("write it")

    update = pop = _fail
"""


def test_a_function_that_only_fails_with_a_message_can_go_wrong(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, {"locked.py": LOCKED})
    told = failures.sentences(facts, facts.chapters[0])
    assert told == [
        '`Locked._fail` raises `RuntimeError` (`locked.py:3`): `"no key is set"`'
    ]


def test_a_failure_with_a_message_is_told_without_conditions_that_are_too_long(
    tmp_path: Path,
) -> None:
    long = " + ".join(f"x.part_{number}" for number in range(20))
    body = (
        f"    if {long}:\n        raise ValueError('no part is left')\n"
        f"    if y:\n        if {long}:\n            raise KeyError\n"
    )
    code = f"def work(x, y):\n{body}    return x\n"
    facts = read(tmp_path, {"work.py": code})
    assert failures.sentences(facts, facts.chapters[0]) == [
        "`work` raises `ValueError` (`work.py:3`): `'no part is left'`"
    ]


def test_a_long_message_is_told_whole(tmp_path: Path) -> None:
    words = "The setup of this box can no longer be changed. "
    pieces = "".join(f"            '{words}'\n" for _ in range(6))
    body = f"    if x:\n        raise ValueError(\n{pieces}        )\n"
    message = words * 6
    assert failing(tmp_path, body) == [f'if `x`: `"{message}"`']


def test_the_first_of_some_failures_of_a_function_is_said_to_be_one_of_them(
    tmp_path: Path,
) -> None:
    checks = "".join(
        f"    if x == {number}:\n        raise ValueError('no {number}')\n"
        for number in range(7)
    )
    code = f"def work(x):\n{checks}    return x\n"
    facts = read(tmp_path, {"work.py": code})
    first, *others = failures.sentences(facts, facts.chapters[0])
    assert first.startswith("Among others, `work` raises `ValueError` ")
    assert [other.startswith("`work` raises ") for other in others] == [
        True
    ] * 5
