"""The choice of a project's tests for a chapter."""

from pathlib import Path

import pytest

from tests.support.course_facts import chapter_of, read
from tests.support.samples import JAVASCRIPT, PYTHON, TILL_TEST
from worker.engines.static.pages import project_tests

JEST = """\
const { Store } = require('../lib/store');

describe('Store', () => {
  it('sells what it has', () => {
    const store = new Store();
    expect(store.sell('apple')).toBe(5);
  });

  it('is long', () => {
%s
    new Store();
  });
});
"""
BODY = "x = sell(1)\n{0}assert x\n{0}return\n"
IN_FUNCTION = BODY.format("    ")
IN_CLASS = BODY.format("        ")
SHOP = "def sell(x):\n    return x\n"


def test_the_test_that_shows_the_subject_best_comes_first(
    tmp_path: Path,
) -> None:
    facts = read(tmp_path, PYTHON)
    test, *_ = project_tests.found(facts, chapter_of(facts, "Store"))
    assert test.name == "test_store_sells_what_it_has"
    assert test.path == "tests/test_store.py"
    assert (test.first, test.last) == (4, 7)
    assert project_tests.command(facts, test) == (
        "python -m pytest tests/test_store.py::test_store_sells_what_it_has"
    )


def test_a_test_in_a_callback_is_known_by_its_words(tmp_path: Path) -> None:
    files = {
        **JAVASCRIPT,
        "test/store.test.js": JEST % "\n".join(["    x();"] * 40),
    }
    facts = read(tmp_path, files)
    test, *_ = project_tests.found(facts, chapter_of(facts, "Store"))
    assert test.name == "sells what it has"
    assert (test.first, test.last) == (4, 7)
    assert project_tests.command(facts, test) == ""


JAVA = {
    "src/main/java/Till.java": "public class Till {\n    public int sell(int x) {\n"
    "        return x;\n    }\n}\n",
    "src/test/java/TillTest.java": TILL_TEST,
}
PHP = {
    "src/Till.php": "<?php\n\nclass Till\n{\n    public function sell($x)\n    {\n"
    "        return $x;\n    }\n}\n",
    "tests/TillTest.php": "<?php\n\nclass TillTest extends TestCase\n{\n"
    "    public function testSells()\n    {\n        $till = new Till();\n"
    "        $this->assertSame(1, $till->sell(1));\n        $till->sell(2);\n    }\n}\n",
}
MOCHA = {**JAVASCRIPT, "test/store.test.js": JEST % "    x();"}


@pytest.mark.parametrize(
    ("files", "manifest", "declared", "name", "command"),
    [
        (
            JAVA,
            "pom.xml",
            "<project/>",
            "Till",
            "mvn test -Dtest='TillTest#sells'",
        ),
        (
            JAVA,
            "build.gradle",
            "plugins {}\n",
            "Till",
            "gradle test --tests '*TillTest.sells'",
        ),
        (
            PHP,
            "composer.json",
            '{"require-dev": {"phpunit/phpunit": "^9"}}',
            "Till",
            "vendor/bin/phpunit --filter testSells tests/TillTest.php",
        ),
        (PHP, "composer.json", "{}", "Till", ""),
        (
            MOCHA,
            "package.json",
            '{"scripts": {"test": "mocha test/"}}',
            "Store",
            "npm test -- --grep 'sells what it has'",
        ),
        (
            MOCHA,
            "package.json",
            '{"scripts": {"test": "jest"}}',
            "Store",
            "npm test -- -t 'sells what it has'",
        ),
        (MOCHA, "package.json", '{"scripts": {"test": "make"}}', "Store", ""),
    ],
)
def test_a_manifest_tells_how_one_test_is_run(
    tmp_path: Path,
    files: dict[str, str],
    manifest: str,
    declared: str,
    name: str,
    command: str,
) -> None:
    facts = read(tmp_path, {**files, manifest: declared})
    test, *_ = project_tests.found(facts, chapter_of(facts, name))
    assert project_tests.command(facts, test) == command


def test_a_test_is_run_in_the_folder_of_its_manifest(tmp_path: Path) -> None:
    files = {f"money/{path}": text for path, text in PHP.items()}
    declared = '{"require-dev": {"phpunit/phpunit": "^9"}}'
    facts = read(tmp_path, {**files, "money/composer.json": declared})
    test, *_ = project_tests.found(facts, chapter_of(facts, "Till"))
    command = project_tests.command(facts, test)
    assert command.endswith("testSells tests/TillTest.php")


def test_a_subject_that_no_test_uses_has_none(tmp_path: Path) -> None:
    facts = read(tmp_path, PYTHON)
    assert not project_tests.found(facts, chapter_of(facts, "rounded"))


