"""Finds examples that use a chapter's subject: code that its authors wrote to be read.

The sources, best first: docstrings, the README, other documents, example files, tests.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from posixpath import basename
from typing import Final

from tree_sitter import Node

from worker.engines.static.facts import Definition, Role, SourceFile
from worker.engines.static.pages import (
    citations,
    markdown,
    meaning,
    project_tests,
    results,
    standalone,
)
from worker.engines.static.pages.course import Chapter, CourseFacts, remembered
from worker.engines.static.pages.excerpts import Span
from worker.engines.static.pages.project_tests import ProjectTest, rows
from worker.engines.static.pages.standalone import BindingStatement
from worker.engines.static.parsing.grammar import last_row
from worker.engines.static.parsing.identifiers import parts, word_set, words_of
from worker.engines.static.parsing.node_types import BLOCKS
from worker.engines.static.prose.code_blocks import (
    DOCTEST,
    MARK,
    CodeBlock,
    code_blocks,
    quoted,
)
from worker.engines.static.reading.language import (
    PARSED,
    PROSE,
    Language,
    language_of,
)
from worker.engines.static.reading.roles import (
    Guidance,
    guidance,
    is_news,
    is_readme,
)

_MOST: Final = 2
"""Examples of a chapter."""
_LONGEST: Final = 45
"""Lines of an example; longer ones are programs of their own."""
_SHORT: Final = 2
"""An example with no more lines than this and one shows less than a longer one."""
_MOST_MEMBERS: Final = 40
"""Members whose docstrings are searched."""
_MOST_FILES: Final = 12
_LARGEST_DOCUMENT: Final = 400_000
_LONGEST_COMMENT: Final = 400
_COMMENT: Final = re.compile(r"\s*(?://|/?\*|#|--|;|\*/)")
_MARK: Final = re.compile(r"\s*(?:/\*\*?|\*/|///?!?|\*(?!\*)|#+|--|;+) ?")
_PROMPT: Final = re.compile(
    r"^\s*(?:\$|#|%|>|PS>) \S|^\s*(?:pip|npm|go|cargo) "
)
_TAGS: Final = {"python3": "py", "default": "py", "golang": "go", "c++": "cpp"}
"""Languages by other names than theirs, as the endings of files."""
_OWN_LANGUAGE: Final = frozenset(
    {"", "no_run", "ignore", "should_panic", "compile_fail"}
)
"""Tags of code in the language of its file."""
_LONGEST_BEFORE: Final = 8
"""Lines of an earlier statement that is shown with an example that needs it."""
_LONGEST_STATEMENT: Final = 60
"""Lines of a part of an example file, which is never cut."""
_BODIES: Final = BLOCKS | word_set("class_body declaration_list statements")
"""Nodes around members and statements."""
_MOST_NAMES: Final = 2
"""Names of a chapter's title that an example should have."""
_MOST_UNKNOWN: Final = 1
"""Names without a definition in an example that can be understood: `app`."""
_INSIDE: Final = re.compile(r"\._[a-z]|[mM]ock|monkeypatch|\bpatch\(")
_LEAST_SHARE: Final = 1 / 6
"""Of the lines of an example; in one with a lesser share the subject is by the way."""
_DEFINED: Final = re.compile(r"^(?:(?:async )?def|class) (\w+)", re.MULTILINE)
_CALLED: Final = re.compile(r"(?<![\w$])([\w$]+)(?=\s?[(<{])|@(?:\w+\.)*(\w+)")
"""A name that is called or made, or that decorates."""
_IMPORTED: Final = re.compile(r"\bimport\b(.*)")


class ExampleOrigin(IntEnum):
    """Where an example comes from, the best first."""

    DOCSTRING = 0
    README = 1
    DOCUMENT = 2
    MEMBER = 3
    """The documentation of a method."""
    EXAMPLE = 4
    TEST = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """Some lines of a file that show a use."""

    path: str
    first: int
    last: int
    tag: str
    """Of the code fence."""
    origin: ExampleOrigin
    source: str
    """Where it comes from, as Markdown: `the docstring of X`."""
    target: int
    """The definition that it uses."""
    before: tuple[Span, ...] = ()
    """Earlier lines of the same text that bind names which it uses."""
    is_whole: bool = False
    """Whether it runs as it stands."""

    @property
    def extent(self) -> tuple[str, int, int]:
        return self.path, self.first, self.last

    @property
    def place(self) -> str:
        return markdown.place(self.path, *self.spans)

    @property
    def spans(self) -> list[Span]:
        """What is shown of the file, in order."""
        return [*self.before, (self.first, self.last)]


