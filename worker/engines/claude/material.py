"""What a prompt about one chapter holds, and what its answer may point at."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from worker.engines.claude import outline, secrets
from worker.engines.claude.blocks import Lines
from worker.engines.claude.shown import Shown, plain, shown_path
from worker.engines.claude.source import code_of
from worker.engines.static.facts import Definition, Relation, Role, SourceFile
from worker.engines.static.pages import (
    examples,
    failures,
    project_tests,
    setup_steps,
)
from worker.engines.static.pages.course import Chapter, CourseFacts, is_function
from worker.engines.static.prose.code_blocks import code_blocks
from worker.engines.static.reading.language import PROSE

EXAMPLES_SHARE: Final = 12_000
TESTS_SHARE: Final = 12_000
DOCUMENTS_SHARE: Final = 15_000
_SHORT_DOCUMENT: Final = 8_000
"""Characters of a document that is shown whole."""
_SUBJECTS: Final = 3
_NEWS: Final = re.compile(
    r"(?i)(?:^|/)(?:change|history|news|release|licen|authors|pkg-info)"
)
_CALLS: Final = 60
_CALLING: Final = 40
"""Functions of a chapter whose calls are listed."""
_NEIGHBOURS: Final = 40
_EXAMPLES: Final = 6
_TESTS: Final = 6
_COMMANDS: Final = 24
_LONGEST_COMMAND: Final = 120
_SHELLS: Final = frozenset({"bash", "console", "sh", "shell", "shell-session"})
_PROMPT: Final = re.compile(r"^\s*(?:\$|%|>|PS>) (?=\S)")
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
    return {
        f"R{number}": relation
        for number, relation in enumerate(facts.analysis.relations, 1)
    }


def calls_of(facts: CourseFacts, chapter: Chapter) -> dict[str, CallSite]:
    """Return the calls that a chapter's functions make, by their ids, each once."""
    sites: dict[tuple[int, int], CallSite] = {}
    for function in code_of(facts, chapter).functions()[:_CALLING]:
        for call, called in facts.calls(function.index):
            site = CallSite(caller=function, called=called, line=call.line)
            sites.setdefault((function.index, called.index), site)
    return {
        f"K{number}": site
        for number, site in enumerate(list(sites.values())[:_CALLS], 1)
    }


def commands_of(facts: CourseFacts, chapter: Chapter) -> dict[str, str]:
    """Return the commands that a reader may be told to type, by their ids."""
    lines = dict.fromkeys(
        (*_setup(facts, chapter), *_tests(facts, chapter), *documented(facts))
    )
    return {
        f"C{number}": line
        for number, line in enumerate(list(lines)[:_COMMANDS], 1)
    }


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
    return facts.remembered(
        ("documented commands",), lambda: list(_documented(facts))
    )


def _documented(facts: CourseFacts) -> Iterator[str]:
    readme = facts.analysis.project.readme
    documents = [
        file.path
        for file in facts.analysis.files.values()
        if file.role is Role.DOCUMENT
        and file.language in PROSE
        and not secrets.is_secret_file(file.path)
    ]
    documents.sort(key=lambda path: (path != readme, path))
    for path in documents:
        lines = facts.texts.lines(path)
        for block in code_blocks(lines):
            if block.tag in _SHELLS:
                yield from _typed(lines[block.first : block.last + 1])


def _typed(lines: Sequence[str]) -> Iterator[str]:
    """Yield what is typed in a block: behind prompts, where there are prompts."""
    has_prompts = any(_PROMPT.match(line) for line in lines)
    for line in secrets.scrubbed(lines):
        command = _PROMPT.sub("", line).strip()
        is_typed = _PROMPT.match(line) is not None or not has_prompts
        if (
            is_typed
            and len(command) <= _LONGEST_COMMAND
            and _TYPED.fullmatch(command)
            and secrets.REMOVED not in command
        ):
            yield command


