"""Uses of a chapter's subject: in other chapters, in tests, in examples."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tree_sitter import Node

from worker.engines.static.facts import TYPES, Definition, Reference, Role
from worker.engines.static.pages.course import Chapter, CourseFacts, is_function
from worker.engines.static.parsing.grammar import (
    field_text,
    line,
    one_line,
    text,
)
from worker.engines.static.reading.language import PARSED

MAX_SAID: Final = 120
"""Characters of a line of code that is quoted in a list."""
_LONGEST: Final = 24
_SHORTEST: Final = 3
"""Lines of a test that can be shown whole."""
_MOST_FILES: Final = 6
"""Test files that are looked into for one chapter."""
_LARGEST: Final = 200_000
"""Bytes of a test file that is looked into."""
_SCANNED: Final = 300
"""Lines that are looked through for the one that shows a use best."""
_MOST_OUTSIDE: Final = 200
_MOST_NODES: Final = 4000
_DEPTH: Final = 17
"""So deep in a file's tree tests are looked for: a callback of a callback of a callback."""

_TEST_FUNCTIONS: Final = frozenset(
    {
        "function_definition",
        "function_declaration",
        "function_item",
        "method_declaration",
    }
)
_TEST_CALLS: Final = frozenset({"it", "test"})
_TEST_NAME: Final = re.compile(r"(?i)^(?:test|bench|it_|should)|TEST")


@dataclass(frozen=True, kw_only=True, slots=True)
class UsageSite:
    """A line that uses something."""

    path: str
    line: int
    code: str
    """The line, stripped and cut."""
    inside: int | None = None
    """The definition that it stands in, where that is known."""
    target: int | None = None
    """The definition that is used."""
    worth: int = 0
    """How well it shows the use; for choosing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TestEvidence:
    """A test that shows something: its name as it is written, and its lines."""

    name: str
    path: str
    first: int
    last: int
    target: int
    """The definition that it names."""


def quoted(facts: CourseFacts, path: str, number: int) -> str:
    """Return a line of a file, stripped and cut; nothing if there is no such line."""
    lines = facts.texts.lines(path)
    said = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    return said if len(said) <= MAX_SAID else f"{said[: MAX_SAID - 1]}…"


def named(name: str) -> re.Pattern[str]:
    """Return a pattern that finds a name where it is a word of its own."""
    return re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")


def use(facts: CourseFacts, reference: Reference) -> UsageSite | None:
    """Return the line that shows a reference best, or None if none does."""
    lines = facts.texts.lines(reference.path)
    last = reference.line
    if reference.source is not None:
        last = facts.definitions[reference.source].end_line
    last = min(last, reference.line + _SCANNED, len(lines))
    best, line = _best_line(facts, reference, lines, last)
    if not best:
        return None
    return UsageSite(
        path=reference.path,
        line=line,
        code=quoted(facts, reference.path, line),
        inside=reference.source,
        target=reference.target,
        worth=best,
    )


def _best_line(
    facts: CourseFacts, reference: Reference, lines: Sequence[str], last: int
) -> tuple[int, int]:
    """Return the worth and the number of the line that shows a reference best."""
    target = facts.definitions[reference.target]
    pattern = named(target.name)
    best, line = 0, 0
    for number in range(reference.line, last + 1):
        code = code_only(lines[number - 1], target)
        match = pattern.search(code)
        if match is None:
            continue
        worth = _worth(code[: match.start()], code[match.end() :], target)
        if worth > best:
            best, line = worth, number
        if best == _BEST:
            break
    return best, line


_BEST: Final = 3


def _worth(before: str, after: str, target: Definition) -> int:
    """Rate how well a line shows a use: 3 for a call, decorator or base, 0 for another name."""
    if _COMMENT.match(before) or _DEFINES.search(before):
        return 0
    if _DECORATES.search(before) or _CALLED.match(after):
        return (
            1
            if _ANNOTATED.search(before) and not is_function(target)
            else _BEST
        )
    if is_function(target):
        return int(bool(_HANDED.search(before) and _ENDS.match(after)))
    if _MEMBER.match(after) or _EXTENDS.search(before):
        return _BEST
    return 2 if _ASKED.search(before) else 1


_COMMENT: Final = re.compile(r"\s*(?:#(?!\[|!)|//|/?\*|--)")
_DEFINES: Final = re.compile(
    r"\b(?:def|function|func|fn|class|struct|interface|trait|enum|type|impl)\s+$"
)
_DECORATES: Final = re.compile(r"@[\w.]*$")
_CALLED: Final = re.compile(r"\s?\(|!\(|<[\w\s,<>]*>\(")
_MEMBER: Final = re.compile(r"::|\{|\.\w+\(")
_EXTENDS: Final = re.compile(
    r"\b(?:class|struct|interface|trait|impl)\b.*[(:<,\s]$|\b(?:extends|implements)\b"
)
_ANNOTATED: Final = re.compile(r"(?:->|:)\s*[\"']?[\w.\[]*$")
_HANDED: Final = re.compile(r"(?:[(,=\[{>|&]|\breturn)\s*(?:[\w$]+(?:\.|::))*$")
_ENDS: Final = re.compile(r"\s*(?:[,)\]};]|$)")
_ASKED: Final = re.compile(
    r"\b(?:isinstance|instanceof|issubclass|except|catch|raise|throw|new|return|case)\b"
)
_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`")


def code_only(said: str, target: Definition) -> str:
    """Return a line of code without what stands in quotes, where a function cannot be named.

    Columns are kept.
    """
    return (
        _QUOTED.sub(lambda match: " " * len(match[0]), said)
        if is_function(target)
        else said
    )


def sites(facts: CourseFacts, chapter: Chapter, most: int) -> list[UsageSite]:
    """Return clear uses of the subject outside the chapter, in as many files as possible."""
    groups: dict[tuple[bool, str], list[UsageSite]] = {}
    home = own_files(facts, chapter)
    for reference in _outside(facts, chapter):
        if (site := use(facts, reference)) is not None:
            groups.setdefault(
                (site.inside is None or site.path in home, site.path), []
            ).append(site)
    for group in groups.values():
        group.sort(key=lambda site: -site.worth)
    ordered = sorted(groups, key=lambda key: (key[0], -groups[key][0].worth))
    return _spread([groups[key] for key in ordered], most)


def _outside(facts: CourseFacts, chapter: Chapter) -> list[Reference]:
    """Return outside references to the chapter's symbols and members, most important first."""
    own = set(facts.family(chapter.unit.owned))
    found = [
        (place, target != symbol, reference)
        for place, symbol in enumerate(chapter.unit.symbols)
        for target in facts.family([symbol])
        for reference in facts.into[target]
        if reference.source not in own
    ]
    found.sort(
        key=lambda one: (
            not one[2].sure,
            one[0],
            one[1],
            -one[2].count,
            one[2].path,
            one[2].line,
        )
    )
    return [reference for _, _, reference in found[:_MOST_OUTSIDE]]