@remembered
def lines(facts: CourseFacts, example: Example) -> list[str]:
    """Return the code of an example, without comment marks and indentation."""
    text = facts.texts.lines(example.path)
    return quoted(text, example.spans, example.tag)


def rendered(facts: CourseFacts, example: Example) -> str:
    source = f"From {example.source}, {example.place}:"
    code = markdown.fence(lines(facts, example), example.tag)
    return markdown.document(source, code)


@remembered
def best(facts: CourseFacts, chapter: Chapter) -> list[Example]:
    """Return examples of a chapter that differ; a test where there is nothing else.

    No example is shown in two chapters, and none that a later one is better for.
    """
    chosen: list[Example] = []
    taken: list[Example] = []
    wanted: list[Example] = []
    for other in facts.chapters[: chapter.position]:
        taken += best(facts, other)
    for other in facts.chapters[chapter.position + 1 :]:
        wanted += found(facts, other)[:1]
    taken += [example for example in wanted if _is_of_guide(facts, example)]
    for example in found(facts, chapter):
        is_test = example.origin is ExampleOrigin.TEST
        code = lines(facts, example)
        if is_test and _needs_helper(facts, example.path, code):
            continue
        if _overlaps(example, taken):
            continue
        if chosen and not _adds(facts, chapter, example, chosen):
            continue
        chosen.append(example)
        if len(chosen) == _MOST:
            break
        taken += wanted
    return chosen


def _is_of_guide(facts: CourseFacts, example: Example) -> bool:
    """Whether the file of an example is named after its subject."""
    subject = facts.definitions[example.target]
    file_name = basename(example.path)
    return subject.name.lower() in file_name.lower()


def _overlaps(example: Example, others: Iterable[Example]) -> bool:
    """Whether an example shares lines with one of some others."""
    return any(
        example.path == other.path
        and example.first <= other.last
        and other.first <= example.last
        for other in others
    )


def elsewhere(facts: CourseFacts, chapter: Chapter) -> str:
    """Lead to an example of an earlier chapter, if this chapter has none but tests."""
    own = best(facts, chapter)
    examples = found(facts, chapter)
    has_own = any(example.origin is not ExampleOrigin.TEST for example in own)
    if has_own or not examples:
        return ""
    first = examples[0]
    for other in facts.chapters[: chapter.position]:
        shown = best(facts, other)
        if _overlaps(first, shown):
            title = f"chapter {other.entry.index}"
            link = markdown.link(title, f"{other.file}#example")
            subject = facts.definitions[first.target]
            name = markdown.code(subject.name)
            return f"The example of {link} uses {name}."
    return ""


def _adds(
    facts: CourseFacts,
    chapter: Chapter,
    example: Example,
    chosen: Iterable[Example],
) -> bool:
    """Whether a whole example of what the chapter is called after differs from those chosen."""
    if example.origin is ExampleOrigin.TEST:
        return False
    target = facts.definitions[example.target]
    if target.name not in chapter.name or _resembles(facts, example, chosen):
        return False
    return example.is_whole


def _resembles(
    facts: CourseFacts,
    example: Example,
    chosen: Iterable[Example],
) -> bool:
    """Whether an example has the origin or many lines of another."""
    code = _statements(facts, example)
    for other in chosen:
        common = code & _statements(facts, other)
        if example.origin is other.origin or 2 * len(common) >= len(code):
            return True
    return False


def _statements(facts: CourseFacts, example: Example) -> set[str]:
    code = "\n".join(lines(facts, example)).replace("'", '"')
    return {line.strip() for line in code.split("\n") if len(line.strip()) > 1}


@remembered
def found(facts: CourseFacts, chapter: Chapter) -> list[Example]:
    """Return the examples of a chapter, the best first."""
    examples: list[Example] = []
    for symbol in facts.symbols(chapter):
        examples += _in_docstrings(facts, symbol)
        examples += _in_files(facts, symbol)
    examples += _in_tests(facts, chapter)
    unique: dict[tuple[str, int], Example] = {}
    examples.reverse()
    for example in examples:
        if _is_code(facts, example):
            place = example.path, example.first
            unique[place] = _rated(facts, example)
    return _sorted(facts, chapter, unique.values())


