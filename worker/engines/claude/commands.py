"""The commands that a reader of a chapter may be told to type."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from worker.engines.claude import environment, own_tests, secrets
from worker.engines.claude.documents import is_document, is_guide, is_news
from worker.engines.claude.material import numbered
from worker.engines.static.pages import project_tests, setup_steps
from worker.engines.static.pages.course import Chapter, CourseFacts
from worker.engines.static.parsing.identifiers import word_set
from worker.engines.static.prose.code_blocks import code_blocks
from worker.engines.static.reading.manifests import table
from worker.engines.static.reading.roles import file_stem

_TESTED: Final = 5
"""How many tests a reader may be told to run."""
_SUBJECTS: Final = 4
_COMMANDS: Final = 16
_OTHERS: Final = 4
"""How many commands from documents that do not name a chapter's subject."""
_STARTING: Final = 8
"""How many commands that run the project's own programs."""
_PROGRAMS: Final = word_set(
    "bundle bun cargo cmake composer go gradle make meson mvn node nox npm npx php pip pip3 pnpm "
    "poetry py python python3 pytest rake ruby tox uv uvx yarn"
)
"""Programs that build, run and test projects."""
_DECLARING: Final = {
    "pyproject.toml": (("project", "scripts"), ("tool", "poetry", "scripts")),
    "package.json": (("bin",),),
}
"""For each manifest, where it declares programs."""
_SCRIPT: Final = re.compile(r"\S*python\S* (\S+\.py)\b")
_PROGRAM: Final = re.compile(r"(?:\S*/)?([\w.-]+)")
"""The program that a command runs."""
_LONGEST_COMMAND: Final = 120
_SHELLS: Final = frozenset({"bash", "console", "sh", "shell", "shell-session"})
_PLAIN: Final = frozenset({"", "none", "text"})
"""Tags of blocks in which only lines after a prompt are commands."""
_DOLLAR: Final = re.compile(r"\s*\$ \S")
_PROMPT: Final = re.compile(r"^\s*(?:\$|%|>|PS>) (?=\S)")
_OF_SYSTEM: Final = re.compile(
    r"\b(?:sudo|brew|apt|apt-get|yum|dnf|curl|wget|kill|pkill|rm|tar|docker)\b|<[\w -]+>"
)
"""Commands that change the reader's machine, and commands with placeholders."""
_EXTRA: Final = re.compile(
    r"(?:\S*python\S* -m )?pip3? install (?:-U )?['\"]?[A-Za-z]|.*\\$"
)
"""Commands that install packages other than the clone, and commands continued on the next line."""
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_TYPED: Final = re.compile(r"[\w./-]+(?: [^\n]*)?")


def commands_of(facts: CourseFacts, chapter: Chapter) -> dict[str, str]:
    """Return the commands that a reader may be told to type, by their ids."""
    lines = [
        *_setup(facts, chapter),
        *_tests(facts, chapter),
        *_of_subject(facts, chapter),
    ]
    unique = list(dict.fromkeys(lines))
    return numbered("C", unique[:_COMMANDS])


def _setup(facts: CourseFacts, chapter: Chapter) -> Iterator[str]:
    paths = chapter.unit.file_paths
    if not paths:
        return
    path = paths[0]
    if path not in facts.analysis.files:
        return
    setup = setup_steps.setup(facts, path)
    if setup is not None:
        yield from environment.activated(setup.commands)
    language = facts.file(path).language
    _, command = setup_steps.script(language)
    if command:
        yield environment.inside(command)


def _tests(facts: CourseFacts, chapter: Chapter) -> Iterator[str]:
    cases = own_tests.found(facts, chapter)
    for case in cases[:_TESTED]:
        command = project_tests.command(facts, case)
        if command:
            yield command


def _of_subject(facts: CourseFacts, chapter: Chapter) -> list[str]:
    """Return the commands of documents; those that name a chapter's subject come first."""
    topics = _topics(facts, chapter)

    def count(command: str) -> int:
        return len(topics.intersection(_words(command)))

    naming: list[str] = []
    others: list[str] = []
    for command in documented(facts):
        if _EXTRA.match(command):
            continue
        if count(command):
            naming.append(command)
        else:
            others.append(command)
    naming.sort(key=count, reverse=True)
    return [*naming, *others[:_OTHERS]]


