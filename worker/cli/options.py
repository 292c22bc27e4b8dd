"""The options of each command, as command-line arguments and as typed attributes.

Each class declares its options twice, side by side: as argparse's arguments, and as annotated
attributes, by which mypy checks every use. A test keeps the two consistent.
"""

from argparse import Namespace
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, NamedTuple

from states.stages import Stage


class Argument(NamedTuple):
    """One call of argparse's `add_argument`."""

    names: tuple[str, ...]
    settings: Mapping[str, Any]


def _argument(*names: str, **settings: object) -> Argument:
    return Argument(names, settings)


_STORE = _argument(
    "--store",
    metavar="URL",
    help="s3://bucket/prefix or file:///folder (default: STORE_URL)",
)
_DEBUG = _argument(
    "--debug", action="store_true", help="show the traceback of an error"
)
_JSON = _argument("--json", action="store_true", help="print JSON")
_JOB = _argument("job_id", metavar="JOB_ID", help="the job's id")
_DEFINITION = _argument(
    "--definition",
    metavar="NAME",
    help="the platform's job definition, by name or id (default: SCW_JOB_DEFINITION)",
)


class Options(Namespace):
    """The options of every command."""

    arguments: ClassVar[tuple[Argument, ...]] = (_STORE, _DEBUG)

    store: str | None
    debug: bool
    json: bool = False
    """Set by `--json`, if the command has that option."""


class RunOptions(Options):
    """The options of `run`."""

    arguments = (
        *Options.arguments,
        _argument(
            "repository",
            metavar="REPO",
            nargs="?",
            help="a URL, owner/name on GitHub, or a folder",
        ),
        _argument(
            "--branch",
            metavar="B",
            help="a branch or a tag (default: the repository's own)",
        ),
        _argument(
            "--job-id",
            metavar="ID",
            help="the job's id (default: derived from repository, commit and engine)",
        ),
        _argument(
            "--engine",
            choices=("auto", "static", "fondation", "claude"),
            help="the engine to use (default: ENGINE)",
        ),
        _argument(
            "--out",
            metavar="DIR",
            help="the folder for the course (default: ./<name>-course)",
        ),
        _argument(
            "--update",
            metavar="JOB_ID",
            nargs="?",
            const="",
            help=(
                "keep the pages of an earlier job's course that are still true "
                "(default: the newest completed job of this repository and engine)"
            ),
        ),
    )

    repository: str | None
    branch: str | None
    job_id: str | None
    engine: str | None
    out: str | None
    update: str | None
    """An earlier job's id; empty for the newest one."""


class JobOptions(Options):
    """The options of a command about one job, which may run on the platform."""

    arguments = (*Options.arguments, _JOB, _DEFINITION, _JSON)

    job_id: str
    definition: str | None


class EstimateOptions(Options):
    """The options of `estimate`."""

    arguments = (
        *Options.arguments,
        _argument(
            "repository",
            metavar="REPO",
            help="a URL, owner/name on GitHub, or a folder",
        ),
        _argument(
            "--branch",
            metavar="B",
            help="a branch or a tag (default: the repository's own)",
        ),
        _argument(
            "--model",
            metavar="M",
            help="the model (default: ANTHROPIC_MODEL)",
        ),
        _argument(
            "--update",
            metavar="JOB_ID",
            nargs="?",
            const="",
            help="estimate an update of an earlier job's course "
            "(default: the newest completed job of this repository)",
        ),
        _JSON,
    )

    repository: str
    branch: str | None
    model: str | None
    update: str | None
    """An earlier job's id; empty for the newest one."""


class CheckOptions(Options):
    """The options of `check`."""

    arguments = (
        *Options.arguments,
        _argument(
            "--engine",
            choices=("auto", "static", "fondation", "claude"),
            help="the engine to check (default: ENGINE)",
        ),
        _JSON,
    )

    engine: str | None


class ListOptions(Options):
    """The options of `list`."""

    arguments = (*Options.arguments, _JSON)


class ResumeOptions(Options):
    """The options of `resume`."""

    arguments = (
        *Options.arguments,
        _JOB,
        _argument(
            "--from",
            dest="stage",
            choices=[str(stage) for stage in Stage],
            help="redo this stage and all later ones",
        ),
        _argument(
            "--takeover",
            action="store_true",
            help="replace a silent run without waiting for its lease to expire",
        ),
        _argument(
            "--redeliver",
            action="store_true",
            help="only resend the final callback, if the webhook rejected it",
        ),
        _argument(
            "--budget-usd",
            metavar="N",
            help="the new limit on the job's total cost over all its runs, or `none`",
        ),
        _argument(
            "--budget-tokens",
            metavar="N",
            help="the new limit on the job's tokens over all its runs, or `none`",
        ),
        _argument(
            "--on",
            choices=("local", "scaleway"),
            default="local",
            help="where to run the job (default: local, on this machine)",
        ),
        _DEFINITION,
        _JSON,
    )

    job_id: str
    stage: str | None
    takeover: bool
    redeliver: bool
    budget_usd: str | None
    budget_tokens: str | None
    on: Literal["local", "scaleway"]
    definition: str | None


class FetchOptions(Options):
    """The options of `fetch`."""

    arguments = (
        *Options.arguments,
        _JOB,
        _argument("folder", metavar="DIR", help="the folder to copy them to"),
        _JSON,
    )

    job_id: str
    folder: str


