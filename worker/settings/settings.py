"""The settings of a process, read from its environment once and checked as a whole.

All faults are reported at once, each with how to fix it.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from states.manifest import MAX_INLINE
from worker.settings.callback import CallbackSettings, read_callback
from worker.settings.checks import (
    absolute_fault,
    discreet_http_fault,
    store_fault,
)
from worker.settings.model import ModelSettings, read_model
from worker.settings.reader import EnvironmentReader, Secret
from worker.settings.s3 import S3Settings, read_s3
from worker.system.logs import FORMATS, LEVELS

ENGINES: Final = ("auto", "static", "fondation", "claude")
GIT_CERTIFICATES: Final = ("GIT_SSL_CAINFO", "GIT_SSL_CAPATH")
"""A file and a folder of certificates, for a git host."""
MAX_EXPIRY_SECONDS: Final = 7 * 24 * 3600
"""The longest lifetime of a URL that SigV4 signs."""
MIN_LEASE_SECONDS: Final = 3
"""Stores report times in whole seconds: a shorter lease could not be judged."""
MAX_LEASE_SECONDS: Final = 24 * 3600
MAX_GRACE_SECONDS: Final = 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Limits of a run; times are in seconds."""

    lease_seconds: int
    soft_deadline_seconds: float | None
    """How long the process may run."""
    stop_grace_seconds: float
    stage_timeout_seconds: float
    stage_silence_seconds: float
    store_give_up_seconds: float
    callback_give_up_seconds: float
    url_expiry_seconds: int
    max_inline: int = MAX_INLINE
    """How many artifacts of a stage a manifest itself names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineSettings:
    """The requested engine, the folder of the Fondation CLI, and the model of `claude`."""

    name: str
    fondation_path: Path
    model: ModelSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class LogSettings:
    """The log's level and format; None if the environment does not set them."""

    level: str | None
    form: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """All settings except the job itself."""

    log: LogSettings
    limits: Limits
    store_url: str
    s3: S3Settings | None
    allow_unfenced_store: bool
    allow_http_git: bool
    engine: EngineSettings
    callback: CallbackSettings | None
    github_token: Secret | None
    work_dir: Path | None
    platform_run: str | None


def read_settings(
    reader: EnvironmentReader, store_url: str | None = None
) -> Settings:
    """Read all settings except the job; the caller calls `reader.finish()`.

    `store_url` overrides the variable.
    """
    url = store_url or reader.text("STORE_URL") or ""
    if url:
        reader.checked("STORE_URL", url, store_fault)
    file, folder = GIT_CERTIFICATES
    reader.certificates(file)
    reader.certificates(folder, folder=True)
    return Settings(
        log=read_log(reader),
        limits=_read_limits(reader),
        store_url=url,
        s3=read_s3(reader) if url.startswith("s3://") else None,
        allow_unfenced_store=reader.flag("ALLOW_UNFENCED_STORE"),
        allow_http_git=reader.flag("ALLOW_HTTP_GIT"),
        engine=_read_engine(reader),
        callback=read_callback(reader),
        github_token=reader.credential("GITHUB_TOKEN"),
        work_dir=_read_work_dir(reader),
        platform_run=reader.text("SCW_SLS_RESOURCE_ID"),
    )


def read_log(reader: EnvironmentReader) -> LogSettings:
    """Read the log's level and format; the caller calls `reader.finish()`."""
    level = reader.choice("LOG_LEVEL", "", ("", *LEVELS))
    form = reader.choice("LOG_FORMAT", "", ("", *FORMATS))
    return LogSettings(level=level or None, form=form or None)


def _read_limits(reader: EnvironmentReader) -> Limits:
    url_expiry = reader.number(
        "URL_EXPIRY_SECONDS",
        MAX_EXPIRY_SECONDS,
        low=1,
        high=MAX_EXPIRY_SECONDS,
        whole=True,
    )
    grace = reader.number(
        "STOP_GRACE_SECONDS", 5, low=1, high=MAX_GRACE_SECONDS
    )
    timeout = reader.number("STAGE_TIMEOUT_SECONDS", 10800, low=1)
    silence = reader.number("STAGE_SILENCE_SECONDS", 1800, low=1)
    return Limits(
        lease_seconds=_read_lease(reader),
        soft_deadline_seconds=reader.number("SOFT_DEADLINE_SECONDS", 0) or None,
        stop_grace_seconds=grace,
        stage_timeout_seconds=timeout,
        stage_silence_seconds=silence,
        store_give_up_seconds=reader.number("STORE_GIVE_UP_SECONDS", 300),
        callback_give_up_seconds=reader.number("CALLBACK_GIVE_UP_SECONDS", 600),
        url_expiry_seconds=int(url_expiry),
    )


def _read_lease(reader: EnvironmentReader) -> int:
    seconds = reader.number(
        "LEASE_SECONDS",
        30,
        low=MIN_LEASE_SECONDS,
        high=MAX_LEASE_SECONDS,
        whole=True,
    )
    return int(seconds)


def _read_engine(reader: EnvironmentReader) -> EngineSettings:
    name = reader.choice("ENGINE", "auto", ENGINES)
    path = reader.text("FONDATION_PATH", "/fondation") or ""
    reader.checked("FONDATION_PATH", path, absolute_fault)
    return EngineSettings(
        name=name, fondation_path=Path(path), model=_read_model(reader, name)
    )


def _read_model(reader: EnvironmentReader, engine: str) -> ModelSettings:
    """Read the variables of the engine `claude`.

    Their faults are reported at once only if that engine is requested.
    """
    if engine == "claude":
        return read_model(reader)
    if engine != "static":
        _check_cli(reader)
    # A job of the engine `claude` may be resumed without ENGINE.
    quiet = reader.quiet()
    model = read_model(quiet)
    return replace(model, faults=tuple(quiet.faults))


def _check_cli(reader: EnvironmentReader) -> None:
    """Check the variables that are passed to the Fondation CLI."""
    for name in (
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "CLAUDE_CODE_OAUTH_TOKEN",
    ):
        reader.credential(name)
    for name in ("ANTHROPIC_API_KEY_FILE", "ANTHROPIC_MODEL"):
        reader.text(name)
    address = reader.text("ANTHROPIC_BASE_URL")
    if address is not None:
        reader.malformed("ANTHROPIC_BASE_URL", discreet_http_fault(address))
    reader.certificates("NODE_EXTRA_CA_CERTS")


def _read_work_dir(reader: EnvironmentReader) -> Path | None:
    path = reader.text("WORK_DIR")
    if path is None:
        return None
    return Path(reader.checked("WORK_DIR", path, absolute_fault))
