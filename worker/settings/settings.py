"""What the environment says, read once and checked as a whole: all faults are reported at once, each with its mend."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from states.url_patterns import HTTP_URL
from worker.errors import ConfigError
from worker.settings.proxies import is_excepted, proxy_variables
from worker.settings.text_faults import (
    ADVICE,
    certificates_fault,
    folder_fault,
    header_fault,
    region_fault,
    secret_fault,
    surplus_fault,
    without_surplus,
)
from worker.system.logs import FORMATS, LEVELS

Value = TypeVar("Value")

MAX_EXPIRY_SECONDS: Final = 7 * 24 * 3600
"""The longest that SigV4 lets a signed URL live."""
MIN_LEASE_SECONDS: Final = 3
"""Stores tell time in whole seconds; a shorter lease could not be judged."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that no log, error or `repr` shows."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """Return the text: to be handed over, never to be kept or printed."""
        return self._text


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Settings:
    """How an S3 store is reached."""

    endpoint_url: str | None
    public_endpoint_url: str | None
    region: str
    access_key: str
    secret_key: Secret
    session_token: Secret | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallbackSettings:
    """Where a job's events go."""

    url: str = field(repr=False)
    token: Secret
    signing_key: Secret | None
    """Of Standard Webhooks: the key itself in base64, without `whsec_`."""
    give_up_seconds: float
    proxy: Secret | None = None
    """The address of the proxy on the way there: it may hold a password."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineSettings:
    """Which engine is asked for, and what it may use."""

    name: str
    fondation_path: Path
    timeout_seconds: float
    silence_seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class LogSettings:
    """What is logged, and how; None where the environment says nothing."""

    level: str | None
    form: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything that the environment says but for the job itself; times in seconds."""

    store_url: str
    s3: S3Settings | None
    url_expiry: int
    store_give_up: float
    allow_unfenced_store: bool
    allow_http_git: bool
    engine: EngineSettings
    callback: CallbackSettings | None
    github_token: Secret | None
    lease: int
    soft_deadline: float | None
    stop_grace: float
    work_dir: Path | None
    platform_run: str | None


class EnvironmentReader:
    """Reads variables and collects what is wrong with them; an empty variable counts as missing."""

    def __init__(self, environment: Mapping[str, str], *, here: bool = True) -> None:
        """Read from a copy of an environment.

        `here` tells whether the files that it names are on this machine.
        """
        self._environment = {
            name: value for name, value in environment.items() if value
        }
        self._here = here
        self.faults: list[str] = []

    def text(self, name: str, default: str | None = None) -> str | None:
        """Return a variable's text.

        A fault that cannot be seen is noted, never mended in silence: the text is returned
        without it, so that the other checks judge the rest.
        """
        value = self._environment.get(name)
        # guard: what cannot be seen around a variable's value is refused
        if value is not None and (fault := surplus_fault(value)):
            self.faults.append(f"{name} {fault}: {ADVICE}")
            value = without_surplus(value)
            self._environment[name] = value  # noted once, however often it is read
        return value or default

    def required(self, name: str, what: str) -> str:
        """Return a variable's text, or note that it is missing."""
        value = self.text(name)
        if value is None:
            self.faults.append(f"{name} is missing: set it to {what}")
        return value or ""

    def secret(self, name: str) -> Secret | None:
        """Return a variable's text as a secret, which is never shown."""
        value = self.text(name)
        return None if value is None else Secret(value)

    def credential(self, name: str) -> Secret | None:
        """Return a secret that some server has given out: it is of printable ASCII."""
        value = self.secret(name)
        if value is not None and (fault := secret_fault(value.reveal())):
            self.faults.append(f"{name} is malformed: {fault}")
        return value

    def certificates(self, name: str, *, folder: bool = False) -> None:
        """Note what is wrong with a variable that names a file (or folder) of certificates."""
        value = self.text(name)
        # guard: certificates that are not there are refused
        if value is not None and self._here:
            self.checked(name, value, folder_fault if folder else certificates_fault)

    def checked(
        self, name: str, value: Value, check: Callable[[Value], str | None]
    ) -> Value:
        """Return a value, and note what a check finds wrong with it."""
        fault = check(value)
        line = f"{name} is {value!r}: {fault}"
        if (
            fault is not None and line not in self.faults
        ):  # two may read the same variable
            self.faults.append(line)
        return value

    def number(
        self,
        name: str,
        default: float,
        *,
        low: float = 0,
        high: float = 10**9,
        whole: bool = False,
    ) -> float:
        """Return a variable as a number of seconds, within bounds."""
        text = self.text(name)
        if text is None:
            return default
        kind = "a whole number of seconds" if whole else "a number of seconds"
        limit = f", from {low:g} to {high:g}" if high < 10**9 else f", at least {low:g}"
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            self.faults.append(f"{name} is {text!r}: it must be {kind}{limit}")
            return default
        return value

    def flag(self, name: str) -> bool:
        """Return whether a variable says yes."""
        text = (self.text(name) or "0").lower()
        if text not in {"0", "1", "true", "false", "yes", "no"}:
            self.faults.append(f"{name} is {text!r}: it must be 1 or 0")
        return text in {"1", "true", "yes"}

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """Return a variable that must be one of a few words."""
        text = self.text(name) or default
        if text not in choices:
            self.faults.append(
                f"{name} is {text!r}: it must be one of {', '.join(filter(None, choices))}"
            )
        return text

    def finish(self) -> None:
        """Raise ConfigError with all that was wrong, if anything was."""
        if self.faults:
            raise ConfigError("\n".join(self.faults))


