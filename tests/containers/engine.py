"""A Docker engine with Compose and a current BuildKit: the machine's own, or a temporary one.

If the machine has none, and the tests run as root on Debian, the engine comes from Debian's
packages, and Compose, buildx and BuildKit are built with Go and kept in the user's cache. The
first build takes minutes. An engine that was started here ends with the tests.
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
"""The variables for a program's version; the programs check each other's."""
PACKAGES: Final = ("docker.io", "runc", "iptables", "debootstrap")
CACHE: Final = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    / "fondation-worker"
)
BASE: Final = "python:3.13-slim-trixie"
"""The base image in the Dockerfiles."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """How a client reaches the engine, and the arguments that builds need here."""

    environment: Mapping[str, str]
    build: tuple[str, ...] = ()
    """Arguments for `docker build`."""
    base: Path | None = field(default=None)
    """The base image as an OCI layout, if none can be pulled."""


@contextmanager
def running_engine(folder: Path) -> Iterator[Engine]:
    """Find an engine, or start one; raise UnavailableError if both fail."""
    if _is_there():
        yield Engine(environment=dict(os.environ))
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise UnavailableError(
            "this machine has no Docker engine with Compose and buildx, "
            "and only root on Debian can install one"
        )
    log = folder / "engine.log"
    state = CACHE / "engine"
    state.mkdir(parents=True, exist_ok=True)
    with locked(state / "lock"), ExitStack() as ends:
        _install(log)
        _build_tools(state, log)
        base = base_image(CACHE / "base", log)
        yield _start(state, folder, base, ends)


def _is_there() -> bool:
    """Whether this machine has an engine with buildx and Compose."""
    if shutil.which("docker") is None:
        return False
    return (
        _succeeds("docker", "info")
        and _succeeds("docker", "buildx", "version")
        and _succeeds("docker", "compose", "version")
    )


def _succeeds(*command: str, env: Mapping[str, str] | None = None) -> bool:
    ended = subprocess.run(
        command, env=env, capture_output=True, check=False, timeout=60
    )
    return ended.returncode == 0


def _install(log: Path) -> None:
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    programs = ("dockerd", "runc", "iptables", "debootstrap")
    if not all(map(shutil.which, programs)):
        run(["apt-get", "update", "-qq"], log)
        run([*install, *PACKAGES], log, quiet)
    # Debian 13 has the client in a separate package.
    if shutil.which("docker") is None:
        run([*install, "docker-cli"], log, quiet)


def _build_tools(state: Path, log: Path) -> None:
    done = state / "tools.txt"
    sources = "\n".join([*TOOLS.values(), *VERSIONS])
    if done.is_file() and done.read_text() == sources:
        return
    module = state / "module"
    module.mkdir(exist_ok=True)
    (module / "go.mod").write_text("module tools\n\ngo 1.24.3\n")
    settings = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "-trimpath"}
    compile_in_module = [go(state, log), "-C", str(module)]
    run([*compile_in_module, "get", "-tool", *TOOLS.values()], log, settings)
    for target, source in TOOLS.items():
        package, _, version = source.partition("@")
        versions = [f"-X {name}={version}" for name in VERSIONS]
        flags = " ".join(["-ldflags=-s -w", *versions])
        output = str(state / target)
        run(
            [*compile_in_module, "build", flags, "-o", output, package],
            log,
            settings,
        )
    done.write_text(sources)


def _start(state: Path, folder: Path, base: Path, ends: ExitStack) -> Engine:
    """Start an engine and a builder; `ends` stops them."""
    sockets = ends.enter_context(_short_folder())
    environment = os.environ | {
        "DOCKER_CONFIG": str(state / "config"),
        "DOCKER_HOST": f"unix://{sockets}/docker.sock",
        "BUILDX_CONFIG": str(sockets / "buildx"),
        "BUILDX_BUILDER": "tests",
    }
    engine = Daemon(_engine_command(state, sockets), folder / "dockerd.log")
    ends.callback(engine.stop)
    builder = Daemon(_builder_command(state, sockets), folder / "buildkitd.log")
    ends.callback(builder.stop)
    builder.wait_until((sockets / "buildkit.sock").exists)
    engine.wait_until(lambda: _succeeds("docker", "info", env=environment))
    builder_url = f"unix://{sockets}/buildkit.sock"
    create = ["docker", "buildx", "create", "--name", "tests"]
    run(
        [*create, "--driver", "remote", builder_url],
        engine.log,
        environment,
    )
    context = f"{BASE}=oci-layout://{base}:latest"
    build = ("--load", "--build-context", context, *_proxies())
    return Engine(environment=environment, build=build, base=base)


def _engine_command(state: Path, sockets: Path) -> list[str]:
    return [
        "dockerd",
        f"--host=unix://{sockets}/docker.sock",
        f"--data-root={state}/docker",
        f"--exec-root={sockets}/exec",
        f"--pidfile={sockets}/docker.pid",
        "--storage-driver=overlay2",
        "--exec-opt=native.cgroupdriver=cgroupfs",
    ]


def _builder_command(state: Path, sockets: Path) -> list[str]:
    return [
        f"{state}/bin/buildkitd",
        f"--addr=unix://{sockets}/buildkit.sock",
        f"--root={state}/buildkit",
        "--oci-worker-net=host",
        "--oci-worker-binary=runc",
        "--containerd-worker=false",
    ]


@contextmanager
def _short_folder() -> Iterator[Path]:
    """Make a folder with a short path: that of a socket may have about 100 characters."""
    made = Path("/run") / f"fondation-worker-{os.getpid()}"
    made.mkdir(mode=0o700)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _proxies() -> tuple[str, ...]:
    """Return the machine's proxies as arguments of `docker build`."""
    arguments = []
    for kind in ("http", "https", "no"):
        name = f"{kind}_proxy"
        proxy = os.environ.get(name)
        if proxy:
            arguments.append(f"--build-arg={name}={proxy}")
    return tuple(arguments)
