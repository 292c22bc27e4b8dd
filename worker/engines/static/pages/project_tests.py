"""The project's own tests of a chapter's subject: the best one to read, and how to run it."""

import re
import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from posixpath import basename, dirname
from typing import Final

from tree_sitter import Node

from worker.engines.static.facts import Definition, Role
from worker.engines.static.pages import (
    citations,
    fixtures,
    meaning,
    setup_steps,
)
from worker.engines.static.pages.course import Chapter, CourseFacts, remembered
from worker.engines.static.parsing.grammar import (
    body_of,
    field_text,
    line,
    one_line,
    text,
)
from worker.engines.static.reading.language import PARSED, Language
from worker.engines.static.reading.roles import file_stem

NO_TARGET: Final = -1
"""The target of a test whose subject is unknown."""
_LONGEST: Final = 32
PYTEST: Final = "python -m pytest"
_MOST_ASSERTED: Final = 3
"""Assertions; more make a test no better."""
_ASSERTION: Final = re.compile(
    r"\s*(?:assert\b(?! \w+ *(?:,|$))|expect|self\.assert)"
)
"""An assertion that says more of a value than that it is true."""
_SHORTEST: Final = 2
"""Lines of a test that can be shown whole, its first line not counted."""
_MOST_FILES: Final = 8
"""Test files that are read for one chapter."""
_LARGEST: Final = 200_000
"""Bytes of a test file that is read."""
_MOST_NODES: Final = 4000
_DEEPEST: Final = 17
"""Nodes above a test: a callback of a callback of a callback."""
_MOST_NAME: Final = 120
_MADE: Final = re.compile(r"\s*(\w+) = (?:\w+\.)*(\w+)\(")
_CLASS: Final = re.compile(r"\bclass (\w+)\b(?:\(([^)]*)\))?")
_LOCAL: Final = re.compile(
    r"^[ \t]*(?:async )?(?:function\*?|fn|fun) (\w+)", re.MULTILINE
)
_CALLED: Final = re.compile(r"\b(\w+)\(")
_WORD: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_NEEDS_MORE: Final = re.compile(r"(?i)(?:^|/)(?:smoke|integration|e2e|live)")
"""Folders of tests that need more than the project: servers, containers, keys."""
_TEST_FILE: Final = re.compile(r"(?:^|/)test_[^/]*\.py$|_test\.py$")
_TAKING: Final = re.compile(r"\bdef test_?\w*\(([^)]*)")
"""A test, and what it takes."""
_TAKEN_FROM: Final = re.compile(r"(?<![\w.])(\w+)\.(\w+)")
_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`")

_SKIP: Final = re.compile(
    r"\b[sS]kip|\bxfail|\bignore\b|@(?:Disabled|Ignore)\b"
)
"""What marks a test that is not run, or not everywhere."""
_SKIPPING: Final = re.compile(
    r"raise (?:\w+\.)*SkipTest\b|\w+\.(?:[sS]kip(?:Test|f|Now)?|importorskip)\("
)
_SKIPPED_FILE: Final = re.compile(
    r"^pytestmark *= *(?:\[[^\]]*|.*)\.skip|allow_module_level|^\S.*\bimportorskip\(",
    re.MULTILINE,
)
_MOST_BEFORE: Final = 2
"""Statements at a test's beginning: its documentation, and one that skips it."""
_INJECTING: Final = re.compile(r"(?i)patch|mock|\bgiven\b")
"""A mark that may give a test what it takes."""
_OWN_PARAMETERS: Final = frozenset({"self", "cls"})
_MARKS: Final = frozenset({"decorator", "modifiers"})

_COMMENT: Final = re.compile(r"(?:^|\s)(?:#|//).*")

_FUNCTIONS: Final = frozenset(
    {
        "function_definition",
        "function_declaration",
        "function_item",
        "method_declaration",
        "method",
    }
)
_CALLS: Final = frozenset({"it", "test"})
_RUNNERS: Final = (
    ("go.mod", "", "^func Test", "go test {folder} -run '^{name}$'"),
    ("Cargo.toml", "", "", "cargo test {name}"),
    ("pom.xml", "", "@Test", "mvn test -Dtest='{stem}#{name}'"),
    ("build.gradle", "", "@Test", "gradle test --tests '*{stem}.{name}'"),
    ("build.gradle.kts", "", "@Test", "gradle test --tests '*{stem}.{name}'"),
    (
        "composer.json",
        '"phpunit/phpunit"',
        "function test",
        "vendor/bin/phpunit --filter {name} {file}",
    ),
    ("package.json", r'"test": "mocha\b', "", "npm test -- --grep '{name}'"),
    (
        "package.json",
        r'"test": "(jest|vitest)\b',
        "",
        "npm test -- -t '{name}'",
    ),
)
"""Manifests, what they declare, what a test has, and the command that runs this test alone."""
_SUITES: Final = {
    "pyproject.toml": (r"\[tool\.pytest", setup_steps.ENVIRONMENT + PYTEST),
    "go.mod": ("", "go test ./..."),
    "Cargo.toml": ("", "cargo test"),
    "pom.xml": ("", "mvn test"),
    "build.gradle": ("", "gradle test"),
    "build.gradle.kts": ("", "gradle test"),
    "composer.json": ('"phpunit/phpunit"', "vendor/bin/phpunit"),
    "package.json": (r'"test": *"(?!echo )', "npm test"),
}
"""Manifests, what they declare, and the command that runs all tests."""
_RUNNABLE: Final = re.compile(r"[A-Za-z_][\w ]*", re.ASCII)
"""The name of a test that a shell and a filter take as it is."""
_NAME: Final = re.compile(r"(?i)^(?:test|bench|example|it_|should)")
_DECLARED: Final = re.compile(
    r"(?:TYPED_)?TEST(?:_\w+)?\(|\*?(?:test|Test)\w*\((?:void)?\)$"
)
"""A test in C and C++: by a macro, or a function without parameters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectTest:
    """A test: its name as written, its lines, and the definition that it uses."""

    name: str
    path: str
    first: int
    last: int
    target: int = NO_TARGET
    worth: int = 0
    """How much of the definition it shows."""
    owners: tuple[str, ...] = ()
    """The classes of Python around it, the outermost first; empty for a function."""
    fixtures: frozenset[str] = frozenset()
    """Parameters that none of its marks supplies."""

    @property
    def place(self) -> tuple[str, int]:
        """Its file and its first line."""
        return self.path, self.first


@remembered
def found(facts: CourseFacts, chapter: Chapter) -> list[ProjectTest]:
    """Return short tests that use a chapter's subject, the best first."""
    symbols = facts.symbols(chapter)
    return of_symbols(facts, symbols)


def of_symbols(
    facts: CourseFacts,
    symbols: Sequence[Definition],
    files: int = _MOST_FILES,
) -> list[ProjectTest]:
    """Return short tests that use definitions, in their order, from some files of each."""
    tests: list[ProjectTest] = []
    seen: set[str] = set()
    for symbol in symbols[:_MOST_FILES]:
        of_symbol: list[ProjectTest] = []
        for path in _files(facts, symbol)[:files]:
            if path not in seen and len(seen) < _MOST_FILES:
                seen.add(path)
                of_symbol += _tests(facts, path, symbol)
        of_symbol.sort(key=_order)
        tests += of_symbol
    tests.sort(key=lambda test: _needs_more(test.path))
    return tests


def _order(test: ProjectTest) -> tuple[int, int, str, int]:
    length = test.last - test.first
    return -test.worth, length, test.path, test.first


def _needs_more(path: str) -> bool:
    return _NEEDS_MORE.search(path) is not None


def command(facts: CourseFacts, test: ProjectTest) -> str:
    """Return the command that runs a test where its project is built; nothing if unsure."""
    path = test.path
    name = test.name
    if not _RUNNABLE.fullmatch(name) or not path.isprintable():
        return ""
    if _needs_more(path):
        return ""
    if facts.file(path).language is Language.PYTHON:
        if not _is_run_by_pytest(facts, test):
            return ""
        node = "::".join((path, *test.owners, name))
        quoted = shlex.quote(node)
        return f"{PYTEST} {quoted}"
    return _command(facts, test)


def local_command(facts: CourseFacts, test: ProjectTest) -> str:
    """Return the command that runs a test in the environment that a tutorial builds."""
    run = command(facts, test)
    if run.startswith(PYTEST):
        return f"{setup_steps.ENVIRONMENT}{run}"
    return run


def suite(facts: CourseFacts, chapter: Chapter) -> str:
    """Return the command that runs all tests of a chapter's project; nothing if unsure."""
    subject, *_ = facts.symbols(chapter)
    setup = setup_steps.setup(facts, subject.path)
    if setup is None or not _has_tests(facts):
        return ""
    name = basename(setup.manifest)
    declaration = facts.texts.text(setup.manifest)
    declared, suite = _SUITES.get(name, ("", ""))
    if re.search(declared, declaration):
        return suite
    return ""


@remembered
def _has_tests(facts: CourseFacts) -> bool:
    files = facts.analysis.files.values()
    return any(file.role is Role.TEST for file in files)


def _command(facts: CourseFacts, test: ProjectTest) -> str:
    """Return the command of the project's own runner, in the folder of its manifest."""
    setup = setup_steps.setup(facts, test.path)
    if setup is None:
        return ""
    manifest = basename(setup.manifest)
    declaration = facts.texts.text(setup.manifest)
    code = "\n".join(rows(facts, test))
    file = test.path.removeprefix(f"{setup.folder}/")
    folder = dirname(file)
    for name, declared, written, template in _RUNNERS:
        if name != manifest or not re.search(declared, declaration):
            continue
        if re.search(written, code):
            return template.format(
                file=shlex.quote(file),
                folder=shlex.quote(f"./{folder}"),
                stem=file_stem(file),
                name=test.name,
            )
    return ""


def rows(facts: CourseFacts, test: ProjectTest) -> Sequence[str]:
    """Return the lines of a test."""
    lines = facts.texts.lines(test.path)
    return lines[test.first - 1 : test.last]


def _is_run_by_pytest(facts: CourseFacts, test: ProjectTest) -> bool:
    """Whether pytest finds a test, and what it takes: in its file, its marks, or above it."""
    is_test = test.name.startswith("test")
    is_outside = all(test.owners)
    if not is_test or not is_outside or not _TEST_FILE.search(test.path):
        return False
    return all(
        fixtures.is_known(facts, name, test.path) for name in test.fixtures
    )


def _fixtures(node: Node, marks: Sequence[str]) -> frozenset[str]:
    """Return the parameters of a test that none of its marks supplies."""
    given = "\n".join(marks)
    if _INJECTING.search(given):
        return frozenset()
    known = set(_WORD.findall(given)) | _OWN_PARAMETERS
    return frozenset(_taken(node)) - known


def _taken(node: Node) -> Iterator[str]:
    """Yield the names of a test's parameters without defaults."""
    parameters = node.child_by_field_name("parameters")
    if parameters is None:
        return
    for parameter in parameters.named_children:
        if parameter.type == "identifier":
            yield text(parameter)
        elif parameter.type == "typed_parameter":
            name, *_ = parameter.named_children
            yield text(name)


@remembered
def called_in(facts: CourseFacts, path: str) -> dict[str, list[int]]:
    """Return the lines on which a file calls something, by its name."""
    called: dict[str, list[int]] = defaultdict(list)
    lines = facts.texts.lines(path)
    for number, row in enumerate(lines, 1):
        names = _CALLED.findall(row)
        for name in names:
            called[name].append(number)
    return dict(called)


def _files(facts: CourseFacts, symbol: Definition) -> list[str]:
    """Return the test files that may use a definition, the best first."""
    mentioning = facts.analysis.mentions.get(symbol.name, ())
    paths = dict.fromkeys(mentioning)
    for fixture in fixtures.of(facts, symbol):
        folder = f"{fixture.folder}/".lstrip("/")
        takers = _taking(facts).get(fixture.name, ())
        for path in takers:
            if path.startswith(folder):
                paths[path] = None
    name = symbol.name.lower()
    stem = file_stem(symbol.path).strip("_")

    def rank(path: str) -> tuple[bool, bool, bool, str]:
        lower = path.lower()
        return (
            _needs_more(lower),
            name not in lower,
            f"test_{stem}." not in lower,
            lower,
        )

    fitting = [path for path in paths if _is_readable(facts, path)]
    fitting.sort(key=rank)
    return fitting


def _is_readable(facts: CourseFacts, path: str) -> bool:
    file = facts.file(path)
    if file.role is not Role.TEST or file.language not in PARSED:
        return False
    return file.size <= _LARGEST


@remembered
def _taking(facts: CourseFacts) -> dict[str, list[str]]:
    """Return the test files whose tests take each name, by the name."""
    taking: dict[str, list[str]] = defaultdict(list)
    for path in facts.analysis.files:
        if not _TEST_FILE.search(path):
            continue
        taken: set[str] = set()
        for row in facts.texts.lines(path):
            match = None
            if "def test" in row:
                match = _TAKING.search(row)
            if match is not None:
                taken.update(_WORD.findall(match[1]))
        for name in taken:
            taking[name].append(path)
    return taking


def _tests(
    facts: CourseFacts,
    path: str,
    symbol: Definition,
) -> Iterator[ProjectTest]:
    """Yield the short tests of a file that use a definition."""
    code = facts.texts.text(path)
    if not meaning.is_meant(facts, symbol, code):
        return
    for test in of_file(facts, path):
        worth = _worth(facts, symbol, test)
        if worth:
            yield replace(test, target=symbol.index, worth=worth)


@remembered
def of_file(facts: CourseFacts, path: str) -> list[ProjectTest]:
    """Return the short tests of a file, whatever they use, without those that are skipped."""
    root = facts.texts.root(path)
    if root is None or _SKIPPED_FILE.search(text(root)):
        return []
    tests = []
    for node, name in _test_nodes(root):
        first = line(node)
        last = node.end_point.row + 1
        is_short = _SHORTEST <= last - first < _LONGEST
        if not is_short:
            continue
        marks = list(_marks(node))
        if _is_skipped(node, marks):
            continue
        test = ProjectTest(
            name=name,
            path=path,
            first=first,
            last=last,
            owners=tuple(_owners(node)),
            fixtures=_fixtures(node, marks),
        )
        tests.append(test)
    return tests


def _owners(node: Node) -> list[str]:
    """Return the names of the classes around a test; an empty one for a function."""
    owners = []
    around = node.parent
    while around is not None:
        if around.type == "class_definition":
            name = field_text(around, "name")
            owners.append(name)
        elif around.type == "function_definition":
            owners.append("")
        around = around.parent
    owners.reverse()
    return owners


def _is_skipped(node: Node, marks: Iterable[str]) -> bool:
    """Whether a mark of a test or of a class around it, or its beginning, skips it."""
    for mark in marks:
        bare = _QUOTED.sub("", mark)
        if _SKIP.search(bare):
            return True
    body = body_of(node)
    if body is None:
        return False
    beginning = body.named_children[:_MOST_BEFORE]
    return any(_SKIPPING.match(text(statement)) for statement in beginning)


def _marks(node: Node) -> Iterator[str]:
    """Yield decorators of a test and of the classes around it, attributes and annotations."""
    before = node.prev_named_sibling
    while before is not None and before.type == "attribute_item":
        yield text(before)
        before = before.prev_named_sibling
    around: Node | None = node
    while around is not None:
        is_marked = around.type.endswith(("_definition", "_declaration"))
        for child in around.named_children if is_marked else ():
            if child.type in _MARKS:
                yield text(child)
        around = around.parent


def _worth(facts: CourseFacts, symbol: Definition, test: ProjectTest) -> int:
    """Rate how much of a definition a test shows; 0 if it does not use it."""
    lines = rows(facts, test)
    body = "\n".join(lines)
    uses = _uses(facts, symbol, body)
    if not uses:
        return 0
    methods = {method.name for method in facts.methods(symbol)}
    called = sum(f".{method}(" in body for method in methods)
    worth = min(uses, 3) + min(called, 4)
    assertions = _asserted(facts, symbol, lines)
    worth += 2 * min(assertions, _MOST_ASSERTED)
    if _is_named_after(test, symbol):
        worth += 4
    return worth


def _asserted(
    facts: CourseFacts,
    symbol: Definition,
    lines: Sequence[str],
) -> int:
    """Count the assertions of a test about a definition, or about objects that it makes."""
    about = {symbol.name}
    for fixture in fixtures.of(facts, symbol):
        about.add(fixture.name)
    for row in lines:
        match = _MADE.match(row)
        if match is not None and match[2] == symbol.name:
            about.add(match[1])
    count = 0
    for row in lines:
        if not _ASSERTION.match(row):
            continue
        bare = code(row)
        words = _WORD.findall(bare)
        if not about.isdisjoint(words):
            count += 1
    return count


def _uses(facts: CourseFacts, symbol: Definition, body: str) -> int:
    """Count the lines of a test that name a definition, or take from a fixture what it has."""
    if symbol.name in body:
        if _defines_another(symbol.name, body):
            return 0
        used = citations.use_pattern(facts, symbol)
        using = list(filter(used.search, _inside(body, symbol.name)))
        if using:
            return len(using)
    head = _TAKING.search(body)
    if head is None:
        return 0
    taken = _WORD.findall(head[1])
    count = 0
    for fixture in fixtures.of(facts, symbol):
        if fixture.name not in taken:
            continue
        members = _member_names(facts, symbol)
        for row in _inside(body, fixture.name):
            count += any(
                owner == fixture.name and member in members
                for owner, member in _TAKEN_FROM.findall(row)
            )
    return count


def _defines_another(name: str, body: str) -> bool:
    """Whether a test has a function of a name, or a class that does not extend one of the name."""
    _, _, inside = body.partition("\n")
    if name in _LOCAL.findall(inside):
        return True
    if "class " not in body:
        return False
    return any(
        own == name and name not in _WORD.findall(bases)
        for own, bases in _CLASS.findall(body)
    )


def _inside(body: str, name: str) -> list[str]:
    """Return the code of the lines with a name in a test, but for its first line."""
    _, _, inside = body.partition("\n")
    rows = inside.split("\n")
    return [code(row) for row in rows if name in row]


@remembered
def _member_names(facts: CourseFacts, symbol: Definition) -> set[str]:
    """Return the names of a type's methods, and of those that it inherits."""
    names: set[str] = set()
    for index in facts.lineage(symbol.index):
        owner = facts.definitions[index]
        names.update(method.name for method in facts.methods(owner))
    return names


def code(row: str) -> str:
    """Return a line without texts and comments."""
    return _COMMENT.sub("", _QUOTED.sub("", row))


def _is_named_after(test: ProjectTest, symbol: Definition) -> bool:
    name = re.sub("[_ ]", "", test.name)
    subject = symbol.name.replace("_", "")
    return subject.lower() in name.lower()


def _test_nodes(root: Node) -> Iterator[tuple[Node, str]]:
    queue = [(root, 0)]
    for node, depth in queue:
        name = _test_name(node)
        if name:
            yield node, name
        elif depth < _DEEPEST and len(queue) < _MOST_NODES:
            queue += [(child, depth + 1) for child in node.named_children]


def _test_name(node: Node) -> str:
    """Return the name of the test that a node is, or an empty text."""
    if node.type in _FUNCTIONS:
        return _name_of_function(node)[:_MOST_NAME]
    if node.type != "call_expression":
        return ""
    if field_text(node, "function") not in _CALLS:
        return ""
    arguments = node.child_by_field_name("arguments")
    if arguments is None or not arguments.named_children:
        return ""
    title = one_line(text(arguments.named_children[0]))
    return title.strip("\"'`")[:_MOST_NAME]


def _name_of_function(node: Node) -> str:
    name = field_text(node, "name")
    is_test = bool(name) and _NAME.search(name) is not None
    if not name:
        name = one_line(field_text(node, "declarator"))
        is_test = _DECLARED.match(name) is not None
    if is_test or _is_marked_as_test(node):
        return name
    return ""


def _is_marked_as_test(node: Node) -> bool:
    """Whether a function has a test's annotation (Java) or attribute (Rust)."""
    if node.type == "method_declaration" and "@Test" in text(node)[:80]:
        return True
    before = node.prev_named_sibling
    if before is None or before.type != "attribute_item":
        return False
    return "test" in text(before)