def own_files(facts: CourseFacts, chapter: Chapter) -> frozenset[str]:
    """Return the files that a chapter's definitions stand in.

    Of one without definitions, its files.
    """
    return frozenset(
        facts.definitions[index].path for index in chapter.unit.owned
    ) or frozenset(chapter.unit.file_paths)


def _spread(groups: Sequence[list[UsageSite]], most: int) -> list[UsageSite]:
    """Take from each group in turn."""
    found: list[UsageSite] = []
    taken: set[tuple[str, int]] = set()
    for turn in range(max(map(len, groups), default=0)):
        for group in groups:
            if (
                turn < len(group)
                and (place := (group[turn].path, group[turn].line)) not in taken
            ):
                taken.add(place)
                found.append(group[turn])
    return found[:most]


def mentions(
    facts: CourseFacts, chapter: Chapter, role: Role, most: int
) -> list[UsageSite]:
    """Return a line of each example or document that shows what the chapter is about, as code."""
    found: dict[str, UsageSite] = {}
    for index in chapter.unit.symbols:
        for path in facts.analysis.mentions.get(
            facts.definitions[index].name, ()
        ):
            if (
                path not in found
                and facts.file(path).role is role
                and len(found) < most
                and not _NEWS.search(path)
            ):
                found.update(_first_line(facts, path, index))
    return list(found.values())


def _first_line(
    facts: CourseFacts, path: str, index: int
) -> dict[str, UsageSite]:
    """Find the line that shows a name best as code, and not in an import.

    Nothing if it is a word like others.
    """
    name = re.escape(facts.definitions[index].name)
    called = re.compile(
        rf"(?:@[\w.]*|:func:`~?|:meth:`~?|:class:`~?|(?<![\w$])){name}(?:\(\S|`|\(\)|$)"
    )
    shown = re.compile(rf"[.`~]{name}(?![\w$])|(?<![\w$]){name}[`(]")
    lines = [
        (number, said)
        for number, said in enumerate(facts.texts.lines(path), 1)
        if not _IMPORT.match(said)
    ]
    for pattern in (called, shown):
        for number, said in lines:
            if pattern.search(said):
                return {
                    path: UsageSite(
                        path=path,
                        line=number,
                        code=quoted(facts, path, number),
                        target=index,
                    )
                }
    return {}


_NEWS: Final = re.compile(
    r"(?i)(?:^|/)(?:change|history|news|release|licen|pkg-info|authors|contribut|upgrad|migrat)"
)
_IMPORT: Final = re.compile(
    r"\s*(?:import|from|use|using|#\s*include|package|require|export .* from|const .*require\()\b"
)


def shown_by_test(facts: CourseFacts, chapter: Chapter) -> TestEvidence | None:
    """Return the test that shows best what the chapter is about: short, and about nothing else."""
    best: tuple[tuple[int, int, int, str, int], TestEvidence] | None = None
    looked: set[str] = set()
    for rank, index in enumerate(chapter.unit.symbols[:_MOST_FILES]):
        for path in _test_files(facts, facts.definitions[index].name):
            if path in looked or len(looked) >= _MOST_FILES:
                continue
            looked.add(path)
            for shown, worth in _tests(facts, path, index):
                key = (
                    rank,
                    -worth,
                    shown.last - shown.first,
                    path,
                    shown.first,
                )
                best = (
                    min(best, (key, shown), key=lambda one: one[0])
                    if best
                    else (key, shown)
                )
    return best[1] if best else None