ENGINES: Final = ("auto", "static", "fondation")


def read_settings(reader: EnvironmentReader, store_url: str | None = None) -> Settings:
    """Read everything but the job.

    `store_url` overrides the variable, and the caller calls `reader.finish()`.
    """
    url = store_url or reader.text("STORE_URL") or ""
    read_logging(
        reader
    )  # whoever sets up the log reads it again; its faults come with all others
    reader.certificates("GIT_SSL_CAINFO")
    reader.certificates("GIT_SSL_CAPATH", folder=True)
    return Settings(
        store_url=reader.checked("STORE_URL", url, _store_fault) if url else url,
        s3=_s3(reader) if url.startswith("s3://") else None,
        url_expiry=int(
            reader.number(
                "URL_EXPIRY_SECONDS",
                MAX_EXPIRY_SECONDS,
                low=1,
                high=MAX_EXPIRY_SECONDS,
                whole=True,
            )
        ),
        store_give_up=reader.number("STORE_GIVE_UP_SECONDS", 300),
        allow_unfenced_store=reader.flag("ALLOW_UNFENCED_STORE"),
        allow_http_git=reader.flag("ALLOW_HTTP_GIT"),
        engine=_engine(reader),
        callback=_callback(reader),
        github_token=reader.credential("GITHUB_TOKEN"),
        lease=int(
            reader.number(
                "LEASE_SECONDS", 30, low=MIN_LEASE_SECONDS, high=86400, whole=True
            )
        ),
        soft_deadline=reader.number("SOFT_DEADLINE_SECONDS", 0) or None,
        stop_grace=reader.number("STOP_GRACE_SECONDS", 5, low=1, high=3600),
        work_dir=_work_dir(reader),
        platform_run=reader.text("SCW_SLS_RESOURCE_ID"),
    )


def read_logging(reader: EnvironmentReader) -> LogSettings:
    """Read what is logged, and how; the caller calls `reader.finish()`."""
    level = reader.choice("LOG_LEVEL", "", ("", *LEVELS))
    form = reader.choice("LOG_FORMAT", "", ("", *FORMATS))
    return LogSettings(level=level or None, form=form or None)


