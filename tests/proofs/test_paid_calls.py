"""Jobs of the engine `claude` whose processes are killed around their paid calls.

A recorded answer is never paid again. What is paid twice was in flight at a death, and the
job's usage counts it as unknown.
"""

import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, product
from pathlib import Path

import pytest

from states.exits import Exit
from states.keys import artifact_name, call_name
from states.stages import Stage
from tests.support.claude_jobs import ClaudeJobs, check_account, kill_at
from tests.support.fault_proxy import Proxy, ProxyFault
from tests.support.messages_api.server import MessagesServer
from tests.support.platform_job import PlatformJob, WorkerProcess
from tests.support.waiting import until

STAGES = [stage for stage in Stage if stage is not Stage.CLONE]
BATCHED = STAGES[3:]
IN_ALL_STAGES = os.environ.get("FONDATION_PAID_CALLS") == "all"
"""If false, runs are killed in one stage of each kind."""
CONCURRENCY = 4
LONG_LEASE = 30
REQUESTS = {
    "send": r"POST /v1/messages",
    "create": r"POST /v1/messages/batches",
    "list": r"GET /v1/messages/batches\?.*",
    "poll": r"GET /v1/messages/batches/[^/]+",
    "results": r"GET /v1/messages/batches/[^/]+/results",
}
"""A run's requests to the API, by step."""


@dataclass(frozen=True)
class KillPoint:
    """When a run is killed: before or after a request takes effect."""

    stage: Stage
    kind: str
    """The object stored, `intent`, `answer` or `item`, or the request, a key of REQUESTS."""
    fault: ProxyFault

    def matches(self, method: str, path: str) -> bool:
        if self.kind in REQUESTS:
            request = f"{method} {path}"
            return re.fullmatch(REQUESTS[self.kind], request) is not None
        key = path.partition("/jobs/")[2].partition("?")[0]
        call, item = call_name(key), artifact_name(key)
        if call is not None and method == "PUT":
            return call.stage is self.stage and call.record == self.kind
        if item is not None and method == "PUT":
            return item.stage is self.stage and self.kind == "item"
        return False


@dataclass(frozen=True)
class Mode:
    """How calls are made, and where successive runs are killed."""

    name: str
    batch: str
    kill_points: list[KillPoint]


LIVE_STEPS = ("intent", "send", "answer", "item")
BATCH_STEPS = (
    "intent",
    "create",
    "list",
    "poll",
    "results",
    # The first answer to be stored is the batch's id.
    "answer",
    "answer",
    "item",
)


def kill_points(
    stages: Sequence[Stage], steps: Sequence[str]
) -> list[KillPoint]:
    """Return the kill points before and after each step of each stage."""
    faults = (ProxyFault.RESET, ProxyFault.LOST)
    return [KillPoint(*parts) for parts in product(stages, steps, faults)]


LIVE = STAGES if IN_ALL_STAGES else [Stage.EXTRACT, BATCHED[0]]
MODES = [
    Mode("live", "0", kill_points(LIVE, LIVE_STEPS)),
    Mode(
        "batch",
        "1",
        kill_points(BATCHED if IN_ALL_STAGES else BATCHED[:1], BATCH_STEPS),
    ),
]


@pytest.fixture
def job(claude_jobs: ClaudeJobs) -> PlatformJob:
    return claude_jobs.new("job-1")


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
@pytest.mark.parametrize("s3_server", ["minio"], indirect=True)
def test_a_recorded_answer_is_never_paid_again_whenever_a_run_is_killed(
    mode: Mode,
    job: PlatformJob,
    proxy: Proxy,
    api_proxy: Proxy,
    api: MessagesServer,
) -> None:
    reached = []
    for kill_point in mode.kill_points:
        victim: list[WorkerProcess] = []
        kill_at([proxy, api_proxy], victim, kill_point)
        arguments = ("resume", job.name, "--takeover")
        run = job.start(
            *(() if job.newest is None else arguments), MODEL_BATCH=mode.batch
        )
        victim.append(run)
        assert run.wait(300) == -9, f"{kill_point}: {job.report()}"
        reached.append(kill_point)
    kill_at([proxy, api_proxy], [], mode.kill_points[0])
    last = job.start("resume", job.name, "--takeover", MODEL_BATCH=mode.batch)
    assert last.wait(300) == 0, job.report()
    account = check_account(job, api.paid)
    paid = Counter(str(request["key"]) for request in api.paid)
    twice = paid.total() - len(paid)
    # A batch is found again; each live call in flight may be paid twice.
    at_risk = [
        kill_point
        for kill_point in reached
        if kill_point.kind in {"send", "answer"}
    ]
    assert twice <= (0 if mode.batch == "1" else CONCURRENCY * len(at_risk))
    print(f"{len(reached)} kills, {account}")  # noqa: T201 - shown with `-rP`


