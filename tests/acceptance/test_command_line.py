"""The command line: help, version, the modules that they load, and refusals of bad input."""

import json
import subprocess
import sys
from typing import Final

import pytest

from states.exits import MEANING
from tests.support.user import User
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
    "jinja2",
    "markdown_it",
    "pygments",
)
RUN_MAIN: Final = """
import contextlib, io, os, sys
from worker.cli.main import main
with contextlib.redirect_stdout(io.StringIO()):
    main(sys.argv[1:], os.environ)
"""
PRINT_MODULES: Final = "import json, sys; print(json.dumps([*sys.modules]))"


def modules_after(code: str, *argv: str) -> set[str]:
    """Return the names of the modules that a process has loaded after some code."""
    printed = subprocess.run(
        [sys.executable, "-c", f"{code}\n{PRINT_MODULES}", *argv],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(json.loads(printed.stdout))


@pytest.mark.parametrize(
    "argv", [["--version"], ["--help"], ["run", "--help"], ["status", "--help"]]
)
def test_help_and_version_load_no_slow_module(argv: list[str]) -> None:
    loaded = modules_after(RUN_MAIN, *argv)
    assert [name for name in HEAVY if name in loaded] == []


def test_a_run_starts_without_the_libraries_that_make_a_course() -> None:
    code = (
        "import worker.cli.commands.run, worker.run.run; "
        "from worker.engines.static.engine import StaticEngine; StaticEngine()"
    )
    loaded = modules_after(code)
    assert "worker.course.export" in loaded
    assert loaded.isdisjoint({"jinja2", "markdown_it", "pygments"})
    assert loaded.isdisjoint({"charset_normalizer", "tree_sitter"})


def test_callbacks_are_sent_without_the_libraries_of_httpxs_own_program() -> (
    None
):
    code = (
        "from worker.__main__ import spare_httpx_its_program; "
        "spare_httpx_its_program(); import worker.outbox.webhook"
    )
    loaded = modules_after(code)
    assert "httpx" in loaded
    assert loaded.isdisjoint({"click", "rich", "pygments"})


def test_the_version_is_the_packages(user: User) -> None:
    assert user.run("--version").out == f"fondation-worker {__version__}\n"


def test_help_lists_the_commands_and_the_exit_codes(user: User) -> None:
    answer = user.run("--help").out
    for command in COMMANDS:
        assert f"    {command.name} " in answer
    for code, meaning in MEANING.items():
        assert f"{int(code)}  {meaning}" in answer


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_every_command_explains_itself_with_an_example(
    user: User, name: str
) -> None:
    answer = user.run(name, "--help").out
    assert f"example:\n  fondation-worker {name}" in answer
    assert "--store URL" in answer
    assert "--debug" in answer


def test_an_unknown_command_ends_with_64_and_one_line_that_names_help(
    user: User,
) -> None:
    answer = user.run("paint", code=64)
    assert answer.err.startswith(
        "fondation-worker: argument COMMAND: invalid choice: 'paint'"
    )
    assert answer.err.count("\n") == 1
    assert "--help" in answer.err


def test_a_traceback_is_shown_only_on_request(user: User) -> None:
    assert "Traceback" not in user.run("status", "missing", code=65).err
    assert "Traceback" in user.run("status", "missing", "--debug", code=65).err


def test_a_reader_that_stops_reading_is_not_a_failure(user: User) -> None:
    with user.start("--help") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert "BrokenPipe" not in process.stderr.read()


@pytest.mark.parametrize("form", ["console", "json"])
def test_each_wrong_variable_is_named_and_nothing_is_touched(
    user: User, form: str
) -> None:
    wrong = {
        "LEASE_SECONDS": "1",
        "STORE_URL": "ftp://x",
        "ENGINE": "magic",
        "WORK_DIR": "here",
        "LOG_FORMAT": form,
    }
    answer = user.run("run", code=78, **wrong)
    for name in (
        "LEASE_SECONDS",
        "STORE_URL",
        "ENGINE",
        "WORK_DIR",
        "JOB_ID",
        "REPOSITORY_URL",
        "CALLBACK_TOKEN",
    ):
        assert f"fondation-worker: {name} " in answer.err
    assert list(user.home.iterdir()) == []
