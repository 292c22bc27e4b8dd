"""What a prompt about one chapter holds, and what its answer may point at."""

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from worker.engines.claude import outline, prompt, secrets
from worker.engines.claude.blocks import Lines
from worker.engines.claude.documents import is_guide
from worker.engines.claude.outline import most_used
from worker.engines.claude.shown import Shown, plain, shown_path
from worker.engines.claude.source import code_of, lines_of
from worker.engines.static.facts import (
    TYPES,
    Definition,
    Relation,
    Role,
)
from worker.engines.static.pages import (
    examples,
    failures,
    project_tests,
    setup_steps,
)
from worker.engines.static.pages.course import Chapter, CourseFacts, is_function
from worker.engines.static.prose.code_blocks import code_blocks
from worker.engines.static.reading.language import PROSE

Value = TypeVar("Value")

EXAMPLES_SHARE: Final = 12_000
TESTS_SHARE: Final = 12_000
BEGINNINGS_SHARE: Final = 15_000
_OPENING: Final = 12
"""Lines of a chapter's main subject that the overview is written from."""
_OPENED: Final = 3
_METHOD: Final = 7
"""The same of its methods."""
_CALLS: Final = 60
_CALLING: Final = 40
"""Functions of a chapter whose calls are listed."""
_NEIGHBOURS: Final = 20
_EXAMPLES: Final = 6
_TESTS: Final = 6
_COMMANDS: Final = 16
_LONGEST_COMMAND: Final = 120
_SHELLS: Final = frozenset({"bash", "console", "sh", "shell", "shell-session"})
_PROMPT: Final = re.compile(r"^\s*(?:\$|%|>|PS>) (?=\S)")
_OF_SYSTEM: Final = re.compile(
    r"\b(?:sudo|brew|apt|apt-get|yum|dnf|curl|wget|kill|pkill|rm)\b|<[\w -]+>"
)
"""Commands that change the reader's machine, and those that are not whole."""
_TYPED: Final = re.compile(r"[\w./-]+(?: [^\n]*)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class CallSite:
    """A call of one definition by another."""

    caller: Definition
    called: Definition
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """What can be pointed at."""

    shown: Shown
    relations: dict[str, Relation]
    calls: dict[str, CallSite]
    commands: dict[str, str]


def relations_of(facts: CourseFacts) -> dict[str, Relation]:
    """Return the relations of a course's units by their ids."""
    return _numbered("R", facts.analysis.relations)


def calls_of(facts: CourseFacts, chapter: Chapter) -> dict[str, CallSite]:
    """Return the calls that a chapter's functions make, by their ids, each once."""
    sites: dict[tuple[int, int], CallSite] = {}
    for function in code_of(facts, chapter).functions()[:_CALLING]:
        for call, called in facts.calls(function.index):
            site = CallSite(caller=function, called=called, line=call.line)
            sites.setdefault((function.index, called.index), site)
    return _numbered("K", list(sites.values())[:_CALLS])


def _numbered(letter: str, values: Iterable[Value]) -> dict[str, Value]:
    """Return values by their ids: a letter, and numbers from 1."""
    by_id: dict[str, Value] = {}
    for number, value in enumerate(values, 1):
        by_id[f"{letter}{number}"] = value
    return by_id


def commands_of(facts: CourseFacts, chapter: Chapter) -> dict[str, str]:
    """Return the commands that a reader may be told to type, by their ids."""
    lines = [
        *_setup(facts, chapter),
        *_tests(facts, chapter),
        *documented(facts),
    ]
    unique = list(dict.fromkeys(lines))
    return _numbered("C", unique[:_COMMANDS])


def _setup(facts: CourseFacts, chapter: Chapter) -> Iterator[str]:
    for path in chapter.unit.file_paths[:1]:
        if path not in facts.analysis.files:
            continue
        setup = setup_steps.setup(facts, path)
        if setup is not None:
            yield from setup.commands
        _, command = setup_steps.script(facts.file(path).language)
        if command:
            yield command


def _tests(facts: CourseFacts, chapter: Chapter) -> Iterator[str]:
    for test in project_tests.found(facts, chapter)[:_TESTS]:
        command = project_tests.command(facts, test)
        if command:
            yield _in_environment(command)


def _in_environment(command: str) -> str:
    """Return a command as it is typed in the environment that the set-up makes."""
    return f".venv/bin/{command}" if command.startswith("python ") else command


def documented(facts: CourseFacts) -> Sequence[str]:
    """Return the commands in the shell blocks of the project's documents, the README's first."""

    def collected() -> list[str]:
        return list(_documented(facts))

    return facts.remembered("documented commands", collected)


def _documented(facts: CourseFacts) -> Iterator[str]:
    for path in _in_reading_order(facts):
        lines = facts.texts.lines(path)
        for block in code_blocks(lines):
            if block.tag in _SHELLS:
                inside = lines[block.first : block.last + 1]
                yield from _typed(inside)


def _in_reading_order(facts: CourseFacts) -> list[str]:
    """Return the documents: the README, the guides, and the others."""
    readme = facts.analysis.project.readme

    def rank(path: str) -> tuple[bool, bool, str]:
        is_readme = path == readme
        return not is_readme, not is_guide(path), path

    paths: list[str] = []
    for path, file in facts.analysis.files.items():
        is_document = file.role is Role.DOCUMENT and file.language in PROSE
        if is_document and not secrets.is_secret_file(path):
            paths.append(path)
    return sorted(paths, key=rank)


def _typed(lines: Sequence[str]) -> Iterator[str]:
    """Yield what is typed in a block: behind prompts, where there are prompts."""
    clean = secrets.scrubbed(lines)
    prompted = [line for line in clean if _PROMPT.match(line)]
    for line in prompted or clean:
        command = _PROMPT.sub("", line).strip()
        if _is_command(command):
            yield command


def _is_command(command: str) -> bool:
    """Tell whether a line can be typed as it is, and touches the project alone."""
    if len(command) > _LONGEST_COMMAND or secrets.REMOVED in command:
        return False
    if _OF_SYSTEM.search(command):
        return False
    return _TYPED.fullmatch(command) is not None


def uses(facts: CourseFacts, chapter: Chapter, shown: Shown) -> str:
    """Return where documents, examples and docstrings use a chapter's subject."""
    places = [
        (example.path, example.first, example.last)
        for example in examples.found(facts, chapter)[:_EXAMPLES]
    ]
    return _places(shown, places, EXAMPLES_SHARE)


def tests(facts: CourseFacts, chapter: Chapter, shown: Shown) -> str:
    """Return tests of a chapter's subject."""
    places = [
        (test.path, test.first, test.last)
        for test in project_tests.found(facts, chapter)[:_TESTS]
    ]
    return _places(shown, places, TESTS_SHARE)


def _places(
    shown: Shown, places: Sequence[tuple[str, int, int]], share: int
) -> str:
    pieces: list[str] = []
    left = share
    for path, first, last in places:
        numbers = range(first, last + 1)
        if not shown.fault(Lines(path, first, last)):
            continue
        left -= shown.size(path, numbers)
        if left < 0:
            break
        pieces.append(shown.file(path, numbers))
    return "\n\n".join(piece for piece in pieces if piece)


def beginnings(facts: CourseFacts, shown: Shown) -> str:
    """Return how the subjects of all chapters begin, and their most used methods, numbered."""
    wanted: dict[str, set[int]] = defaultdict(set)
    left = BEGINNINGS_SHARE
    for definition, most in _openings(facts):
        path = definition.path
        numbers = lines_of(facts, definition)[:most]
        left -= shown.size(path, numbers)
        if left < 0:
            break
        wanted[path].update(numbers)
    pieces: list[str] = []
    for path, numbers_of_file in wanted.items():
        pieces.append(shown.file(path, numbers_of_file))
    return prompt.joined(*pieces)


def _openings(facts: CourseFacts) -> Iterator[tuple[Definition, int]]:
    """Yield definitions with how many of their lines are shown: those of each chapter in turn."""
    main = [
        facts.definitions[index]
        for unit in facts.analysis.units
        for index in unit.symbols[:1]
    ]
    for definition in main:
        yield definition, _OPENING
    for definition in main:
        methods = [
            method
            for method in most_used(facts, definition)
            if not method.name.startswith("_")
        ]
        for method in methods[:_OPENED]:
            yield method, _METHOD


def failing(facts: CourseFacts, chapter: Chapter) -> str:
    """Return how the chapter's functions fail, as the analysis reads it."""
    sentences = failures.sentences(facts, chapter)
    return plain(sentences, "failures") if sentences else ""


def neighbours(facts: CourseFacts, chapter: Chapter) -> str:
    """Return what the chapter's code uses of other chapters, then what uses it."""
    own = set(facts.family(chapter.unit.owned))
    used: Counter[int] = Counter()
    using: Counter[int] = Counter()
    for index in facts.family(chapter.unit.symbols):
        for reference in facts.out[index]:
            used[reference.target] += reference.count
        for reference in facts.into[index]:
            if reference.source is not None:
                using[reference.source] += reference.count
    rows = [
        *_neighbour_rows(facts, used, own, "used:"),
        *_neighbour_rows(facts, using, own | used.keys(), "uses it:"),
    ]
    return plain(rows, "neighbours") if rows else ""


def _neighbour_rows(
    facts: CourseFacts,
    counts: Counter[int],
    left_out: Container[int],
    verb: str,
) -> Iterator[str]:
    """Yield the definitions outside of a chapter, the most frequent first, with their chapters."""
    ranked = [
        facts.definitions[index]
        for index, _ in counts.most_common()
        if index not in left_out
    ]
    neighbouring = [
        definition
        for definition in ranked
        if facts.file(definition.path).role is Role.SOURCE
        and (is_function(definition) or definition.kind in TYPES)
    ]
    for definition in neighbouring[:_NEIGHBOURS]:
        owner = facts.owner(definition.index)
        link = f"[[{owner.entry.index}]] " if owner is not None else ""
        yield f"{verb} {link}{outline.signature(facts, definition)}"


def relation_rows(
    facts: CourseFacts,
    relations: dict[str, Relation],
    ids: Sequence[str],
) -> list[str]:
    """Return relations as lines: id, chapters' ids, verb, place, and the line that shows it."""
    rows: list[str] = []
    for key, relation in relations.items():
        source, target = ids[relation.source], ids[relation.target]
        subject = _end(facts, relation.subject, relation.source)
        object_ = _end(facts, relation.object, relation.target)
        place = f"{shown_path(relation.path)}:{relation.line}"
        statement = f"{subject} {relation.verb} {object_}"
        line = evidence_line(facts, relation)
        row = f"{key} {source} \u2192 {target}: {statement} ({place}) {line}"
        rows.append(row.rstrip())
    return rows


def _end(facts: CourseFacts, definition: int | None, unit: int) -> str:
    if definition is not None:
        return facts.definitions[definition].qualified
    return facts.analysis.units[unit].name


def evidence_line(facts: CourseFacts, relation: Relation) -> str:
    """Return the line that shows a relation."""
    if relation.code:
        return relation.code
    lines = facts.texts.lines(relation.path)
    if relation.line > len(lines):
        return ""
    return lines[relation.line - 1].strip()


def call_rows(calls: dict[str, CallSite]) -> list[str]:
    """Return calls as lines."""
    rows: list[str] = []
    for key, site in calls.items():
        caller = site.caller
        place = f"{shown_path(caller.path)}:{site.line}"
        callee = called(site.called)
        rows.append(f"{key} {caller.qualified} calls {callee} ({place})")
    return rows


def command_rows(commands: dict[str, str]) -> list[str]:
    """Return commands as lines."""
    return [f"{key} {command}" for key, command in commands.items()]


def called(definition: Definition) -> str:
    """Return a definition's name as a call is written."""
    if is_function(definition):
        return f"{definition.qualified}()"
    return f"{definition.qualified}(…)"
