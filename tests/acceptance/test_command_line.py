"""The command line as it stands: help, version, how little it loads for them, and what it says to nonsense."""

import json
import subprocess
import sys
from typing import Final

import pytest

from states.exits import MEANING
from tests.support.stranger import Stranger
from worker import __version__
from worker.cli.command_table import COMMANDS

HEAVY: Final = (
    "boto3",
    "botocore",
    "httpx",
    "yaml",
    "transitions",
    "tree_sitter",
    "rich",
    "tenacity",
    "starlette",
)
LOOK: Final = """
import contextlib, io, json, os, sys
from worker.cli.main import main
with contextlib.redirect_stdout(io.StringIO()):
    main(sys.argv[1:], os.environ)
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize(
    "argv", [["--version"], ["--help"], ["run", "--help"], ["status", "--help"]]
)
def test_help_and_version_load_nothing_that_takes_time(argv: list[str]) -> None:
    looked = subprocess.run(
        [sys.executable, "-c", LOOK, *argv], check=True, capture_output=True, text=True
    )
    loaded = set(json.loads(looked.stdout))
    assert [name for name in HEAVY if name in loaded] == []


def test_the_version_is_the_packages(person: Stranger) -> None:
    assert person.run("--version").out == f"fondation-worker {__version__}\n"


def test_help_lists_the_commands_and_the_exit_codes(person: Stranger) -> None:
    said = person.run("--help").out
    for command in COMMANDS:
        assert f"    {command.name} " in said
    for code, meaning in MEANING.items():
        assert f"{int(code)}  {meaning}" in said


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_every_command_explains_itself_with_an_example(
    person: Stranger, name: str
) -> None:
    said = person.run(name, "--help").out
    assert f"example:\n  fondation-worker {name}" in said
    assert "--store URL" in said
    assert "--debug" in said


def test_nonsense_is_64_in_one_line_and_shows_the_way_out(person: Stranger) -> None:
    said = person.run("paint", code=64)
    assert said.err.startswith(
        "fondation-worker: argument COMMAND: invalid choice: 'paint'"
    )
    assert said.err.count("\n") == 1
    assert "--help" in said.err


def test_a_traceback_is_shown_only_to_who_asks_for_it(person: Stranger) -> None:
    assert "Traceback" not in person.run("status", "nobody", code=65).err
    assert "Traceback" in person.run("status", "nobody", "--debug", code=65).err


def test_whoever_stops_reading_does_not_make_it_fail(person: Stranger) -> None:
    with person.start("--help") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert "BrokenPipe" not in process.stderr.read()


@pytest.mark.parametrize("form", ["console", "json"])
def test_wrong_configuration_is_named_variable_by_variable_and_touches_nothing(
    person: Stranger, form: str
) -> None:
    wrong = {
        "LEASE_SECONDS": "1",
        "STORE_URL": "ftp://x",
        "ENGINE": "magic",
        "WORK_DIR": "here",
        "LOG_FORMAT": form,
    }
    said = person.run("run", code=78, **wrong)
    for name in (
        "LEASE_SECONDS",
        "STORE_URL",
        "ENGINE",
        "WORK_DIR",
        "JOB_ID",
        "REPOSITORY_URL",
        "CALLBACK_TOKEN",
    ):
        assert f"fondation-worker: {name} " in said.err
    assert list(person.home.iterdir()) == []
