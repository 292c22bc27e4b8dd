"""Whole jobs with the stand-in for the Fondation CLI: real processes, host, webhook and store."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
import yaml

from states.exits import Exit
from states.stages import State
from tests.support.fondation import alive
from tests.support.git_server import GitServer
from tests.support.platform_job import ITEMS, NAMES, PlatformJob, WorkerProcess
from tests.support.receiver import Receiver
from tests.support.servers.server import S3Server
from tests.support.waiting import until
from worker.store.folder import FolderStore
from worker.store.port import Store
from worker.store.s3 import S3Store

HOLE = "chapters/chapter_2_its_edge.md"
ON_MINIO = pytest.mark.parametrize("s3_server", ["minio"], indirect=True)
SECRETS = {
    "GITHUB_TOKEN": "secret-1",
    "AWS_SECRET_ACCESS_KEY": "secret-2",
    "CALLBACK_TOKEN": "secret-3",
}


class NewJob(Protocol):
    """Makes a job on a folder or a server; `behaviour` is the CLI's."""

    def __call__(
        self, server: S3Server | None = None, **behaviour: object
    ) -> PlatformJob: ...


@pytest.fixture
def new_job(receiver: Receiver, tmp_path: Path) -> Iterator[NewJob]:
    jobs: list[PlatformJob] = []

    def new(server: S3Server | None = None, **behaviour: object) -> PlatformJob:
        store: Store = FolderStore(tmp_path / "store")
        environment = {"STORE_URL": (tmp_path / "store").as_uri()}
        if server is not None:
            bucket = server.new_bucket()
            store = S3Store(bucket, "jobs", server.access)
            keys = {
                "AWS_ACCESS_KEY_ID": server.access_key,
                "AWS_SECRET_ACCESS_KEY": server.secret_key,
            }
            environment = {
                "STORE_URL": f"s3://{bucket}/jobs",
                "AWS_ENDPOINT_URL_S3": server.endpoint_url,
                **keys,
            }
        environment |= {
            "REPOSITORY_URL": host.url("owner/name"),
            "BRANCH": "main",
            "CALLBACK_URL": receiver.url,
            "CALLBACK_TOKEN": "a token",
        }
        jobs.append(
            PlatformJob(
                store, tmp_path / "job", environment, behaviour=behaviour
            )
        )
        return jobs[-1]

    with GitServer(tmp_path / "host") as host:
        host.repository(
            "owner/name",
            {
                "README.md": b"# A repository\n",
                "lib/core.py": b"def core(): ...\n",
            },
        )
        yield new
        for job in jobs:
            job.end()


def reach_chapters(job: PlatformJob, **environment: str) -> WorkerProcess:
    """Start a run; return it once a chapter is stored."""
    run = job.start(**environment)
    until(
        lambda: any(name.path.startswith("chapters/") for name in job.stored),
        seconds=60,
    )
    return run


def fits(course: dict[str, bytes]) -> bool:
    """Whether all texts of a course are about its abstractions."""
    about = yaml.safe_load(course["step1_abstractions.yaml"])[0]["description"]
    texts = [
        body.decode() for path, body in course.items() if path.endswith(".md")
    ]
    return len(texts) == 3 * len(NAMES) and all(about in text for text in texts)


@ON_MINIO
def test_a_job_makes_every_item_once_and_reports_its_seven_steps(
    new_job: NewJob, s3_server: S3Server, receiver: Receiver
) -> None:
    job = new_job(s3_server, keyless=False)
    run = job.start(ANTHROPIC_API_KEY="sk-ant-1", GITHUB_TOKEN="secret-1")
    assert run.wait() == 0, job.report()
    assert job.calls.total() == ITEMS
    assert set(job.calls.values()) == {1}
    assert fits(job.course)
    assert [document["step"] for document in receiver.documents] == [
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        7,
        7,
    ]
    assert receiver.events[-2:] == [
        ("progress", "gathering"),
        ("complete", "completed"),
    ]
    assert job.manifest.engine.name == "fondation"
    assert run.events("engine")[0]["engine"] == "fondation"
    known = {
        "PATH",
        "HOME",
        "LANG",
        "TMPDIR",
        "CLAUDE_OUTPUT_DIR",
        "ANTHROPIC_API_KEY",
    }
    assert {name for seen in job.cli.seen for name in seen["env"]} == known
    assert alive(job.folder) == []


@ON_MINIO
@pytest.mark.parametrize("generation", ["new", "old"])
def test_a_job_killed_among_its_chapters_resumes_with_the_missing_chapters(
    generation: str, new_job: NewJob, s3_server: S3Server, receiver: Receiver
) -> None:
    job = new_job(s3_server, generation=generation, random=True, delay=500)
    reach_chapters(job).kill()
    until(lambda: alive(job.folder) == [], seconds=5)
    kept = {name.path: name.content for name in job.stored}
    assert len(kept) < ITEMS
    before = job.calls
    assert job.start().wait() == 0, job.report()
    after = {name.path: name.content for name in job.stored}
    assert after | kept == after
    assert len(after) == ITEMS
    assert [
        path
        for path in kept
        if path.endswith(".md") and job.calls[path] > before[path]
    ] == []
    assert fits(job.course)
    assert receiver.events.count(("complete", "completed")) == 1


def test_a_course_is_made_again_by_a_cli_that_would_resume_from_other_files(
    new_job: NewJob,
) -> None:
    job = new_job(generation="old", memory=True, random=True, delay=300)
    reach_chapters(job).kill()
    run = job.start()
    assert run.wait() == 0, job.report()
    assert [
        event["back_to"] for event in run.events("returning to a stage")
    ] == ["extract"]
    assert fits(job.course)
    assert {record.generation for record in job.manifest.stages[1:]} == {2}


