"""The engine, images and stacks that the tests of this folder share; see `.ci/containers`."""

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
"""They take minutes, and get an engine: only `.ci/containers` asks for them."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("containers")


@pytest.fixture(scope="session")
def docker(folder: Path) -> Iterator[Docker]:
    with running_engine(folder) as engine:
        docker = Docker(engine)
        yield docker
        docker.clean()


def install_cli(folder: Path, **behaviour: Any) -> Path:  # noqa: ANN401 - of its file
    """Make a Fondation source of the stand-in.

    Some of it only its owner may read, as on many a disk.
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
    """Return the image with a Fondation CLI."""
    source = install_cli(folder / "fondation")
    return docker.build(
        "fondation-worker-test:fondation",
        "--build-context",
        f"fondation-source={source}",
    )


@pytest.fixture(scope="session")
def static_image(docker: Docker) -> str:
    """Return the image of a build without a source."""
    return docker.build("fondation-worker-test:static")


@pytest.fixture(scope="session")
def minio_image(docker: Docker, folder: Path) -> str:
    """Return the store's image.

    What its first stage would build for minutes is what the other tests have built.
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
    """Return a function that makes stacks whose worker has an image."""
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
    """Return the address of this machine that containers know as host.docker.internal."""
    # An engine that has just made its bridge names no gateway until it is started again.
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
        except OSError:  # the engine lives in a machine of its own, and forwards to our loopback
            return "127.0.0.1"
    return gateway


@pytest.fixture(scope="session")
def host(folder: Path, address: str) -> Iterator[GitServer]:
    """Return a git host on this machine, with a repository `owner/shop`."""
    with GitServer(folder / "host", address=address) as server:
        server.repository(
            "owner/shop", {name: text.encode() for name, text in PYTHON.items()}
        )
        yield server


@dataclass(frozen=True, kw_only=True)
class Moving:
    """A repository that moves on, and its files before it does."""

    repository: Repository
    files: dict[str, bytes]
    url: str
    """As containers see it."""


@pytest.fixture
def moving(host: GitServer, address: str) -> Moving:
    files = {name: text.encode() for name, text in PYTHON.items()}
    return Moving(
        repository=host.repository("owner/moving", files),
        files=files,
        url=host.url("owner/moving").replace(address, HOST),
    )


@pytest.fixture(scope="session")
def shop(host: GitServer, address: str) -> str:
    """Return the repository's URL, as containers see it."""
    return host.url("owner/shop").replace(address, HOST)


@pytest.fixture
def receiver(address: str) -> Iterator[Receiver]:
    with receiving(address=address) as receiver:
        receiver.url = receiver.url.replace(address, HOST)
        yield receiver


@pytest.fixture(scope="session")
def beside(new_stack: Callable[[str], Stack], image: str) -> Stack:
    """Return a stack of which only the store runs, for jobs that a platform runs."""
    stack = new_stack(image)
    stack("up", "--detach", "--wait", "minio")
    stack("run", "--rm", "prepare")
    return stack


numbers = count(1)


@pytest.fixture
def job(
    docker: Docker, beside: Stack, image: str, shop: str, receiver: Receiver
) -> Job:
    """Return a job with the Fondation CLI, which takes some seconds for its chapters."""
    environment = {
        "REPOSITORY_URL": shop,
        "BRANCH": "main",
        "CALLBACK_URL": receiver.url,
        "CALLBACK_TOKEN": "test-token",
        "STORE_URL": "s3://courses",
        "AWS_ENDPOINT_URL_S3": "http://minio:9000",
        "AWS_ACCESS_KEY_ID": "fondation",
        "AWS_SECRET_ACCESS_KEY": "on-loopback-only",
        "STORE_PUBLIC_ENDPOINT_URL": beside.port("MINIO_PORT"),
        "ALLOW_HTTP_GIT": "1",
        "LEASE_SECONDS": "3",
    }
    return Job(
        docker=docker,
        stack=beside,
        image=image,
        environment=environment,
        name=f"job-{next(numbers)}",
    )
