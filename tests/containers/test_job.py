"""Jobs in containers, as a platform runs them: killed, stopped, out of memory, and restarted."""

import hashlib
import time
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest

from states.course_paths import YAML_STAGES
from states.stages import State
from tests.containers.conftest import NewRepository, install_cli
from tests.containers.docker import Docker
from tests.containers.stack import ITEMS, Job
from tests.support.receiver import Receiver
from tests.support.waiting import until

HARDENED = (
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--pids-limit=200",
)
ZOMBIES = """
import glob
names = glob.glob("/proc/[0-9]*/stat")
states = [open(name).read().rpartition(")")[2].split()[0] for name in names]
print(len(states), states.count("Z"))
"""
EAT = """
import os, time
while True:
    if os.fork() == 0:
        eaten = bytearray(b"x" * 2**23)  # less than the worker's: the kernel kills the largest
        time.sleep(600)
    time.sleep(0.02)
"""


def check_course(job: Job, receiver: Receiver) -> None:
    """Assert that a job of the CLI is completed, with all files."""
    check_files(receiver, ITEMS)
    assert job.manifest.state is State.COMPLETED


def check_files(receiver: Receiver, count: int) -> None:
    """Assert that the last callback names all files, and that its URLs work."""
    last = receiver.documents[-1]
    assert last["type"] == "complete"
    assert last["status"] == "completed"
    assert last["filesCount"] == count
    for file in last["files"]:
        with urlopen(file["url"]) as answer:
            assert hashlib.sha256(answer.read()).hexdigest() == file["sha256"]


@pytest.mark.parametrize("user", ["1000:1000", "4711:4711"])
def test_the_main_job_runs_on_a_read_only_root_as_any_user(
    job: Job, receiver: Receiver, user: str
) -> None:
    assert job.run(*HARDENED, "--user", user) == 0
    assert job.manifest.engine.name == "fondation"
    check_course(job, receiver)


def test_without_a_source_the_static_engine_does_the_job(
    job: Job, receiver: Receiver, static_image: str
) -> None:
    job.image = static_image
    assert job.run(*HARDENED) == 0
    assert job.manifest.engine.name == "static"
    assert receiver.events[-1] == ("complete", "completed")


def test_a_container_updates_the_course_of_an_earlier_job(
    job: Job, receiver: Receiver, static_image: str, repository: NewRepository
) -> None:
    job.image = static_image
    job.environment = {**job.environment, "REPOSITORY_URL": repository.url}
    assert job.run(*HARDENED) == 0
    changed = {
        "shop/prices.py": repository.files["shop/prices.py"] + b"\nTAX = 2\n"
    }
    repository.repository.commit(repository.files | changed)
    following = {**job.environment, "UPDATE_FROM": job.name}
    newer = replace(job, environment=following, name=f"{job.name}-newer")
    assert newer.run(*HARDENED) == 0
    update = newer.manifest.update
    assert update is not None
    assert update.from_ == job.name
    assert update.kept > len(YAML_STAGES)
    assert update.made > 0
    check_files(receiver, update.kept + update.made)


def test_a_stopped_container_releases_its_job(
    docker: Docker, job: Job, receiver: Receiver
) -> None:
    job.environment = {**job.environment, "LEASE_SECONDS": "600"}
    with job.running() as container:
        job.wait_for_chapters()
        began = time.monotonic()
        docker("stop", container)
        assert time.monotonic() - began < 6
        assert job.wait(container) == 143
    assert job.manifest.state is State.INTERRUPTED
    job.chapters()
    # Without the release, the next run would wait ten minutes for the lease.
    assert job.run() == 0
    assert job.redone == []
    check_course(job, receiver)


def test_a_killed_container_is_continued_by_the_next(
    docker: Docker, job: Job, receiver: Receiver
) -> None:
    with job.running() as container:
        job.wait_for_chapters()
        docker("kill", container)
        assert job.wait(container) == 137
    job.chapters()
    assert job.run() == 0
    assert job.redone == []
    assert job.manifest.run == 2
    check_course(job, receiver)


def test_a_container_that_was_killed_can_be_started_again_itself(
    docker: Docker, job: Job, receiver: Receiver
) -> None:
    with job.running() as container:
        job.wait_for_chapters()
        docker("kill", container)
        job.wait(container)
        docker("start", container)
        assert job.wait(container) == 0
    assert job.redone == []
    check_course(job, receiver)


def test_a_container_out_of_memory_is_continued_by_the_next(
    docker: Docker, job: Job, receiver: Receiver
) -> None:
    with job.running("--memory=256m", "--memory-swap=256m") as container:
        job.wait_for_chapters()
        docker.try_("exec", container, "python3", "-c", EAT)
        assert job.wait(container) == 137
        assert docker.inspect(container)["State"]["OOMKilled"]
    job.chapters()
    assert job.run("--memory=256m") == 0
    assert job.redone == []
    check_course(job, receiver)


def test_no_zombie_stays_behind(docker: Docker, job: Job) -> None:
    with job.running() as container:
        job.wait_for_chapters(at_least=3)
        processes, zombies = docker(
            "exec", container, "python3", "-c", ZOMBIES
        ).split()
        # The worker, a guardian, the CLI, and the program that lists processes.
        assert int(processes) > 3
        assert zombies == "0"
        assert job.wait(container) == 0


def test_processes_that_the_cli_leaves_behind_are_ended_and_reaped(
    docker: Docker, job: Job, tmp_path: Path
) -> None:
    hanging = {
        "generate-chapters": {"kind": "hangs", "children": True, "times": 1}
    }
    source = install_cli(tmp_path / "source", faults=hanging)
    for path in (source, *source.rglob("*")):
        # The stand-in counts its faults there; the container has another user.
        path.chmod(0o777)
    job.environment = {**job.environment, "STAGE_SILENCE_SECONDS": "4"}
    with job.running("--volume", f"{source}:/fondation") as container:
        until(lambda: "sleep" in docker("top", container))
        until(lambda: "sleep" not in docker("top", container))
        _, zombies = docker("exec", container, "python3", "-c", ZOMBIES).split()
        assert zombies == "0"
        assert job.wait(container) == 0


def test_the_first_callback_comes_soon(
    docker: Docker, job: Job, receiver: Receiver
) -> None:
    with job.running() as container:
        until(lambda: bool(receiver.deliveries))
        started = docker.inspect(container)["State"]["StartedAt"]
        print(  # noqa: T201 - shown with `-rP`
            f"started {started}, first callback {receiver.documents[0]['timestamp']}"
        )
        assert receiver.events[0] == ("progress", "cloning")