def uses(facts: CourseFacts, chapter: Chapter, shown: Shown) -> str:
    """Return where documents, examples and docstrings use a chapter's subject."""
    places = [
        (example.path, example.first, example.last)
        for example in examples.found(facts, chapter)[:_EXAMPLES]
    ]
    return _places(shown, places, EXAMPLES_SHARE)


def documents(facts: CourseFacts, chapter: Chapter, shown: Shown) -> str:
    """Return the sections of documents that name a chapter's subjects."""
    places: dict[tuple[str, int, int], None] = {}
    for symbol in facts.symbols(chapter)[:_SUBJECTS]:
        for path in facts.analysis.mentions.get(symbol.name, ()):
            file = facts.file(path)
            if file.role is not Role.DOCUMENT or _NEWS.search(path):
                continue
            for section in _sections_with(facts, file, symbol.name):
                places[path, *section] = None
    return _places(shown, list(places), DOCUMENTS_SHARE)


def _sections_with(
    facts: CourseFacts, file: SourceFile, name: str
) -> Iterator[tuple[int, int]]:
    """Yield the first and the last line of the parts of a document that hold a name."""
    lines = facts.texts.lines(file.path)
    whole = (1, len(lines))
    if sum(map(len, lines)) <= _SHORT_DOCUMENT or not file.headings:
        yield whole
        return
    for heading in file.headings:
        section = lines[heading.line - 1 : heading.end_line]
        if any(name in line for line in section):
            yield heading.line, heading.end_line


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


def failing(facts: CourseFacts, chapter: Chapter) -> str:
    """Return how the chapter's functions fail, as the analysis reads it."""
    sentences = failures.sentences(facts, chapter)
    return plain(sentences, "failures") if sentences else ""


def neighbours(facts: CourseFacts, chapter: Chapter) -> str:
    """Return the heads of what the chapter's code uses of other chapters, and what uses it."""
    own = set(facts.family(chapter.unit.owned))
    indexes: dict[int, None] = {}
    for index in facts.family(chapter.unit.symbols):
        outgoing = [reference.target for reference in facts.out[index]]
        incoming = [reference.source for reference in facts.into[index]]
        for other in (*outgoing, *incoming):
            if other is not None and other not in own:
                indexes[other] = None
    rows = [
        outline.signature(facts.definitions[index])
        for index in list(indexes)[:_NEIGHBOURS]
        if facts.file(facts.definitions[index].path).role is Role.SOURCE
    ]
    return plain(rows, "neighbours") if rows else ""


def relation_rows(
    facts: CourseFacts, relations: dict[str, Relation]
) -> list[str]:
    """Return relations as lines: id, units, verb, place, and the line that shows it."""
    return [
        f"{key} {_end(facts, relation.subject, relation.source)} "
        f"{relation.verb} {_end(facts, relation.object, relation.target)} "
        f"({shown_path(relation.path)}:{relation.line}) "
        f"{evidence_line(facts, relation)}".rstrip()
        for key, relation in relations.items()
    ]


def _end(facts: CourseFacts, definition: int | None, unit: int) -> str:
    if definition is not None:
        return facts.definitions[definition].qualified
    return facts.analysis.units[unit].name


def evidence_line(facts: CourseFacts, relation: Relation) -> str:
    """Return the line that shows a relation."""
    if relation.code:
        return relation.code
    lines = facts.texts.lines(relation.path)
    return (
        lines[relation.line - 1].strip() if relation.line <= len(lines) else ""
    )


def call_rows(calls: dict[str, CallSite]) -> list[str]:
    """Return calls as lines."""
    return [
        f"{key} {site.caller.qualified} calls {called(site.called)} "
        f"({shown_path(site.caller.path)}:{site.line})"
        for key, site in calls.items()
    ]


def called(definition: Definition) -> str:
    """Return a definition's name as a call is written."""
    return (
        f"{definition.qualified}()"
        if is_function(definition)
        else f"{definition.qualified}(…)"
    )