def _topics(facts: CourseFacts, chapter: Chapter) -> set[str]:
    """Return the words in a chapter's name, its subjects and their files."""
    topics = _words(chapter.name)
    symbols = facts.symbols(chapter)
    for symbol in symbols[:_SUBJECTS]:
        name = symbol.name.casefold()
        topics |= {name, file_stem(symbol.path)}
    # The project's name is in most commands.
    project = facts.analysis.project.name
    topics.discard(project.casefold())
    return topics


def _words(text: str) -> set[str]:
    folded = text.casefold()
    return set(_WORD.findall(folded))


def documented(facts: CourseFacts) -> Sequence[str]:
    """Return the commands in the shell blocks of the project's documents, the README's first.

    They run programs of the project, or programs that build and test projects.
    """

    def collected() -> list[str]:
        programs = _PROGRAMS | _own_programs(facts)
        return [
            command
            for command in _documented(facts)
            if _program(command) in programs
            and not _runs_other_file(facts, command)
        ]

    return facts.remembered("documented commands", collected)


def starting(facts: CourseFacts) -> list[str]:
    """Return the commands in documents that run a program of the project, as its users do."""
    programs = _own_programs(facts)
    own: dict[str, None] = {}
    for command in documented(facts):
        program = _program(command)
        if program in programs:
            own[command] = None
    return list(own)[:_STARTING]


def _own_programs(facts: CourseFacts) -> set[str]:
    """Return the names of a project and of the programs that its manifests declare."""
    name = facts.analysis.project.name.casefold()
    programs = {name}
    for path in facts.analysis.files:
        _, _, file_name = path.rpartition("/")
        keys = _DECLARING.get(file_name, ())
        for key in keys:
            lines = facts.texts.lines(path)
            text = "\n".join(lines)
            declared = table(path, text)
            for outer in key:
                inner = declared.get(outer)
                declared = {}
                if isinstance(inner, dict):
                    declared = inner
            programs.update(declared)
    return programs


def _runs_other_file(facts: CourseFacts, command: str) -> bool:
    """Whether a command runs `setup.py`, or a Python file that is not the project's."""
    match = _SCRIPT.match(command)
    if match is None:
        return False
    path = match[1].removeprefix("./")
    return path == "setup.py" or path not in facts.analysis.files


def _program(command: str) -> str:
    match = _PROGRAM.match(command)
    if match is None:
        return ""
    return match[1]


def _documented(facts: CourseFacts) -> Iterator[str]:
    for path in _in_reading_order(facts):
        lines = facts.texts.lines(path)
        for block in code_blocks(lines):
            tag = block.tag
            inside = lines[block.first : block.last + 1]
            if tag in _SHELLS:
                yield from _typed(inside)
            elif tag in _PLAIN:
                prompted = filter(_DOLLAR.match, inside)
                yield from _typed(prompted)


def _in_reading_order(facts: CourseFacts) -> list[str]:
    """Return the documents: the README, the guides, then the others."""
    readme = facts.analysis.project.readme

    def rank(path: str) -> tuple[int, str]:
        if path == readme:
            return 0, path
        if is_guide(path):
            return 1, path
        return 2, path

    paths: list[str] = []
    for path, file in facts.analysis.files.items():
        if not is_document(file):
            continue
        if not is_news(path):
            paths.append(path)
    return sorted(paths, key=rank)


def _typed(lines: Iterable[str]) -> Iterator[str]:
    """Yield the commands in a block: if it has prompts, only the lines after them."""
    clean = secrets.scrubbed(list(lines))
    prompted = list(filter(_PROMPT.match, clean))
    for line in prompted or clean:
        behind = _PROMPT.sub("", line)
        command = behind.strip()
        if _is_command(command):
            yield command


def _is_command(command: str) -> bool:
    """Whether a line can be typed unchanged, and affects only the project."""
    if len(command) > _LONGEST_COMMAND:
        return False
    if secrets.REMOVED in command:
        return False
    if _OF_SYSTEM.search(command):
        return False
    return _TYPED.fullmatch(command) is not None


def command_rows(commands: dict[str, str]) -> list[str]:
    """Return commands as rows of a prompt."""
    rows: list[str] = []
    for key, command in commands.items():
        row = f"{key} {command}"
        rows.append(row)
    return rows
