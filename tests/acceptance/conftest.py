"""Shared fixtures: a repository on a git host, a webhook, a store, and a platform for runs."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.support.git_repository import Repository
from tests.support.git_server import GitServer
from tests.support.receiver import Receiver
from tests.support.servers.server import S3Server
from tests.support.user import CommandResult, User
from worker.store.s3 import S3Store

NAME: Final = "owner/shop"
MODULES: Final = (
    "basket",
    "catalogue",
    "customer",
    "invoice",
    "payment",
    "shipping",
)
TOKEN: Final = "tok-3n-of-the-callbacks"


def source() -> dict[str, bytes]:
    """Return a small repository in which each module uses the previous one."""
    files = {
        "README.md": b"# Shop\n\nSells things.\n",
        "shop/__init__.py": b'"""A shop."""\n',
    }
    before: str | None = None
    for name in MODULES:
        files[f"shop/{name}.py"] = _module(name, before).encode()
        before = name
    return files


def _module(name: str, before: str | None) -> str:
    title = name.title()
    uses = f"from shop.{before} import {before.title()}\n\n" if before else ""
    made = f"{before.title()}(name)" if before else "name"
    return (
        f'"""The {name} of the shop."""\n\n{uses}\nclass {title}:\n    """Knows the {name}."""\n\n'
        f"    def __init__(self, name: str) -> None:\n        self.name = name\n"
        f"        self.parts = [{made}]\n\n"
        f"    def total(self) -> int:\n"
        f"        return sum(self.price(part) for part in self.parts)\n\n"
        f'    def price(self, part: object) -> int:\n        """Look it up."""\n'
        f'        if part is None:\n            raise ValueError("no part")\n'
        f"        return len(str(part))\n"
    )


@dataclass(kw_only=True)
class Platform:
    """Starts runs of one job with the same environment, as a platform does, and inspects it."""

    user: User
    store: S3Store
    receiver: Receiver
    job_id: str = "job-1"
    runs: list[CommandResult] = field(default_factory=list)

    def run(self, code: int = 0, **environment: str) -> CommandResult:
        """Start a run, and wait for its end."""
        self.runs.append(self.user.run("run", code=code, **environment))
        return self.runs[-1]

    def course(self, name: str) -> Path:
        """Fetch the course into a folder."""
        folder = self.user.home / name
        self.user.run("fetch", self.job_id, str(folder))
        return folder


@pytest.fixture
def repository(host: GitServer) -> Repository:
    return host.repository(NAME, source())


@pytest.fixture
def user(tmp_path: Path) -> User:
    home = tmp_path / "home"
    home.mkdir()
    return User(home=home)


@pytest.fixture
def folder(user: User) -> Path:
    """Return a plain folder with a repository's files."""
    for name, content in source().items():
        path = user.home / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return user.home / "shop"


@pytest.fixture
def platform(
    s3_server: S3Server,
    receiver: Receiver,
    host: GitServer,
    repository: Repository,
    tmp_path: Path,
) -> Platform:
    """Return a platform that runs one job in a new bucket."""
    assert repository.head()
    home, bucket = tmp_path / "home", s3_server.new_bucket()
    home.mkdir(exist_ok=True)
    environment = {
        "JOB_ID": "job-1",
        "REPOSITORY_URL": host.url(NAME),
        "BRANCH": "main",
        "CALLBACK_URL": receiver.url,
        "CALLBACK_TOKEN": TOKEN,
        "STORE_URL": f"s3://{bucket}/courses",
        "AWS_ACCESS_KEY_ID": s3_server.access_key,
        "AWS_SECRET_ACCESS_KEY": s3_server.secret_key,
        "AWS_ENDPOINT_URL_S3": s3_server.endpoint_url,
        "LEASE_SECONDS": "3",
    }
    store = S3Store(bucket, "courses", s3_server.access)
    return Platform(
        user=User(home=home, environment=environment),
        store=store,
        receiver=receiver,
    )
