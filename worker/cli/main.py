"""The command line: parses it, calls the command, and turns errors into exit codes."""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, NoReturn

from states.exits import MEANING, Exit
from worker import __version__
from worker.cli.command_table import COMMANDS, CommandSpec
from worker.cli.options import Options
from worker.cli.output import Output, show
from worker.errors import ConfigError, StoreError, UsageError, WorkerError
from worker.system.disk import PASSING, disk_error
from worker.system.environment import Environment

PROGRAM: Final = "fondation-worker"
EPILOG: Final = "exit codes:\n" + "\n".join(
    f"  {int(code):3}  {meaning}" for code, meaning in MEANING.items()
)

Command = Callable[[Options, Mapping[str, str]], Output]


class _Parser(argparse.ArgumentParser):
    """Raises UsageError instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see `{self.prog} --help`)")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    root = _Parser(
        prog=PROGRAM,
        description=(
            "Turns a git repository into a course. Running a job again "
            "resumes it at its last checkpoint."
        ),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    version = f"{PROGRAM} {__version__}"
    root.add_argument("--version", action="version", version=version)
    commands = root.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        subparser = commands.add_parser(
            command.name,
            help=command.help,
            description=_sentence(command.help),
            epilog=f"example:\n  {command.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        _add_arguments(subparser, command)
    return root


def _add_arguments(
    subparser: argparse.ArgumentParser, command: CommandSpec
) -> None:
    subparser.set_defaults(command=command)
    for argument in command.namespace.arguments:
        subparser.add_argument(*argument.names, **argument.settings)


def _sentence(text: str) -> str:
    first = text[0].upper()
    return f"{first}{text[1:]}."


def main(argv: Sequence[str], environment: Environment) -> int:
    """Run a command line; return its exit code."""
    debug = "--debug" in argv
    try:
        return _run(argv, environment)
    except (WorkerError, StoreError) as error:
        code = getattr(error, "exit", Exit.TEMPORARY)
        return _fail(str(error), code, debug=debug)
    except KeyboardInterrupt:
        return _fail("interrupted", Exit.SIGINT, debug=debug)
    except BrokenPipeError:
        # The reader of our output is gone: there is no one left to inform.
        _discard_output()
        return Exit.OK
    except Exception as error:  # noqa: BLE001 - an edge: a bug gets its exit code and a line
        expected = _machine_fault(error)
        if expected is not None:
            return _fail(str(expected), expected.exit, debug=debug)
        message = f"a bug: {type(error).__name__}: {error}"
        return _fail(message, Exit.SOFTWARE, debug=True)


def _run(argv: Sequence[str], environment: Environment) -> int:
    try:
        arguments = vars(parser().parse_args(argv))
    except (
        SystemExit
    ) as ended:  # of `--help` and `--version`, which argparse has buffered
        return _write(lambda: None, int(ended.code or 0))
    spec: CommandSpec = arguments.pop("command")
    options = spec.namespace(**arguments)
    output = _load(spec)(options, environment)
    return _write(lambda: show(output, as_json=options.json), output.exit_code)


def _load(spec: CommandSpec) -> Command:
    module, name = spec.function.split(":")
    command: Command = getattr(
        import_module(f"worker.cli.commands.{module}"), name
    )
    return command


def _write(write: Callable[[], None], code: int) -> int:
    """Write to stdout; return `code`, unless the output of a successful command is lost."""
    try:
        write()
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _discard_output()
        _fail(
            f"cannot write to standard output ({error.strerror}): the command "
            "was carried out, and only its output is lost; make room there",
            Exit.TEMPORARY,
            debug=False,
        )
        # guard: an answer that is lost is not a success
        return code or Exit.TEMPORARY
    return code


def _discard_output() -> None:
    """Discard stdout's buffer when the process ends."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())


def _machine_fault(error: Exception) -> WorkerError | None:
    """Translate an error caused by the state of this machine; return None for a bug of ours."""
    if not isinstance(error, OSError):
        return None
    if error.errno in PASSING:
        return disk_error(error, error.filename or "this machine")
    if isinstance(error, FileNotFoundError) and not _has_current_folder():
        return ConfigError(
            "the current folder has been deleted: change to another and try again"
        )
    return None


def _has_current_folder() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


def _fail(message: str, code: Exit, *, debug: bool) -> Exit:
    if debug:
        traceback.print_exc()
    for line in message.splitlines():
        sys.stderr.write(f"{PROGRAM}: {line}\n")
    return code
