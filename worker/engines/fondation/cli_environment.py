"""The CLI's environment: the model's credentials, proxies, and nothing else."""

import shutil
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from worker.engines.port import EngineFailedError
from worker.system.environment import Environment

_CREDENTIALS: Final = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
)
_KEY_FILE: Final = "ANTHROPIC_API_KEY_FILE"
"""Names a file that contains the key, for mounted or built-in secrets; the file may be empty."""
_ADDRESSES: Final = (
    "ANTHROPIC_BASE_URL",
    *(
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ),
)
_PLAIN: Final = (
    *("PATH", "ANTHROPIC_MODEL"),
    *(
        "NO_PROXY",
        "no_proxy",
        "NODE_EXTRA_CA_CERTS",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ),
)
# Bedrock and Vertex are left out: they need the cloud's credentials, which are the store's as well.
_LOGIN: Final = (".claude/.credentials.json", ".claude.json")
_SHORTEST_SECRET: Final = 6
"""Shorter secrets are not removed: they would match in every other line."""


def variables(
    environment: Environment, home: Path, scratch: Path
) -> dict[str, str]:
    """Return the whole environment of the CLI."""
    return {
        "LANG": "C.UTF-8",
        **_those_set(environment, (*_PLAIN, *_ADDRESSES)),
        **_credentials(environment),
        "HOME": str(home),
        "TMPDIR": str(scratch),
    }


def secrets(environment: Environment) -> tuple[str, ...]:
    """Return the secrets in the CLI's environment, to be removed from its output."""
    candidates = list(_credentials(environment).values())
    for name in _ADDRESSES:
        address = urlsplit(environment.get(name, ""))
        candidates.append(address.password or "")
    return tuple(
        secret for secret in candidates if len(secret) >= _SHORTEST_SECRET
    )


def _those_set(
    environment: Environment, names: tuple[str, ...]
) -> dict[str, str]:
    """Return the variables that are set to more than an empty value."""
    return {name: environment[name] for name in names if environment.get(name)}


def _credentials(environment: Environment) -> dict[str, str]:
    """Return the variables with the model's credentials, or the key from its file."""
    credentials = _those_set(environment, _CREDENTIALS)
    file = environment.get(_KEY_FILE)
    if credentials or not file:
        return credentials
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise EngineFailedError(
            f"{_KEY_FILE} is {file!r}, which cannot be read ({error}): name a file with the key",
            temporary=False,
        ) from error
    key = text.strip()
    if key:
        return {"ANTHROPIC_API_KEY": key}
    return {}


def make_home(home: Path, environment: Environment) -> None:
    """Make the CLI's home, and copy a login to Claude from the worker's home."""
    (home / ".claude").mkdir(parents=True, exist_ok=True, mode=0o700)
    workers_home = environment.get("HOME")
    if not workers_home:
        return
    for name in _LOGIN:
        login = Path(workers_home, name)
        if login.is_file():
            copy = home / name
            copy.touch(mode=0o600)
            shutil.copyfile(login, copy)