def test_a_name_in_quotes_is_not_a_use(tmp_path: Path) -> None:
    files = {
        "shop.py": "def sell(x):\n    return x\n",
        "tests/test_shop.py": "def test_words():\n    x = 'sell(1)'\n    assert x\n    return\n",
    }
    facts = read(tmp_path, files)
    assert project_tests.found(facts, facts.chapters[0]) == []


@pytest.mark.parametrize(
    ("name", "code", "path", "test"),
    [
        (
            "shop.py",
            "def sell(x):\n    return x\n",
            "tests/smoke/test_shop.py",
            "def test_shop():\n    x = sell(1)\n    assert x\n    return\n",
        ),
        (
            "shop.go",
            "package shop\n\nfunc Sell() int {\n\treturn 1\n}\n",
            "shop_test.go",
            "package shop\n\nfunc ExampleSell() {\n\tx := Sell()\n\tuse(x)\n}\n",
        ),
    ],
    ids=["in a folder of tests with servers", "an example without an output"],
)
def test_a_test_that_cannot_run_alone_has_no_command(
    tmp_path: Path, name: str, code: str, path: str, test: str
) -> None:
    facts = read(tmp_path, {name: code, path: test})
    (case,) = project_tests.found(facts, facts.chapters[0])
    assert project_tests.command(facts, case) == ""


@pytest.mark.parametrize(
    ("head", "taken", "is_run"),
    [
        ("", "tmp_path, shop: str, till=1", True),
        ("", "mocker", False),
        ("from tests.tools import mocker\n", "mocker", True),
        ("@pytest.mark.parametrize('mocker', [1])\n", "mocker", True),
        ("@mock.patch('shop.sell')\n", "mocker", True),
        ("@pytest.fixture\ndef mocker():\n    return 1\n\n\n", "mocker", True),
    ],
)
def test_a_test_has_a_command_if_the_repository_has_its_fixtures(
    tmp_path: Path, head: str, taken: str, *, is_run: bool
) -> None:
    test = f"{head}def test_it({taken}):\n    {IN_FUNCTION}"
    files = {
        "shop.py": SHOP,
        "tests/conftest.py": "@pytest.fixture\ndef shop():\n    return 'x'\n",
        "tests/test_shop.py": test,
    }
    facts = read(tmp_path, files)
    (case,) = project_tests.found(facts, facts.chapters[0])
    assert bool(project_tests.command(facts, case)) is is_run


CPP = """\
class LogTest {
 public:
  LogTest() : counter(0) {
    counter.start();
    counter.stop();
  }
  Counter counter;
};

TEST(LogTest, Counts) {
  Counter counter(3);
  ASSERT_EQ(3, counter.count());
  counter.stop();
}

void TestHelper(const Counter& other) {
  Counter copy(other);
  copy.start();
  copy.stop();
}
"""
COUNTER = """\
class Counter {
 public:
  int count() { return count_; }
  int count_;
};
"""


def test_a_test_of_cpp_is_a_macro_not_a_fixture_or_a_helper(
    tmp_path: Path,
) -> None:
    files = {"counter.h": COUNTER, "test/counter_test.cc": CPP}
    facts = read(tmp_path, files)
    tests = project_tests.found(facts, chapter_of(facts, "Counter"))
    assert [test.name for test in tests] == ["TEST(LogTest, Counts)"]


