"""The commands: their help, their options, and the functions that implement them."""

from typing import Final, NamedTuple

from worker.cli import options


class CommandSpec(NamedTuple):
    """A command; its module is imported only when the command is used."""

    name: str
    help: str
    example: str
    function: str
    """As `module:function`, in `worker.cli.commands`."""
    namespace: type[options.Options]


COMMANDS: Final = (
    CommandSpec(
        name="run",
        help=(
            "turn a repository into a course; without REPO, run the job that "
            "the environment describes"
        ),
        example="fondation-worker run https://github.com/pallets/click --out click-course",
        function="run:run",
        namespace=options.RunOptions,
    ),
    CommandSpec(
        name="estimate",
        help="estimate the cost of a course by the engine claude, without calling a model",
        example="fondation-worker estimate ~/src/project --model claude-haiku-5-5",
        function="estimate:estimate",
        namespace=options.EstimateOptions,
    ),
    CommandSpec(
        name="check",
        help="test everything that a job needs, without starting one",
        example="fondation-worker check --engine claude",
        function="check:check",
        namespace=options.CheckOptions,
    ),
    CommandSpec(
        name="status",
        help="show the state of a job",
        example="fondation-worker status my-job --json",
        function="status:status",
        namespace=options.JobOptions,
    ),
    CommandSpec(
        name="list",
        help="list the jobs in a store",
        example="fondation-worker list --store s3://bucket/jobs",
        function="status:list_jobs",
        namespace=options.ListOptions,
    ),
    CommandSpec(
        name="resume",
        help="resume a job that is interrupted, failed or crashed",
        example="fondation-worker resume my-job --from generate-chapters",
        function="operate:resume",
        namespace=options.ResumeOptions,
    ),
    CommandSpec(
        name="cancel",
        help="ask a job's run to stop, or cancel a job that has no live run",
        example="fondation-worker cancel my-job",
        function="operate:cancel",
        namespace=options.JobOptions,
    ),
    CommandSpec(
        name="fetch",
        help="copy the finished files of a course into a folder",
        example="fondation-worker fetch my-job ./course",
        function="files:fetch",
        namespace=options.FetchOptions,
    ),
    CommandSpec(
        name="urls",
        help="print fresh signed URLs of a course's files",
        example="fondation-worker urls my-job --expires 12h",
        function="files:urls",
        namespace=options.UrlsOptions,
    ),
    CommandSpec(
        name="verify",
        help="check that everything a job has stored is present and intact",
        example="fondation-worker verify my-job",
        function="verify:verify",
        namespace=options.VerifyOptions,
    ),
    CommandSpec(
        name="gc",
        help="delete the objects of jobs that are over",
        example="fondation-worker gc --older-than 30d --dry-run",
        function="gc:gc",
        namespace=options.GcOptions,
    ),
    CommandSpec(
        name="deploy",
        help="create or update the platform's job definition",
        example=(
            "fondation-worker deploy "
            "--image rg.fr-par.scw.cloud/courses/fondation-worker:1 --dry-run"
        ),
        function="deploy:deploy",
        namespace=options.DeployOptions,
    ),
    CommandSpec(
        name="submit",
        help="start a run of a job on the platform",
        example="fondation-worker submit https://github.com/pallets/click --wait",
        function="submit:submit",
        namespace=options.SubmitOptions,
    ),
    CommandSpec(
        name="sweep",
        help="start runs on the platform for all jobs that are neither over nor alive",
        example="fondation-worker sweep --dry-run",
        function="sweep:sweep",
        namespace=options.SweepOptions,
    ),
    CommandSpec(
        name="batch",
        help="run the jobs listed in a file, a few at a time; run it again to resume",
        example="fondation-worker batch repositories.yaml --parallel 4 --local",
        function="batch:batch",
        namespace=options.BatchOptions,
    ),
    CommandSpec(
        name="gateway",
        help="serve the HTTP API through which a web app starts jobs",
        example="fondation-worker gateway --port 8090",
        function="gateway:gateway",
        namespace=options.GatewayOptions,
    ),
)
