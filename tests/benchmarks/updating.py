"""What an update keeps and costs, measured between releases of real projects.

    python -m tests.benchmarks.updating [--claude | --fondation] [NAME ...]

downloads the source packages of two releases, makes the older one's course, updates it to the
newer one, makes the newer one's course from nothing, and updates that without a change. It
prints processor time against the course from nothing, and counts pages: those kept, those that
differ from the course from nothing, and those kept although a place, an excerpt or a claim in
them is wrong. The last count must be 0; for the static engine, so must the count of pages that
differ. With `--claude` a stand-in answers the engine's calls; with `--fondation` a stand-in for
the CLI writes the course. Both count their calls.
"""

import re
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from states.manifest import Manifest
from states.stages import Stage
from states.usage import NANODOLLARS
from tests.benchmarks.figures import Figure, table
from tests.support.claude_jobs import write_prices
from tests.support.fondation import CliStandIn
from tests.support.lessons import course_verifier
from tests.support.messages_api.server import MessagesServer
from tests.support.platform_job import environment_of
from worker.course.artifacts import Artifacts
from worker.course.update_plan import decode_plan
from worker.engines.static.pages.checker import checked
from worker.ownership.log import CheckpointLog
from worker.store.folder import FolderStore
from worker.system.runtime import SystemRuntime