FIXTURES = """\
import pytest

from shop import Store


@pytest.fixture
def shop():
    shop = Store({})
    return shop


@pytest.fixture
def price(shop):
    return Store({}).sell("apple")
"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("shop.sell('apple')", ["test_sold_out"]),
        ("shop.elsewhere('apple')", []),
        ("other.shop.sell('apple')", []),
    ],
)
def test_a_test_that_calls_a_method_of_a_fixture_uses_its_type(
    tmp_path: Path, line: str, expected: list[str]
) -> None:
    files = {
        path: body
        for path, body in PYTHON.items()
        if not path.startswith("tests/")
    }
    test = f"def test_sold_out(shop):\n    other = 1\n    {line}\n    assert other\n"
    files |= {"tests/conftest.py": FIXTURES, "tests/test_sales.py": test}
    facts = read(tmp_path, files)
    shown_project_tests = project_tests.found(facts, chapter_of(facts, "Store"))
    assert [test.name for test in shown_project_tests] == expected


def test_tests_in_the_file_named_after_a_module_come_before_those_that_need_more(
    tmp_path: Path,
) -> None:
    files = dict(PYTHON)
    test = files["tests/test_store.py"]
    files["t/integration/test_store.py"] = test
    facts = read(tmp_path, files)
    shown_project_tests = project_tests.found(facts, chapter_of(facts, "Store"))
    paths = [test.path for test in shown_project_tests]
    assert paths == sorted(paths, reverse=True)
    assert len(set(paths)) > 1


@pytest.mark.parametrize(
    "test",
    [
        f"@pytest.mark.skip('unstable')\ndef test_it():\n    {IN_FUNCTION}",
        f"@skip.unless_module('x')\ndef test_it():\n    {IN_FUNCTION}",
        f"def test_it():\n    raise unittest.SkipTest\n    {IN_FUNCTION}",
        f"def test_it():\n    'Sells.'\n    pytest.skip('x')\n    {IN_FUNCTION}",
        f"@unittest.skipIf(x, 'x')\nclass TestIt:\n    def test_it(self):\n        {IN_CLASS}",
        f"pytestmark = [\n    pytest.mark.skipif(x)]\ndef test_it():\n    {IN_FUNCTION}",
        f"pytest.importorskip('x')\ndef test_it():\n    {IN_FUNCTION}",
    ],
)
def test_a_test_that_is_skipped_is_not_shown(tmp_path: Path, test: str) -> None:
    facts = read(tmp_path, {"shop.py": SHOP, "tests/test_shop.py": test})
    assert project_tests.found(facts, facts.chapters[0]) == []


def test_a_test_that_skips_in_a_case_only_is_shown(tmp_path: Path) -> None:
    test = (
        "@pytest.mark.parametrize('skip', [1])\ndef test_it(skip):\n"
        f"    if skip:\n        pytest.skip('x')\n    {IN_FUNCTION}"
    )
    facts = read(tmp_path, {"shop.py": SHOP, "tests/test_shop.py": test})
    assert project_tests.found(facts, facts.chapters[0])


@pytest.mark.parametrize(
    ("around", "command"),
    [
        (
            "class TestSell:\n",
            "python -m pytest tests/test_shop.py::TestSell::test_it",
        ),
        ("def make():\n", ""),
    ],
)
def test_a_test_in_a_class_is_run_by_its_node(
    tmp_path: Path, around: str, command: str
) -> None:
    test = f"{around}    def test_it(self):\n        {IN_CLASS}"
    facts = read(tmp_path, {"shop.py": SHOP, "tests/test_shop.py": test})
    (case,) = project_tests.found(facts, facts.chapters[0])
    assert project_tests.command(facts, case) == command


SHELF = """\
class Shelf:
    def put(self, jar):
        self.jar = jar
        return self.jar

    def empty(self):
        self.jar = None
        return None
"""
PASSING = """\
from shelf import Shelf


class TestShelf:
    def test_passing(self):
        room = make_room(Shelf(), Shelf())
        other = make_room(Shelf())
        assert room, make_room(Shelf())

    def test_putting(self):
        board = Shelf()
        assert board.put(1) == 1
        assert board.jar == 1

    def test_own(self):
        board = self.Shelf()
        assert board.jar == 1
        assert board.jar != 2

    def test_needing(self):
        pytest.importorskip("jars")
        board = Shelf()
        assert board.put(1) == 1
        assert board.put(2) == 2
        assert board.jar == 2
"""


def test_the_test_that_asserts_most_of_the_subject_comes_first(
    tmp_path: Path,
) -> None:
    files = {"shelf.py": SHELF, "tests/test_shelf.py": PASSING}
    facts = read(tmp_path, files)
    found = project_tests.found(facts, chapter_of(facts, "Shelf"))
    assert [test.name for test in found] == ["test_putting", "test_passing"]


@pytest.mark.parametrize(
    ("base", "is_use"),
    [("", False), ("(Shelf)", True), ("(shelf.Shelf)", True)],
)
def test_a_test_that_defines_another_type_of_the_name_does_not_use_it(
    tmp_path: Path, base: str, *, is_use: bool
) -> None:
    test = (
        f"def test_it():\n    class Shelf{base}:\n"
        "        x = 1\n\n    shelf = Shelf()\n    assert shelf.x == 1\n"
    )
    facts = read(tmp_path, {"shelf.py": SHELF, "tests/test_shelf.py": test})
    assert bool(project_tests.found(facts, facts.chapters[0])) is is_use


@pytest.mark.parametrize(("name", "is_use"), [("Shelf", False), ("Rack", True)])
def test_a_test_that_defines_a_function_of_the_name_does_not_use_it(
    tmp_path: Path, name: str, *, is_use: bool
) -> None:
    shelf = (
        "exports.Shelf = class Shelf {\n  put(thing) {\n    this.things = [thing];\n"
        "    return this;\n  }\n};\n"
    )
    test = (
        f"it('holds things', function () {{\n  function {name}() {{\n    this.x = 1;\n"
        "  }\n  var shelf = new Shelf();\n  assert.equal(shelf.x, 1);\n});\n"
    )
    files = {"lib/shelf.js": shelf, "test/shelf.js": test}
    facts = read(tmp_path, files)
    assert bool(project_tests.found(facts, facts.chapters[0])) is is_use