def _is_code(facts: CourseFacts, example: Example) -> bool:
    """Whether an example is complete code without syntax errors."""
    code = lines(facts, example)
    if standalone.is_hollow(code, example.tag):
        return False
    is_node = example.origin in {ExampleOrigin.EXAMPLE, ExampleOrigin.TEST}
    return is_node or standalone.parses(code, example.tag)


def _sorted(
    facts: CourseFacts,
    chapter: Chapter,
    examples: Iterable[Example],
) -> list[Example]:
    """Sort examples: documents first, then whole ones, then those of the first subject."""
    named = facts.named(chapter)
    titled = {symbol.index for symbol in named}
    names = {symbol.name for symbol in named}

    def rank(example: Example) -> tuple[object, ...]:
        length = example.last - example.first
        return (
            _distance(facts, example, titled),
            not example.is_whole,
            len(_unknown(facts, example)),
            _is_by_the_way(facts, example, names),
            example.target not in chapter.unit.symbols[:1],
            length < _SHORT or example.origin > ExampleOrigin.README,
            -min(_MOST_NAMES, len(names & _used(facts, example))),
            example.origin,
            len(example.before),
            -_worth(facts, example),
            guidance(example.path),
            not _is_of_guide(facts, example),
            example.path.count("/"),
            example.first,
            example.path,
        )

    return sorted(examples, key=rank)


def _distance(
    facts: CourseFacts, example: Example, titled: Collection[int]
) -> int:
    """Rate how far an example is from a reader: a test; then a scrap, or code that needs more."""
    if example.origin is ExampleOrigin.TEST:
        return 1
    length = example.last - example.first
    is_scrap = length < _SHORT and not example.is_whole
    if is_scrap or example.target not in titled:
        return 2
    if len(_unknown(facts, example)) > _MOST_UNKNOWN:
        return 2
    return 0


def _unknown(facts: CourseFacts, example: Example) -> frozenset[str]:
    """Return the names in an example that neither it nor the project defines.

    What Go's packages define has their names before it.
    """
    names = standalone.used(lines(facts, example), example.tag)
    return names - _known(facts, example.tag)


@remembered
def _known(facts: CourseFacts, tag: str) -> set[str]:
    """Return the names of a project's modules, and of what they define; of Go's packages."""
    if tag == Language.GO:
        files = facts.analysis.files.values()
        imports = [imported for file in files for imported in file.imports]
        return {basename(imported.module) for imported in imports}
    defined = {
        definition.name
        for definition in facts.definitions
        if definition.parent is None
    }
    return defined | modules(facts)


def _is_by_the_way(
    facts: CourseFacts, example: Example, names: set[str]
) -> bool:
    """Whether few of an example's lines have one of some names, and its heading has none."""
    _, _, section = example.source.partition("section “")
    title, _, _ = section.partition("”")
    heading = _spaced(words_of(title))
    if any(_spaced(parts(name)) in heading for name in names):
        return False
    filled = [line for line in lines(facts, example) if line.strip()]
    naming = [line for line in filled if not names.isdisjoint(words_of(line))]
    return len(naming) / len(filled) < _LEAST_SHARE


def _spaced(words: Iterable[str]) -> str:
    spaced = " ".join(words)
    return f" {spaced} ".lower()


def _used(facts: CourseFacts, example: Example) -> set[str]:
    """Return the names in an example's expressions."""
    shown = lines(facts, example)
    code = standalone.expressions(shown, example.tag)
    return set(words_of(code))


def _rated(facts: CourseFacts, example: Example) -> Example:
    """Say of an example whether it runs as it stands; a test does, by its runner."""
    is_whole = True
    if example.origin is not ExampleOrigin.TEST:
        code = lines(facts, example)
        packages = _packages(facts)
        is_whole = standalone.is_whole(code, example.tag)
        is_whole &= standalone.imports_only(code, example.tag, packages)
    return replace(example, is_whole=is_whole)


