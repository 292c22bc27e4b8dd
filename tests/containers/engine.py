"""A Docker engine with Compose and a current BuildKit: the machine's, or one for the tests.

Where there is none, and we are root on Debian: the engine from Debian's packages; Compose,
buildx and BuildKit built from their sources with Go, kept in the user's cache. The first
time that takes minutes. What is started here ends with the tests; an engine that was there
before is used as any client does.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.containers.base import base_image
from tests.support.servers.lock import locked
from tests.support.servers.minio import go
from tests.support.servers.process import Daemon, UnavailableError, run

TOOLS: Final = {
    "config/cli-plugins/docker-compose": "github.com/docker/compose/v2/cmd@v2.40.2",
    "config/cli-plugins/docker-buildx": "github.com/docker/buildx/cmd/buildx@v0.29.1",
    "bin/buildkitd": "github.com/moby/buildkit/cmd/buildkitd@v0.25.1",
}
VERSIONS: Final = (
    "github.com/docker/compose/v2/internal.Version",
    "github.com/docker/buildx/version.Version",
)
"""Where programs keep their versions, which they ask each other for."""
PACKAGES: Final = ("docker.io", "runc", "iptables", "debootstrap")
CACHE: Final = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    / "fondation-worker"
)
BASE: Final = "python:3.13-slim-trixie"
"""The image that all of ours are made from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """How a client reaches the engine, and what its builds need to be told on this machine."""

    environment: Mapping[str, str]
    build: tuple[str, ...] = ()
    """More arguments of `docker build`."""
    base: Path | None = field(default=None)
    """The base image as an OCI layout, where none can be pulled."""


@contextmanager
def running_engine(folder: Path) -> Iterator[Engine]:
    """Find an engine, or start one; raise UnavailableError if neither can be."""
    if all(
        _answers(*command)
        for command in (
            ("info",),
            ("buildx", "version"),
            ("compose", "version"),
        )
    ):
        yield Engine(environment=dict(os.environ))
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise UnavailableError(
            "there is no Docker engine with Compose and buildx "
            "here, and no root on Debian to get one"
        )
    log, state = folder / "engine.log", CACHE / "engine"
    state.mkdir(parents=True, exist_ok=True)
    with locked(state / "lock"), ExitStack() as ends:
        _install(log)
        _build_tools(state, log)
        base = base_image(CACHE / "base", log)
        yield _start(state, folder, base, ends)


def _answers(*command: str) -> bool:
    if shutil.which("docker") is None:
        return False
    return (
        subprocess.run(
            ["docker", *command], capture_output=True, check=False, timeout=60
        ).returncode
        == 0
    )


def _install(log: Path) -> None:
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    if not all(
        shutil.which(program)
        for program in ("dockerd", "runc", "iptables", "debootstrap")
    ):
        run(["apt-get", "update", "-qq"], log)
        run([*install, *PACKAGES], log, quiet)
    if shutil.which("docker") is None:  # since Debian 13 a package of its own
        run([*install, "docker-cli"], log, quiet)


def _build_tools(state: Path, log: Path) -> None:
    done, sources = state / "tools.txt", "\n".join([*TOOLS.values(), *VERSIONS])
    if done.is_file() and done.read_text() == sources:
        return
    module = state / "module"
    module.mkdir(exist_ok=True)
    (module / "go.mod").write_text("module tools\n\ngo 1.24.3\n")
    compiler = go(state, log)
    settings = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "-trimpath"}
    run(
        [compiler, "-C", str(module), "get", "-tool", *TOOLS.values()],
        log,
        settings,
    )
    for target, source in TOOLS.items():
        package, _, version = source.partition("@")
        flags = " ".join(
            ["-ldflags=-s -w", *(f"-X {name}={version}" for name in VERSIONS)]
        )
        run(
            [
                compiler,
                "-C",
                str(module),
                "build",
                flags,
                "-o",
                str(state / target),
                package,
            ],
            log,
            settings,
        )
    done.write_text(sources)


def _start(state: Path, folder: Path, base: Path, ends: ExitStack) -> Engine:
    sockets = Path(ends.enter_context(_short_folder()))
    docker, buildkit = (
        f"unix://{sockets}/docker.sock",
        f"unix://{sockets}/buildkit.sock",
    )
    environment = os.environ | {
        "DOCKER_CONFIG": str(state / "config"),
        "DOCKER_HOST": docker,
        "BUILDX_CONFIG": str(sockets / "buildx"),
        "BUILDX_BUILDER": "tests",
    }
    engine = Daemon(
        [
            *(
                "dockerd",
                "-H",
                docker,
                "--data-root",
                str(state / "docker"),
                "--exec-root",
                str(sockets / "exec"),
            ),
            *(
                "--pidfile",
                str(sockets / "docker.pid"),
                "--storage-driver",
                "overlay2",
            ),
            *("--exec-opt", "native.cgroupdriver=cgroupfs"),
        ],
        folder / "dockerd.log",
    )
    ends.callback(engine.stop)
    builder = Daemon(
        [
            *(
                str(state / "bin" / "buildkitd"),
                "--addr",
                buildkit,
                "--root",
                str(state / "buildkit"),
            ),
            *(
                "--oci-worker-net",
                "host",
                "--oci-worker-binary",
                "runc",
                "--containerd-worker=false",
            ),
        ],
        folder / "buildkitd.log",
    )
    ends.callback(builder.stop)
    builder.wait_until((sockets / "buildkit.sock").exists)
    ask = ["docker", "info"]
    engine.wait_until(
        lambda: (
            subprocess.run(
                ask, env=environment, capture_output=True, check=False
            ).returncode
            == 0
        )
    )
    run(
        [
            "docker",
            "buildx",
            "create",
            "--name",
            "tests",
            "--driver",
            "remote",
            buildkit,
        ],
        engine.log,
        environment,
    )
    build = (
        "--load",
        "--build-context",
        f"{BASE}=oci-layout://{base}:latest",
        *_proxies(),
    )
    return Engine(environment=environment, build=build, base=base)


@contextmanager
def _short_folder() -> Iterator[str]:
    """Make a folder for sockets, whose paths may have no more than a hundred characters."""
    made = Path("/run") / f"fondation-worker-{os.getpid()}"
    made.mkdir(mode=0o700)
    try:
        yield str(made)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _proxies() -> tuple[str, ...]:
    names = (f"{kind}_proxy" for kind in ("http", "https", "no"))
    return tuple(
        f"--build-arg={name}={os.environ[name]}"
        for name in names
        if os.environ.get(name)
    )
