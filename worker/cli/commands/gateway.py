"""`gateway`: serves the HTTP API through which a web app starts jobs."""

import ipaddress
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from states.exits import Exit
from worker.cli.options import GatewayOptions
from worker.cli.output import Output
from worker.errors import EngineUnavailableError, UsageError
from worker.gateway.port import Backend
from worker.gateway.queue import QueueLimits, RunQueue
from worker.services.view import open_view
from worker.settings.reader import EnvironmentReader, Secret
from worker.settings.user_folders import user_folder
from worker.system import logs
from worker.system.environment import Environment
from worker.system.runtime import SystemRuntime

DEFAULT_MAX_RUNS: Final = 2
REDELIVERY_SECONDS: Final = 30.0
"""How long a run that only retries a webhook may occupy a slot."""
_SPOOL: Final = "gateway-spool"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Settings:
    token: Secret | None
    limits: QueueLimits
    allow_http: bool
    log_format: str
    log_level: str
    spool: Path


def gateway(options: GatewayOptions, environment: Environment) -> Output:
    """Serve until SIGTERM or SIGINT; these also stop the runs on this machine."""
    port = options.port
    if not 0 <= port < 65536:  # noqa: PLR2004 - TCP's ports
        raise UsageError(f"--port is {port}: it must be from 0 to 65535")
    settings = _read_settings(environment, options.host)
    logs.configure(
        sys.stderr,
        level=settings.log_level,
        form=settings.log_format,
        context={},
    )
    ended = _serve(options, environment, settings)
    if ended is None:
        return Output()
    return Output(exit_code=Exit(128 + ended))


def _serve(
    options: GatewayOptions, environment: Environment, settings: _Settings
) -> int | None:
    """Serve until a signal, and return its number."""
    try:
        from worker.gateway.serving import serve  # noqa: PLC0415 - an optional extra
    except ModuleNotFoundError as error:
        raise EngineUnavailableError(
            f"the gateway needs {error.name}, which is not installed: "
            "pip install 'fondation-worker[gateway]'",
            code="extra_missing",
        ) from error
    return serve(
        partial(_open_backend, options, environment, settings),
        settings.token,
        (options.host, options.port),
        allow_http=settings.allow_http,
    )


def _read_settings(environment: Environment, host: str) -> _Settings:
    """Read the gateway's own variables; raise ConfigError with every fault."""
    reader = EnvironmentReader(environment)
    token = _read_token(reader, host)
    max_runs = reader.number(
        "GATEWAY_MAX_RUNS", DEFAULT_MAX_RUNS, low=1, high=100, whole=True
    )
    give_up = reader.number("CALLBACK_GIVE_UP_SECONDS", REDELIVERY_SECONDS)
    limits = QueueLimits(
        max_runs=int(max_runs),
        redelivery_seconds=min(give_up, REDELIVERY_SECONDS),
    )
    settings = _Settings(
        token=token,
        limits=limits,
        allow_http=reader.flag("ALLOW_HTTP_GIT"),
        log_format=reader.choice("LOG_FORMAT", "console", logs.FORMATS),
        log_level=reader.choice("LOG_LEVEL", "info", logs.LEVELS),
        spool=_spool_folder(reader),
    )
    reader.finish()
    return settings


def _read_token(reader: EnvironmentReader, host: str) -> Secret | None:
    token = reader.secret("GATEWAY_TOKEN")
    if token is None and not _is_loopback(host):
        reader.faults.append(
            f"GATEWAY_TOKEN is missing: to listen on {host}, set it to a long "
            "random string, which callers send as `Authorization: Bearer`, or "
            "listen on 127.0.0.1"
        )
    return token


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _open_backend(
    options: GatewayOptions, environment: Environment, settings: _Settings
) -> Backend:
    if options.mode == "local":
        return _open_local(options.store, environment, settings)
    from worker.gateway.platform import PlatformBackend  # noqa: PLC0415 - loaded only when used

    return PlatformBackend(
        options.definition, options.store, environment, SystemRuntime()
    )


def _open_local(
    store: str | None, environment: Environment, settings: _Settings
) -> Backend:
    from worker.gateway.child import ChildCommand  # noqa: PLC0415 - loaded only when used
    from worker.gateway.job_status import read_standing  # noqa: PLC0415 - the same
    from worker.gateway.local import LocalBackend  # noqa: PLC0415 - the same
    from worker.gateway.spool import Spool  # noqa: PLC0415 - the same
    from worker.gateway.views import STORE_SECONDS  # noqa: PLC0415 - the same

    runtime = SystemRuntime()
    view = open_view(store, environment).giving_up_after(STORE_SECONDS)
    program = ChildCommand(
        environment,
        view.settings.store_url,
        runtime,
        stop_grace_seconds=view.settings.limits.stop_grace_seconds,
    )
    queue = RunQueue(
        program,
        lambda job_id: read_standing(view, job_id),
        Spool(settings.spool, runtime),
        runtime,
        limits=settings.limits,
    )
    return LocalBackend(view, program, queue, settings.limits.max_runs)


def _spool_folder(reader: EnvironmentReader) -> Path:
    """Return the folder for requests: in WORK_DIR, else in the user's state directory."""
    work_dir = reader.text("WORK_DIR")
    if work_dir is not None:
        return Path(work_dir) / _SPOOL
    state_dir = user_folder(
        reader, "XDG_STATE_HOME", ".local/state", "WORK_DIR"
    )
    return state_dir / _SPOOL
