"""`check`: tests everything that a job needs, without starting one.

The tests are real: an object is written, overwritten (which the store must refuse), read, signed,
fetched and deleted; the webhook is connected to, but nothing is sent; the git host is asked for the
branch; the engine checks itself.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from states.exits import Exit
from states.manifest import Identity
from states.repository_url import without_credentials
from worker.engines.port import EngineFailedError
from worker.errors import (
    ConfigError,
    ExistsError,
    MissingError,
    TemporaryError,
    WorkerError,
)
from worker.outbox.port import UnreachableError
from worker.run.produce import check_engine
from worker.settings.settings import Settings
from worker.source.git_program import Git
from worker.store.port import Store
from worker.system.environment import Environment
from worker.system.runtime import Runtime
from worker.wiring import (
    engine_parts,
    open_engine,
    open_source,
    open_store,
    open_webhook,
    work_dir,
)

_BODY: Final = b"written by `fondation-worker check`; it may be deleted\n"
_SIGNED_SECONDS: Final = 60
_FETCH_SECONDS: Final = 10
_CONNECT_SECONDS: Final = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    """The result of one test."""

    part: str
    """`store`, `webhook`, `repository` or `engine`."""
    tried: str
    seconds: float
    fault: str | None = None
    """The fault, and how to fix it; None if there is none."""
    exit_code: Exit = Exit.OK


@dataclass(frozen=True, kw_only=True, slots=True)
class Checks:
    """Tests what a job with these settings needs."""

    settings: Settings
    environment: Environment
    runtime: Runtime
    repository: Identity | None = None

    def findings(self) -> list[CheckResult]:
        """Test everything, in the order in which a job needs it."""
        findings = [self._try("store", self._store)]
        if self.settings.callback is not None:
            findings.append(self._try("webhook", self._webhook))
        if self.repository is not None:
            findings.append(self._try("repository", self._repository))
        findings.append(self._try("engine", self._engine))
        return findings

    def _try(self, part: str, trial: Callable[[], str]) -> CheckResult:
        began = self.runtime.monotonic()
        fault = None
        code = Exit.OK
        tried = part
        try:
            tried = trial()
        except WorkerError as error:
            fault = str(error)
            code = error.exit
        seconds = self.runtime.monotonic() - began
        return CheckResult(
            part=part,
            tried=tried,
            seconds=round(seconds, 3),
            fault=fault,
            exit_code=code,
        )

    def _store(self) -> str:
        store = open_store(self.settings)
        key = f"check-{self.runtime.token()}"
        try:
            fenced = _fences(store, key)
            reached = _fetch(store.sign(key, _SIGNED_SECONDS))
        finally:
            with suppress(WorkerError):
                store.delete([key])
        if not fenced and not self.settings.allow_unfenced_store:
            raise ConfigError(
                f"the store {store.url} overwrote an object although the request forbade it "
                "(If-None-Match: *): use a store that honours conditional writes"
            )
        conditional = (
            "conditional writes" if fenced else "NO conditional writes"
        )
        return f"{store.url}: an object written, {conditional}, read, {reached}, deleted"

    def _webhook(self) -> str:
        callback = self.settings.callback
        opener = open_webhook(self.settings, self.runtime)
        assert callback is not None and opener is not None  # noqa: S101, PT018 - see `findings`
        parts = urlsplit(callback.url)
        # Without user and path, which may be secret.
        address = f"{parts.scheme}://{parts.hostname}"
        if parts.port:
            address += f":{parts.port}"
        permission = _Permission()
        try:
            opener().post(b"", "check", permission.remaining)
        except UnreachableError as error:
            if not permission.connected:
                raise TemporaryError(
                    f"the webhook at {address} cannot be reached ({error}): "
                    "check CALLBACK_URL, its server and the proxy"
                ) from error
        return f"{address}: connected; nothing was sent"

    def _repository(self) -> str:
        identity = self.repository
        assert identity is not None  # noqa: S101 - see `findings`
        stop = self.runtime.flag()
        git = Git(work_dir(self.settings), self.runtime, stop, self.environment)
        revision = open_source(self.settings, identity, git).resolve()
        shown = without_credentials(identity.repository)
        return f"{shown}: branch {revision.branch} is at {revision.commit}"

    def _engine(self) -> str:
        name = ", ".join(engine_parts(self.settings))
        try:
            engine = open_engine(self.settings, None, self.environment)
        except EngineFailedError as error:
            raise ConfigError(str(error)) from error
        check_engine(engine)
        return f"{name}: ready"


class _Permission:
    """Lets a webhook connect, and forbids it to send."""

    def __init__(self) -> None:
        self._asked = 0

    @property
    def connected(self) -> bool:
        """Whether the webhook has asked a second time, as it does before it sends."""
        return self._asked > 1

    def remaining(self) -> float:
        """Return how many seconds the webhook may take."""
        self._asked += 1
        if self.connected:
            return 0.0
        return _CONNECT_SECONDS


def _fences(store: Store, key: str) -> bool:
    """Write an object twice and read it; return whether the second write was refused."""
    media_type = "text/plain"
    store.create(key, _BODY, media_type)
    try:
        store.create(key, _BODY, media_type)
        fenced = False
    except ExistsError:
        fenced = True
    try:
        content = store.get(key)
    except MissingError as error:
        raise TemporaryError(
            f"{store.uri(key)} was written but cannot be read: the store must "
            "return stored objects at once"
        ) from error
    if content != _BODY:
        raise ConfigError(f"{store.uri(key)} does not hold what was written")
    return fenced


def _fetch(url: str) -> str:
    """Fetch a signed URL; an address that only receivers can reach is not a fault."""
    host = urlsplit(url).netloc
    try:
        with urlopen(url, timeout=_FETCH_SECONDS) as answer:  # noqa: S310 - the store's own
            body = answer.read(len(_BODY) + 1)
    except HTTPError as error:
        raise ConfigError(
            f"a signed URL at {host} returned status {error.code}: "
            "check the region, the keys, and STORE_PUBLIC_ENDPOINT_URL"
        ) from error
    except (URLError, OSError) as error:
        return f"signed (but {host} cannot be reached from here: {error})"
    if body != _BODY:
        raise ConfigError(
            f"a signed URL at {host} returned something else: check "
            "STORE_PUBLIC_ENDPOINT_URL"
        )
    return "signed and fetched"
