"""Fixtures of the proofs with real processes: a git host, a receiver, an undisturbed course."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.support.claude_jobs import (
    BUDGET_USD,
    SHOP,
    ClaudeJobs,
    write_prices,
)
from tests.support.fault_proxy import Proxy, proxying
from tests.support.git_server import GitServer
from tests.support.messages_api.server import MessagesServer
from tests.support.platform_job import PlatformJob
from tests.support.receiver import Receiver
from tests.support.servers.server import S3Server
from worker.store.folder import FolderStore
from worker.store.s3 import S3Store


class NewJob(Protocol):
    """Makes a job in a new bucket; `endpoint` may be a proxy's, `behaviour` is the engine's."""

    def __call__(
        self, endpoint: str | None = None, **behaviour: object
    ) -> PlatformJob: ...


ANSWER_SECONDS = 0.05
BATCH_SECONDS = 2.0
FILES = {"README.md": b"# A repository\n", "lib/core.py": b"def core(): ...\n"}


@pytest.fixture
def repository(host: GitServer) -> str:
    host.repository("owner/name", FILES)
    return host.url("owner/name")


@pytest.fixture
def new_job(
    s3_server: S3Server, receiver: Receiver, repository: str, tmp_path: Path
) -> Iterator[NewJob]:
    jobs: list[PlatformJob] = []

    def new(endpoint: str | None = None, **behaviour: object) -> PlatformJob:
        bucket = s3_server.new_bucket()
        environment = {
            "REPOSITORY_URL": repository,
            "BRANCH": "main",
            "CALLBACK_URL": receiver.url,
            "CALLBACK_TOKEN": "a token",
            "STORE_URL": f"s3://{bucket}/jobs",
            "AWS_ACCESS_KEY_ID": s3_server.access_key,
            "AWS_SECRET_ACCESS_KEY": s3_server.secret_key,
            "AWS_ENDPOINT_URL_S3": endpoint or s3_server.endpoint_url,
        }
        number = len(jobs) + 1
        store = S3Store(bucket, "jobs", s3_server.access)
        jobs.append(
            PlatformJob(
                store,
                tmp_path / f"job-{number}",
                environment,
                name=f"job-{number}",
                behaviour=behaviour,
            )
        )
        return jobs[-1]

    yield new
    for job in jobs:
        job.end()


@pytest.fixture
def job(
    receiver: Receiver, repository: str, tmp_path: Path
) -> Iterator[PlatformJob]:
    """Return a job on a folder, for tests that do not depend on the kind of store."""
    store = tmp_path / "store"
    environment = {
        "REPOSITORY_URL": repository,
        "BRANCH": "main",
        "CALLBACK_URL": receiver.url,
        "CALLBACK_TOKEN": "a token",
        "STORE_URL": store.as_uri(),
    }
    job = PlatformJob(
        FolderStore(store),
        tmp_path / "job",
        environment,
        behaviour={"delay": 300},
    )
    yield job
    job.end()


@pytest.fixture
def course(repository: str, tmp_path: Path) -> dict[str, bytes]:
    """Return the course of an undisturbed job, on a folder and without a receiver."""
    store = tmp_path / "undisturbed store"
    job = PlatformJob(
        FolderStore(store),
        tmp_path / "undisturbed",
        {"STORE_URL": store.as_uri()},
        behaviour={"delay": 0},
    )
    try:
        assert (
            job.start(
                "run",
                repository,
                "--job-id",
                job.name,
                "--out",
                str(tmp_path / "undisturbed/out"),
            ).wait()
            == 0
        )
        return job.course
    finally:
        job.end()


@pytest.fixture
def api() -> Iterator[MessagesServer]:
    with MessagesServer(
        answer_seconds=ANSWER_SECONDS, batch_seconds=BATCH_SECONDS
    ) as server:
        yield server


@pytest.fixture
def api_proxy(api: MessagesServer) -> Iterator[Proxy]:
    with proxying(api.url) as proxy:
        yield proxy


@pytest.fixture
def proxy(s3_server: S3Server) -> Iterator[Proxy]:
    with proxying(s3_server.endpoint_url) as proxy:
        yield proxy


@pytest.fixture
def claude_jobs(
    s3_server: S3Server,
    proxy: Proxy,
    api_proxy: Proxy,
    host: GitServer,
    receiver: Receiver,
    tmp_path: Path,
) -> Iterator[ClaudeJobs]:
    """Return jobs whose runs reach the store and the API through proxies."""
    bucket = s3_server.new_bucket()
    repository = host.repository("owner/shop", SHOP)
    prices = tmp_path / "prices.json"
    write_prices(prices)
    environment = {
        "REPOSITORY_URL": host.url("owner/shop"),
        "CALLBACK_URL": receiver.url,
        "CALLBACK_TOKEN": "a token",
        "STORE_URL": f"s3://{bucket}/jobs",
        "AWS_ACCESS_KEY_ID": s3_server.access_key,
        "AWS_SECRET_ACCESS_KEY": s3_server.secret_key,
        "AWS_ENDPOINT_URL_S3": proxy.url,
        "ENGINE": "claude",
        "ANTHROPIC_API_KEY": "sk-test",
        "ANTHROPIC_BASE_URL": api_proxy.url,
        "BUDGET_USD": str(BUDGET_USD),
        "MODEL_PRICES": str(prices),
    }
    jobs = ClaudeJobs(
        store=S3Store(bucket, "jobs", s3_server.access),
        repository=repository,
        environment=environment,
        folder=tmp_path,
    )
    yield jobs
    jobs.end()
