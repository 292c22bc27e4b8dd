"""Opens what the settings name: store, engine, source and webhook.

The one module that knows all adapters.
"""

import logging
import os
import pwd
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from states.manifest import Identity, Manifest
from worker import __version__
from worker.engines.port import Engine
from worker.errors import ConfigError, EngineUnavailableError
from worker.outbox.port import Webhook
from worker.ownership.lease import BEATS, TRIES
from worker.platform.port import Platform
from worker.platform.settings import PlatformSettings
from worker.run.workspace import make_private
from worker.settings.settings import EnvironmentReader, Settings
from worker.source.git import GitSource
from worker.source.git_program import Git
from worker.source.local import open_local
from worker.source.port import Source
from worker.store.port import Store
from worker.store.retrying import RetryingStore
from worker.system.retry import Retrier
from worker.system.runtime import Runtime, SystemRuntime

LOG = logging.getLogger(__name__)

STATIC: Final = "static"
FONDATION: Final = "fondation"


def default_store_url(reader: EnvironmentReader) -> str:
    """Return the default store, in the folder of the user's data."""
    return user_folder(
        reader, "XDG_DATA_HOME", ".local/share", "STORE_URL (or --store)"
    ).as_uri()


def user_folder(
    reader: EnvironmentReader, variable: str, below_home: str, instead: str
) -> Path:
    """Return our folder among a user's files of one kind (XDG base directories).

    Where it cannot be told, the fault is noted; `instead` says what else may be set.
    """
    given = reader.text(variable) or ""
    home = given if given.startswith("/") else f"{_home(reader)}/{below_home}"
    if not home.startswith("/"):
        reader.faults.append(
            f"HOME is missing, and user {os.getuid()} has no entry in /etc/passwd: set {instead}, or {variable} or "
            "HOME to an absolute path"
        )
    return Path("/", home, "fondation-worker")


def _home(reader: EnvironmentReader) -> str:
    home = reader.text("HOME") or ""
    if home.startswith("/"):
        return home
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return "~"


def open_lease_store(settings: Settings) -> Store:
    """Open the store on connections of its own, which give up well before a lease runs out."""
    interval = settings.lease / BEATS
    return open_store(settings, connect_seconds=interval / TRIES, read_seconds=interval)


def open_store(settings: Settings, **limits: float) -> Store:
    """Open the store, with `limits` as S3Access has them; it does not retry by itself."""
    parts = urlsplit(settings.store_url)
    if parts.scheme == "file":
        from worker.store.folder import FolderStore  # noqa: PLC0415 - only what is used is imported

        return FolderStore(Path(os.fsdecode(unquote_to_bytes(parts.path))))
    from worker.store.s3 import S3Access, S3Store  # noqa: PLC0415 - boto3 takes a quarter of a second

    s3 = settings.s3
    assert s3 is not None  # noqa: S101 - the settings have read it, since the URL is s3://
    access = S3Access(
        endpoint_url=s3.endpoint_url,
        public_endpoint_url=s3.public_endpoint_url,
        region=s3.region,
        access_key=s3.access_key,
        secret_key=s3.secret_key.reveal(),
        session_token=s3.session_token.reveal() if s3.session_token else None,
        **limits,
    )
    return S3Store(parts.netloc, parts.path.strip("/"), access)


def open_retrying_store(settings: Settings, runtime: Runtime) -> RetryingStore:
    """Open the store for a command that only wants its answers."""
    retrier = Retrier(runtime, runtime.flag())
    store = open_store(settings)
    return RetryingStore(
        store, retrier, settings.store_give_up, monotonic=runtime.monotonic
    )


def work_dir(settings: Settings) -> Path:
    """Return where runs have their folders."""
    if settings.work_dir is not None:
        return settings.work_dir
    try:
        folder = Path(tempfile.gettempdir()) / f"fondation-worker-{os.getuid()}"
    except FileNotFoundError as error:
        raise ConfigError(
            "WORK_DIR is missing, and no temporary directory is writable: set it"
        ) from error
    make_private(folder)
    return folder


def engine_name(settings: Settings, manifest: Manifest | None) -> str:
    """Return which engine works on a job: the one that it began with, else the one that is asked for.

    Raises ConfigError if another one is asked for by name.
    """
    asked = settings.engine.name
    began = manifest.engine.name if manifest else None
    if began is not None and asked not in {"auto", began}:
        raise ConfigError(
            f"ENGINE is {asked!r}, and job {manifest.job_id if manifest else ''} began with {began!r}: "
            "leave ENGINE out, or start a new job",
            code="engine",
        )
    if began or asked != "auto":
        return began or asked
    from worker.engines.fondation.cli_bundle import find_bundle  # noqa: PLC0415 - only what is used is imported

    return FONDATION if find_bundle(settings.engine.fondation_path) else STATIC


def open_engine(
    settings: Settings,
    manifest: Manifest | None,
    environment: Mapping[str, str] = os.environ,
) -> Engine:
    """Open the engine for a job; one that is not there says so when it is checked."""
    name = engine_name(settings, manifest)
    LOG.info(
        "engine", extra={"engine": name, "because": _why(name, settings, manifest)}
    )
    if name == FONDATION:
        from worker.engines.fondation.engine import FondationEngine  # noqa: PLC0415 - only what is used is imported

        engine = settings.engine
        return FondationEngine(
            engine.fondation_path,
            environment,
            SystemRuntime(),
            silence_seconds=engine.silence_seconds,
        )
    if name == STATIC:
        from worker.engines.static.engine import StaticEngine  # noqa: PLC0415 - its grammars take long to load

        return StaticEngine()
    raise EngineUnavailableError(f"engine {name!r} is not available here")


def _why(name: str, settings: Settings, manifest: Manifest | None) -> str:
    if manifest is not None:
        return "the job began with it"
    if settings.engine.name != "auto":
        return "ENGINE asks for it"
    return f"FONDATION_PATH {settings.engine.fondation_path} holds {'a' if name == FONDATION else 'no'} Fondation CLI"


def open_source(settings: Settings, identity: Identity, git: Git) -> Source:
    """Open where a job's repository comes from: a git host, or a folder on this machine (`file://`)."""
    parts = urlsplit(identity.repository)
    if parts.scheme == "file":
        return open_local(git, Path(os.fsdecode(unquote_to_bytes(parts.path))))
    branch = identity.branch if identity.branch not in {"", "HEAD"} else None
    return GitSource(
        git,
        identity.repository,
        branch,
        settings.github_token,
        allow_http=settings.allow_http_git,
    )


def open_webhook(settings: Settings, runtime: Runtime) -> Callable[[], Webhook] | None:
    """Return how to open the webhook, or None where there is none."""
    callback = settings.callback
    if callback is None:
        return None

    def open_it() -> Webhook:
        from worker.outbox.webhook import HttpWebhook  # noqa: PLC0415 - httpx takes long to load

        return HttpWebhook(callback, runtime, __version__)

    return open_it


def open_platform(
    settings: PlatformSettings, runtime: Runtime, give_up_seconds: float | None = None
) -> Platform:
    """Open the platform; nothing is sent yet."""
    from worker.platform.api import GIVE_UP_SECONDS, Api  # noqa: PLC0415 - httpx loads slowly
    from worker.platform.scaleway import Scaleway  # noqa: PLC0415 - httpx loads slowly

    api = Api(settings, runtime, give_up_seconds or GIVE_UP_SECONDS)
    return Scaleway(api, settings.project_id)
