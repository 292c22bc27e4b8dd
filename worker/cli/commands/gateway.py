"""`gateway`: serves the HTTP API by which a web app starts jobs."""

import ipaddress
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from states.exits import Exit
from worker.cli.output import Output
from worker.errors import EngineUnavailableError, UsageError
from worker.gateway.port import Backend
from worker.gateway.queue import QueueLimits, RunQueue
from worker.services.view import open_view
from worker.settings.settings import EnvironmentReader, Secret
from worker.system import logs
from worker.system.runtime import SystemRuntime
from worker.wiring import user_folder

DEFAULT_MAX_RUNS: Final = 2
REDELIVERY_SECONDS: Final = 30.0
"""For which a run may occupy a slot that only tries again to reach a webhook."""
_SPOOL: Final = "gateway-spool"


def gateway(arguments: Namespace, environment: Mapping[str, str]) -> Output:
    """Serve until SIGTERM or SIGINT; its local runs are stopped then."""
    if not 0 <= arguments.port < 65536:  # noqa: PLR2004 - as TCP has it
        raise UsageError(f"--port is {arguments.port}: it must be from 0 to 65535")
    reader = EnvironmentReader(environment)
    token = _token(reader, arguments.host)
    max_runs = int(
        reader.number("GATEWAY_MAX_RUNS", DEFAULT_MAX_RUNS, low=1, high=100, whole=True)
    )
    give_up = reader.number("CALLBACK_GIVE_UP_SECONDS", REDELIVERY_SECONDS)
    limits = QueueLimits(
        max_runs=max_runs, redelivery_seconds=min(give_up, REDELIVERY_SECONDS)
    )
    allow_http = reader.flag("ALLOW_HTTP_GIT")
    form = reader.choice("LOG_FORMAT", "console", logs.FORMATS)
    level = reader.choice("LOG_LEVEL", "info", logs.LEVELS)
    spool = _spool_folder(reader)
    reader.finish()
    logs.configure(sys.stderr, level=level, form=form, context={})
    try:
        from worker.gateway.serving import serve  # noqa: PLC0415 - an extra, which need not be installed
    except ModuleNotFoundError as error:
        raise EngineUnavailableError(
            f"the gateway needs {error.name}, which is not installed: pip install 'fondation-worker[gateway]'",
            code="extra_missing",
        ) from error
    ended = serve(
        lambda: _backend(arguments, environment, limits, spool),
        token,
        (arguments.host, arguments.port),
        allow_http=allow_http,
    )
    return Output(exit_code=Exit.OK if ended is None else Exit(128 + ended))


def _token(reader: EnvironmentReader, host: str) -> Secret | None:
    token = reader.secret("GATEWAY_TOKEN")
    if token is None and not _is_loopback(host):
        reader.faults.append(
            f"GATEWAY_TOKEN is missing: to listen on {host}, set it to a long random text, which callers give as "
            "`Authorization: Bearer`; without it, listen on 127.0.0.1"
        )
    return token


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _backend(
    arguments: Namespace,
    environment: Mapping[str, str],
    limits: QueueLimits,
    spool: Path,
) -> Backend:
    runtime = SystemRuntime()
    if arguments.mode == "scaleway":
        from worker.gateway.platform import PlatformBackend  # noqa: PLC0415 - only what is used is imported

        return PlatformBackend(
            arguments.definition, arguments.store, environment, runtime
        )
    from worker.gateway.child import ChildCommand  # noqa: PLC0415 - the same
    from worker.gateway.job_status import read_standing  # noqa: PLC0415 - the same
    from worker.gateway.local import LocalBackend  # noqa: PLC0415 - the same
    from worker.gateway.spool import Spool  # noqa: PLC0415 - the same
    from worker.gateway.views import STORE_SECONDS  # noqa: PLC0415 - the same

    view = open_view(arguments.store, environment).giving_up_after(STORE_SECONDS)
    settings = view.settings
    program = ChildCommand(
        environment, settings.store_url, runtime, stop_grace_seconds=settings.stop_grace
    )
    requests = Spool(spool, runtime)
    slots = RunQueue(
        program,
        lambda job_id: read_standing(view, job_id),
        requests,
        runtime,
        limits=limits,
    )
    return LocalBackend(view, program, slots, limits.max_runs)


def _spool_folder(reader: EnvironmentReader) -> Path:
    """Return where requests are kept: in WORK_DIR, else among the user's state."""
    work_dir = reader.text("WORK_DIR")
    if work_dir is not None:
        return Path(work_dir) / _SPOOL
    return user_folder(reader, "XDG_STATE_HOME", ".local/state", "WORK_DIR") / _SPOOL