class UrlsOptions(Options):
    """The options of `urls`."""

    arguments = (
        *Options.arguments,
        _JOB,
        _argument(
            "--expires",
            metavar="TIME",
            default="7d",
            help="how long the URLs are valid: 45s, 10m, 12h; 7d at most (default: 7d)",
        ),
        _JSON,
    )

    job_id: str
    expires: str


class VerifyOptions(Options):
    """The options of `verify`."""

    arguments = (
        *Options.arguments,
        _JOB,
        _argument(
            "--deep",
            action="store_true",
            help="also check the contents of the files, and all earlier checkpoints",
        ),
        _JSON,
    )

    job_id: str
    deep: bool


class GcOptions(Options):
    """The options of `gc`."""

    arguments = (
        *Options.arguments,
        _argument(
            "--older-than",
            metavar="TIME",
            default="30d",
            help="only jobs whose newest checkpoint is older (default: 30d)",
        ),
        _argument(
            "--dry-run",
            action="store_true",
            help="only show what would be deleted",
        ),
        _JSON,
    )

    older_than: str
    dry_run: bool


class DeployOptions(Options):
    """The options of `deploy`."""

    arguments = (
        *Options.arguments,
        _argument(
            "--image",
            metavar="IMAGE",
            required=True,
            help="the container image",
        ),
        _argument(
            "--cpu",
            type=int,
            metavar="N",
            help="thousandths of a CPU (default of a new definition: 2000)",
        ),
        _argument(
            "--memory",
            type=int,
            metavar="N",
            help="MiB of memory (default of a new definition: 4096)",
        ),
        _argument(
            "--disk",
            type=int,
            metavar="N",
            help="MiB of disk (default of a new definition: 10000)",
        ),
        _argument(
            "--timeout",
            metavar="TIME",
            help="the time limit of one run, 24h at most (default of a new definition: 24h)",
        ),
        _argument(
            "--retries",
            type=int,
            metavar="N",
            help="automatic retries, 5 at most (default of a new definition: 5)",
        ),
        _argument(
            "--env",
            action="append",
            default=[],
            metavar="K=V",
            help="an environment variable of all runs; repeatable",
        ),
        _argument(
            "--secret",
            action="append",
            default=[],
            metavar="K=ID[:VERSION]",
            help="an environment variable with the value of a secret in Secret Manager; repeatable",
        ),
        _argument(
            "--dry-run", action="store_true", help="only show what would change"
        ),
        _DEFINITION,
        _JSON,
    )

    image: str
    cpu: int | None
    memory: int | None
    disk: int | None
    timeout: str | None
    retries: int | None
    env: list[str]
    secret: list[str]
    dry_run: bool
    definition: str | None


class SubmitOptions(Options):
    """The options of `submit`."""

    arguments = (
        *Options.arguments,
        _argument(
            "repository", metavar="REPO", help="a URL, or owner/name on GitHub"
        ),
        _argument(
            "--branch", metavar="B", help="a branch or a tag (default: main)"
        ),
        _argument(
            "--job-id", metavar="ID", help="the job's id (default: a new one)"
        ),
        _argument(
            "--update",
            metavar="JOB_ID",
            help="keep the pages of this earlier job's course that are still true",
        ),
        _argument(
            "--wait",
            action="store_true",
            help="follow the job to its end, and exit with its exit code",
        ),
        _DEFINITION,
        _JSON,
    )

    repository: str
    branch: str | None
    job_id: str | None
    update: str | None
    wait: bool
    definition: str | None


class SweepOptions(Options):
    """The options of `sweep`."""

    arguments = (
        *Options.arguments,
        _argument(
            "--max-attempts",
            type=int,
            default=5,
            metavar="N",
            help="give up on a job after N runs without a new item (default: 5)",
        ),
        _argument(
            "--max-parallel",
            type=int,
            default=20,
            metavar="N",
            help="keep at most N runs of the definition alive (default: 20)",
        ),
        _argument(
            "--dry-run",
            action="store_true",
            help="only show what would be started",
        ),
        _DEFINITION,
        _JSON,
    )

    max_attempts: int
    max_parallel: int
    dry_run: bool
    definition: str | None


class BatchOptions(Options):
    """The options of `batch`."""

    arguments = (
        *Options.arguments,
        _argument(
            "file",
            metavar="FILE",
            help="YAML: a list of {repository, branch?, jobId?, updateFrom?}",
        ),
        _argument(
            "--parallel",
            type=int,
            default=4,
            metavar="N",
            help="run at most N jobs at a time (default: 4)",
        ),
        _argument(
            "--local",
            action="store_true",
            help="run the jobs on this machine, not on the platform",
        ),
        _DEFINITION,
        _JSON,
    )

    file: str
    parallel: int
    local: bool
    definition: str | None


class GatewayOptions(Options):
    """The options of `gateway`."""

    arguments = (
        *Options.arguments,
        _argument(
            "--host",
            default="127.0.0.1",
            metavar="HOST",
            help="the address to listen on (default: 127.0.0.1)",
        ),
        _argument(
            "--port",
            type=int,
            default=8090,
            metavar="N",
            help="the port to listen on (default: 8090)",
        ),
        _argument(
            "--mode",
            choices=("local", "scaleway"),
            default="local",
            help="where jobs run (default: local)",
        ),
        _DEFINITION,
    )

    host: str
    port: int
    mode: Literal["local", "scaleway"]
    definition: str | None