def _worth(facts: CourseFacts, example: Example) -> int:
    """Rate how much an example shows of its subject: its creation or call, then its methods."""
    target = facts.definitions[example.target]
    code = "\n".join(lines(facts, example))
    methods = {method.name for method in facts.methods(target)}
    used = [name for name in methods if f".{name}(" in code]
    worth = min(len(used), 3)
    called = _CALLED.findall(code)
    if any(target.name in names for names in called):
        worth += 4
    imports = "\n".join(_IMPORTED.findall(code))
    if target.name in words_of(imports):
        worth += 3
    return worth


def _fits(block: CodeBlock) -> bool:
    length = block.last - block.first + 1
    return 0 < length <= _LONGEST


def _in_docstrings(facts: CourseFacts, symbol: Definition) -> Iterator[Example]:
    """Yield the examples in the documentation of a definition and of its members."""
    members = facts.members(symbol)[:_MOST_MEMBERS]
    for definition in (symbol, *members):
        if not MARK.search(definition.doc):
            continue
        start, comment = _documentation(facts, definition)
        language = facts.file(definition.path).language
        for block in code_blocks(comment):
            code = comment[block.first : block.last + 1]
            tag = _tag(block, language, code)
            if tag and _fits(block):
                origin = ExampleOrigin.MEMBER
                if definition is symbol:
                    origin = ExampleOrigin.DOCSTRING
                yield Example(
                    path=definition.path,
                    first=start + block.first,
                    last=start + block.last,
                    tag=tag,
                    origin=origin,
                    source=f"the documentation of {citations.name(definition)}",
                    target=symbol.index,
                )


def _documentation(
    facts: CourseFacts, definition: Definition
) -> tuple[int, Sequence[str]]:
    """Return the first line and the lines of a docstring, or of the comment above a definition."""
    text = facts.texts.lines(definition.path)
    function = facts.function(definition.index)
    if function is not None and function.doc is not None:
        first, last = function.doc
        closing = text[last - 1]
        if closing.strip() in {'"""', "'''"}:
            last -= 1
        return first, text[first - 1 : last]
    first = definition.line
    comment: list[str] = []
    while first > 1 and len(comment) < _LONGEST_COMMENT:
        above = text[first - 2]
        if not _COMMENT.match(above):
            break
        bare = _MARK.sub("", above, count=1)
        comment.append(bare)
        first -= 1
    comment.reverse()
    return first, comment


def _tag(block: CodeBlock, language: Language, code: Sequence[str]) -> str:
    """Return the tag of a block's fence; nothing if it is no code of a parsed language."""
    tag, _, _ = block.tag.partition(",")
    if not tag and any(_PROMPT.match(line) for line in code):
        return ""
    first = next(iter(code), "")
    if first.lstrip().startswith(">>> "):
        return DOCTEST
    if tag in _OWN_LANGUAGE:
        tag = language
    if tag not in PARSED:
        ending = _TAGS.get(tag, tag)
        tag = language_of(f"example.{ending}", "")
    if tag not in PARSED:
        return ""
    return str(tag)


def _in_files(facts: CourseFacts, symbol: Definition) -> Iterator[Example]:
    """Yield the examples in documents and example files that name a definition."""
    mentions = facts.analysis.mentions
    paths: set[str] = set()
    for definition in (symbol, *results.makers(facts, symbol)):
        mentioning = mentions.get(definition.name, ())
        paths.update(mentioning)
    in_order = sorted(paths, key=_first_read)
    for role in (Role.DOCUMENT, Role.EXAMPLE):
        of_role = [path for path in in_order if facts.file(path).role is role]
        for path in of_role[:_MOST_FILES]:
            file = facts.file(path)
            if role is Role.EXAMPLE and file.language in PARSED:
                yield from _in_program(facts, symbol, path)
            else:
                yield from _in_document(facts, symbol, path)


def _first_read(path: str) -> tuple[bool, Guidance, str]:
    return not is_readme(path), guidance(path), path


def _in_document(
    facts: CourseFacts,
    symbol: Definition,
    path: str,
) -> Iterator[Example]:
    file = facts.file(path)
    if not is_guide(file):
        return
    origin = ExampleOrigin.DOCUMENT
    if is_readme(path):
        origin = ExampleOrigin.README
    makers = results.makers(facts, symbol)
    names = {definition.name for definition in (symbol, *makers)}
    for block, code in _blocks(facts, path):
        text = "\n".join(code)
        if not _fits(block) or not any(name in text for name in names):
            continue
        tag = _tag(block, facts.file(symbol.path).language, code)
        if tag and _is_use(facts, symbol, code, tag, path):
            source = _section(file, block.first + 1)
            yield Example(
                path=path,
                first=block.first + 1,
                last=block.last + 1,
                tag=tag,
                origin=origin,
                source=source + _note(facts, symbol, text),
                target=symbol.index,
                before=_before(facts, path, block.first, code, tag),
            )