def freeze_at(proxy: Proxy, number: int, owner: list[WorkerProcess]) -> None:
    """Freeze the owner at a call of this number, which takes effect."""
    sent = count(1)

    def policy(method: str, _path: str) -> None:
        if method == "POST" and next(sent) == number:
            owner[0].send(signal.SIGSTOP)

    proxy.policy = policy


@pytest.mark.parametrize(("batch", "number"), [("0", 5), ("1", 4)])
@pytest.mark.parametrize("s3_server", ["minio"], indirect=True)
def test_a_frozen_owner_and_its_rival_have_one_account(
    batch: str,
    number: int,
    job: PlatformJob,
    api_proxy: Proxy,
    api: MessagesServer,
) -> None:
    """The owner is frozen as it sends a call, or a batch, of the chapters."""
    owner: list[WorkerProcess] = []
    freeze_at(api_proxy, number, owner)
    owner.append(job.start(MODEL_BATCH=batch))
    until(lambda: is_stopped(owner[0]))
    rival = job.start("resume", job.name, "--takeover", MODEL_BATCH=batch)
    assert rival.wait(300) == 0, job.report()
    manifest = job.manifest
    owner[0].send(signal.SIGCONT)
    assert owner[0].wait(60) == Exit.REPLACED, job.report()
    assert job.manifest == manifest
    account = check_account(job, api.paid)
    twice = len(api.paid) - len({str(line["key"]) for line in api.paid})
    assert twice <= (0 if batch == "1" else CONCURRENCY)
    print(f"{account}, {twice} twice")  # noqa: T201 - shown with `-rP`


def is_stopped(program: WorkerProcess) -> bool:
    status = Path(f"/proc/{program.pid}/status").read_text()
    return "State:\tT" in status


@pytest.mark.parametrize(("batch", "number"), [("0", 5), ("1", 4)])
@pytest.mark.parametrize("s3_server", ["minio"], indirect=True)
def test_a_rival_sends_no_call_before_the_lease_of_a_live_owner_has_expired(
    batch: str,
    number: int,
    job: PlatformJob,
    proxy: Proxy,
    api_proxy: Proxy,
    api: MessagesServer,
) -> None:
    """The owner cannot see that it was replaced, and is slow to send a call."""
    is_cut_off, released = threading.Event(), threading.Event()
    sent = count(1)

    def cut_off(method: str, path: str) -> ProxyFault | None:
        is_look = method == "GET" and "list-type" in path
        is_beat = method == "PUT" and "heartbeat" in path
        lost = is_cut_off.is_set() and (is_look or is_beat)
        return ProxyFault.RESET if lost else None

    def hold(method: str, _path: str) -> None:
        if method == "POST" and next(sent) == number:
            is_cut_off.set()
            released.wait(LONG_LEASE)

    proxy.policy, api_proxy.policy = cut_off, hold
    owner = job.start(
        MODEL_BATCH=batch,
        LEASE_SECONDS=str(LONG_LEASE),
        ANTHROPIC_API_KEY="owner",
    )
    until(is_cut_off.is_set)
    rival = job.start(
        "resume",
        job.name,
        "--takeover",
        MODEL_BATCH=batch,
        ANTHROPIC_API_KEY="rival",
        AWS_ENDPOINT_URL_S3=proxy.upstream,
    )
    until(lambda: job.manifest.run == 2)
    # A rival that does not wait would send a call in this time.
    time.sleep(LONG_LEASE / 4)
    released.set()
    assert rival.wait(300) == 0, job.report()
    is_cut_off.clear()
    assert owner.wait(60) == Exit.REPLACED, job.report()
    senders = [
        headers["x-api-key"]
        for headers in api.headers
        if int(headers.get("content-length", 0))
    ]
    assert senders == sorted(senders)
    assert Counter(senders)["owner"] == number
    account = check_account(job, api.paid)
    assert len(api.paid) == len({str(line["key"]) for line in api.paid})
    print(f"{account}, sent by {Counter(senders)}")  # noqa: T201 - shown with `-rP`