def test_a_fault_that_happens_once_is_retried_and_logged(
    new_job: NewJob,
) -> None:
    wrong = {
        "step1_abstractions.yaml": {"kind": "fenced", "times": 1},
        HOLE: {"kind": "empty", "times": 1},
        "generate-tutorials": {"kind": "talks", "every": 200, "times": 1},
    }
    job = new_job(faults=wrong, delay=20)
    run = job.start(STAGE_TIMEOUT_SECONDS="6")
    assert run.wait() == 0, job.report()
    reasons = [
        event["reason"] for event in run.events("the stage failed, retrying")
    ]
    assert [
        part in reason
        for part, reason in zip(
            ("line 1", HOLE, "longer than 6 s"), reasons, strict=True
        )
    ] == 3 * [True]
    again = {path for path, times in job.calls.items() if times > 1}
    assert fits(job.course)
    assert again == {"step1_abstractions.yaml", HOLE}


def test_a_refused_key_fails_the_job_once_and_for_all(
    new_job: NewJob, receiver: Receiver
) -> None:
    job = new_job(
        faults={
            "extract": {
                "kind": "fails",
                "complains": "Invalid API key · Please run /login",
            }
        }
    )
    for _ in range(2):
        assert (
            job.start(ANTHROPIC_API_KEY="sk-ant-secret").wait()
            == Exit.UNAVAILABLE
        ), job.report()
    assert len(job.cli.seen) == 1
    assert receiver.events[-1] == ("error", "failed")
    assert receiver.events.count(("error", "failed")) == 1
    assert "Invalid API key" in receiver.documents[-1]["error"]


def test_a_job_keeps_its_engine_and_fails_where_that_is_missing(
    new_job: NewJob, tmp_path: Path
) -> None:
    job = new_job(delay=500)
    run = reach_chapters(job)
    run.send(signal.SIGTERM)
    assert run.wait(10) == Exit.SIGTERM, job.report()
    assert job.manifest.state == State.INTERRUPTED
    assert alive(job.folder) == []
    other = job.start(ENGINE="static")
    assert other.wait() == Exit.CONFIG, job.report()
    assert "began with 'fondation'" in other.log.read_text()
    assert job.manifest.state is State.INTERRUPTED
    without = job.start(FONDATION_PATH=str(tmp_path / "nowhere"))
    assert without.wait() == Exit.UNAVAILABLE, job.report()
    assert (
        f"FONDATION_PATH {tmp_path / 'nowhere'} contains no Fondation CLI"
        in without.log.read_text()
    )


def test_nothing_of_a_hanging_cli_outlives_a_worker_that_is_killed(
    new_job: NewJob,
) -> None:
    job = new_job(faults={"extract": {"kind": "hangs", "children": True}})
    run = job.start()
    until(
        lambda: (
            sum("sleep 1000" in command for command in alive(job.folder)) == 2
        )
    )
    run.kill()
    until(lambda: alive(job.folder) == [], seconds=5)


def peak_memory(run: WorkerProcess) -> int:
    """Wait for a run's end; return its peak memory in MB."""
    status, peak = Path(f"/proc/{run.pid}/status"), 0
    while run.wait(0.05) is None:
        line = next(
            (
                line
                for line in status.read_text().splitlines()
                if line.startswith("VmHWM")
            ),
            "VmHWM: 0",
        )
        peak = max(peak, int(line.split()[1]) // 1024)
    return peak


def test_tens_of_megabytes_of_output_fill_neither_pipe_nor_memory_nor_log(
    new_job: NewJob,
) -> None:
    job = new_job(delay=0)
    undisturbed = job.start(JOB_ID="undisturbed")
    least = peak_memory(undisturbed)
    job.cli.set(faults={"extract": {"kind": "floods", "megabytes": 30}})
    loud = job.start(JOB_ID="loud")
    most = peak_memory(loud)
    assert (undisturbed.wait(), loud.wait()) == (0, 0), job.report()
    assert most - least < 20, f"{most} MB, and {least} MB without the flood"
    measured = f"at most {least} MB, and {most} MB with 60 MB of output"
    print(measured)  # noqa: T201 - shown with `-rP`
    assert loud.log.stat().st_size < 2_000_000


@ON_MINIO
def test_an_item_is_stored_within_half_a_second_of_being_complete(
    new_job: NewJob, s3_server: S3Server
) -> None:
    job = new_job(
        s3_server,
        names=[f"Part {number}" for number in range(1, 21)],
        delay=300,
    )
    # The first process of the CLI says what it can do, the fifth writes the chapters.
    run, written = job.start(), dict[str, float]()
    while run.wait(0.02) is None:
        for file in job.folder.glob("work/*/fondation/5/output/chapters/*.md"):
            written[f"chapters/{file.name}"] = file.stat().st_mtime
    assert run.wait() == 0, job.report()
    stored: dict[str, float] = {}
    for entry in job.store.entries(f"{job.name}/artifacts/generate-chapters/"):
        path = "/".join(entry.key.split("/")[-2:])
        stored[path] = entry.modified
    lags = sorted(
        stored[path] - written[path] for path in stored if path in written
    )
    assert len(lags) == 20
    assert 0 < lags[0] < lags[-1] < 0.5, lags
    measured = f"from complete to stored: {lags[0]:.3f} to {lags[-1]:.3f} s"
    print(measured)  # noqa: T201 - shown with `-rP`