def _note(facts: CourseFacts, symbol: Definition, text: str) -> str:
    """Return which variable has a type that code does not name; nothing if it names it."""
    variable = results.variable(facts, symbol, text)
    if not variable or symbol.name in text:
        return ""
    name = markdown.code(symbol.name)
    return f" (`{variable}` is a {name})"


@remembered
def _blocks(facts: CourseFacts, path: str) -> list[tuple[CodeBlock, list[str]]]:
    """Return the blocks of code in a document, each with its lines."""
    text = facts.texts.lines(path)
    return [
        (block, list(text[block.first : block.last + 1]))
        for block in code_blocks(text)
    ]


def _before(
    facts: CourseFacts, path: str, row: int, code: Sequence[str], tag: str
) -> tuple[Span, ...]:
    """Return the earlier statements of a document that code in it needs, the first one first."""
    needed = standalone.used(code, tag)
    if not needed:
        return ()
    spans: list[Span] = []
    for statement in _bindings(facts, path, tag):
        if statement.first >= row or needed.isdisjoint(statement.bound):
            continue
        needed -= statement.bound
        if statement.last - statement.first < _LONGEST_BEFORE:
            needed |= statement.needed
            spans.insert(0, (statement.first + 1, statement.last + 1))
    return tuple(spans)


@remembered
def _bindings(
    facts: CourseFacts, path: str, tag: str
) -> list[BindingStatement]:
    """Return the statements of a document that bind names, the last one first."""
    found: list[BindingStatement] = []
    for block, code in _blocks(facts, path):
        if _tag(block, Language.PYTHON, code) != tag:
            continue
        for statement in standalone.binding(code, tag):
            first = block.first + statement.first
            last = block.first + statement.last
            moved = statement._replace(first=first, last=last)
            found.insert(0, moved)
    return found


def _is_use(
    facts: CourseFacts,
    symbol: Definition,
    code: list[str],
    tag: str,
    path: str,
) -> bool:
    """Whether code of a document uses a definition, and not another of its name."""
    expressions = standalone.expressions(code, tag)
    use = citations.use_pattern(facts, symbol)
    if not use.search(expressions):
        return results.variable(facts, symbol, expressions) != ""
    own = modules(facts)
    if standalone.is_of_another(symbol.name, code, tag, own):
        return False
    text = "\n".join(code)
    if tag not in {DOCTEST, Language.PYTHON}:
        text = facts.texts.text(path)
    return meaning.is_meant(facts, symbol, text)


def is_guide(file: SourceFile) -> bool:
    """Whether a file is prose that is read for examples, and no news."""
    language = file.language
    if language is Language.NOTEBOOK or language not in PROSE:
        return False
    if file.size > _LARGEST_DOCUMENT:
        return False
    return not is_news(file.path)


@remembered
def modules(facts: CourseFacts) -> set[str]:
    """Return the top-level modules of Python that a project has."""
    names = set()
    for path, file in facts.analysis.files.items():
        is_source = file.role is Role.SOURCE
        if not is_source or file.language is not Language.PYTHON:
            continue
        below = path.removeprefix("src/")
        below = below.removeprefix("lib/")
        first, _, _ = below.partition("/")
        name = first.removesuffix(".py")
        names.add(name)
    return names


@remembered
def _packages(facts: CourseFacts) -> set[str]:
    """Return the top-level modules that a project has, or imports in its sources."""
    imported = {
        imported.module.split(".")[0]
        for file in facts.analysis.files.values()
        if file.role is Role.SOURCE
        for imported in file.imports
    }
    return imported | modules(facts)


def _section(file: SourceFile, line: int) -> str:
    """Return the words for a place in a document: its last heading above, if there is one."""
    title = ""
    for heading in file.headings:
        if heading.line <= line:
            title = heading.title
    document = "the documentation"
    if is_readme(file.path):
        document = "the README"
    if not title:
        return document
    title = markdown.text(title)
    return f"{document}, section “{title}”"