def _test_files(facts: CourseFacts, name: str) -> list[str]:
    paths = facts.analysis.mentions.get(name, ())
    files = [
        facts.file(path) for path in paths if facts.file(path).role is Role.TEST
    ]
    fitting = [
        one for one in files if one.language in PARSED and one.size <= _LARGEST
    ]
    return [
        one.path
        for one in sorted(
            fitting,
            key=lambda one: (name.lower() not in one.path.lower(), one.path),
        )
    ]


def _tests(
    facts: CourseFacts, path: str, index: int
) -> Iterable[tuple[TestEvidence, int]]:
    """Yield the short tests in a file that name a definition, and their worth."""
    root = facts.texts.root(path)
    if root is None:
        return
    definition = facts.definitions[index]
    lines = facts.texts.lines(path)
    for node, name in _test_nodes(root):
        first, last = line(node), node.end_point.row + 1
        if not _SHORTEST <= last - first < _LONGEST:
            continue
        times = _clear_uses(lines[first:last], definition)
        if times:
            test = TestEvidence(
                name=name, path=path, first=first, last=last, target=index
            )
            body = "\n".join(lines[first - 1 : last])
            called = _called_members(facts, definition, body)
            named_after = _is_named_after(name, definition)
            yield test, min(times, 3) + 4 * int(named_after) + called


def _clear_uses(lines: Sequence[str], definition: Definition) -> int:
    pattern = named(definition.name)
    times = 0
    for code, match in _found(lines, pattern, definition):
        before, after = code[: match.start()], code[match.end() :]
        if _worth(before, after, definition) >= _BEST - 1:
            times += 1
    return times


def _called_members(
    facts: CourseFacts, definition: Definition, body: str
) -> int:
    members = {facts.definitions[index].name for index in definition.members}
    return sum(f".{member}(" in body for member in members)


def _is_named_after(name: str, definition: Definition) -> bool:
    """Tell whether a test's name contains a definition's."""
    squeezed = name.lower().replace("_", "").replace(" ", "")
    return definition.name.lower().replace("_", "") in squeezed


def _found(
    lines: Sequence[str], pattern: re.Pattern[str], one: Definition
) -> Iterator[tuple[str, re.Match[str]]]:
    for raw in lines:
        said = code_only(raw, one)
        yield from ((said, match) for match in pattern.finditer(said))


def _test_nodes(root: Node) -> Iterator[tuple[Node, str]]:
    queue = [(root, 0)]
    for node, depth in queue:
        name = _test_name(node)
        if name:
            yield node, name
        elif depth < _DEPTH and len(queue) < _MOST_NODES:
            queue += [(child, depth + 1) for child in node.named_children]


def _test_name(node: Node) -> str:
    """Return the name of the test that a node is, or an empty text."""
    if node.type in _TEST_FUNCTIONS:
        name = field_text(node, "name") or field_text(node, "declarator")
        if _is_marked_as_test(node) or _TEST_NAME.search(name):
            return one_line(name)[:MAX_SAID]
        return ""
    is_call = node.type == "call_expression"
    if not is_call or field_text(node, "function") not in _TEST_CALLS:
        return ""
    arguments = node.child_by_field_name("arguments")
    if arguments is None or not arguments.named_children:
        return ""
    title = one_line(text(arguments.named_children[0]))
    return title.strip("\"'`")[:MAX_SAID]


def _is_marked_as_test(node: Node) -> bool:
    """Tell whether a function has a test's annotation (Java) or attribute (Rust)."""
    if node.type == "method_declaration" and "@Test" in text(node)[:80]:
        return True
    before = node.prev_named_sibling
    if before is None or before.type != "attribute_item":
        return False
    return "test" in text(before)


def using_files(facts: CourseFacts, chapter: Chapter) -> list[str]:
    """Return other files that name parts of the chapter, those with the most names first."""
    counts: dict[str, int] = {}
    own, home = set(facts.family(chapter.unit.owned)), own_files(facts, chapter)
    for index in own:
        for reference in facts.into[index]:
            if reference.source not in own and reference.path not in home:
                counts[reference.path] = (
                    counts.get(reference.path, 0) + reference.count
                )
    return sorted(counts, key=lambda path: (-counts[path], path))


def subtypes(facts: CourseFacts, index: int) -> list[int]:
    """Return the types that extend or implement a type directly, by path and line."""
    found = {
        reference.source
        for reference in facts.into[index]
        if reference.source is not None
    }
    name = facts.definitions[index].name
    types = (
        one for one in sorted(found) if facts.definitions[one].kind in TYPES
    )
    return [
        one
        for one in types
        if name
        in {base.rpartition(".")[2] for base in facts.definitions[one].bases}
    ]