def _work_dir(reader: EnvironmentReader) -> Path | None:
    text = reader.text("WORK_DIR")
    return Path(reader.checked("WORK_DIR", text, _absolute_fault)) if text else None


def _engine(reader: EnvironmentReader) -> EngineSettings:
    name = reader.choice("ENGINE", "auto", ENGINES)
    if name != "static":
        _check_model(reader)
    return EngineSettings(
        name=name,
        fondation_path=Path(
            reader.checked(
                "FONDATION_PATH",
                reader.text("FONDATION_PATH", "/fondation") or "",
                _absolute_fault,
            )
        ),
        timeout_seconds=reader.number("STAGE_TIMEOUT_SECONDS", 10800, low=1),
        silence_seconds=reader.number("STAGE_SILENCE_SECONDS", 1800, low=1),
    )


def _check_model(reader: EnvironmentReader) -> None:
    """Check what the Fondation CLI is given of our environment."""
    for name in (
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "CLAUDE_CODE_OAUTH_TOKEN",
    ):
        reader.credential(name)
    for name in ("ANTHROPIC_API_KEY_FILE", "ANTHROPIC_MODEL"):
        reader.text(name)
    address = reader.text("ANTHROPIC_BASE_URL")
    if address is not None and (fault := http_fault(address)):
        # The address may hold a password, so it is not repeated.
        reader.faults.append(f"ANTHROPIC_BASE_URL is malformed: {fault}")
    reader.certificates("NODE_EXTRA_CA_CERTS")


def _callback(reader: EnvironmentReader) -> CallbackSettings | None:
    url, token = reader.text("CALLBACK_URL"), reader.secret("CALLBACK_TOKEN")
    if token is not None and (fault := header_fault(token.reveal())):
        reader.faults.append(f"CALLBACK_TOKEN is malformed: {fault}")
    signing, give_up = (
        reader.secret("CALLBACK_SIGNING_SECRET"),
        reader.number("CALLBACK_GIVE_UP_SECONDS", 600),
    )
    key = _signing_key(reader, signing) if signing else None
    fault = http_fault(url) if url is not None else None
    if fault:
        # The address itself may hold a secret, so it is not repeated, nor the part that
        # Python quotes.
        reader.faults.append(f"CALLBACK_URL is malformed: {fault.partition(' (')[0]}")
    if url is not None and token is None:
        reader.faults.append(
            "CALLBACK_TOKEN is missing: set it to the token that the webhook expects"
        )
    if url is None or token is None or fault:
        return None
    proxy = read_proxy(reader, url, "CALLBACK_URL")
    return CallbackSettings(
        url=url, token=token, signing_key=key, give_up_seconds=give_up, proxy=proxy
    )


def read_proxy(reader: EnvironmentReader, url: str, of: str) -> Secret | None:
    """Return the proxy on the way to a server that the variable `of` names, as httpx and curl read it.

    The certificates that the way asks for are checked, too.
    """
    proxy = _proxy(reader, url, of)
    addresses = (url, proxy.reveal() if proxy else "")
    if any(address.lower().startswith("https:") for address in addresses):
        reader.certificates("SSL_CERT_FILE")
        if not reader.text("SSL_CERT_FILE"):
            reader.certificates("SSL_CERT_DIR", folder=True)
    return proxy


def _proxy(reader: EnvironmentReader, url: str, of: str) -> Secret | None:
    if is_excepted(url, reader.text("no_proxy") or reader.text("NO_PROXY") or ""):
        return None
    for name in proxy_variables(url):
        if text := reader.text(name):
            address = text if "://" in text else f"http://{text}"
            if fault := (_proxy_fault(address) or "").partition(" (")[0]:
                # The address may hold a password, so nothing of it is repeated.
                reader.faults.append(
                    f"{name} is malformed: {fault}. Set it to an http:// or https:// proxy, "
                    f"or name the host of {of} in NO_PROXY"
                )
            return Secret(address)
    return None