def _in_program(
    facts: CourseFacts,
    symbol: Definition,
    path: str,
) -> Iterator[Example]:
    """Yield a short example file whole, or the part of a longer one around the first use."""
    text = facts.texts.lines(path)
    tag = str(facts.file(path).language)
    code = standalone.expressions(text, tag).split("\n")
    pattern = citations.use_pattern(facts, symbol)
    use = _first_use(code, pattern)
    known = modules(facts)
    if not use or standalone.is_of_another(symbol.name, text, tag, known):
        return
    if not meaning.is_meant(facts, symbol, "\n".join(text)):
        return
    root = facts.texts.root(path)
    short = _whole_part(root, use, _LONGEST)
    extent = short or _whole_part(root, use, _LONGEST_STATEMENT)
    if extent is None:
        return
    first, last = extent
    yield Example(
        path=path,
        first=first,
        last=last,
        tag=tag,
        origin=ExampleOrigin.EXAMPLE,
        source="the examples",
        target=symbol.index,
    )


def _first_use(code: Sequence[str], pattern: re.Pattern[str]) -> int:
    """Return the first line that uses a definition; 0 if none does."""
    numbered = enumerate(code, 1)
    return next(
        (number for number, line in numbered if pattern.search(line)), 0
    )


def _whole_part(
    root: Node | None, line: int, most: int
) -> tuple[int, int] | None:
    """Return the lines of the largest part around a line that is whole and short."""
    node = root
    while node is not None and not node.has_error:
        around = node.parent
        if around is None or around.parent is None or around.type in _BODIES:
            first, last = _paragraph(node)
            if last - first < most:
                return first, last
        node = _part_at(node, line)
    return None


def _part_at(node: Node, line: int) -> Node | None:
    row = line - 1
    for part in node.named_children:
        if part.start_point.row <= row <= last_row(part):
            return part
    return None


def _paragraph(node: Node) -> tuple[int, int]:
    """Return the lines of a statement and of those beside it, if no empty line is between."""
    first = last = node
    while (near := first.prev_named_sibling) and _is_next(near, first):
        first = near
    while (near := last.next_named_sibling) and _is_next(last, near):
        last = near
    return first.start_point.row + 1, last_row(last) + 1


def _is_next(node: Node, following: Node) -> bool:
    return following.start_point.row <= last_row(node) + 1


def _in_tests(facts: CourseFacts, chapter: Chapter) -> list[Example]:
    """Return the best test that stands alone and names a subject, or what is nearest to it."""
    tests = project_tests.found(facts, chapter)
    if not tests:
        return []
    named = facts.named(chapter)
    names = {symbol.name for symbol in named}
    ordered = sorted(tests, key=lambda test: _remoteness(facts, test, names))
    chosen = ordered[0]
    for test in ordered:
        if not _needs_helper(facts, test.path, rows(facts, test)):
            chosen = test
            break
    name = markdown.code(chosen.name)
    example = Example(
        path=chosen.path,
        first=chosen.first,
        last=chosen.last,
        tag=str(facts.file(chosen.path).language),
        origin=ExampleOrigin.TEST,
        source=f"the tests ({name})",
        target=chosen.target,
    )
    return [example]


def _remoteness(
    facts: CourseFacts, test: ProjectTest, names: set[str]
) -> tuple[bool, bool, bool]:
    """Rate a benchmark, one that uses what is private or replaces what is real, or no name."""
    code = "\n".join(rows(facts, test))
    return (
        test.name.lower().startswith("bench"),
        _INSIDE.search(code) is not None,
        names.isdisjoint(words_of(code)),
    )


def _needs_helper(facts: CourseFacts, path: str, code: Sequence[str]) -> bool:
    """Whether code of a test uses a function or a type that its file defines outside it."""
    if facts.file(path).language is not Language.PYTHON:
        return False
    beside = _defined(facts, path)
    text = "\n".join(code)
    words = words_of(text)
    if beside.isdisjoint(words):
        return False
    unbound = standalone.used(code, Language.PYTHON)
    return not beside.isdisjoint(unbound)


@remembered
def _defined(facts: CourseFacts, path: str) -> set[str]:
    """Return the names of all functions and types that a Python file defines."""
    text = facts.texts.text(path)
    return set(_DEFINED.findall(text))
