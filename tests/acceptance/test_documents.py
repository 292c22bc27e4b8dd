"""The documents say what the program does, and their links lead somewhere."""

import ast
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from states.exits import MEANING, Exit
from states.machine import diagram
from states.stages import STAGES, StageInfo
from tests.benchmarks.growing import requests
from tests.benchmarks.store import BENCHMARKS
from tests.support.mermaid import faults
from worker.cli.command_table import COMMANDS
from worker.cli.main import main

ROOT: Final = Path(__file__).parents[2]
EXAMPLE: Final = "docs/example-course/chapter_3_signer.md"
DOCUMENTS: Final = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    if path != ROOT / EXAMPLE
}
"""The text of each document by path, without the example, which is a page of a course."""
README: Final = DOCUMENTS["README.md"]
REFERENCE: Final = DOCUMENTS["docs/reference.md"]
ARCHITECTURE: Final = DOCUMENTS["docs/architecture.md"]

MAX_README_LINES: Final = 160
VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
READERS: Final = {
    "text",
    "required",
    "secret",
    "number",
    "flag",
    "choice",
    "checked",
}
"""Methods of EnvironmentReader that read a variable; its name is their first argument."""
NOT_READ: Final = re.compile(
    r"GIT_(?!SSL_)\w+|LC_ALL|XDG_CONFIG_HOME|CLAUDE_OUTPUT_DIR"  # set for git and the CLI
    r"|SCW_SLS|SCW_SLS_PARENT_ID|CERTIFICATE_VERIFY_FAILED"
)
COMMAND_NAMES: Final = [command.name for command in COMMANDS]


@pytest.fixture(autouse=True)
def _wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def rows(document: str) -> list[str]:
    """Return the rows of a document's tables."""
    return [line for line in document.splitlines() if line.startswith("|")]


def section(document: str, title: str) -> str:
    """Return the text below a heading of the second level."""
    return document.split(f"\n## {title}\n")[1].split("\n## ", maxsplit=1)[0]


def blocks(document: str, language: str) -> list[str]:
    """Return the fenced blocks in a language."""
    return re.findall(rf"```{language}\n(.*?)```", document, re.DOTALL)


def constants(source: Path) -> Iterator[str]:
    """Yield the strings in a module that may be names of variables."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def read_by_name(source: Path) -> Iterator[str]:
    """Yield the names that a module passes to methods of EnvironmentReader."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(
            node.func, ast.Attribute
        ):
            continue
        first = node.args[0] if node.args else None
        if node.func.attr in READERS and isinstance(first, ast.Constant):
            yield str(first.value)


@cache
def variables() -> frozenset[str]:
    """Return the names of all environment variables that the program reads."""
    sources = [
        path
        for path in (ROOT / "worker").rglob("*.py")
        if "static" not in path.parts  # names variables of other programs
    ]
    names = {
        text
        for source in sources
        for text in constants(source)
        if VARIABLE.fullmatch(text) and not NOT_READ.fullmatch(text)
    }
    for source in sources:
        names.update(name for name in read_by_name(source) if name.isupper())
    return frozenset(names)


@pytest.fixture
def options(capsys: pytest.CaptureFixture[str], command: str) -> set[str]:
    """Return the options that a command's `--help` names."""
    assert main([command, "--help"], {}) == Exit.OK
    return set(
        re.findall(
            r"^ +(?:-\w, )?(--[a-z-]+)", capsys.readouterr().out, re.MULTILINE
        )
    )


def test_a_readme_is_read_in_five_minutes() -> None:
    assert len(README.splitlines()) <= MAX_README_LINES


def test_the_readme_names_the_commands_that_continuous_integration_runs() -> (
    None
):
    shell = "".join(blocks(README, "bash"))
    assert ".ci/venv && .venv/bin/fondation-worker run .\n" in shell
    assert ".ci/test\n" in shell
    assert "\n.ci/venv dev\n" in (ROOT / ".ci/test").read_text(encoding="utf-8")
    assert " .ci/test\n" in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_scripts_that_documents_name_can_be_run() -> None:
    named = set(
        re.findall(r"(?<![\w/])\.ci/\w[\w-]*", "".join(DOCUMENTS.values()))
    )
    assert named >= {".ci/venv", ".ci/test", ".ci/run"}
    assert [name for name in named if not os.access(ROOT / name, os.X_OK)] == []


def test_the_readme_shows_a_page_of_a_course() -> None:
    assert f"]({EXAMPLE})" in README
    page = (ROOT / EXAMPLE).read_text(encoding="utf-8").split("\n")
    quoted = re.findall(r"^> (.*)$", README, re.MULTILINE)
    assert quoted
    assert [line for line in quoted if line not in page] == []


def test_the_architecture_shows_the_diagram_that_the_table_draws() -> None:
    assert diagram() in blocks(ARCHITECTURE, "mermaid")


def test_mermaid_reads_every_diagram() -> None:
    diagrams = [
        diagram
        for document in (README, ARCHITECTURE)
        for diagram in blocks(document, "mermaid")
    ]
    assert len(diagrams) == 3
    assert faults(diagrams) == [None] * 3


