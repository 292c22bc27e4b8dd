"""What the program can be told: its commands, their arguments, and the functions that do them."""

from dataclasses import dataclass, field
from typing import Any, Final

from states.stages import Stage


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandSpec:
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
_DEFINITION: Final = _argument(
    "--definition",
    metavar="NAME",
    help="the platform's job definition, by name or id (default: SCW_JOB_DEFINITION)",
)

COMMANDS: Final = (
    CommandSpec(
        name="run",
        help="turn a repository into a course; without REPO, do the job that the environment describes",
        example="fondation-worker run https://github.com/pallets/click --out click-course",
        function="worker.cli.commands.run:run",
        arguments=(
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
                help="the job's name (default: made of repository, commit and engine)",
            ),
            _argument(
                "--engine",
                choices=("auto", "static", "fondation"),
                help="what does the thinking",
            ),
            _argument(
                "--out",
                metavar="DIR",
                help="where the course goes (default: ./<name>-course)",
            ),
        ),
    ),
    CommandSpec(
        name="status",
        help="say where a job stands",
        example="fondation-worker status my-job --json",
        function="worker.cli.commands.status:status",
        arguments=(_JOB, _DEFINITION, _JSON),
    ),
    CommandSpec(
        name="list",
        help="list the jobs of a store",
        example="fondation-worker list --store s3://bucket/jobs",
        function="worker.cli.commands.status:list_jobs",
        arguments=(_JSON,),
    ),
    CommandSpec(
        name="resume",
        help="go on with a job that is interrupted, failed or crashed",
        example="fondation-worker resume my-job --from generate-chapters",
        function="worker.cli.commands.operate:resume",
        arguments=(
            _JOB,
            _argument(
                "--from",
                dest="stage",
                choices=[str(stage) for stage in Stage],
                help="do it anew from this stage on",
            ),
            _argument(
                "--takeover",
                action="store_true",
                help="do not wait for a silent run's lease: replace the run",
            ),
            _argument(
                "--redeliver",
                action="store_true",
                help="only send the final callback again: it was rejected",
            ),
            _argument(
                "--on",
                choices=("local", "scaleway"),
                default="local",
                help="where (default: on this machine)",
            ),
            _DEFINITION,
            _JSON,
        ),
    ),
    CommandSpec(
        name="cancel",
        help="ask the running worker to stop, or cancel a job that nobody runs",
        example="fondation-worker cancel my-job",
        function="worker.cli.commands.operate:cancel",
        arguments=(_JOB, _DEFINITION, _JSON),
    ),
    CommandSpec(
        name="fetch",
        help="copy the course's files into a folder: all of them, or what is finished so far",
        example="fondation-worker fetch my-job ./course",
        function="worker.cli.commands.files:fetch",
        arguments=(
            _JOB,
            _argument("folder", metavar="DIR", help="where they go"),
            _JSON,
        ),
    ),
    CommandSpec(
        name="urls",
        help="sign fresh URLs of the course's files",
        example="fondation-worker urls my-job --expires 12h",
        function="worker.cli.commands.files:urls",
        arguments=(
            _JOB,
            _argument(
                "--expires",
                metavar="TIME",
                default="7d",
                help="how long they live: 45s, 10m, 12h, at most 7d",
            ),
            _JSON,
        ),
    ),
    CommandSpec(
        name="verify",
        help="check that all a job has stored is there and whole",
        example="fondation-worker verify my-job",
        function="worker.cli.commands.verify:verify",
        arguments=(
            _JOB,
            _argument(
                "--deep",
                action="store_true",
                help="also what the files hold, and all earlier checkpoints",
            ),
            _JSON,
        ),
    ),
    CommandSpec(
        name="gc",
        help="delete the objects of jobs that are over",
        example="fondation-worker gc --older-than 30d --dry-run",
        function="worker.cli.commands.gc:gc",
        arguments=(
            _argument(
                "--older-than",
                metavar="TIME",
                default="30d",
                help="only those over for longer (default: 30d)",
            ),
            _argument(
                "--dry-run", action="store_true", help="only say what would be deleted"
            ),
            _JSON,
        ),
    ),
    CommandSpec(
        name="deploy",
        help="create the platform's job definition, or bring it up to date",
        example="fondation-worker deploy --image rg.fr-par.scw.cloud/courses/fondation-worker:1 --dry-run",
        function="worker.cli.commands.deploy:deploy",
        arguments=(
            _argument(
                "--image", metavar="IMAGE", required=True, help="the container image"
            ),
            _argument(
                "--cpu",
                type=int,
                metavar="N",
                help="thousandths of a CPU (a new definition: 2000)",
            ),
            _argument(
                "--memory", type=int, metavar="N", help="MiB (a new definition: 4096)"
            ),
            _argument(
                "--disk", type=int, metavar="N", help="MiB (a new definition: 10000)"
            ),
            _argument(
                "--timeout",
                metavar="TIME",
                help="of one run, at most 24h (a new definition: 24h)",
            ),
            _argument(
                "--retries",
                type=int,
                metavar="N",
                help="automatic ones, at most 5 (a new definition: 5)",
            ),
            _argument(
                "--env",
                action="append",
                default=[],
                metavar="K=V",
                help="a variable of all runs; repeatable",
            ),
            _argument(
                "--secret",
                action="append",
                default=[],
                metavar="K=ID[:VERSION]",
                help="a variable that holds a secret of Secret Manager; repeatable",
            ),
            _argument(
                "--dry-run", action="store_true", help="only say what would change"
            ),
            _DEFINITION,
            _JSON,
        ),
    ),
    CommandSpec(
        name="submit",
        help="start a run of a job on the platform",
        example="fondation-worker submit https://github.com/pallets/click --wait",
        function="worker.cli.commands.submit:submit",
        arguments=(
            _argument(
                "repository", metavar="REPO", help="a URL, or owner/name on GitHub"
            ),
            _argument(
                "--branch", metavar="B", help="a branch or a tag (default: main)"
            ),
            _argument(
                "--job-id", metavar="ID", help="the job's name (default: a new one)"
            ),
            _argument(
                "--wait",
                action="store_true",
                help="follow the job to its end, and end with its exit code",
            ),
            _DEFINITION,
            _JSON,
        ),
    ),
    CommandSpec(
        name="sweep",
        help="start runs on the platform for all jobs that are neither over nor alive",
        example="fondation-worker sweep --dry-run",
        function="worker.cli.commands.sweep:sweep",
        arguments=(
            _argument(
                "--max-attempts",
                type=int,
                default=5,
                metavar="N",
                help="runs in vain until it is given up (5)",
            ),
            _argument(
                "--max-parallel",
                type=int,
                default=20,
                metavar="N",
                help="live runs of the definition (20)",
            ),
            _argument(
                "--dry-run", action="store_true", help="only say what would be started"
            ),
            _DEFINITION,
            _JSON,
        ),
    ),
    CommandSpec(
        name="batch",
        help="bring many repositories to their end, a few at a time; run it again to go on",
        example="fondation-worker batch repositories.yaml --parallel 4 --local",
        function="worker.cli.commands.batch:batch",
        arguments=(
            _argument(
                "file",
                metavar="FILE",
                help="YAML: a list of {repository, branch?, jobId?}",
            ),
            _argument(
                "--parallel",
                type=int,
                default=4,
                metavar="N",
                help="how many at a time (default: 4)",
            ),
            _argument(
                "--local",
                action="store_true",
                help="on this machine, not on the platform",
            ),
            _DEFINITION,
            _JSON,
        ),
    ),
    CommandSpec(
        name="gateway",
        help="serve the HTTP API by which a web app starts jobs",
        example="fondation-worker gateway --port 8090",
        function="worker.cli.commands.gateway:gateway",
        arguments=(
            _argument(
                "--host",
                default="127.0.0.1",
                metavar="HOST",
                help="where to listen (default: 127.0.0.1)",
            ),
            _argument(
                "--port", type=int, default=8090, metavar="N", help="(default: 8090)"
            ),
            _argument(
                "--mode",
                choices=("local", "scaleway"),
                default="local",
                help="where jobs run (default: local)",
            ),
            _DEFINITION,
        ),
    ),
)