def _proxy_fault(url: str) -> str | None:
    if url.lower().startswith("socks"):
        return "SOCKS is not supported"
    return http_fault(url)


def _signing_key(reader: EnvironmentReader, secret: Secret) -> Secret | None:
    text = secret.reveal()
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if not text.startswith("whsec_") or not 24 <= len(key) <= 64:  # noqa: PLR2004 - as Standard Webhooks has it
        reader.faults.append(
            "CALLBACK_SIGNING_SECRET is malformed: it must be whsec_ and 24 to 64 bytes in base64"
        )
        return None
    return Secret(text.removeprefix("whsec_"))


def _s3(reader: EnvironmentReader) -> S3Settings:
    scaleway = bool(
        reader.text("SCW_ACCESS_KEY") and not reader.text("AWS_ACCESS_KEY_ID")
    )
    access = "SCW_ACCESS_KEY" if scaleway else "AWS_ACCESS_KEY_ID"
    secret = "SCW_SECRET_KEY" if scaleway else "AWS_SECRET_ACCESS_KEY"
    if not reader.text(access):
        reader.faults.append(
            f"{access} is missing: a store on S3 needs it (or SCW_ACCESS_KEY and SCW_SECRET_KEY)"
        )
    if not reader.text(secret):
        reader.faults.append(f"{secret} is missing: a store on S3 needs it")
    reader.certificates("AWS_CA_BUNDLE")
    if not reader.text("AWS_CA_BUNDLE"):
        reader.certificates("REQUESTS_CA_BUNDLE")
    region = _region(reader, scaleway=scaleway)
    endpoint = _endpoint(reader, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    if endpoint is None and scaleway:
        region = region or "fr-par"
        endpoint = f"https://s3.{region}.scw.cloud"
    return S3Settings(
        endpoint_url=endpoint,
        public_endpoint_url=_endpoint(reader, "STORE_PUBLIC_ENDPOINT_URL"),
        region=region or "us-east-1",
        access_key=(reader.credential(access) or Secret("")).reveal(),
        secret_key=reader.credential(secret) or Secret(""),
        session_token=None if scaleway else reader.credential("AWS_SESSION_TOKEN"),
    )


def _region(reader: EnvironmentReader, *, scaleway: bool) -> str | None:
    """Return the region by the first of its names that is set."""
    names = () if scaleway else ("AWS_REGION", "AWS_DEFAULT_REGION")
    for name in (*names, "SCW_DEFAULT_REGION"):
        if region := reader.text(name):
            return reader.checked(name, region, region_fault)
    return None


def _endpoint(reader: EnvironmentReader, *names: str) -> str | None:
    """Return the address of a server by the first of its names that is set."""
    for name in names:
        if url := reader.text(name):
            return reader.checked(name, url, http_fault)
    return None


def http_fault(url: str) -> str | None:
    """Say what is wrong with the address of an HTTP server."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"it is no URL ({error})"
    if surplus_fault(url) or re.search(r"[\s\ud800-\udfff]", url):
        return "it holds white space, a quotation mark at an end, or a character that cannot be seen"
    if (
        parts.scheme not in {"http", "https"}
        or not host
        or not re.fullmatch(HTTP_URL, url)
    ):
        return "it must be an http:// or https:// URL with a host"
    return None


def _store_fault(url: str) -> str | None:
    if fault := surplus_fault(url):
        return f"it {fault}"
    parts = urlsplit(url)
    if parts.scheme == "s3" and re.fullmatch(
        r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", parts.netloc
    ):
        segments = parts.path.strip("/").split("/")
        clean = parts.path.strip("/") == "" or all(
            segment not in {"", ".", ".."} for segment in segments
        )
        return (
            None
            if clean and not parts.query
            else "its prefix must not hold empty, `.` or `..` parts, nor a `?`"
        )
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return None
    return "it must be s3://bucket/prefix or file:///folder"


def _absolute_fault(path: str) -> str | None:
    return None if path.startswith("/") else "it must be an absolute path"