def test_every_variable_that_is_read_is_in_a_table_of_the_reference() -> None:
    named = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", "\n".join(rows(REFERENCE))))
    assert len(variables()) > 50
    assert variables() - named == set()


def test_the_reference_names_no_variable_that_is_not_read() -> None:
    first_cells = "\n".join(
        row.split("|")[1] for row in rows(section(REFERENCE, "Configuration"))
    )
    named = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", first_cells))
    assert named - variables() == set()


def test_variables_of_tests_that_documents_name_are_read_there() -> None:
    named = set(
        re.findall(r"FONDATION_[A-Z_]+(?==)", DOCUMENTS["CONTRIBUTING.md"])
    )
    tests = "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "tests").rglob("*.py")
    )
    assert len(named) >= 6
    assert [name for name in named if f'"{name}"' not in tests] == []


@pytest.mark.parametrize("command", COMMAND_NAMES)
def test_every_option_of_a_command_is_in_the_reference(
    command: str, options: set[str]
) -> None:
    commands = section(REFERENCE, "Commands")
    own = [
        row for row in rows(commands) if re.match(rf"\| `{command}[ `]", row)
    ]
    for_all = commands.rpartition("|\n")[2]
    named = set(re.findall(r"--[a-z-]+", "\n".join([*own, for_all])))
    assert own != []
    assert options - named == set()


def test_the_reference_names_only_existing_commands() -> None:
    named = re.findall(
        r"^\| `([a-z]+)", section(REFERENCE, "Commands"), re.MULTILINE
    )
    assert set(named) == set(COMMAND_NAMES)


@pytest.mark.parametrize("command", COMMAND_NAMES)
def test_command_lines_in_documents_use_existing_options(
    command: str, options: set[str]
) -> None:
    text = "\n".join(DOCUMENTS.values()).replace("\\\n", " ")
    lines = re.findall(rf"fondation-worker {command}\b([^\n`#]*)", text)
    used = {
        option for line in lines for option in re.findall(r"--[a-z-]+", line)
    }
    assert used - options == set()


def test_command_lines_in_documents_use_existing_commands() -> None:
    shell = "".join(
        "".join(blocks(document, "bash")) for document in DOCUMENTS.values()
    )
    used = set(
        re.findall(
            r"^(?:\.venv/bin/)?fondation-worker ([a-z]+)", shell, re.MULTILINE
        )
    )
    assert used != set()
    assert used - set(COMMAND_NAMES) == set()


@pytest.mark.parametrize("info", STAGES[1:], ids=lambda info: info.stage)
def test_every_stage_is_in_the_readme(info: StageInfo) -> None:
    writes = info.file or f"{info.folder}/*.md"
    assert (
        f"| {info.step} | `{info.stage}` | {info.message} | `{writes}` |"
        in README
    )


def test_every_exit_code_is_in_the_reference_with_the_meaning_that_help_gives() -> (
    None
):
    cells = [
        row.split(" | ") for row in rows(section(REFERENCE, "Exit codes"))[2:]
    ]
    assert {
        Exit(int(code.strip("| "))): meaning for code, meaning, _ in cells
    } == MEANING


@pytest.mark.parametrize("items", [27, 603])
def test_the_requests_of_a_job_are_as_many_as_the_document_says(
    items: int, tmp_path: Path
) -> None:
    sent = requests(tmp_path, items)
    counts = (sent.artifacts, sent.checkpoints, sent.others, sent.total)
    cells = " | ".join(str(count) for count in (items, *counts))
    assert f"| {cells} |" in rows(DOCUMENTS["docs/performance.md"])


def test_the_document_on_performance_names_every_benchmark() -> None:
    document = DOCUMENTS["docs/performance.md"]
    assert [name for name in BENCHMARKS if f"`{name}`" not in document] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    dead = [
        link
        for link in links(DOCUMENTS[name])
        if not leads_somewhere(name, link)
    ]
    assert dead == []


def links(document: str) -> list[str]:
    """Return the links of a document within this repository."""
    targets = re.findall(r"\]\(([^)\s]+)\)", document)
    return [target for target in targets if not target.startswith("https://")]


def leads_somewhere(name: str, link: str) -> bool:
    """Whether a link in a document leads to a file, and to a heading in it."""
    path, _, anchor = link.partition("#")
    target = (ROOT / name).parent / path if path else ROOT / name
    if not target.exists():
        return False
    return not anchor or anchor in anchors(target.read_text(encoding="utf-8"))


def anchors(document: str) -> set[str]:
    """Return the anchors of a document's headings, as a git host makes them."""
    titles = re.findall(r"^#+ (.+)$", document, re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        for title in titles
    }


@pytest.mark.parametrize(
    "name", [name for name in DOCUMENTS if name != "CHANGELOG.md"]
)
def test_modules_that_documents_name_exist(name: str) -> None:
    paths = re.findall(
        r"`((?:worker|states|tests|docs|\.ci)/[\w./-]*)`", DOCUMENTS[name]
    )
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_example_of_the_environment_lists_all_that_compose_reads() -> None:
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    read = set(re.findall(r"(?<!\$)\$\{([A-Z_0-9]+)", compose))
    listed = set(re.findall(r"^#([A-Z_0-9]+)=", example, re.MULTILINE))
    assert read
    assert read == listed
