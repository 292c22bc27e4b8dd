"""Opens the adapters that the settings name: store, engine, source and webhook.

This is the one module that knows all adapters. Each is imported only when it is opened: botocore,
httpx and the grammars of the static engine take long to load.
"""

import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes, urlsplit

from states.manifest import EngineRef, Identity, Manifest
from worker import __version__
from worker.engines.port import Engine, EngineConfigError
from worker.errors import ConfigError, EngineUnavailableError
from worker.outbox.port import Webhook
from worker.ownership.keep_alive import BEATS, TRIES
from worker.run.progress import Reporter
from worker.run.run import Adapters
from worker.run.workspace import make_private
from worker.settings.model import (
    DEFAULT_LANGUAGE,
    DEFAULT_MODEL,
    ModelSettings,
)
from worker.settings.settings import Settings
from worker.source import snapshot
from worker.source.git_program import Git
from worker.source.local import open_local
from worker.source.port import Revision, Source
from worker.store.port import Store
from worker.store.retrying import RetryingStore
from worker.system.environment import Environment
from worker.system.retry import Retrier
from worker.system.runtime import Flag, Runtime, SystemRuntime

if TYPE_CHECKING:
    from worker.platform.port import Platform
    from worker.platform.settings import PlatformSettings

LOG = logging.getLogger(__name__)

STATIC: Final = "static"
FONDATION: Final = "fondation"
CLAUDE: Final = "claude"


@dataclass(frozen=True, slots=True)
class PinnedSource:
    """A source that gives one commit, even if its branch moves meanwhile."""

    _source: Source
    _commit: str

    def resolve(self) -> Revision:
        return self._source.resolve()

    def checkout(self, commit: str | None, tree: Path) -> str:
        return self._source.checkout(commit or self._commit, tree)


def open_adapters(
    settings: Settings,
    environment: Environment,
    runtime: Runtime,
    stop: Flag,
    reporter: Reporter,
    *,
    commit: str | None = None,
) -> Adapters:
    """Return what a run uses of the world outside.

    `stop` ends what git does. `commit`: the only commit that a new job may be about.
    """

    def open_job_source(identity: Identity, scratch: Path) -> Source:
        git = Git(scratch, runtime, stop, environment)
        source = open_source(settings, identity, git)
        if commit is None:
            return source
        return PinnedSource(source, commit)

    return Adapters(
        runtime=runtime,
        store=open_store(settings),
        open_lease_store=lambda: open_lease_store(settings),
        open_engine=lambda manifest: open_engine(
            settings, manifest, environment
        ),
        open_source=open_job_source,
        packer=snapshot,
        open_webhook=open_webhook(settings, runtime),
        reporter=reporter,
        announces_usage=settings.callback is not None
        and settings.callback.with_usage,
    )


def open_lease_store(settings: Settings) -> Store:
    """Open the store on connections of its own, which give up well before a lease runs out."""
    interval = settings.limits.lease_seconds / BEATS
    return open_store(
        settings, connect_seconds=interval / TRIES, read_seconds=interval
    )


def open_store(settings: Settings, **limits: float) -> Store:
    """Open the store, with `limits` as in S3Access; it does not retry by itself."""
    url = urlsplit(settings.store_url)
    if url.scheme == "file":
        from worker.store.folder import FolderStore  # noqa: PLC0415 - see above

        return FolderStore(_local_path(url.path))
    from worker.store.s3 import S3Store  # noqa: PLC0415 - see above
    from worker.store.s3_client import S3Access  # noqa: PLC0415 - see above

    s3 = settings.s3
    assert s3 is not None  # noqa: S101 - the settings have read it, since the URL is s3://
    session_token = None
    if s3.session_token:
        session_token = s3.session_token.reveal()
    access = S3Access(
        endpoint_url=s3.endpoint_url,
        public_endpoint_url=s3.public_endpoint_url,
        region=s3.region,
        access_key=s3.access_key,
        secret_key=s3.secret_key.reveal(),
        session_token=session_token,
        **limits,
    )
    return S3Store(url.netloc, url.path.strip("/"), access)


def open_retrying_store(
    settings: Settings, runtime: Runtime, give_up_seconds: float | None = None
) -> RetryingStore:
    """Open the store for a command; it retries for as long as the settings say, or as given."""
    if give_up_seconds is None:
        give_up_seconds = settings.limits.store_give_up_seconds
    retrier = Retrier(runtime, runtime.flag())
    return RetryingStore(
        open_store(settings),
        retrier,
        give_up_seconds,
        monotonic=runtime.monotonic,
    )


def work_dir(settings: Settings) -> Path:
    """Return the folder for the runs' folders."""
    if settings.work_dir is not None:
        return settings.work_dir
    try:
        shared = Path(tempfile.gettempdir())
        folder = shared / f"fondation-worker-{os.getuid()}"
    except FileNotFoundError as error:
        raise ConfigError(
            "WORK_DIR is missing, and no temporary directory is writable: set WORK_DIR"
        ) from error
    make_private(folder)
    return folder