RELEASES: Final = {
    "itsdangerous": ("2.1.1", "2.1.2"),
    "flask": ("3.1.0", "3.1.1"),
    "click": ("8.1.6", "8.1.7"),
    "requests": ("2.32.2", "2.32.3"),
    "jinja2": ("3.1.5", "3.1.6"),
    "httpx": ("0.27.1", "0.27.2"),
    "werkzeug": ("3.1.2", "3.1.3"),
}
ENGINES: Final = ("claude", "fondation")
"""The engines with a stand-in; the other one is static."""
CHAPTERS: Final = tuple(f"Part {number}" for number in range(1, 9))
"""The chapters by the stand-in for the CLI; each has an equal share of the source files."""
TIMES: Final = 3
_ANCHOR: Final = re.compile(r"(?<=\.md)#[\w-]+(?=\))")
"""The anchor of a link to a page; the checker only knows pages."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """A folder that holds one release after another, and the jobs on it."""

    folder: Path
    environment: Mapping[str, str]
    engine: str
    cli: CliStandIn
    cli_calls: dict[str, int] = field(default_factory=dict)
    """How many items the CLI asked its model for, by job."""

    @property
    def source(self) -> Path:
        """The folder of the repository."""
        return self.folder / "source"

    def course(self, job_id: str) -> Path:
        """Return the folder of a job's course."""
        return self.folder / "courses" / job_id

    def run(self, job_id: str, *options: str) -> None:
        """Make a course."""
        argv = [
            *(sys.executable, "-m", "worker", "run", str(self.source)),
            *("--job-id", job_id, "--engine", self.engine),
            *("--out", str(self.course(job_id)), *options),
        ]
        before = self.cli.calls.total()
        subprocess.run(
            argv,
            check=True,
            env=dict(self.environment),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        calls = self.cli.calls.total() - before
        self.cli_calls.setdefault(job_id, calls)

    def manifest(self, job_id: str) -> Manifest:
        """Return a job's newest manifest."""
        store = FolderStore(self.folder / "store")
        newest = CheckpointLog(store, job_id, SystemRuntime()).newest()
        assert newest is not None
        return newest.manifest

    def kept(self) -> list[str]:
        """Return the pages that the update kept."""
        manifest = self.manifest("update")
        assert manifest.update is not None
        assert manifest.update.plan is not None
        store = FolderStore(self.folder / "store")
        executor = SystemRuntime().executor(1)
        artifacts = Artifacts(store, manifest.job_id, executor)
        clone = manifest.record(Stage.CLONE)
        body = artifacts.read(clone, manifest.update.plan)
        assert body is not None
        paths = decode_plan(body).kept_by_path
        return [path for path in paths if path.endswith(".md")]

    def pages(self, job_id: str) -> dict[str, bytes]:
        """Return the Markdown pages of a course."""
        course = self.course(job_id)
        stages = ("chapters", "reviewed-chapters", "tutorials")
        return {
            file.relative_to(course).as_posix(): file.read_bytes()
            for stage in stages
            for file in (course / stage).glob("*.md")
        }


def main(arguments: Sequence[str]) -> None:
    """Measure the projects one by one; print the table after each."""
    names = [name for name in arguments if name in RELEASES] or [*RELEASES]
    chosen = [name for name in ENGINES if f"--{name}" in arguments]
    engine = chosen[0] if chosen else "static"
    figures: list[Figure] = []
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            with project(Path(folder) / name, engine) as made:
                figures += measure(made, name, notes)
            print("\n".join([*table(figures), "", *notes]), end="\n\n")  # noqa: T201 - its output


@contextmanager
def project(folder: Path, engine: str) -> Iterator[Project]:
    """Make an empty project, with stand-ins for the API and for the CLI."""
    folder.mkdir()
    prices = folder / "prices.json"
    write_prices(prices)
    cli = CliStandIn(folder / "cli", names=CHAPTERS, quotes=True)
    with MessagesServer() as api:
        environment = {
            **environment_of(folder),
            "STORE_URL": (folder / "store").as_uri(),
            "WORK_DIR": str(folder / "work"),
            "ANTHROPIC_API_KEY": "sk-test",
            "ANTHROPIC_BASE_URL": api.url,
            "MODEL_PRICES": str(prices),
            "FONDATION_PATH": str(cli.path),
        }
        yield Project(
            folder=folder, environment=environment, engine=engine, cli=cli
        )


def measure(made: Project, name: str, notes: list[str]) -> list[Figure]:
    """Measure one project; add a note on what was kept of its course."""
    older, newer = RELEASES[name]
    release(name, older, made.source)
    made.run("older")
    release(name, newer, made.source)
    update = processor(lambda: made.run("update", "--update", "older"))
    nothing = processor(lambda: made.run("nothing"))
    title = f"{name} {older} -> {newer}"
    notes.append(f"{title}: {described(made)}")
    same = [
        processor(lambda: made.run(f"same-{number}", "--update", "nothing"))  # noqa: B023 - called at once
        for number in range(TIMES)
    ]
    again = [processor(lambda: made.run("nothing")) for _ in range(TIMES)]
    return [
        Figure(
            name=f"{title}: update / from nothing", ours=update, bare=nothing
        ),
        Figure(
            name=f"{name}: nothing changed / resuming what is finished",
            ours=median(same),
            bare=median(again),
        ),
    ]


def release(name: str, version: str, folder: Path) -> None:
    """Replace a folder with a release's source package."""
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        source = ["--no-binary", ":all:", "--dest", scratch]
        subprocess.run([*argv, *source, f"{name}=={version}"], check=True)
        (package,) = Path(scratch).glob("*.tar.gz")
        with tarfile.open(package) as archive:
            archive.extractall(scratch, filter="data")
        (root,) = (path for path in Path(scratch).iterdir() if path.is_dir())
        shutil.move(root, folder)


def processor(work: Callable[[], object]) -> float:
    """Return the milliseconds of processor time that the child processes of `work` take."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    user = after.ru_utime - before.ru_utime
    return 1000 * (user + after.ru_stime - before.ru_stime)


def described(made: Project) -> str:
    """Describe what an update kept, and how much of it is wrong."""
    update = made.manifest("update").update
    assert update is not None
    if update.why is not None:
        return f"nothing kept: {update.why}"
    older, pages, fresh = map(made.pages, ("older", "update", "nothing"))
    kept = made.kept()
    moved = [path for path in kept if pages[path] != older[path]]
    different = [path for path in pages if pages[path] != fresh.get(path)]
    is_wrong = judge(made)
    wrong = [path for path in kept if is_wrong(pages[path].decode())]
    others = older.keys() - kept
    stale = [path for path in others if is_wrong(older[path].decode())]
    counts = (
        f"{update.changed} files changed; {len(kept)} of {len(pages)} pages kept, "
        f"{len(moved)} of them with corrected line numbers; {len(different)} differ "
        f"from a new course; {len(wrong)} kept and wrong; {len(stale)} of the other "
        f"{len(others)} would be wrong"
    )
    return "; ".join([counts, *paid(made)])


def judge(made: Project) -> Callable[[str], bool]:
    """Return a function that tells whether a page is wrong about the newer release.

    A page's places, excerpts, diagrams and links are checked; for `claude`, also the names and
    claims in its prose.
    """
    facts, verifier = course_verifier(made.source, made.course("update"))
    files = {Path(path).name for path in made.pages("update")}

    def is_wrong(page: str) -> bool:
        if made.engine != "claude":
            findings = checked(facts, _ANCHOR.sub("", page), files)
            return any(finding.fault for finding in findings)
        return bool(verifier.faults(page))

    return is_wrong


def paid(made: Project) -> Iterator[str]:
    """Yield the calls of the update and of the course from nothing, with their cost."""
    for job_id in ("update", "nothing"):
        if made.engine == "fondation":
            yield f"{job_id}: {made.cli_calls[job_id]} calls"
        usage = made.manifest(job_id).usage
        if usage is not None:
            calls = sum(row.calls for row in usage.by_model)
            cost = sum(row.nanodollars for row in usage.by_model)
            yield f"{job_id}: {calls} calls, ${cost / NANODOLLARS:.3f}"


if __name__ == "__main__":
    main(sys.argv[1:])
