"""The stack of docker-compose.yml, started with the commands that its users type."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from states.stages import State
from tests.containers.stack import ITEMS, Stack, newest, stored
from tests.support.git_repository import make_repository
from tests.support.waiting import until
from worker.errors import StoreError, WorkerError

TOKEN = "on-loopback-only"


@pytest.fixture
def stack(new_stack: Callable[[str], Stack], image: str) -> Stack:
    """Return a stack that is not running yet; its worker has the Fondation CLI."""
    return new_stack(image)


def ask(url: str, document: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/json",
    }
    body = None if document is None else json.dumps(document).encode()
    with urlopen(Request(url, data=body, headers=headers)) as answer:
        return json.load(answer)


def begun(stack: Stack) -> list[str]:
    """Return the jobs that have stored a chapter."""
    try:
        names = {entry.key.split("/")[0] for entry in stack.store.entries("")}
    except (StoreError, WorkerError):
        # The store is still starting, or has no bucket yet.
        return []
    return [
        name
        for name in names
        if any(
            path.startswith("chapters/") for path in stored(stack.store, name)
        )
    ]


@pytest.mark.parametrize("end", ["compose kill worker", "compose kill"])
def test_a_course_killed_in_the_middle_is_finished_by_the_same_command(
    stack: Stack, shop: str, end: str
) -> None:
    command = ("run", "--rm", "-T", "worker", "run", shop)
    with stack.start(*command) as first:
        until(lambda: bool(begun(stack)), seconds=120)
        stack(*end.split()[1:])
        first.communicate(timeout=60)
        assert first.returncode != 0
    stack("up", "--detach", "--wait", "minio")
    (name,) = begun(stack)
    job = newest(stack.store, name)
    assert job is not None
    assert job.state is not State.COMPLETED
    before = stored(stack.store, name)
    stack(*command)
    after = stored(stack.store, name)
    assert [
        path for path, entry in before.items() if after[path] != entry
    ] == []
    assert len(stack.course("shop-course")) == ITEMS


def test_a_repository_of_this_machine_becomes_a_course(
    stack: Stack, tmp_path: Path
) -> None:
    make_repository(tmp_path / "repo", bare=False)
    stack(
        "run",
        "--rm",
        "-T",
        "-v",
        f"{tmp_path}/repo:/repo:ro",
        "worker",
        "run",
        "/repo",
    )
    assert len(stack.course("repo-course")) == ITEMS


def test_up_brings_a_gateway_that_makes_courses_whose_urls_open_here(
    stack: Stack, shop: str
) -> None:
    stack("up", "--detach", "--wait")
    with urlopen(stack.port("CONSOLE_PORT")) as console:
        assert console.status == 200
    gateway = stack.port("GATEWAY_PORT")
    request = {
        "jobId": "by-http",
        "repositoryUrl": shop,
        "callbackUrl": "http://receiver:8091/",
        "callbackToken": "x",
    }
    assert ask(f"{gateway}/analyze", request)["status"] == "accepted"
    until(
        lambda: ask(f"{gateway}/jobs/by-http")["state"] == "completed",
        seconds=120,
    )
    files = ask(f"{gateway}/jobs/by-http/files")
    listed = files["files"] if isinstance(files, dict) else files
    assert len(listed) == ITEMS
    for file in listed:
        with urlopen(file["url"]) as answer:
            assert answer.read()
    assert "complete/completed" in stack("logs", "receiver")


def test_only_this_machine_can_reach_the_stack(stack: Stack) -> None:
    services = json.loads(stack("config", "--format", "json"))["services"]
    published = [
        port
        for service in services.values()
        for port in service.get("ports", [])
    ]
    assert {port["host_ip"] for port in published} == {"127.0.0.1"}
    # The store, its console, the receiver and the gateway.
    assert len(published) == 4
