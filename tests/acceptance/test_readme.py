"""What the README says is what the program does."""

import ast
import re
from pathlib import Path
from typing import Final

import pytest

from states.exits import Exit
from states.machine import diagram
from states.stages import STAGES
from worker.cli.command_table import COMMANDS

ROOT: Final = Path(__file__).parents[2]
README: Final = (ROOT / "README.md").read_text()
READERS: Final = {"text", "required", "secret", "number", "flag", "choice", "checked"}
"""Methods of settings.Reader that read a variable, its name first."""


def variables(source: Path) -> set[str]:
    """Return the names of the environment's variables that a module asks for."""
    calls = [
        node
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Call)
    ]
    texts = [
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in READERS
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]
    return {
        text
        for text in texts
        if isinstance(text, str) and re.fullmatch(r"[A-Z][A-Z0-9_]+", text)
    }


def test_the_state_diagram_is_the_one_that_the_table_draws() -> None:
    blocks = re.findall(r"```mermaid\n(.*?)```", README, re.DOTALL)
    assert diagram() in blocks


@pytest.mark.parametrize("module", ["settings.py", "request.py"])
def test_every_variable_that_the_settings_read_has_its_place_in_a_table(
    module: str,
) -> None:
    rows = " ".join(line for line in README.splitlines() if line.startswith("|"))
    named = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", rows))
    read = variables(ROOT / "worker" / module)
    assert len(read) >= (20 if module == "settings.py" else 3)
    assert read <= named, f"not in the README: {sorted(read - named)}"


def test_the_readme_names_no_variable_that_nobody_reads() -> None:
    table = re.findall(r"^\| `([A-Z][A-Z0-9_]+)`", README, re.MULTILINE)
    sources = "".join(path.read_text() for path in (ROOT / "worker").rglob("*.py"))
    assert [name for name in table if name not in sources] == []


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_is_named(command: str) -> None:
    assert re.search(rf"^\|.*`{command}[ `]", README, re.MULTILINE)


def test_every_stage_stands_in_the_table_with_its_message_and_what_it_writes() -> None:
    for info in STAGES[1:]:
        writes = info.file or f"{info.folder}/*.md"
        assert (
            f"| {info.step} | `{info.stage}` | {info.message} | `{writes}` |" in README
        )


def test_every_exit_code_stands_in_the_table() -> None:
    rows = [
        line.split("|")[1]
        for line in README.splitlines()
        if re.match(r"\| \d+[ ,]", line)
    ]
    named = {int(number) for row in rows for number in re.findall(r"\d+", row)}
    assert set(Exit) <= named
