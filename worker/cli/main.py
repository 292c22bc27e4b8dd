"""The command line: what can be said, and who does it."""

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
from worker.cli.options import COMMANDS
from worker.cli.output import Output, show
from worker.errors import ConfigError, StoreError, UsageError, WorkerError
from worker.system.disk import PASSING, disk_error

EPILOG: Final = "exit codes:\n" + "\n".join(
    f"  {int(code):3}  {meaning}" for code, meaning in MEANING.items()
)


class _Parser(argparse.ArgumentParser):
    """Raises what it finds wrong."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see `{self.prog} --help`)")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    root = _Parser(
        prog="fondation-worker",
        description="Turns a git repository into a course, checkpoint by checkpoint: what was finished is never lost.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    root.add_argument(
        "--version", action="version", version=f"fondation-worker {__version__}"
    )
    commands = root.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(
            command.name,
            help=command.help,
            description=command.help[0].upper() + command.help[1:] + ".",
            epilog=f"example:\n  {command.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        sub.set_defaults(function=command.function, json=False)
        sub.add_argument(
            "--store",
            metavar="URL",
            help="s3://bucket/prefix or file:///folder (default: STORE_URL)",
        )
        sub.add_argument(
            "--debug", action="store_true", help="show the traceback of an error"
        )
        for names, options in command.arguments:
            sub.add_argument(*names, **options)
    return root


def main(argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Do what a command line says; return the exit code."""
    debug = "--debug" in argv
    try:
        return _answer(argv, environment)
    except (WorkerError, StoreError) as error:
        return _failed(str(error), getattr(error, "exit", Exit.TEMPORARY), debug=debug)
    except KeyboardInterrupt:
        return _failed("interrupted", Exit.SIGINT, debug=debug)
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody left to tell.
        _mute()
        return Exit.OK
    except Exception as error:  # noqa: BLE001 - an edge: a bug gets its exit code, and a line that says so
        if expected := _machine_fault(error):
            return _failed(str(expected), expected.exit, debug=debug)
        return _failed(
            f"a bug: {type(error).__name__}: {error}", Exit.SOFTWARE, debug=True
        )


def _answer(argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Do it, and write the answer to stdout."""
    try:
        arguments = parser().parse_args(argv)
    except (
        SystemExit
    ) as ended:  # `--help` and `--version`, which stand in the stream's buffer
        return _written(lambda: None, int(ended.code or 0))
    module, name = arguments.function.split(":")
    command: Callable[[argparse.Namespace, Mapping[str, str]], Output] = getattr(
        import_module(module), name
    )
    output = command(arguments, environment)
    return _written(lambda: show(output, as_json=arguments.json), output.exit_code)


def _written(write: Callable[[], None], code: int) -> int:
    """Write to stdout; return the code of a command that has succeeded, unless its answer is lost."""
    try:
        write()
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _mute()
        _failed(
            f"standard output cannot be written to ({error.strerror}): what was asked for is done, and only the answer "
            "is lost; make room, then ask again",
            Exit.TEMPORARY,
            debug=False,
        )
        # guard: an answer that is lost is not a success
        return code or Exit.TEMPORARY
    return code


def _mute() -> None:
    """Let what is still in the buffer of stdout go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _machine_fault(error: Exception) -> WorkerError | None:
    """Return what an error of the system says of this machine, or None if it is a bug of ours."""
    if not isinstance(error, OSError):
        return None
    if error.errno in PASSING:
        return disk_error(error, error.filename or "this machine")
    if isinstance(error, FileNotFoundError) and _is_nowhere():
        return ConfigError(
            "the current folder is gone: change to one that is there, then run this again"
        )
    return None


def _is_nowhere() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def _failed(message: str, code: Exit, *, debug: bool) -> Exit:
    if debug:
        traceback.print_exc()
    for line in message.splitlines():
        sys.stderr.write(f"fondation-worker: {line}\n")
    return code
