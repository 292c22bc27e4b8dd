"""The command line: what can be said, and who does it."""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Final, NoReturn

from states.exits import MEANING, Exit
from worker import __version__
from worker.catalogue import COMMANDS
from worker.errors import StoreError, UsageError, WorkerError
from worker.output import Output, show

EPILOG: Final = "exit codes:\n" + "\n".join(f"  {int(code):3}  {meaning}" for code, meaning in MEANING.items())


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
    root.add_argument("--version", action="version", version=f"fondation-worker {__version__}")
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
        sub.add_argument("--store", metavar="URL", help="s3://bucket/prefix or file:///folder (default: STORE_URL)")
        sub.add_argument("--debug", action="store_true", help="show the traceback of an error")
        for names, options in command.arguments:
            sub.add_argument(*names, **options)
    return root


def main(argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Do what a command line says; return the exit code."""
    debug = "--debug" in argv
    try:
        arguments = parser().parse_args(argv)
        module, name = arguments.function.split(":")
        command: Callable[[argparse.Namespace, Mapping[str, str]], Output] = getattr(import_module(module), name)
        output = command(arguments, environment)
        show(output, as_json=arguments.json)
    except SystemExit as ended:  # `--help` and `--version`
        return int(ended.code or 0)
    except (WorkerError, StoreError) as error:
        return _failed(str(error), getattr(error, "exit", Exit.TEMPORARY), debug=debug)
    except KeyboardInterrupt:
        return _failed("interrupted", Exit.SIGINT, debug=debug)
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except Exception as error:  # noqa: BLE001 - an edge: a bug gets its exit code, and a line that says so
        return _failed(f"a bug: {type(error).__name__}: {error}", Exit.SOFTWARE, debug=True)
    return output.exit_code


def _failed(message: str, code: Exit, *, debug: bool) -> Exit:
    if debug:
        traceback.print_exc()
    for line in message.splitlines():
        sys.stderr.write(f"fondation-worker: {line}\n")
    return code
