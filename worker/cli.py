"""The command line: what can be said, and who does it."""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final, NoReturn

from states.exits import MEANING, Exit
from states.stages import Stage
from worker import __version__
from worker.errors import StoreError, UsageError, WorkerError
from worker.output import Output, show

EPILOG: Final = "exit codes:\n" + "\n".join(f"  {int(code):3}  {meaning}" for code, meaning in MEANING.items())


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A command: what it is for, how it is called, and the function that does it (`module:function`)."""

    name: str
    help: str
    example: str
    function: str
    arguments: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = field(default=())


def _argument(*names: str, **options: object) -> tuple[tuple[str, ...], dict[str, Any]]:
    return names, options


_JOB: Final = _argument("job_id", metavar="JOB_ID", help="the job's name")
_JSON: Final = _argument("--json", action="store_true", help="answer in JSON")

COMMANDS: Final = (
    Command(
        name="run",
        help="turn a repository into a course; without REPO, do the job that the environment describes",
        example="fondation-worker run https://github.com/pallets/click --out click-course",
        function="worker.commands.run:run",
        arguments=(
            _argument("repository", metavar="REPO", nargs="?", help="a URL, owner/name on GitHub, or a folder"),
            _argument("--branch", metavar="B", help="a branch or a tag (default: the repository's own)"),
            _argument("--job-id", metavar="ID", help="the job's name (default: made of repository, commit and engine)"),
            _argument("--engine", choices=("auto", "static", "fondation"), help="what does the thinking"),
            _argument("--out", metavar="DIR", help="where the course goes (default: ./<name>-course)"),
        ),
    ),
    Command(
        name="status",
        help="say where a job stands",
        example="fondation-worker status my-job --json",
        function="worker.commands.status:status",
        arguments=(_JOB, _JSON),
    ),
    Command(
        name="list",
        help="list the jobs of a store",
        example="fondation-worker list --store s3://bucket/jobs",
        function="worker.commands.status:list_jobs",
        arguments=(_JSON,),
    ),
    Command(
        name="resume",
        help="go on with a job that is interrupted, failed or crashed",
        example="fondation-worker resume my-job --from generate-chapters",
        function="worker.commands.operate:resume",
        arguments=(
            _JOB,
            _argument(
                "--from", dest="stage", choices=[str(stage) for stage in Stage], help="do it anew from this stage on"
            ),
            _argument("--takeover", action="store_true", help="do not wait for a silent run's lease: replace the run"),
            _JSON,
        ),
    ),
    Command(
        name="cancel",
        help="ask the running worker to stop, or cancel a job that nobody runs",
        example="fondation-worker cancel my-job",
        function="worker.commands.operate:cancel",
        arguments=(_JOB, _JSON),
    ),
    Command(
        name="fetch",
        help="copy the course's files into a folder: all of them, or what is finished so far",
        example="fondation-worker fetch my-job ./course",
        function="worker.commands.files:fetch",
        arguments=(_JOB, _argument("folder", metavar="DIR", help="where they go"), _JSON),
    ),
    Command(
        name="urls",
        help="sign fresh URLs of the course's files",
        example="fondation-worker urls my-job --expires 12h",
        function="worker.commands.files:urls",
        arguments=(
            _JOB,
            _argument("--expires", metavar="TIME", default="7d", help="how long they live: 45s, 10m, 12h, at most 7d"),
            _JSON,
        ),
    ),
    Command(
        name="verify",
        help="check that all a job has stored is there and whole",
        example="fondation-worker verify my-job",
        function="worker.commands.verify:verify",
        arguments=(
            _JOB,
            _argument("--deep", action="store_true", help="also what the files hold, and all earlier checkpoints"),
            _JSON,
        ),
    ),
    Command(
        name="gc",
        help="delete the objects of jobs that are over",
        example="fondation-worker gc --older-than 30d --dry-run",
        function="worker.commands.gc:gc",
        arguments=(
            _argument("--older-than", metavar="TIME", default="30d", help="only those over for longer (default: 30d)"),
            _argument("--dry-run", action="store_true", help="only say what would be deleted"),
            _JSON,
        ),
    ),
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
