"""The Docker engine, images and stacks that these tests share; see `.ci/containers`."""

import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.containers.docker import Docker
from tests.containers.engine import running_engine
from tests.containers.stack import HOST, NAMES, Job, Stack
from tests.support.fondation import CLI
from tests.support.git_repository import Repository
from tests.support.git_server import GitServer
from tests.support.receiver import Receiver, receiving
from tests.support.samples import PYTHON
from tests.support.servers import minio

collect_ignore_glob = (
    [] if os.environ.get("FONDATION_CONTAINERS") else ["test_*.py"]
)
"""These tests take minutes and may install an engine: only `.ci/containers` runs them."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("containers")


@pytest.fixture(scope="session")
def docker(folder: Path) -> Iterator[Docker]:
    with running_engine(folder) as engine:
        docker = Docker(engine)
        yield docker
        docker.clean()


def install_cli(folder: Path, **behaviour: Any) -> Path:  # noqa: ANN401 - any JSON
    """Copy the stand-in for the CLI, to be the image's Fondation source.

    Only its owner can read some of the files, as is common on a disk.
    """
    shutil.copytree(CLI, folder)
    (folder / "behaviour.json").write_text(
        json.dumps({"names": NAMES, "delay": 800, "keyless": True} | behaviour)
    )
    (folder / "behaviour.json").chmod(0o600)
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("[remote]\n")
    return folder


@pytest.fixture(scope="session")
def image(docker: Docker, folder: Path) -> str:
    """Build the image with a Fondation CLI; return its tag."""
    source = install_cli(folder / "fondation")
    return docker.build(
        "fondation-worker-test:fondation",
        "--build-context",
        f"fondation-source={source}",
    )


@pytest.fixture(scope="session")
def static_image(docker: Docker) -> str:
    """Build the image without a Fondation source; return its tag."""
    return docker.build("fondation-worker-test:static")


@pytest.fixture(scope="session")
def minio_image(docker: Docker, folder: Path) -> str:
    """Build the store's image; return its tag.

    Its first stage, which compiles MinIO for minutes, is replaced by the other tests' program.
    """
    out = folder / "minio" / "out"
    out.mkdir(parents=True)
    shutil.copy(minio.program(folder / "minio.log"), out / "minio")
    context = Path(__file__).parents[1] / "compose" / "minio"
    return docker.build(
        "fondation-worker-test:minio",
        "--build-context",
        f"build={out.parent}",
        context=context,
    )


@pytest.fixture(scope="session")
def new_stack(
    docker: Docker, minio_image: str, folder: Path
) -> Iterator[Callable[[str], Stack]]:
    """Return a function that makes a stack with the given worker image."""
    made: list[Stack] = []

    def new(worker_image: str) -> Stack:
        path = folder / f"stack-{os.getpid()}-{len(made)}"
        made.append(
            Stack(
                docker, path, WORKER_IMAGE=worker_image, MINIO_IMAGE=minio_image
            )
        )
        return made[-1]

    yield new
    for stack in made:
        stack.down()


@pytest.fixture(scope="session")
def address(docker: Docker) -> str:
    """Return the address at which containers reach this machine, host.docker.internal."""
    # A new bridge has no gateway in its description until the engine restarts.
    subnet = docker(
        "network",
        "inspect",
        "bridge",
        "--format",
        "{{(index .IPAM.Config 0).Subnet}}",
    )
    gateway = str(next(ip_network(subnet).hosts()))
    with socket.socket() as probe:
        try:
            probe.bind((gateway, 0))
        except (
            OSError
        ):  # the engine runs in a virtual machine and forwards to our loopback
            return "127.0.0.1"
    return gateway


@pytest.fixture(scope="session")
def host(folder: Path, address: str) -> Iterator[GitServer]:
    """Run a git host on this machine, with a repository `owner/shop`."""
    with GitServer(folder / "host", address=address) as server:
        server.repository(
            "owner/shop", {name: text.encode() for name, text in PYTHON.items()}
        )
        yield server


@dataclass(frozen=True, kw_only=True)
class NewRepository:
    """A repository that a test may change, and its files before that."""

    repository: Repository
    files: dict[str, bytes]
    url: str
    """For containers."""


@pytest.fixture
def repository(host: GitServer, address: str) -> NewRepository:
    files = {name: text.encode() for name, text in PYTHON.items()}
    return NewRepository(
        repository=host.repository("owner/new", files),
        files=files,
        url=host.url("owner/new").replace(address, HOST),
    )


@pytest.fixture(scope="session")
def shop(host: GitServer, address: str) -> str:
    """Return the URL of `owner/shop` for containers."""
    return host.url("owner/shop").replace(address, HOST)


@pytest.fixture
def receiver(address: str) -> Iterator[Receiver]:
    with receiving(address=address) as receiver:
        receiver.url = receiver.url.replace(address, HOST)
        yield receiver


@pytest.fixture(scope="session")
def store_stack(new_stack: Callable[[str], Stack], image: str) -> Stack:
    """Run only the store of a stack, for jobs that run as on a platform."""
    stack = new_stack(image)
    stack("up", "--detach", "--wait", "minio")
    stack("run", "--rm", "prepare")
    return stack


numbers = count(1)


@pytest.fixture
def job(
    docker: Docker,
    store_stack: Stack,
    image: str,
    shop: str,
    receiver: Receiver,
) -> Job:
    """Return a new job with the Fondation CLI, whose chapters take some seconds."""
    environment = {
        "REPOSITORY_URL": shop,
        "BRANCH": "main",
        "CALLBACK_URL": receiver.url,
        "CALLBACK_TOKEN": "test-token",
        "STORE_URL": "s3://courses",
        "AWS_ENDPOINT_URL_S3": "http://minio:9000",
        "AWS_ACCESS_KEY_ID": "fondation",
        "AWS_SECRET_ACCESS_KEY": "on-loopback-only",
        "STORE_PUBLIC_ENDPOINT_URL": store_stack.port("MINIO_PORT"),
        "ALLOW_HTTP_GIT": "1",
        "LEASE_SECONDS": "3",
    }
    return Job(
        docker=docker,
        stack=store_stack,
        image=image,
        environment=environment,
        name=f"job-{next(numbers)}",
    )