def engine_name(settings: Settings, manifest: Manifest | None) -> str:
    """Return the engine of a job: the one that it began with, else the one that is asked for.

    Raise ConfigError if another one is asked for by name.
    """
    asked = settings.engine.name
    if manifest is not None:
        began = manifest.engine.name
        if asked not in {"auto", began}:
            raise ConfigError(
                f"ENGINE is {asked!r}, and job {manifest.job_id} began with {began!r}: "
                "leave ENGINE out, or start a new job",
                code="engine",
            )
        return began
    if asked != "auto":
        return asked
    from worker.engines.fondation.cli_bundle import find_bundle  # noqa: PLC0415 - see above

    if find_bundle(settings.engine.fondation_path):
        return FONDATION
    return STATIC


def engine_parts(settings: Settings) -> tuple[str, ...]:
    """Return what distinguishes a new job from those of other engines, models and languages."""
    name = engine_name(settings, None)
    if name == CLAUDE:
        return (name, *pinned_model(settings.engine.model, None))
    return (name,)


def new_engine(settings: Settings) -> EngineRef:
    """Return name, model and language of the engine of a new job; its version stays empty."""
    name, *rest = engine_parts(settings)
    model, language = rest or (None, None)
    return EngineRef(name=name, version="", model=model, language=language)


def open_engine(
    settings: Settings,
    manifest: Manifest | None,
    environment: Environment,
) -> Engine:
    """Open the engine of a job; one that is missing reports it when it is checked."""
    name = engine_name(settings, manifest)
    reason = _engine_reason(name, settings, manifest)
    LOG.info("engine", extra={"engine": name, "because": reason})
    if name == FONDATION:
        from worker.engines.fondation.engine import FondationEngine  # noqa: PLC0415 - see above

        return FondationEngine(
            settings.engine.fondation_path,
            environment,
            SystemRuntime(),
            silence_seconds=settings.limits.stage_silence_seconds,
        )
    if name == CLAUDE:
        return _open_claude(settings.engine.model, manifest)
    if name == STATIC:
        from worker.engines.static.engine import StaticEngine  # noqa: PLC0415 - see above

        return StaticEngine()
    raise EngineUnavailableError(f"engine {name!r} is not available here")


def pinned_model(
    settings: ModelSettings, manifest: Manifest | None
) -> tuple[str, str]:
    """Return a job's model and language: those asked for, else those that it began with."""
    began = None
    if manifest:
        began = manifest.engine
    model = settings.model or (began and began.model) or DEFAULT_MODEL
    language = (
        settings.language or (began and began.language) or DEFAULT_LANGUAGE
    )
    return model, language


def _open_claude(settings: ModelSettings, manifest: Manifest | None) -> Engine:
    from worker.engines.claude.engine import ClaudeEngine  # noqa: PLC0415 - see above
    from worker.engines.claude.model import check_settings  # noqa: PLC0415 - see above

    model, language = pinned_model(settings, manifest)
    budget = None
    if manifest:
        budget = manifest.budget
    try:
        check_settings(settings, model, budget)
    except EngineConfigError as error:
        raise ConfigError(str(error), code="engine") from error
    return ClaudeEngine(settings, SystemRuntime(), model, language)


def _engine_reason(
    name: str, settings: Settings, manifest: Manifest | None
) -> str:
    if manifest is not None:
        return "the job began with it"
    if settings.engine.name != "auto":
        return "ENGINE asks for it"
    quantity = "no"
    if name == FONDATION:
        quantity = "a"
    path = settings.engine.fondation_path
    return f"FONDATION_PATH {path} holds {quantity} Fondation CLI"


def open_source(settings: Settings, identity: Identity, git: Git) -> Source:
    """Open a job's repository: on a git host, or in a folder on this machine (`file://`)."""
    url = urlsplit(identity.repository)
    if url.scheme == "file":
        return open_local(git, _local_path(url.path))
    from worker.source.git import GitSource  # noqa: PLC0415 - see above

    branch = None
    if identity.branch not in {"", "HEAD"}:
        branch = identity.branch
    return GitSource(
        git,
        identity.repository,
        branch,
        settings.github_token,
        allow_http=settings.allow_http_git,
    )


def open_webhook(
    settings: Settings, runtime: Runtime
) -> Callable[[], Webhook] | None:
    """Return a function that opens the webhook, or None if there is none."""
    callback = settings.callback
    if callback is None:
        return None

    def open_it() -> Webhook:
        from worker.outbox.webhook import HttpWebhook  # noqa: PLC0415 - see above

        return HttpWebhook(callback, runtime, __version__)

    return open_it


def open_platform(
    settings: "PlatformSettings",
    runtime: Runtime,
    give_up_seconds: float | None = None,
) -> "Platform":
    """Open the platform; this sends no request."""
    from worker.platform.api import GIVE_UP_SECONDS, Api  # noqa: PLC0415 - see above
    from worker.platform.scaleway import Scaleway  # noqa: PLC0415 - see above

    api = Api(settings, runtime, give_up_seconds or GIVE_UP_SECONDS)
    return Scaleway(api, settings.project_id)


def _local_path(url_path: str) -> Path:
    return Path(os.fsdecode(unquote_to_bytes(url_path)))
